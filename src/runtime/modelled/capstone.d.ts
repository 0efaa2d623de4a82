declare module '@alexaltea/capstone-js' {
  /** Starts the library; `wasmBinary` is capstone.wasm. */
  export default function start(options: { readonly wasmBinary: Uint8Array }): Promise<unknown>;
}
