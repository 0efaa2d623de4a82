import capstone from '@alexaltea/capstone-js';
import { packageFile } from '../../package_file.ts';

/** Named in reports: what reads instructions decides what they cost. */
export const DISASSEMBLER = 'Capstone 5.0.9';

/**
 * The assembly text of AArch64 instruction words, as Capstone writes it; null for a word that it does not know.
 * Comes with the product, so that the figures do not depend on what happens to be installed.
 */
export async function disassemble(words: Iterable<number>): Promise<Map<number, string | null>> {
  const { Capstone, ARCH_ARM64, MODE_LITTLE_ENDIAN } = await load();
  const decoder = new Capstone(ARCH_ARM64, MODE_LITTLE_ENDIAN);
  const read = (word: number): string | null => {
    try {
      const [{ mnemonic, op_str }] = decoder.disasm(
        [0, 8, 16, 24].map((shift) => (word >>> shift) & 255),
        0,
        1,
      );
      return `${mnemonic} ${op_str}`.trim();
    } catch {
      return null; // it throws a string, whatever the reason
    }
  };
  try {
    return new Map([...new Set(words)].map((word) => [word, read(word)]));
  } finally {
    decoder.close();
  }
}

/** What is used of the library, which has no types of its own. */
interface Capstone {
  readonly ARCH_ARM64: number;
  readonly MODE_LITTLE_ENDIAN: number;
  readonly Capstone: new (architecture: number, mode: number) => Decoder;
}

interface Decoder {
  disasm(
    code: readonly number[],
    address: number,
    most: number,
  ): { readonly mnemonic: string; readonly op_str: string }[];
  close(): void;
}

let library: Promise<Capstone> | null = null;

function load(): Promise<Capstone> {
  library ??= startLibrary(packageFile('@alexaltea/capstone-js/dist/capstone.wasm'));
  return library;
}

/** The library looks at CommonJS's `__dirname` when it starts, which a bundle of ES modules does not have. */
function startLibrary(wasmBinary: Uint8Array): Promise<Capstone> {
  Object.assign(globalThis, { __dirname: '' });
  try {
    return capstone({ wasmBinary }) as Promise<Capstone>;
  } finally {
    Reflect.deleteProperty(globalThis, '__dirname');
  }
}
