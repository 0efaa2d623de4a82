import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { type PreprocessConfig, RESIZE_METHODS } from '../../../src/gate/config/data_schema.ts';
import { toReals } from '../../../src/gate/data/arrays.ts';
import { centralCrop } from '../../../src/gate/data/fit.ts';
import { decodeImage, type Image } from '../../../src/gate/data/image.ts';
import { readNpz } from '../../../src/gate/data/npz.ts';
import { imageToPixels, normalise } from '../../../src/gate/data/preprocess.ts';
import { resample } from '../../../src/gate/data/resample.ts';

const image = (width: number, height: number, pixels: readonly (readonly [number, number, number])[]): Image => ({
  ...{ width, height, data: Uint8Array.from(pixels.flat()) },
});
/** Pictures, and what Pillow 12 and TensorFlow 2.21 read in them and make of them: see make.py there. */
const fixtures = join(import.meta.dirname, '../../fixtures/images');
const read = (file: string) => readFileSync(join(fixtures, file));
const decode = (file: string) => decodeImage(read(file), file);
const expected = (archive: string, name: string) => {
  const { data, dtype } = readNpz(read(archive), name, archive);
  return Array.from(toReals(data, dtype));
};
interface Resized {
  readonly name: string;
  readonly image: string;
  readonly height: number;
  readonly width: number;
  readonly preprocess: PreprocessConfig;
  /** Whether the definition is one of whole numbers. */
  readonly exact: boolean;
}
const RESIZED: readonly Resized[] = JSON.parse(read('resizes.json').toString());
const JPEGS = readdirSync(fixtures).filter((file) => file.endsWith('.jpg'));

const GRAY = [0, 10, 50, 200, 30, 90, 255, 3, 77, 128, 14, 60, 210, 1, 99, 33, 250, 7, 180, 64];
const gray = image(
  5,
  4,
  GRAY.map((v) => [v, v, v]),
);

describe('decoding', () => {
  it.each(JPEGS)('reads %s as Pillow does, to the last level', (file) => {
    const { width, height, data } = decode(file);
    expect([width, height]).toEqual([43, 29]);
    expect(Array.from(data)).toEqual(expected('jpegs.npz', file.replace('.jpg', '')));
  });

  it('reads a PNG exactly and drops alpha', () => {
    const png = new PNG({ width: 2, height: 1 });
    png.data.set([1, 2, 3, 255, 4, 5, 6, 0]);
    expect([...decodeImage(PNG.sync.write(png), 'a.png').data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('says of a PNG that it is cut short, wherever that is', () => {
    const png = PNG.sync.write(new PNG({ width: 9, height: 9 }));
    for (let length = 25; length < png.length; length++)
      expect(() => decodeImage(png.subarray(0, length), 'a.png')).toThrow('cannot be decoded: it is cut short');
    expect(() => decodeImage(new Uint8Array(0), 'a.png')).toThrow('a.png: the file is empty');
  });

  it('refuses other files, and images that promise too much', () => {
    expect(() => decodeImage(Buffer.from('hello'), 'a.png')).toThrow('a.png: neither a PNG nor a JPEG image');
    expect(() => decodeImage(Buffer.from('GIF89a'), 'a.png')).toThrow('a.png: a GIF image; PNG and JPEG are');
    expect(() => decodeImage(Buffer.from('RIFF\x10\0\0\0WEBPVP8 '), 'a.png')).toThrow('convert it to PNG');
    const huge = PNG.sync.write(new PNG({ width: 1, height: 1 }));
    huge.writeUInt32BE(60_000, 16);
    huge.writeUInt32BE(60_000, 20);
    expect(() => decodeImage(huge, 'a.png')).toThrow('larger than 64 megapixels');
    const jpeg = Buffer.from(read('420.jpg'));
    const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
    jpeg.writeUInt16BE(60_000, frame + 5);
    jpeg.writeUInt16BE(60_000, frame + 7);
    expect(() => decodeImage(jpeg, 'a.jpg')).toThrow('larger than 64 megapixels');
    const progressive = read('progressive.jpg');
    const scan = progressive.indexOf(Buffer.from([0xff, 0xda]));
    const scans = Buffer.concat([progressive.subarray(0, scan), ...Array(300).fill(progressive.subarray(scan, -2))]);
    expect(() => decodeImage(Buffer.concat([scans, progressive.subarray(-2)]), 'a.jpg')).toThrow('more than 200');
  });

  it.each(JPEGS)('refuses %s where it is cut short, as Pillow and TensorFlow do', (file) => {
    const bytes = read(file);
    for (const keep of [bytes.length - 2, Math.floor(bytes.length * 0.8)])
      expect(() => decodeImage(bytes.subarray(0, keep), file)).toThrow(/cut short/);
    // A decoder that has failed once serves the next image.
    expect(decode('420.jpg').width).toBe(43);
  });

  it('answers damaged images with an InputError', () => {
    const png = PNG.sync.write(Object.assign(new PNG({ width: 3, height: 3 })));
    for (const original of [...JPEGS.map(read), png]) {
      const change = fc.record({ at: fc.nat(original.length - 1), byte: fc.nat(255), keep: fc.nat(original.length) });
      fc.assert(
        fc.property(change, fc.boolean(), ({ at, byte, keep }, cut) => {
          const bytes = Uint8Array.from(cut ? original.subarray(0, keep) : original);
          if (!cut) bytes[at] = byte;
          try {
            const decoded = decodeImage(bytes, 'x');
            expect(decoded.data.length).toBe(decoded.width * decoded.height * 3);
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
          }
        }),
        { numRuns: 40 },
      );
    }
  });
});

describe('preprocessing', () => {
  it.each(RESIZED)('makes $height×$width of $image by $preprocess as Pillow or TensorFlow does', (wanted) => {
    const pixels = imageToPixels(decode(`${wanted.image}.png`), { ...wanted, channels: 3 }, wanted.preprocess);
    const reference = expected('resizes.npz', wanted.name);
    expect(pixels.length).toBe(reference.length);
    const differences = reference.map((value, i) => Math.abs(pixels[i] - value));
    expect(Math.max(...differences)).toBeLessThanOrEqual(wanted.exact ? 0 : 1e-3);
  });

  it('leaves an image of the right size alone', () => {
    expect([...imageToPixels(gray, { height: 4, width: 5, channels: 1 }, {})]).toEqual(GRAY);
  });

  it('keeps a flat image flat, whatever the sizes', () => {
    const extent = fc.integer({ min: 1, max: 300 });
    const method = fc.constantFrom(...RESIZE_METHODS);
    fc.assert(
      fc.property(fc.tuple(extent, extent), method, fc.boolean(), ([from, to], resize, antialias) => {
        if (resize === 'none') return;
        const line = { height: 1, width: from, channels: 1, data: new Float32Array(from).fill(200) };
        for (const value of resample(line, { height: 1, width: to }, resize, antialias).data)
          expect(Math.abs(value - 200)).toBeLessThan(1e-3);
      }),
      { numRuns: 300 },
    );
  });

  it('crops the middle', () => {
    expect(centralCrop({ height: 375, width: 500 }, 0.875)).toEqual({ top: 23, left: 31, height: 328, width: 437 });
    // tf.image.central_crop of a 375×500 image
    const tensorflow = { fraction: 0.875, rule: 'tensorflow' } as const;
    expect(centralCrop({ height: 375, width: 500 }, tensorflow)).toEqual({
      top: 23,
      left: 31,
      height: 329,
      width: 438,
    });
    const pixels = imageToPixels(gray, { height: 2, width: 2, channels: 1 }, { crop: 0.5 });
    expect([...pixels]).toEqual([GRAY[6], GRAY[7], GRAY[11], GRAY[12]]);
  });

  it('orders channels', () => {
    const one = image(1, 1, [[10, 20, 30]]);
    const size = { height: 1, width: 1, channels: 3 } as const;
    expect([...imageToPixels(one, size, {})]).toEqual([10, 20, 30]);
    expect([...imageToPixels(one, size, { channels: 'bgr' })]).toEqual([30, 20, 10]);
    // 0.299 · 10 + 0.587 · 20 + 0.114 · 30 = 18.15
    expect([...imageToPixels(one, size, { channels: 'gray' })]).toEqual([18, 18, 18]);
    expect([...imageToPixels(one, { ...size, channels: 1 }, {})]).toEqual([18]);
  });

  it('scales, shifts and divides, a channel at a time where asked to', () => {
    expect([...normalise(Float32Array.of(0, 127.5, 255), { mean: 127.5, std: 127.5 })]).toEqual([-1, 0, 1]);
    expect([...normalise(Float32Array.of(1, 2, 3, 4), { scale: 2, mean: [1, 2], std: [1, 4] })]).toEqual([
      1, 0.5, 5, 1.5,
    ]);
  });
});
