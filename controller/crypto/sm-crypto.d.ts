/** The part of sm-crypto 0.5.8 that is used; the package ships no types. */
declare module 'sm-crypto' {
  interface Sm4Options {
    readonly padding: 'none';
    readonly output: 'array';
    readonly mode?: 'cbc';
    readonly iv?: readonly number[];
  }
  const smCrypto: {
    readonly sm4: {
      encrypt(data: readonly number[], key: readonly number[], options: Sm4Options): number[];
    };
  };
  // biome-ignore lint/style/noDefaultExport: sm-crypto is a CommonJS package
  export default smCrypto;
}
