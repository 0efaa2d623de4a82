import { InputError } from '../../errors.ts';
import { decodePng } from './image.ts';

/** Numbers of classes, row by row. */
export interface Mask {
  readonly height: number;
  readonly width: number;
  readonly values: ArrayLike<number>;
}

const GRAY = 0;
const PALETTE = 3;
/** Where the first chunk starts, and the fields of its content. */
const FIRST_CHUNK = 8;
const COLOUR_TYPE = 25;
const MOST_COLOURS = 256;

/**
 * The numbers in a PNG image: gray values as they are stored (1 to 16 bits, not stretched), or the places of a palette, whatever
 * its colours.
 * @throws InputError where it is none of these, or damaged
 */
export function decodeMask(bytes: Uint8Array, what: string): Mask {
  const type = bytes[COLOUR_TYPE];
  if (bytes.length <= COLOUR_TYPE || Buffer.from(bytes.subarray(1, 4)).toString('latin1') !== 'PNG')
    throw new InputError(`${what}: no PNG image; masks are PNG images or .npy arrays`);
  if (type !== GRAY && type !== PALETTE)
    throw new InputError(
      `${what}: a PNG image of colours; masks hold numbers of classes, as gray values or by a palette; convert it`,
    );
  try {
    const { width, height, data } = decodePng(type === PALETTE ? numbered(bytes) : opaque(bytes), true);
    if (width < 1 || height < 1 || data.length < width * height * 4) throw new Error('it is empty');
    return { height, width, values: Float64Array.from({ length: width * height }, (_, i) => data[4 * i]) };
  } catch (error) {
    throw new InputError(`${what}: the mask cannot be decoded: ${(error as Error).message}`, { cause: error });
  }
}

/** A chunk of a PNG file: where its type starts, and how many bytes of content follow. */
function findChunk(bytes: Uint8Array, type: string): { readonly at: number; readonly length: number } | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = FIRST_CHUNK; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    if (at + 12 + length > bytes.length) return null;
    if (Buffer.from(bytes.subarray(at + 4, at + 8)).toString('latin1') === type) return { at: at + 4, length };
    at += 12 + length;
  }
  return null;
}

/** The same image whose palette has the gray n at place n: decoded, its colours are its numbers. */
function numbered(bytes: Uint8Array): Uint8Array {
  const chunk = findChunk(bytes, 'PLTE');
  if (chunk === null) throw new Error('it has no palette');
  if (chunk.length > MOST_COLOURS * 3) throw new Error(`its palette has more than ${MOST_COLOURS} colours`);
  const copy = Uint8Array.from(bytes);
  const end = chunk.at + 4 + chunk.length;
  for (let i = 0; i < chunk.length; i++) copy[chunk.at + 4 + i] = Math.floor(i / 3);
  new DataView(copy.buffer).setUint32(end, crc32(copy.subarray(chunk.at, end)));
  return copy;
}

function opaque(bytes: Uint8Array): Uint8Array {
  if (findChunk(bytes, 'tRNS') !== null) throw new Error('one of its gray values is transparent; save it without');
  return bytes;
}

/** Checksum of a chunk's type and content. Source: PNG specification, third edition, annex D. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
