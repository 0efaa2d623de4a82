import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { InputError } from '../../errors.ts';

/** Red, green, blue, one byte each, row by row. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Limits for an untrusted image. */
const MEGAPIXELS = 64;
const MEMORY_MB = 1024;

/**
 * Decodes a PNG or JPEG, told apart by their first bytes; alpha is dropped, EXIF orientation is not applied.
 * @throws InputError where it is neither, is damaged, or has more than 64 megapixels
 */
export function decodeImage(bytes: Uint8Array, what: string): Image {
  const isPng = bytes.length > 24 && bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47;
  const isJpeg = bytes.length > 4 && bytes[0] === 0xff && bytes[1] === 0xd8;
  if (!isPng && !isJpeg) throw new InputError(`${what}: neither a PNG nor a JPEG image`);
  try {
    const { width, height, data } = isPng ? decodePng(bytes) : decodeJpeg(bytes);
    if (width < 1 || height < 1 || data.length < width * height * 4) throw new Error('it is empty');
    const rgb = new Uint8Array(width * height * 3);
    for (let i = 0, o = 0; o < rgb.length; i += 4) {
      rgb[o++] = data[i];
      rgb[o++] = data[i + 1];
      rgb[o++] = data[i + 2];
    }
    return { width, height, data: rgb };
  } catch (error) {
    throw new InputError(`${what}: the image cannot be decoded: ${(error as Error).message}`);
  }
}

function decodePng(bytes: Uint8Array) {
  // The header is looked at before pngjs sets memory aside for what it promises.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(16) * view.getUint32(20) > MEGAPIXELS * 1e6)
    throw new Error(`larger than ${MEGAPIXELS} megapixels`);
  return PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

const decodeJpeg = (bytes: Uint8Array) =>
  jpeg.decode(bytes, {
    useTArray: true,
    formatAsRGBA: true,
    tolerantDecoding: false,
    maxResolutionInMP: MEGAPIXELS,
    maxMemoryUsageInMB: MEMORY_MB,
  });
