import { describe, expect, it } from 'vitest';
import { readLabels } from '../../../src/gate/data/labels.ts';
import { decodeMask } from '../../../src/gate/data/mask.ts';
import type { DType, TensorData } from '../../../src/model/tensor/dtype.ts';
import { writeNpy } from '../../../src/model/tensor/npy.ts';
import { folderOf } from './helpers.ts';

/* Pillow 12 and NumPy, of m = [[0, 1, 2], [3, 1, 255]]:
     image = Image.fromarray(m, 'P'); image.putpalette([0, 0, 0, 0, 0, 0, 128, 0, 0, 128, 0, 0] + [7] * 756)
     Image.fromarray(m, 'L'); Image.fromarray(m.astype(np.uint16) * 257); image4 = the palette of m % 4, bits=4; RGB */
const PNG = {
  palette:
    'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAMAAACqqpYoAAADAFBMVEUAAAAAAACAAACAAAAHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBweHhWgfAAAAEElEQVR4nGNgYGRiYGb8DwABIgEHFjN2ngAAAABJRU5ErkJggg==',
  gray: 'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAEElEQVR4nGNkYGRkYGb8DwABJQEH3tt6ygAAAABJRU5ErkJggg==',
  gray16:
    'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACEAAAAADoj+WFAAAAFklEQVR4nGNkYGBkZGRkYGZmZPz/HwADZwIML0Kq2gAAAABJRU5ErkJggg==',
  palette4:
    'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAgMAAADgGo6JAAAADFBMVEUAAAAAAACAAACAAADKbDjOAAAADElEQVR4nGOQYLgDAAEoAPVNYiqnAAAAAElFTkSuQmCC',
  colour:
    'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAGUlEQVR4nAXBgQ0AAAABIM3/N1OSAGmLbQcGygMRJg7fKwAAAABJRU5ErkJggg==',
};
const bytes = (of: keyof typeof PNG) => new Uint8Array(Buffer.from(PNG[of], 'base64'));
const M = [0, 1, 2, 3, 1, 255];
const npy = (dtype: DType, shape: readonly number[], data: TensorData) => writeNpy({ dtype, shape, data });

describe('decodeMask', () => {
  it.each([
    ['palette', M],
    ['gray', M],
    ['gray16', M.map((x) => 257 * x)],
    ['palette4', M.map((x) => x % 4)],
  ] as const)('gives the stored numbers of %s', (name, expected) => {
    const { height, width, values } = decodeMask(bytes(name), 'm.png');
    expect([height, width]).toEqual([2, 3]);
    expect([...Array.from(values)]).toEqual(expected);
  });

  it('refuses what is no mask, and ends on any damage with an InputError', () => {
    expect(() => decodeMask(bytes('colour'), 'm.png')).toThrow('m.png: a PNG image of colours');
    expect(() => decodeMask(new Uint8Array(40), 'm.png')).toThrow('m.png: no PNG image');
    const whole = bytes('palette');
    for (let cut = 0; cut < whole.length; cut += 7)
      expect(() => decodeMask(whole.subarray(0, cut), 'm.png')).toThrow(/^m\.png: /);
    const at = Buffer.from(whole).indexOf('PLTE');
    const wide = Uint8Array.from([...whole.subarray(0, at + 4), ...new Uint8Array(900), ...whole.subarray(at + 4)]);
    new DataView(wide.buffer).setUint32(at - 4, 1668);
    expect(() => decodeMask(wide, 'm.png')).toThrow('its palette has more than 256 colours');
    const huge = bytes('gray');
    new DataView(huge.buffer).setUint32(16, 1e9);
    expect(() => decodeMask(huge, 'm.png')).toThrow('larger than 64 megapixels');
  });
});

const files = folderOf({
  'in/a.png': '',
  'in/b.png': '',
  'masks/b.png': bytes('gray'),
  'masks/a.png': bytes('palette4'),
  'other/x1.png': bytes('palette'),
  'other/x2.png': bytes('palette4'),
  'one/a.png': bytes('palette'),
  'arrays/a.npy': npy('uint8', [1, 2, 2], Uint8Array.of(1, 2, 3, 4)),
  'arrays/b.npy': npy('int32', [2, 2, 1], Int32Array.of(5, 6, 7, 255)),
  'sizes/a.npy': npy('uint8', [2, 2], Uint8Array.of(1, 2, 3, 4)),
  'sizes/b.npy': npy('uint8', [1, 4], Uint8Array.of(1, 2, 3, 4)),
  'flat/a.npy': npy('uint8', [4], Uint8Array.of(1, 2, 3, 4)),
  'flat/b.npy': npy('uint8', [4], Uint8Array.of(1, 2, 3, 4)),
});
const read = (labels: string, samples: readonly string[] | number = ['in/a.png', 'in/b.png']) => {
  const found = readLabels({ inputs: 'in/*', labels }, samples, files)!;
  return { values: [...found.values], width: found.width, notes: found.notes ?? [] };
};

describe('masks as labels', () => {
  it('belong to the inputs of their names', () => {
    expect(read('masks/*.png')).toEqual({ values: [...M.map((x) => x % 4), ...M], width: 6, notes: [] });
    expect(read('masks/*.png', ['in/b.png', 'in/a.png']).values).toEqual([...M, ...M.map((x) => x % 4)]);
    expect(read('masks/*.png', ['in/b.png']).values).toEqual(M);
    expect(read('arrays/*.npy')).toEqual({ values: [1, 2, 3, 4, 5, 6, 7, 255], width: 4, notes: [] });
  });

  it('go by order where no name fits, and say so', () => {
    const found = read('other/*.png');
    expect(found.values).toEqual([...M, ...M.map((x) => x % 4)]);
    expect(found.notes).toEqual([expect.stringMatching(/^Masks go by the order of their names \(other\/x1\.png/)]);
    expect(read('other/*.png', 2).notes).toEqual([]);
  });

  it.each([
    ['one/*.png', 'no mask for 1 of 2 inputs: in/b.png'],
    ['none/*.png', 'none/*.png: matches no file'],
    ['sizes/*.npy', 'sizes/b.npy: 4×1 pixels, but sizes/a.npy has 2×2'],
    ['flat/*.npy', 'flat/a.npy: shape [4], but a mask is [height, width]'],
    ['in/*.png', 'in/a.png: no PNG image'],
  ])('%s is refused', (labels, words) => expect(() => read(labels)).toThrow(words));

  it('are refused where there are more than samples', () =>
    expect(() => read('other/*.png', 3)).toThrow('2 masks, but the inputs hold 3 samples'));
});
