import fc from 'fast-check';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { decodeImage, type Image } from '../../../src/gate/data/image.ts';
import { centralCrop, imageToPixels, normalise, taps } from '../../../src/gate/data/preprocess.ts';

/** A 16×16 JPEG by TensorFlow's encoder, no chroma subsampling: left half (200, 30, 60), right half (20, 120, 240). */
const JPEG = Buffer.from(
  '/9j/4AAQSkZJRgABAQEBLAEsAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/wAARCAAQABADAREAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwD5Pr4c/wBTD1Cv9bD/AJwzy+v8kz/o8PUK/wBbD/nDP//Z',
  'base64',
);

/** 5×4 values and what tf.image.resize, and Image.resize of Pillow 12.3, make of them. */
const GRAY = [0, 10, 50, 200, 30, 90, 255, 3, 77, 128, 14, 60, 210, 1, 99, 33, 250, 7, 180, 64];
const RESIZED: ['bilinear' | 'pillow' | 'nearest', number, number, number[]][] = [
  ['bilinear', 2, 3, [74.1667, 26.5, 98.8333, 67.3333, 108.5, 84.5]],
  ['pillow', 2, 3, [76, 82, 98, 92, 109, 88]],
  ['nearest', 2, 3, [90, 3, 128, 33, 7, 64]],
  ['bilinear', 3, 2, [41.875, 146.2083, 131.125, 57.625, 171.2084, 130.0833]],
  ['pillow', 3, 2, [59, 97, 107, 83, 109, 100]],
  ['nearest', 3, 2, [10, 200, 60, 1, 250, 180]],
  [
    'pillow',
    6,
    7,
    [
      0, 6, 21, 50, 157, 127, 30, 45, 95, 102, 27, 107, 113, 79, 77, 160, 170, 38, 57, 90, 123, 27, 64, 116, 175, 60,
      52, 104, 24, 99, 142, 109, 96, 87, 82, 33, 157, 181, 7, 131, 130, 64,
    ],
  ],
  [
    'nearest',
    6,
    7,
    [
      0, 10, 10, 50, 200, 200, 30, 90, 255, 255, 3, 77, 77, 128, 90, 255, 255, 3, 77, 77, 128, 14, 60, 60, 210, 1, 1,
      99, 33, 250, 250, 7, 180, 180, 64, 33, 250, 250, 7, 180, 180, 64,
    ],
  ],
  [
    'bilinear',
    6,
    7,
    [
      0, 5.7143, 21.4286, 50, 157.1429, 127.1429, 30, 45, 95, 102.2143, 26.5, 106.5, 113, 79, 77.3333, 160.2857,
      169.6428, 37.5, 56.6667, 89.5476, 123.1667, 26.6667, 64.2857, 116.2143, 175.5, 59.9047, 52.3095, 103.8333, 23.5,
      98.6429, 141.7143, 108.5, 95.6429, 86.6429, 81.5, 33, 157, 180.5714, 7, 130.5714, 130.2857, 64,
    ],
  ],
];

const image = (width: number, height: number, pixels: readonly (readonly [number, number, number])[]): Image => ({
  ...{ width, height, data: Uint8Array.from(pixels.flat()) },
});
const gray = image(
  5,
  4,
  GRAY.map((v) => [v, v, v]),
);

describe('decoding', () => {
  it('reads a JPEG to within its loss', () => {
    const { width, height, data } = decodeImage(JPEG, 'a.jpg');
    expect([width, height]).toEqual([16, 16]);
    for (const [x, colour] of [
      [2, [200, 30, 60]],
      [13, [20, 120, 240]],
    ] as const) {
      const at = (8 * 16 + x) * 3;
      for (let c = 0; c < 3; c++) expect(Math.abs(data[at + c] - colour[c])).toBeLessThanOrEqual(3);
    }
  });

  it('reads a PNG exactly and drops alpha', () => {
    const png = new PNG({ width: 2, height: 1 });
    png.data.set([1, 2, 3, 255, 4, 5, 6, 0]);
    expect([...decodeImage(PNG.sync.write(png), 'a.png').data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('refuses other files, and images that promise too much', () => {
    expect(() => decodeImage(Buffer.from('GIF89a'), 'a.gif')).toThrow('a.gif: neither a PNG nor a JPEG image');
    const huge = PNG.sync.write(new PNG({ width: 1, height: 1 }));
    huge.writeUInt32BE(60_000, 16);
    huge.writeUInt32BE(60_000, 20);
    expect(() => decodeImage(huge, 'a.png')).toThrow('larger than 64 megapixels');
  });

  it('answers damaged images with an InputError', () => {
    const png = PNG.sync.write(Object.assign(new PNG({ width: 3, height: 3 })));
    for (const original of [JPEG, png]) {
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
        { numRuns: 150 },
      );
    }
  });
});

describe('preprocessing', () => {
  it.each(RESIZED)('resizes %s to %d×%d as TensorFlow and Pillow do', (resize, height, width, wanted) => {
    const pixels = imageToPixels(gray, { height, width, channels: 1 }, { resize });
    expect(pixels.length).toBe(wanted.length);
    for (const [i, value] of wanted.entries()) expect(pixels[i]).toBeCloseTo(value, 3);
  });

  it('leaves an image of the right size alone', () => {
    expect([...imageToPixels(gray, { height: 4, width: 5, channels: 1 }, {})]).toEqual(GRAY);
  });

  it('weighs every resized element by 1 in all', () => {
    const sizes = fc.record({
      from: fc.integer({ min: 1, max: 300 }),
      to: fc.integer({ min: 1, max: 300 }),
      method: fc.constantFrom('bilinear', 'pillow'),
    });
    fc.assert(
      fc.property(sizes, ({ from, to, method }) => {
        for (const { first, weights } of taps(from, to, method as 'bilinear' | 'pillow')) {
          expect(first).toBeGreaterThanOrEqual(0);
          expect(first + weights.length).toBeLessThanOrEqual(from);
          expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
        }
      }),
    );
  });

  it('crops the middle', () => {
    expect(centralCrop({ height: 375, width: 500 }, 0.875)).toEqual({ top: 23, left: 31, height: 328, width: 437 });
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
