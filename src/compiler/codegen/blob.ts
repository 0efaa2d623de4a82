import { createHash } from 'node:crypto';
import { ALIGNMENT } from '../emission/alignment.ts';
import type { Constant } from '../emission/context.ts';

/** The constants of a model in one blob; equal bytes are stored once. */
export interface Blob {
  /** Byte offset of `data`, a multiple of 64. */
  add(data: Constant): number;
  bytes(): Uint8Array;
}

export function createBlob(): Blob {
  const parts: { offset: number; data: Uint8Array }[] = [];
  const byHash = new Map<string, number>();
  let end = 0;
  return {
    add(data) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const key = createHash('sha256').update(bytes).digest('base64');
      const same = byHash.get(key);
      if (same !== undefined) return same;
      const offset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
      byHash.set(key, offset);
      parts.push({ offset, data: bytes });
      end = offset + bytes.length;
      return offset;
    },
    bytes() {
      // Kernels may load whole vectors at the last elements.
      const all = new Uint8Array((Math.ceil(end / ALIGNMENT) + 1) * ALIGNMENT);
      for (const { offset, data } of parts) all.set(data, offset);
      return all;
    },
  };
}
