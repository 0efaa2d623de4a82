import { inflateRawSync } from 'node:zlib';
import { InputError } from '../../errors.ts';
import { type NpyArray, parseNpy } from '../../model/tensor/npy.ts';

/** Limits for an untrusted archive. */
const MOST_ENTRIES = 10_000;
const MOST_BYTES = 2 ** 30;

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/**
 * One array of a .npz file (numpy.savez and savez_compressed).
 *
 * @param name which array; when absent, the only one there is
 * @throws InputError where the archive is damaged or too large, or has no such array
 */
export function readNpz(bytes: Uint8Array, name: string | undefined, what: string): NpyArray {
  const arrays = directory(bytes, what).filter((entry) => entry.name.endsWith('.npy'));
  const names = arrays.map((entry) => entry.name.slice(0, -'.npy'.length));
  if (name === undefined && arrays.length !== 1) {
    throw new InputError(
      `${what}: holds ${arrays.length} arrays (${names.join(', ')}); name one: ${what}#${names[0] ?? 'name'}`,
    );
  }
  const index = name === undefined ? 0 : names.indexOf(name);
  if (index < 0) throw new InputError(`${what}: has no array "${name}"; it holds ${names.join(', ') || 'none'}`);
  return parseNpy(extract(bytes, arrays[index], what), `${what}#${names[index]}`);
}

/** The archive's central directory; sizes are taken from there and from nowhere else. */
function directory(bytes: Uint8Array, what: string): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const damaged = () => new InputError(`${what}: not a .npz file, or a damaged one; save it with numpy.savez`);
  let end = -1;
  for (let at = bytes.length - 22; at >= Math.max(0, bytes.length - 22 - 65535); at--) {
    if (view.getUint32(at, true) === END) {
      end = at;
      break;
    }
  }
  if (end < 0) throw damaged();
  const count = view.getUint16(end + 10, true);
  if (count > MOST_ENTRIES) throw new InputError(`${what}: more than ${MOST_ENTRIES} arrays`);
  const entries: Entry[] = [];
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== CENTRAL) throw damaged();
    const nameLength = view.getUint16(at + 28, true);
    entries.push({
      name: Buffer.from(bytes.subarray(at + 46, at + 46 + nameLength)).toString('utf8'),
      method: view.getUint16(at + 10, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    });
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

function extract(bytes: Uint8Array, entry: Entry, what: string): Uint8Array {
  const damaged = () => new InputError(`${what}: array "${entry.name}" is damaged`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (entry.size > MOST_BYTES || entry.packed > bytes.length) {
    throw new InputError(`${what}: array "${entry.name}" is larger than 1 GiB; use .npy files`);
  }
  if (entry.offset + 30 > bytes.length || view.getUint32(entry.offset, true) !== LOCAL) throw damaged();
  const start = entry.offset + 30 + view.getUint16(entry.offset + 26, true) + view.getUint16(entry.offset + 28, true);
  if (start + entry.packed > bytes.length) throw damaged();
  const packed = bytes.subarray(start, start + entry.packed);
  if (entry.method === 0) {
    if (entry.packed !== entry.size) throw damaged();
    return packed;
  }
  if (entry.method !== 8)
    throw new InputError(`${what}: array "${entry.name}" is packed in a way (${entry.method}) that numpy does not use`);
  try {
    const out = inflateRawSync(packed, { maxOutputLength: Math.max(entry.size, 1) });
    if (out.length === entry.size) return out;
  } catch {
    // What zlib says of it helps nobody.
  }
  throw damaged();
}
