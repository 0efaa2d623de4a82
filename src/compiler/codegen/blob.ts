import type { Constant } from './emitter.ts';
import { ALIGNMENT } from './plan.ts';

/** Collects the constants of a model into one block of bytes; equal bytes are stored once. */
export interface Blob {
  /** Byte offset of `data`, a multiple of 64. */
  add(data: Constant): number;
  bytes(): Uint8Array;
}

export function createBlob(): Blob {
  const parts: { offset: number; data: Uint8Array }[] = [];
  const byHash = new Map<string, { offset: number; data: Uint8Array }[]>();
  let end = 0;
  return {
    add(data) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const key = `${bytes.length} ${fnv1a(bytes)}`;
      const alike = byHash.get(key) ?? [];
      const same = alike.find((part) => Buffer.compare(part.data, bytes) === 0);
      if (same !== undefined) return same.offset;
      const part = { offset: Math.ceil(end / ALIGNMENT) * ALIGNMENT, data: bytes };
      byHash.set(key, [...alike, part]);
      parts.push(part);
      end = part.offset + bytes.length;
      return part.offset;
    },
    bytes() {
      // Kernels may load whole vectors that begin at the last elements.
      const all = new Uint8Array((Math.ceil(end / ALIGNMENT) + 1) * ALIGNMENT);
      for (const { offset, data } of parts) all.set(data, offset);
      return all;
    },
  };
}

function fnv1a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
