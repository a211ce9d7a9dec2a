/** pcsclite is optional: where it could not be built, its own types are missing too. */
declare module 'pcsclite';
