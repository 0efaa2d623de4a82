import { InputError } from '../../errors.ts';
import type { Tensor } from '../../model/tensor/tensor.ts';
import { ALIGNMENT } from '../emission/alignment.ts';

/** The memory that keeps its values between runs; it lies at the beginning of the arena. */
export interface PersistentMemory {
  /** Byte offset of memory for a variable tensor of `bytes`. */
  variable(tensor: Tensor, bytes: number): number;
  /** Byte offset of the memory of a variable of the whole model; the same for the same name. */
  resource(name: string, bytes: number): number;
  /** Byte offset of an int32 that says how large a result is. */
  extent(): number;
  /** How many bytes all take. */
  bytes(): number;
  /** C statements that reset all, with `memory` as their beginning. */
  resets(): string[];
}

export function createPersistentMemory(): PersistentMemory {
  let end = 0;
  const resets: string[] = [];
  const resources = new Map<string, { readonly offset: number; readonly bytes: number }>();
  const keep = (bytes: number, value: number): number => {
    const offset = end;
    end += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    if (bytes > 0) resets.push(`memset(memory + ${offset}, ${value}, ${bytes});`);
    return offset;
  };
  return {
    // Zeros; int8 variables start at their zero point, as TFLite resets them.
    variable: (t, bytes) => keep(bytes, t.dtype === 'int8' ? (t.quantization?.zeroPoints[0] ?? 0) : 0),
    resource(name, bytes) {
      const known = resources.get(name) ?? { offset: keep(bytes, 0), bytes };
      if (known.bytes !== bytes)
        throw new InputError(`the variable "${name}" changes its size, which cannot be compiled`);
      resources.set(name, known);
      return known.offset;
    },
    extent: () => keep(4, 0),
    bytes: () => end,
    resets: () => resets,
  };
}
