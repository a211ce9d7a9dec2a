/** The part of sm-crypto 0.5.8 that is used; the package ships no types. */
declare module 'sm-crypto' {
  interface Sm4Options {
    readonly padding: 'none';
    readonly output: 'array';
    readonly mode?: 'cbc';
    readonly iv?: readonly number[];
  }
  /** Keys and signatures as hex digits; signatures r ‖ s. */
  interface Sm2Options {
    readonly hash: true;
    readonly publicKey?: string;
  }
  const smCrypto: {
    readonly sm2: {
      doSignature(message: readonly number[], privateKey: string, options: Sm2Options): string;
      doVerifySignature(
        message: readonly number[],
        signature: string,
        publicKey: string,
        options: Sm2Options,
      ): boolean;
      generateKeyPairHex(): { readonly privateKey: string; readonly publicKey: string };
    };
    readonly sm3: (message: readonly number[]) => string;
    readonly sm4: {
      encrypt(data: readonly number[], key: readonly number[], options: Sm4Options): number[];
    };
  };
  // biome-ignore lint/style/noDefaultExport: sm-crypto is a CommonJS package
  export default smCrypto;
}
