import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { toReals } from '../../../src/gate/data/arrays.ts';
import { parseCsv } from '../../../src/gate/data/csv.ts';
import { parseIdx } from '../../../src/gate/data/idx.ts';
import { readNpz } from '../../../src/gate/data/npz.ts';
import { folderOf } from './helpers.ts';

/** numpy.savez_compressed(specs=arange(6.0).reshape(2, 3) / 4, labels=[1, 0]) */
const COMPRESSED = Buffer.from(
  'UEsDBC0AAAAIAAAAIQA0MXjI//////////8JABQAc3BlY3MubnB5AQAQALAAAAAAAAAAVwAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2ahrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOgrGmjoKtQpkAy4GFHDBHkI/gNIvoPQHKP3FHgBQSwMELQAAAAgAAAAhAHH7Oav//////////woAFABsYWJlbHMubnB5AQAQAJAAAAAAAAAASAAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2mhrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOpo6CrUKFAAuRgZUAABQSwECLQMtAAAACAAAACEANDF4yFcAAACwAAAACQAAAAAAAAAAAAAAgAEAAAAAc3BlY3MubnB5UEsBAi0DLQAAAAgAAAAhAHH7OatIAAAAkAAAAAoAAAAAAAAAAAAAAIABkgAAAGxhYmVscy5ucHlQSwUGAAAAAAIAAgBvAAAAFgEAAAAA',
  'base64',
);
/** numpy.savez(only=array([1, 2, 3], '<i2')) */
const STORED = Buffer.from(
  'UEsDBC0AAAAAAAAAIQBgggCR//////////8IABQAb25seS5ucHkBABAAhgAAAAAAAACGAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxpMicsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgzLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAQACAAMAUEsBAi0DLQAAAAAAAAAhAGCCAJGGAAAAhgAAAAgAAAAAAAAAAAAAAIABAAAAAG9ubHkubnB5UEsFBgAAAAABAAEANgAAAMAAAAAAAA==',
  'base64',
);

describe('.npz', () => {
  it('reads what numpy wrote, compressed or not', () => {
    const specs = readNpz(COMPRESSED, 'specs', 'a.npz');
    expect(specs.shape).toEqual([2, 3]);
    expect([...(toReals(specs.data, specs.dtype) as Float64Array)]).toEqual([0, 0.25, 0.5, 0.75, 1, 1.25]);
    const labels = readNpz(COMPRESSED, 'labels', 'a.npz');
    expect([...(toReals(labels.data, labels.dtype) as Float64Array)]).toEqual([1, 0]);
    expect([...(readNpz(STORED, undefined, 'b.npz').data as Int16Array)]).toEqual([1, 2, 3]);
  });

  it('says which arrays there are', () => {
    expect(() => readNpz(COMPRESSED, undefined, 'a.npz')).toThrow(
      'holds 2 arrays (specs, labels); name one: a.npz#specs',
    );
    expect(() => readNpz(COMPRESSED, 'spec', 'a.npz')).toThrow('has no array "spec"; it holds specs, labels');
  });

  it('survives damage', () => {
    const change = fc.record({ at: fc.nat(COMPRESSED.length - 1), byte: fc.nat(255), keep: fc.nat(COMPRESSED.length) });
    fc.assert(
      fc.property(change, fc.boolean(), ({ at, byte, keep }, cut) => {
        const bytes = Uint8Array.from(cut ? COMPRESSED.subarray(0, keep) : COMPRESSED);
        if (!cut) bytes[at] = byte;
        try {
          expect(readNpz(bytes, 'specs', 'a.npz').data.length).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('IDX', () => {
  it('reads big-endian elements', () => {
    const bytes = Uint8Array.from([0, 0, 11, 2, 0, 0, 0, 2, 0, 0, 0, 1, 1, 2, 255, 254]);
    const { dtype, shape, data } = parseIdx(bytes, 'x');
    expect([dtype, shape, [...(data as Int16Array)]]).toEqual(['int16', [2, 1], [258, -2]]);
  });

  it('refuses what is cut short or something else', () => {
    expect(() => parseIdx(Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 9, 1]), 'x')).toThrow('needs 9 bytes, 1 are there');
    expect(() => parseIdx(new Uint8Array(3), 'x')).toThrow(InputError);
    expect(() => parseIdx(Uint8Array.from([1, 0, 8, 0]), 'x')).toThrow('not an IDX file');
  });
});

describe('CSV', () => {
  it('is divided by commas, semicolons or tabs', () => {
    for (const divider of [',', ';', '\t']) {
      const rows = parseCsv(
        `"a, b; c"${divider}1\nd${divider}2,5`.replace('2,5', divider === ',' ? '2' : '2,5'),
        't.csv',
      );
      expect(rows[0].cells).toEqual(['a, b; c', '1']);
      expect(rows[1].cells).toEqual(['d', divider === ',' ? '2' : '2,5']);
    }
  });

  it('knows quotes, carriage returns, a byte order mark and empty lines', () => {
    const rows = parseCsv('\ufefffile,label\r\n"a, b ""c"".png",3\r\n\r\n"two\nlines",4', 't.csv');
    expect(rows).toEqual([
      { line: 1, cells: ['file', 'label'] },
      { line: 2, cells: ['a, b "c".png', '3'] },
      { line: 4, cells: ['two\nlines', '4'] },
    ]);
  });
});

describe('files', () => {
  const files = folderOf({
    'd/b.bin': 'b',
    'd/a.bin': 'a',
    'd/.hidden.bin': 'h',
    'd/e/c.bin': 'c',
    'd/e/c.txt': 't',
    'odd/[1]{a}.bin': 'o',
    [`d/${'a'.repeat(200)}`]: 'long',
    lfs: 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n',
  });

  it('expands globs, sorted and without hidden files', () => {
    expect(files.expand('d/*.bin')).toEqual(['d/a.bin', 'd/b.bin']);
    expect(files.expand('d/**/*.bin')).toEqual(['d/a.bin', 'd/b.bin', 'd/e/c.bin']);
    expect(files.expand('**/c.*')).toEqual(['d/e/c.bin', 'd/e/c.txt']);
    expect(files.expand('d/?.bin')).toEqual(['d/a.bin', 'd/b.bin']);
    expect(files.expand('d/*/c.bin')).toEqual(['d/e/c.bin']);
    expect(files.expand('d/a.bin')).toEqual(['d/a.bin']);
  });

  it('says what is missing', () => {
    expect(() => files.expand('d/*.png')).toThrow('d/*.png: matches no file');
    expect(() => files.expand('nowhere/*.bin')).toThrow('matches no file');
    expect(() => files.expand('d/z.bin')).toThrow('d/z.bin: no such file');
    expect(() => files.read('d')).toThrow('d: is a folder; give the path of a file');
    expect(() => files.expand('d')).toThrow('d: is a folder; for the files in it write d/*');
    expect(() => files.read('lfs')).toThrow('git lfs pull');
  });

  it('knows sets of characters and alternatives', () => {
    expect(files.expand('d/[ab].bin')).toEqual(['d/a.bin', 'd/b.bin']);
    expect(files.expand('d/[!a].bin')).toEqual(['d/b.bin']);
    expect(files.expand('d/{a,[b-z]}.bin')).toEqual(['d/a.bin', 'd/b.bin']);
    expect(() => files.expand('d/{a,e/c}.bin')).toThrow('give data.inputs a list of globs');
    expect(files.expand('{d,x}/**/[a-c].{txt,bin}')).toEqual(['d/a.bin', 'd/b.bin', 'd/e/c.bin', 'd/e/c.txt']);
    for (const glob of ['d/{a,b', 'd/a}*.bin', 'd/{a,b/*.bin', 'd/[ab.bin', 'd/{[a}].bin'])
      expect(() => files.expand(glob), glob).toThrow(/: not a glob \("[{}[]" without its partner\); correct it/);
    expect(files.expand('d/{[ab],{c,d}}.bin')).toEqual(['d/a.bin', 'd/b.bin']);
    expect(files.expand('d/.*.bin')).toEqual(['d/.hidden.bin']);
    expect(files.expand('odd/[1]{a}.bin')).toEqual(['odd/[1]{a}.bin']);
  });

  it('takes no time over a glob', () => {
    expect(() => files.expand(`d/${'*a'.repeat(500)}b`)).toThrow('more than 4 stars');
    expect(() => files.expand(`d/${'*a'.repeat(4)}b/${'*a'.repeat(4)}b`)).toThrow('matches no file');
    expect(() => files.expand(`d/${'*a'.repeat(3)}*b`)).toThrow('matches no file');
    expect(() => files.expand('d/+(a|aa)*')).toThrow('matches no file');
    expect(() => files.expand(`d/${'['.repeat(3000)}`)).toThrow('without its partner');
    expect(() => files.expand('d/{1..1000000000}')).toThrow('matches no file');
  });
});
