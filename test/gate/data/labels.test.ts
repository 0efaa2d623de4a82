import { describe, expect, it } from 'vitest';
import { readLabels } from '../../../src/gate/data/labels.ts';
import { writeNpy } from '../../../src/model/tensor/npy.ts';
import { folderOf } from './helpers.ts';

const files = folderOf({
  'd/plain.csv': 'file,label\nb.bin,2\na.bin,1\n',
  'd/named.csv': 'path,wnid,index\na.bin,n1,7\nb.bin,n2,8\n',
  'd/tiny.csv': 'a.bin,12,3\nb.bin,12,4\n',
  'd/windows.csv': 'a.bin,2,0,2560,512\nb.bin,2,1,2560,512\n',
  'd/twice.csv': 'a.bin,1\na.bin,2\n',
  'd/words.csv': 'file,label\na.bin,cat\nb.bin,dog\n',
  'd/mixed.csv': 'file,label\na.bin,1\nb.bin,dog\n',
  'd/gap.csv': 'file,label\na.bin,\nb.bin,dog\n',
  'd/bare.csv': 'b.bin,cat\na.bin,dog\n',
  'd/semicolons.csv': 'file;label\na.bin;1\nb.bin;2\n',
  'd/tabs.tsv': 'file\tlabel\na.bin\t1\nb.bin\t2\n',
  'd/root.csv': 'file,label\nd/a.bin,1\nd/b.bin,2\n',
  'd/words.txt': 'dog\ncat\n',
  'd/classes.txt': 'bird\r\ncat\r\ndog\r\n',
  'd/twice.txt': 'cat\ncat\n',
  'd/quote.csv': 'file,label\na.bin,1\nb.bin,"dog\nc.bin,2\n',
  'd/excel.tsv': Buffer.from('\ufefffile\tlabel\r\na.bin\t1\r\nb.bin\t2\r\n', 'utf16le'),
  'd/big-endian.csv': Buffer.from('\ufefffile,label\na.bin,cat\nb.bin,dög\n', 'utf16le').swap16(),
  'd/unmarked.csv': Buffer.from('file,label\na.bin,1\n', 'utf16le'),
  'd/wide.txt': Buffer.from('\ufeff5\n6\n', 'utf16le'),
  'd/wide-classes.txt': Buffer.from('\ufeffdög\ncat\n', 'utf16le'),
  'd/a.bin': 'a',
  'd/a.parquet': 'p',
  'd/sub.csv': 'x/a.bin,1\ny/a.bin,2\n',
  'd/two.txt': '5\n6\n\n',
  'd/word.txt': '5\nsix\n',
  'd/two.npy': writeNpy({ dtype: 'int64', shape: [2], data: BigInt64Array.of(3n, 4n) }),
  'd/targets.npy': writeNpy({ dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }),
  'd/nan.npy': writeNpy({ dtype: 'float32', shape: [2], data: Float32Array.of(1, Number.NaN) }),
});
const inputs = ['d/a.bin', 'd/b.bin'];
const read = (labels: string, more: object = {}, samples: readonly string[] | number = inputs) =>
  readLabels({ inputs: 'd/*.bin', labels, ...more }, samples, files);
const values = (...args: Parameters<typeof read>) => [...(read(...args)?.values ?? [])];

describe('labels', () => {
  it('are read in UTF-16 where the byte order mark says so', () => {
    expect(values('d/excel.tsv')).toEqual([1, 2]);
    expect(values('d/wide.txt')).toEqual([5, 6]);
    expect(values('d/big-endian.csv', { classes: 'd/wide-classes.txt' })).toEqual([1, 0]);
    expect(() => read('d/unmarked.csv')).toThrow(/^d\/unmarked\.csv: no text in UTF-8 .*; save it as UTF-8/);
  });

  it('are refused where a quote is not closed, with the line where it opens', () => {
    expect(() => read('d/quote.csv')).toThrow('d/quote.csv:3: a quote (") opens here and is never closed');
  });

  it('join a .csv by file name, with and without a header', () => {
    expect(values('d/plain.csv')).toEqual([1, 2]);
    expect(values('d/named.csv', { 'file-column': 'path', 'label-column': 'index' })).toEqual([7, 8]);
    expect(values('d/tiny.csv')).toEqual([3, 4]);
    expect(values('d/sub.csv', {}, ['d/x/a.bin', 'd/y/a.bin'])).toEqual([1, 2]);
  });

  it('may be names, whose numbers are given or found', () => {
    // Lines: b.bin is a dog, a.bin a cat.
    expect(values('d/words.csv')).toEqual([0, 1]);
    expect(read('d/words.csv')?.notes?.[0]).toContain('the 2 class names found: 0 = cat, 1 = dog. Where');
    expect(values('d/bare.csv', { 'label-offset': 1 })).toEqual([2, 1]);
    expect(values('d/words.csv', { classes: ['dog', 'bird', 'cat'] })).toEqual([2, 0]);
    expect(values('d/words.csv', { classes: 'd/classes.txt' })).toEqual([1, 2]);
    expect(read('d/words.csv', { classes: 'd/classes.txt' })?.notes).toEqual([]);
    expect(values('d/words.txt')).toEqual([1, 0]);
    expect(values('d/plain.csv', { classes: 'd/classes.txt' })).toEqual([1, 2]);
  });

  it('may be the names of folders, sorted as text', () => {
    const samples = ['x/9/a.png', 'x/10/a.png', 'x/9/b.png'];
    expect(values('folders', {}, samples)).toEqual([1, 0, 1]);
    expect(values('folders', { classes: ['9', '10'] }, samples)).toEqual([0, 1, 0]);
  });

  it('join tables by semicolons and tabs, and paths from the working directory', () => {
    for (const table of ['d/semicolons.csv', 'd/tabs.tsv', 'd/root.csv']) expect(values(table)).toEqual([1, 2]);
  });

  it('may be more than the inputs, which is noted', () => {
    expect(values('d/plain.csv', {}, ['d/a.bin'])).toEqual([1]);
    expect(read('d/plain.csv', {}, ['d/a.bin'])?.notes).toEqual([
      'd/plain.csv has 2 labels, 1 of them for files that are not among the inputs (b.bin).',
    ]);
  });

  it('take windows from MLPerf Tiny files', () => {
    expect(read('d/windows.csv')).toMatchObject({ window: { bytes: 2560, step: 512 } });
    expect(read('d/tiny.csv')?.window).toBeUndefined();
  });

  it('follow the order of the samples in .txt and .npy', () => {
    expect(values('d/two.txt')).toEqual([5, 6]);
    expect(values('d/two.npy', {}, 2)).toEqual([3, 4]);
    expect(values('d/two.npy', { 'label-offset': 1 })).toEqual([4, 5]);
    expect(read('d/targets.npy')).toMatchObject({ width: 3 });
  });

  it.each([
    ['d/plain.csv', {}, ['d/a.bin', 'd/b.bin', 'd/c.bin'], 'no label for 1 of 3 inputs: d/c.bin'],
    ['d/plain.csv', {}, ['e/c.bin'], 'count from its own folder or from the working directory (line 2 has "b.bin")'],
    ['d/plain.csv', {}, 2, 'one file holds all samples'],
    ['d/named.csv', {}, inputs, 'no column "file" among path, wnid, index; set data.file-column'],
    ['d/twice.csv', {}, ['d/a.bin'], 'd/twice.csv:2: a.bin is already labelled in line 1'],
    ['d/mixed.csv', {}, inputs, 'd/mixed.csv:3: "dog" is not a class number, though other labels are'],
    ['d/gap.csv', {}, inputs, 'd/gap.csv:2: the label is missing'],
    [
      'd/words.csv',
      { classes: ['cats', 'dog'] },
      inputs,
      'd/words.csv:2: "cat" is not one of the 2 names in data.classes; did you mean "cats"?',
    ],
    ['d/words.csv', { classes: 'd/twice.txt' }, inputs, 'd/twice.txt: "cat" stands there twice'],
    ['d/words.csv', { classes: 'd/none.txt' }, inputs, 'd/none.txt: no such file'],
    ['folders', { classes: ['e'] }, inputs, 'd/a.bin: "d" is not one of the 1 names'],
    ['folders', {}, 2, 'one file holds all samples'],
    ['d', {}, inputs, 'd: is a folder; give the path of a file'],
    ['d/two.txt', {}, 3, '2 labels, but the inputs hold 3 samples'],
    ['d/word.txt', {}, inputs, 'd/word.txt:2: "six" is not a class number'],
    ['d/nan.npy', {}, inputs, 'NaN'],
    ['d/none.txt', {}, inputs, 'no such file'],
    ['d/a.parquet', {}, inputs, 'd/a.parquet: not a .npy, .npz or IDX file'],
    ['d/none', {}, inputs, 'd/none: no such file'],
  ])('%s is refused where it does not fit', (labels, more, samples, words) => {
    expect(() => read(labels, more, samples)).toThrow(words);
  });
});

describe('labels that are texts', () => {
  const texts = folderOf({
    'd/t.csv': 'file,text\na.bin,"hello, world"\nb.bin,\n',
    'd/t.txt': 'the cat\n\n',
    'd/tokens.npy': writeNpy({ dtype: 'int32', shape: [2, 3], data: Int32Array.of(1, 2, -1, 7, -1, -1) }),
    'd/reals.npy': writeNpy({ dtype: 'float32', shape: [2, 1], data: Float32Array.of(1.5, 2) }),
    'd/alphabet.txt': 'a\r\nb\r\n \r\nc\r\n',
    'd/a.bin': 'a',
    'd/b.bin': 'b',
  });
  const of = (labels: string, more: object = {}) =>
    readLabels({ inputs: 'd/*.bin', labels, ...more }, ['d/a.bin', 'd/b.bin'], texts, 'texts');

  it('are taken as they are written, empty ones too', () => {
    expect(of('d/t.csv', { 'label-column': 'text' })).toMatchObject({ texts: ['hello, world', ''], width: 0 });
    expect(of('d/t.txt')?.texts).toEqual(['the cat', '']);
    expect(of('d/tokens.npy')?.texts).toEqual(['1 2', '7']);
  });

  it('have tokens whose names are not trimmed', () => {
    expect(of('d/t.txt', { classes: 'd/alphabet.txt' })?.names).toEqual(['a', 'b', ' ', 'c']);
    expect(of('d/t.txt', { classes: ['a', ' '] })?.names).toEqual(['a', ' ']);
  });

  it('are refused where they are no tokens', () => {
    expect(() => of('d/reals.npy')).toThrow('row 0 holds 1.5, which is no number of a token');
    expect(() => of('d/t.txt', { 'label-offset': 1 })).toThrow('labels of this metric are texts');
  });
});
