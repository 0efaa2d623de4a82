import { InputError } from '../../errors.ts';
import type { Tensor } from '../../model/tensor/tensor.ts';
import { ALIGNMENT } from '../emission/alignment.ts';

/** Memory that keeps its values between runs, at the start of the arena. */
export interface PersistentMemory {
  /** Allocates a variable tensor; returns its byte offset. */
  variable(tensor: Tensor, bytes: number): number;
  /** Byte offset of a variable of the model, allocated once per name. */
  resource(name: string, bytes: number): number;
  /** Allocates an int32 for an extent that depends on data; returns its byte offset. */
  extent(): number;
  /** Total bytes. */
  bytes(): number;
  /** C statements that reset it; `memory` is its address. */
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
