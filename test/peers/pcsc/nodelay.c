/*
 * Preloaded into pcscd for its vpcd driver: listens on the loopback alone (the driver takes every
 * address, without authentication), and switches Nagle's algorithm off (the driver sends length and
 * payload apart, which costs 40 ms for every command).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

int bind(int fd, const struct sockaddr *address, socklen_t length) {
  static int (*next)(int, const struct sockaddr *, socklen_t);
  struct sockaddr_in here;
  if (!next) next = (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "bind");
  if (address->sa_family != AF_INET || length != sizeof here) return next(fd, address, length);
  here = *(const struct sockaddr_in *)address;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return next(fd, (struct sockaddr *)&here, sizeof here);
}

int accept(int fd, struct sockaddr *address, socklen_t *length) {
  static int (*next)(int, struct sockaddr *, socklen_t *);
  int one = 1;
  if (!next) next = (int (*)(int, struct sockaddr *, socklen_t *))dlsym(RTLD_NEXT, "accept");
  int peer = next(fd, address, length);
  if (peer >= 0) setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return peer;
}
