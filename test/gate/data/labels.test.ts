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
  it('join a .csv by file name, with and without a header', () => {
    expect(values('d/plain.csv')).toEqual([1, 2]);
    expect(values('d/named.csv', { 'file-column': 'path', 'label-column': 'index' })).toEqual([7, 8]);
    expect(values('d/tiny.csv')).toEqual([3, 4]);
    expect(values('d/sub.csv', {}, ['d/x/a.bin', 'd/y/a.bin'])).toEqual([1, 2]);
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
    ['d/plain.csv', {}, ['d/a.bin'], '1 of 2 labels have no input: b.bin'],
    ['d/plain.csv', {}, 2, 'one file holds all samples'],
    ['d/named.csv', {}, inputs, 'no column "file" among path, wnid, index; set data.file-column'],
    ['d/twice.csv', {}, ['d/a.bin'], 'd/twice.csv:2: a.bin is already labelled in line 1'],
    ['d/words.csv', {}, inputs, 'd/words.csv:2: "cat" is no label'],
    ['d/two.txt', {}, 3, '2 labels, but the inputs hold 3 samples'],
    ['d/word.txt', {}, inputs, 'd/word.txt:2: "six" is no label'],
    ['d/nan.npy', {}, inputs, 'NaN'],
    ['d/none.txt', {}, inputs, 'no such file'],
    ['d/a.parquet', {}, inputs, 'neither .npy, .npz nor IDX'],
  ])('%s is refused where it does not fit', (labels, more, samples, words) => {
    expect(() => read(labels, more, samples)).toThrow(words);
  });
});
