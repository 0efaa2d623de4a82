import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import type { DataConfig, ResizeConfig } from '../../../src/gate/config/data_schema.ts';
import { openDataset } from '../../../src/gate/data/dataset.ts';
import { decode, encode } from '../../../src/gate/data/encode.ts';
import { chooseSamples } from '../../../src/gate/data/limit.ts';
import { writeNpy } from '../../../src/model/tensor/npy.ts';
import { perTensor } from '../../../src/model/tensor/quantization.ts';
import { bytesOf, floatsOf, folderOf, int8sOf, port, portPair } from './helpers.ts';

const pixel = (r: number, g: number, b: number): Uint8Array => {
  const png = new PNG({ width: 1, height: 1 });
  png.data.set([r, g, b, 255]);
  return PNG.sync.write(png);
};

const files = folderOf({
  'q/a.bin': bytesOf(Int8Array.of(-128, 0, 10, 127)),
  'q/b.bin': bytesOf(Int8Array.of(1, 2, 3, 4)),
  'q/c.bin': bytesOf(Int8Array.of(5, 6, 7, 8)),
  'f/a.bin': bytesOf(Float32Array.of(0, 0.5, 1, -1)),
  'f/b.bin': bytesOf(Float32Array.of(2, 2, 2, 2)),
  'nan.bin': bytesOf(Float32Array.of(0, Number.NaN, 1, -1)),
  'odd/a.bin': new Uint8Array(5),
  'many.bin': bytesOf(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)),
  'empty.bin': new Uint8Array(0),
  'batch.npy': writeNpy({ dtype: 'float64', shape: [3, 4], data: Float64Array.from({ length: 12 }, (_, i) => i) }),
  'wrong.npy': writeNpy({ dtype: 'float32', shape: [3, 5], data: new Float32Array(15) }),
  'none.npy': writeNpy({ dtype: 'float32', shape: [0, 4], data: new Float32Array(0) }),
  'record/a.bin': bytesOf(Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7)),
  'record/labels.csv': 'a.bin,2,1,16,8\n',
  'labels3.txt': '0\n1\n2\n',
  'img/a.png': pixel(255, 0, 128),
  'q/a.webp': 'RIFF',
  'img/b.png': pixel(0, 0, 0),
});
const four = portPair([1, 4], 0.5, 10);
const open = (config: DataConfig, ports = four) => openDataset(config, ports, files);

describe('raw files', () => {
  it('are the INT8 model’s own values where they have its size', () => {
    const set = open({ inputs: 'q/a.bin' });
    const { int8, fp32 } = set.load(0).inputs;
    expect(int8sOf(int8[0])).toEqual([-128, 0, 10, 127]);
    expect(floatsOf(fp32[0])).toEqual([-69, -5, 0, 58.5]);
    expect(set.notes).toHaveLength(1);
  });

  it('are real values where they have the size of float32', () => {
    const set = open({ inputs: 'f/*.bin' });
    expect(set.size).toBe(2);
    expect(int8sOf(set.load(0).inputs.int8[0])).toEqual([10, 11, 12, 8]);
    expect(floatsOf(set.load(0).inputs.fp32[0])).toEqual([0, 0.5, 1, -1]);
    expect(set.notes).toEqual([]);
  });

  it('are what the configuration declares', () => {
    const uint8 = open({ inputs: 'q/a.bin', dtype: 'uint8' }).load(0);
    expect(floatsOf(uint8.inputs.fp32[0])).toEqual([128, 0, 10, 127]);
    const real = open({ inputs: 'q/a.bin', quantized: false }).load(0);
    expect(floatsOf(real.inputs.fp32[0])).toEqual([-128, 0, 10, 127]);
    expect(int8sOf(real.inputs.int8[0])).toEqual([-128, 10, 30, 127]);
    const other = open({ inputs: 'q/a.bin', quantized: { scale: 0.25, 'zero-point': 0 } }).load(0);
    expect(floatsOf(other.inputs.fp32[0])).toEqual([-32, 0, 2.5, 31.75]);
    expect(int8sOf(other.inputs.int8[0])).toEqual([-54, 10, 15, 74]);
    const scaled = open({ inputs: 'q/a.bin', preprocess: { std: 2 } }).load(0);
    expect(floatsOf(scaled.inputs.fp32[0])).toEqual([-64, 0, 5, 63.5]);
  });

  it('may hold many samples in one file of a declared type', () => {
    const set = open({ inputs: 'many.bin', dtype: 'float32' });
    expect(set.size).toBe(2);
    expect(floatsOf(set.load(1).inputs.fp32[0])).toEqual([5, 6, 7, 8]);
  });
});

describe('arrays', () => {
  it('hold samples along the first axis', () => {
    const set = open({ inputs: 'batch.npy', labels: 'labels3.txt' });
    expect(set.size).toBe(3);
    expect([...(set.labels?.values ?? [])]).toEqual([0, 1, 2]);
    expect(floatsOf(set.load(2).inputs.fp32[0])).toEqual([8, 9, 10, 11]);
  });
});

describe('records', () => {
  it('are cut into windows, as configured or as MLPerf Tiny labels say', () => {
    for (const config of [{ window: { step: 2 } }, { labels: 'record/labels.csv' }]) {
      const sample = open({ inputs: 'record/*.bin', ...config }).load(0);
      expect(sample.inferences).toBe(3);
      expect([...sample.real]).toEqual([0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7]);
      expect(int8sOf(sample.inputs.int8[0]).slice(0, 4)).toEqual([10, 12, 14, 16]);
    }
  });
});

describe('images', () => {
  const ports = portPair([1, 1, 1, 3], 1 / 128, 0);
  it('are pixels, normalised and quantized by the model’s own parameters', () => {
    const sample = open({ inputs: 'img/*.png', preprocess: { mean: 127.5, std: 127.5 } }, ports).load(0);
    expect(floatsOf(sample.inputs.fp32[0]).map((x) => x.toFixed(5))).toEqual(['1.00000', '-1.00000', '0.00392']);
    expect(int8sOf(sample.inputs.int8[0])).toEqual([127, -128, 1]);
  });

  it.each([
    [{ method: 'pillow', 'shorter-side': 2, letterbox: 0 }, 'exclude each other'],
    [{ method: 'pillow', antialias: true }, 'antialias belongs to bilinear and bicubic, not to pillow'],
    [{ method: 'none', letterbox: 0 }, 'need a method that resizes'],
  ] as [ResizeConfig, string][])('are refused with options that mean nothing: %j', (resize, words) => {
    expect(() => open({ inputs: 'img/*.png', preprocess: { resize } }, ports)).toThrow(words);
  });

  it('cannot be resized to less than the model takes', () => {
    const resize = { method: 'pillow', 'shorter-side': 3 } as const;
    const large = portPair([1, 4, 2, 3], 1, 0);
    expect(() => open({ inputs: 'img/*.png', preprocess: { resize } }, large)).toThrow('less than the 4×2 pixels');
  });

  it('go into a uint8 model with scale 1/128 and zero point 128 as they are', () => {
    const uint8 = portPair([1, 1, 1, 3], 1 / 128, 128, 'uint8');
    const sample = open({ inputs: 'img/a.png', preprocess: { mean: 127.5, std: 127.5 } }, uint8).load(0);
    // (x − 127.5) / 127.5 · 128 + 128, rounded: at most one beside the pixel.
    for (const [i, x] of [255, 0, 128].entries())
      expect(Math.abs(Number(sample.inputs.int8[0][i]) - x)).toBeLessThanOrEqual(1);
  });
});

describe('limits', () => {
  it('spread the samples over the whole set', () => {
    const set = open({ inputs: 'batch.npy', limit: 2, labels: 'labels3.txt' });
    expect([...(set.labels?.values ?? [])]).toEqual([0, 1]);
    expect(open({ inputs: 'batch.npy', limit: 99 }).size).toBe(3);
  });

  describe('by a seed', () => {
    const labels = Float64Array.from({ length: 100 }, (_, i) => (i % 10 === 0 ? 2 : i % 2));
    const choose = (limit: DataConfig['limit']) => chooseSamples(100, limit, { values: labels, width: 1 });
    const count = (chosen: readonly number[]) => [0, 1, 2].map((c) => chosen.filter((i) => labels[i] === c).length);

    it('draw without replacement, the same for the same seed', () => {
      const chosen = choose({ count: 30, seed: 7 });
      expect(new Set(chosen).size).toBe(30);
      expect(chosen).toEqual([...chosen].sort((a, b) => a - b));
      expect(choose({ count: 30, seed: 7 })).toEqual(chosen);
      expect(choose({ count: 30, seed: 8 })).not.toEqual(chosen);
      expect(choose({ count: 30 })).toEqual(choose({ count: 30, seed: 1 }));
      expect(choose({ count: 200, seed: 3 })).toEqual(Array.from({ length: 100 }, (_, i) => i));
    });

    it('keep the shares of the classes', () => {
      // 40, 50 and 10 of 100: 11.6, 14.5 and 2.9 of 29, the largest remainders first.
      expect(count(choose({ count: 29, seed: 7, stratify: true }))).toEqual([12, 14, 3]);
      expect(count(choose({ count: 50, seed: 1, stratify: true }))).toEqual([20, 25, 5]);
      expect(() => open({ inputs: 'batch.npy', limit: { count: 2, stratify: true } })).toThrow('needs class labels');
    });

    it('choose every sample about equally often', () => {
      const times = new Array(100).fill(0);
      for (let seed = 0; seed < 1000; seed++) for (const i of choose({ count: 20, seed })) times[i]++;
      // Binomial (1000, 0.2): sd 12.6
      for (const n of times) expect(Math.abs(n - 200)).toBeLessThan(60);
    });
  });
});

describe('several inputs', () => {
  const ports = {
    int8: [port('int8', [1, 4], perTensor(0.5, 10), 'a'), port('float32', [1, 4], null, 'b')],
    fp32: [port('float32', [1, 4], null, 'a'), port('float32', [1, 4], null, 'b')],
  };
  it('are given by name', () => {
    const sample = open({ inputs: { b: 'f/*.bin', a: ['q/a.bin', 'q/b.bin'] } }, ports).load(1);
    expect(int8sOf(sample.inputs.int8[0])).toEqual([1, 2, 3, 4]);
    expect(floatsOf(sample.inputs.int8[1])).toEqual([2, 2, 2, 2]);
  });
  it('are given by position, too', () => {
    const sample = open({ inputs: { 1: 'f/*.bin', a: ['q/a.bin', 'q/b.bin'] } }, ports).load(0);
    expect(floatsOf(sample.inputs.int8[1])).toEqual([0, 0.5, 1, -1]);
  });

  it('have options of their own, which go before those of all', () => {
    const both = {
      int8: [port('int8', [1, 1, 1, 3], perTensor(1 / 128, 0), 'image'), port('int32', [1, 4], null, 'ids')],
      fp32: [port('float32', [1, 1, 1, 3], null, 'image'), port('int32', [1, 4], null, 'ids')],
    };
    const image = { files: 'img/*.png', preprocess: { mean: 127.5, std: 127.5 } };
    const set = open({ inputs: { image, ids: { files: 'q/{a,b}.bin', dtype: 'int8' } } }, both);
    const sample = set.load(0);
    expect(int8sOf(sample.inputs.int8[0])).toEqual([127, -128, 1]);
    expect([...new Int32Array(sample.inputs.int8[1].slice().buffer)]).toEqual([-128, 0, 10, 127]);
    const shared = { preprocess: { mean: 127.5, std: 127.5 }, dtype: 'int8' } as const;
    const own = open(
      { inputs: { image: 'img/*.png', ids: { files: 'q/{a,b}.bin', preprocess: {} } }, ...shared },
      both,
    );
    expect(own.load(1).inputs.int8).toEqual(set.load(1).inputs.int8);
    const none = open({ inputs: { image: 'img/*.png', ids: 'q/{a,b}.bin' }, ...shared }, both);
    expect(() => none.load(0)).toThrow('options for one input stand in data.inputs.ids');
  });

  it.each([
    [{ inputs: { a: 'q/*.bin', 0: 'q/*.bin', b: 'f/*.bin' } }, 'input "a" is given twice'],
    [{ inputs: { a: 'q/*.bin', 2: 'f/*.bin' } }, 'has no input "2"; it has "a", "b", or 0 to 1 by position'],
    [{ inputs: 'f/*.bin' }, 'the model has 2 inputs'],
    [{ inputs: { a: 'f/*.bin', c: 'f/*.bin' } }, 'has no input "c"; it has "a", "b"'],
    [{ inputs: { a: 'f/*.bin' } }, 'nothing for the model\'s input "b"'],
    [{ inputs: { a: 'q/*.bin', b: 'f/*.bin' } }, 'input "b" has 2 samples, "a" has 3'],
  ])('are refused where they do not fit: %j', (config, words) => {
    expect(() => open(config, ports)).toThrow(words);
  });
});

describe('data that do not fit', () => {
  it.each([
    [{ inputs: 'odd/*.bin' }, '5 bytes, but a sample of input "x" [1, 4] has 4 as int8 or 16 as float32'],
    [{ inputs: ['q/a.bin', 'odd/a.bin'] }, 'odd/a.bin: 5 bytes'],
    [{ inputs: 'wrong.npy' }, 'shape [3, 5] does not fit input "x" [1, 4]'],
    [{ inputs: 'none.npy' }, 'holds zero samples'],
    [{ inputs: 'empty.bin', dtype: 'float32' }, 'empty.bin: 0 bytes'],
    [{ inputs: 'nowhere/*.bin' }, 'matches no file'],
    [{ inputs: ['q/a.bin', 'batch.npy'] }, 'batch.npy: cannot be mixed with q/a.bin'],
    [{ inputs: 'img/*.png' }, 'takes no image'],
    [{ inputs: 'q/a.bin', quantized: 'model', preprocess: { std: 2 } }, 'exclude each other'],
    [{ inputs: 'f/*.bin', quantized: 'model', dtype: 'float32' }, 'not integers'],
    [{ inputs: 'f/*.bin', preprocess: { std: 0 } }, 'division by zero'],
    [{ inputs: 'f/*.bin', preprocess: { mean: [1, 2] } }, '2 numbers, but input "x" [1, 4] has 4 channels'],
    [{ inputs: 'record/*.bin', window: { length: 3, step: 1 } }, "the model's input has 4 elements"],
    [{ inputs: 'batch.npy', labels: 'record/labels.csv' }, 'no label for 1 of 1 inputs'],
    [{ inputs: 'f/*.bin', classes: ['a'] }, 'data.labels, which is missing'],
    [{ inputs: 'q/a.webp' }, 'q/a.webp: PNG and JPEG are the images that are read; convert it to PNG'],
  ] as [DataConfig, string][])('is refused when it is opened: %j', (config, words) => {
    expect(() => open(config)).toThrow(words);
  });

  it('is refused when it is loaded', () => {
    expect(() => open({ inputs: 'nan.bin' }).load(0)).toThrow('nan.bin [0]: element 1 is NaN');
    expect(() => open({ inputs: 'q/a.bin', quantized: false, preprocess: { scale: 1e38 } }).load(0)).toThrow(
      /element \d is -?Infinity after data\.preprocess, whose numbers lead beyond float32/,
    );
    expect(() => open({ inputs: 'q/a.bin', quantized: { scale: 3e38, 'zero-point': 0 } }).load(0)).toThrow(
      /element \d is -?Infinity after data\.quantized/,
    );
    expect(() => open({ inputs: 'f/a.bin', window: { step: 1 }, dtype: 'float64' }).load(0)).toThrow(
      'too short for one window',
    );
  });
});

describe('ports', () => {
  it('take whole numbers for unquantized integers, and nothing else', () => {
    const ids = port('int32', [2], null, 'ids');
    expect([...new Int32Array(encode(Float32Array.of(3, -4), ids, 's').slice().buffer)]).toEqual([3, -4]);
    expect(() => encode(Float32Array.of(0.5, 1), ids, 's')).toThrow('s: 0.5 cannot be fed to the int32 input "ids"');
  });

  it('round as TFLite, as numpy.round, or cut off as astype does', () => {
    const values = Float32Array.of(-1.5, -0.5, 0.5, 1.5, 2.5, 2.75, 300, -300);
    const x = port('int8', [8], perTensor(1, 1));
    // numpy: np.round(values + 1), (values + 1).astype(int)
    expect(int8sOf(encode(values, x, 's'))).toEqual([-1, 0, 2, 3, 4, 4, 127, -128]);
    expect(int8sOf(encode(values, x, 's', 'numpy'))).toEqual([0, 0, 2, 2, 4, 4, 127, -128]);
    expect(int8sOf(encode(values, x, 's', 'truncate'))).toEqual([0, 0, 1, 2, 3, 3, 127, -128]);
  });

  it('give real values back, per axis where quantized so', () => {
    expect([...decode(Int8Array.of(10, 12), port('int8', [2], perTensor(0.5, 10)))]).toEqual([0, 1]);
    const perAxis = port('int8', [2, 2], { scales: [1, 2], zeroPoints: [0, 1], axis: 1 });
    expect([...decode(Int8Array.of(3, 3, 4, 4), perAxis)]).toEqual([3, 4, 4, 6]);
  });
});
