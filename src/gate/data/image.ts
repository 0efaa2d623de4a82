import { PNG } from 'pngjs';
import { EnvironmentError, InputError } from '../../errors.ts';
import { decodeCmyk, decodeJpeg } from './jpeg.ts';
import { readFrame } from './jpeg_frame.ts';

/** Red, green, blue, one byte each, row by row. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Limits for an untrusted image. A progressive JPEG costs time in proportion to its scans; encoders write about ten. */
const MEGAPIXELS = 64;
const MOST_SCANS = 200;

/** Kinds of picture that are not read, by text that stands in the first 16 bytes of their files. */
const UNREAD: readonly (readonly [name: string, start: RegExp])[] = [
  ['GIF', /^GIF8/],
  ['BMP', /^BM.{4}\0{4}/s],
  ['WebP', /^RIFF.{4}WEBP/s],
  ['TIFF', /^(II[*+]\0|MM\0[*+])/],
  ['HEIF or AVIF', /^.{4}ftyp(hei|mif|msf|avi)/s],
  ['JPEG 2000', /^.{4}jP {2}/s],
  ['JPEG XL', /^.{4}JXL /s],
];

/** What to do about a picture that is not read. */
export const CONVERT =
  'convert it to PNG, which loses nothing, for example with Pillow: Image.open(path).convert("RGB").save(path + ".png")';

/**
 * Decodes a PNG or JPEG, told apart by their first bytes; alpha is dropped, EXIF orientation is not applied.
 * @throws InputError where it is neither, is damaged, or has more than 64 megapixels
 */
export function decodeImage(bytes: Uint8Array, what: string): Image {
  if (bytes.length === 0) throw new InputError(`${what}: the file is empty`);
  const isPng = bytes.length > 24 && bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47;
  const isJpeg = bytes.length > 4 && bytes[0] === 0xff && bytes[1] === 0xd8;
  if (!isPng && !isJpeg) {
    const start = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
    const kind = UNREAD.find(([, pattern]) => pattern.test(start));
    throw new InputError(
      kind === undefined
        ? `${what}: neither a PNG nor a JPEG image`
        : `${what}: a ${kind[0]} image; PNG and JPEG are the images that are read; ${CONVERT}`,
    );
  }
  try {
    const { width, height, data } = isPng ? decodePng(bytes) : decodeAnyJpeg(bytes);
    if (width < 1 || height < 1 || data.length < width * height * 4) throw new Error('it is empty');
    const rgb = new Uint8Array(width * height * 3);
    for (let i = 0, o = 0; o < rgb.length; i += 4) {
      rgb[o++] = data[i];
      rgb[o++] = data[i + 1];
      rgb[o++] = data[i + 2];
    }
    return { width, height, data: rgb };
  } catch (error) {
    if (error instanceof EnvironmentError) throw error;
    throw new InputError(`${what}: the image cannot be decoded: ${(error as Error).message}`, { cause: error });
  }
}

/** The header is looked at before a decoder sets memory aside for what it promises. */
function checkSize({ width, height, scans = 1 }: { width: number; height: number; scans?: number }): void {
  if (width * height > MEGAPIXELS * 1e6) throw new Error(`larger than ${MEGAPIXELS} megapixels`);
  if (scans > MOST_SCANS) throw new Error(`${scans} scans, more than ${MOST_SCANS}`);
}

function pngSize(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/**
 * Red, green, blue and alpha of a PNG image.
 *
 * @param stored whether values keep the bits they are stored in, instead of 8
 */
export function decodePng(bytes: Uint8Array, stored = false) {
  checkSize(pngSize(bytes));
  try {
    return PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), { skipRescale: stored });
  } catch (error) {
    // So pngjs says that it wanted to read on ("waitng" is its own).
    if (/read requests/.test((error as Error).message)) throw new Error('it is cut short', { cause: error });
    throw error;
  }
}

function decodeAnyJpeg(bytes: Uint8Array) {
  const frame = readFrame(bytes);
  checkSize(frame);
  return frame.components === 4 ? decodeCmyk(bytes) : decodeJpeg(bytes);
}
