import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { DTYPES, type DType, fromBytes, itemSize, toBytes } from '../../../src/model/tensor/dtype.ts';
import { parseNpy, writeNpy } from '../../../src/model/tensor/npy.ts';
import { elements } from '../../../src/model/tensor/shape.ts';
import { good, goodArray } from '../../fixtures/model/index.ts';

/** A .npy file with this header and data, as numpy lays it out. */
function npy(header: string, data: readonly number[] = [], version: readonly number[] = [1, 0]): Uint8Array {
  const text = new TextEncoder().encode(`${header}\n`);
  const length = version[0] === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  return Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, ...version, ...length, ...text, ...data);
}
const header = (descr: string, shape: string, order = 'False'): string =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;

describe('writeNpy', () => {
  const arrays = fc
    .record({
      dtype: fc.constantFrom(...DTYPES.filter((d) => d !== 'bool' && d !== 'int4' && d !== 'resource')),
      shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
      seed: fc.uint8Array({ minLength: 64, maxLength: 64 }),
    })
    .map(({ dtype, shape, seed }) => {
      const bytes = Uint8Array.from({ length: elements(shape) * itemSize(dtype) }, (_, i) => seed[i % 64]);
      return { dtype, shape, data: fromBytes<DType>(dtype, bytes) };
    });

  it('is undone by parseNpy, bit for bit', () => {
    fc.assert(
      fc.property(arrays, (array) => {
        const read = parseNpy(writeNpy(array), 'a.npy');
        expect({ dtype: read.dtype, shape: read.shape }).toEqual({ dtype: array.dtype, shape: array.shape });
        expect(toBytes(read.data)).toEqual(toBytes(array.data));
      }),
    );
  });

  it('writes the bytes that numpy writes', () => {
    for (const { file } of good.flatMap((c) => [...c.inputs, ...c.outputs])) {
      const original = readFileSync(new URL(`../../fixtures/model/good/${file}`, import.meta.url));
      expect(writeNpy(goodArray(file)), file).toEqual(new Uint8Array(original));
    }
  });

  it('takes no handles, which mean nothing in a file', () => {
    expect(() => writeNpy({ dtype: 'resource', shape: [1], data: Int32Array.of(0) })).toThrow(/handle/);
  });
});

describe('parseNpy', () => {
  it.each([
    ['format 1.0', npy(header('<i2', '(2, 1)'), [1, 0, 255, 255])],
    ['format 2.0', npy(header('<i2', '(2, 1)'), [1, 0, 255, 255], [2, 0])],
    ['format 3.0', npy(header('<i2', '(2,1)'), [1, 0, 255, 255], [3, 0])],
    ['keys in another order', npy("{'shape': (2, 1), 'fortran_order': False, 'descr': '<i2'}", [1, 0, 255, 255])],
  ])('reads %s', (_, bytes) => {
    expect(parseNpy(bytes, 'a.npy')).toEqual({ dtype: 'int16', shape: [2, 1], data: Int16Array.of(1, -1) });
  });

  it('reads scalars, empty arrays and truth values', () => {
    expect(parseNpy(npy(header('|u1', '()'), [7]), 'a').shape).toEqual([]);
    expect(parseNpy(npy(header('<f4', '(0, 3)')), 'a').data).toHaveLength(0);
    expect(parseNpy(npy(header('|b1', '(3,)'), [0, 1, 9]), 'a').data).toEqual(Uint8Array.of(0, 1, 1));
  });

  it.each([
    ['another file', new TextEncoder().encode('PK\u0003\u0004 and more'), /not a \.npy file/],
    ['an unknown format', npy(header('<i2', '(1,)'), [0, 0], [9, 0]), /format 9\.0/],
    ['a header past the end', npy(header('<i2', '(1,)')).slice(0, 40), /truncated/],
    ['a giant header', Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0, 255, 255, 255, 255), /plain array/],
    ['Fortran order', npy(header('<i2', '(1, 1)', 'True'), [0, 0]), /Fortran order.*ascontiguousarray/],
    ['big-endian numbers', npy(header('>i2', '(1,)'), [0, 0]), /not little-endian.*'<i2'/],
    [
      'a structured type',
      npy("{'descr': [('a', '<i2')], 'fortran_order': False, 'shape': (1,)}", [0, 0]),
      /structured/,
    ],
    ['pickled objects', npy(header('|O', '(1,)'), [0]), /'\|O' are not supported/],
    ['a missing shape', npy("{'descr': '<i2', 'fortran_order': False}"), /no plain 'shape'/],
    ['a negative extent', npy(header('<i2', '(-1,)'), [0, 0]), /no plain 'shape'/],
    ['too little data', npy(header('<i2', '(2,)'), [0, 0, 0]), /3 bytes of data where int16 \[2\] needs 4/],
    ['too much data', npy(header('<i2', '(1,)'), [0, 0, 0]), /3 bytes of data/],
    ['a size beyond all memory', npy(header('<f8', '(99999999999, 99999999999)')), /0 bytes of data/],
    ['a size that wraps to nothing', npy(header('<f8', '(4294967296, 4294967296)')), /0 bytes of data/],
    ['too many dimensions', npy(header('<f8', `(${'1,'.repeat(40)})`)), /40 dimensions/],
  ])('refuses %s and says so', (_, bytes, message) => {
    expect(() => parseNpy(bytes, 'data/x.npy')).toThrow(InputError);
    expect(() => parseNpy(bytes, 'data/x.npy')).toThrow(message);
    expect(() => parseNpy(bytes, 'data/x.npy')).toThrow(/^data\/x\.npy: /);
  });
});
