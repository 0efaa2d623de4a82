import { InputError } from '../../errors.ts';

/**
 * The state of one reading of an untrusted FlatBuffer: the bytes, where in the schema we are (for messages), and what
 * work is still allowed. Nothing here trusts an offset: every position is checked against the file before it is used.
 */
export interface Reader {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Field names and vector indices from the root to the value being read. */
  readonly path: (string | number)[];
  /** Faults that leave the structure intact (an unknown enum value): reading goes on, so that all are found. */
  readonly problems: string[];
  /** Bytes that may still be visited. Values that share bytes are legal, but not without bound. */
  budget: number;
  tables: number;
}

/** A file that repeats its own bytes may be read as if it were this many times as long. */
const SHARING = 8;
/** More tables (tensors, operators, buffers …) than any model has: each costs memory out of proportion to its bytes. */
const MAX_TABLES = 400_000;

export function openReader(bytes: Uint8Array, file: string): Reader {
  return {
    file,
    // A Buffer's views would be Buffers; plain bytes compare and print the same everywhere.
    bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    path: [],
    problems: [],
    budget: SHARING * bytes.length + 1024,
    tables: 0,
  };
}

/** Where the reader stands, e.g. `subgraphs[0].tensors[3].shape`. */
export function showPath(path: readonly (string | number)[]): string {
  return path.map((p, i) => (typeof p === 'number' ? `[${p}]` : i === 0 ? p : `.${p}`)).join('') || 'the root table';
}

export function fail(r: Reader, what: string): never {
  throw new InputError(
    `${r.file}: truncated or damaged .tflite file (${r.bytes.length} bytes): ${showPath(r.path)}: ${what}`,
  );
}

/** Checks that `size` bytes at `at` lie in the file. */
export function inside(r: Reader, at: number, size: number, what: string): void {
  if (at < 0) fail(r, `${what} would begin before the file (byte ${at})`);
  if (at + size > r.bytes.length) fail(r, `${what} runs past the end of the file (byte ${at + size})`);
}

export function charge(r: Reader, bytes: number): void {
  r.budget -= bytes;
  if (r.budget < 0) fail(r, 'the file describes far more data than it holds (overlapping values)');
}

export function chargeTable(r: Reader, bytes: number): void {
  charge(r, bytes);
  if (++r.tables > MAX_TABLES) fail(r, `more than ${MAX_TABLES} tables`);
}

/** Follows the 4-byte offset at `at` (itself known to lie in the file). */
export function follow(r: Reader, at: number): number {
  const offset = r.view.getUint32(at, true);
  const target = at + offset;
  if (offset < 4) fail(r, `offset ${offset} points into itself`);
  inside(r, target, 4, 'the value it points to');
  return target;
}

/** Length and first byte of the vector that the offset at `at` points to, checked to lie in the file. */
export function vectorAt(r: Reader, at: number, itemSize: number, what: string): [length: number, start: number] {
  const target = follow(r, at);
  const length = r.view.getUint32(target, true);
  inside(r, target + 4, length * itemSize, `a ${what} of ${length} entries`);
  charge(r, 4 + length * itemSize);
  return [length, target + 4];
}

/** Finds the fields of the table at `at`: the position of a slot's inline value, or 0 where the table leaves it out. */
export type Locate = (slot: number, size: number) => number;

export function tableAt(r: Reader, at: number): Locate {
  inside(r, at, 4, 'a table');
  const vtable = at - r.view.getInt32(at, true);
  inside(r, vtable, 4, 'a vtable');
  const vtableSize = r.view.getUint16(vtable, true);
  const tableSize = r.view.getUint16(vtable + 2, true);
  if (vtableSize < 4 || vtableSize % 2 !== 0) fail(r, `a vtable of ${vtableSize} bytes`);
  inside(r, vtable, vtableSize, 'a vtable');
  inside(r, at, tableSize, 'a table');
  chargeTable(r, 16 + tableSize);
  return (slot, size) => {
    const entry = 4 + 2 * slot;
    if (entry + 2 > vtableSize) return 0;
    const offset = r.view.getUint16(vtable + entry, true);
    if (offset === 0) return 0;
    if (offset < 4 || offset + size > tableSize) fail(r, `a field at byte ${offset} of a table of ${tableSize} bytes`);
    return at + offset;
  };
}
