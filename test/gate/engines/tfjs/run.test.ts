import { describe, expect, it } from 'vitest';
import type { Fp32Options } from '../../../../src/gate/config/fp32_schema.ts';
import { openFiles } from '../../../../src/gate/data/files.ts';
import { openForeign } from '../../../../src/gate/engines/tfjs/index.ts';
import type { Model } from '../../../../src/model/ir/graph.ts';
import { channelsFirstGraph, denseLayers, differenceGraph, int8Model, temporaryFolder } from './models.ts';

const folder = temporaryFolder();
const files = openFiles(folder.path);

let made = 0;
function write({ document, bytes }: { document: object; bytes: Uint8Array }): string {
  const name = `m${made++}`;
  folder.write(`${name}/weights.bin`, bytes);
  folder.write(`${name}/model.json`, JSON.stringify(document));
  return `${name}/model.json`;
}
const open = (path: string, int8: Model, options: Fp32Options = {}) =>
  openForeign({ path, kind: 'tfjs', options, int8 }, files);

describe('TF.js models on the WASM backend', () => {
  it('runs a layers model', async () => {
    const path = write(denseLayers([1, 2, 3, 4, 5, 6], [10, 20]));
    const runner = await open(path, int8Model([{ name: 'x', shape: [1, 3] }], [{ name: 'y', shape: [1, 2] }]));
    expect(runner.engine).toBe('tfjs-wasm 4.22.0');
    expect(runner.inputs).toMatchObject([{ name: 'x', dtype: 'float32', shape: [1, 3], quantization: null }]);
    // By hand: [1·1 + 2·3 + 3·5 + 10, 1·2 + 2·4 + 3·6 + 20], then the bias alone.
    const results = await runner.run([[Float32Array.of(1, 2, 3)], [Float32Array.of(0, 0, 0)]]);
    expect(results).toEqual([[Float32Array.of(32, 48)], [Float32Array.of(10, 20)]]);
  });

  it('gives what INT8 calls its inputs to those of a graph model, in whatever order they stand', async () => {
    const path = write(differenceGraph([1, 4]));
    const port = (name: string) => ({ name, shape: [1, 4] });
    const int8 = int8Model([port('serving_default_b:0'), port('a')], [port('twice:0'), port('minus')]);
    const runner = await open(path, int8);
    const [b, a] = [Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 5, 5, 5)];
    expect(await runner.run([[b, a]])).toEqual([[Float32Array.of(10, 10, 10, 10), Float32Array.of(4, 3, 2, 1)]]);
  });

  it('asks which is which where neither names nor shapes tell, and takes the answer', async () => {
    const path = write(differenceGraph([1, 4]));
    const port = (name: string) => ({ name, shape: [1, 4] });
    const int8 = int8Model([port('p'), port('q')], [port('minus'), port('twice')]);
    await expect(open(path, int8)).rejects.toThrow(
      'which of its inputs "a" [1, 4], "b" [1, 4] is INT8\'s "p" [1, 4] cannot be told; say it below fp32',
    );
    const runner = await open(path, int8, { inputs: { b: 0, a: 1 } });
    const [b, a] = [Float32Array.of(1, 0, 0, 0), Float32Array.of(0, 0, 0, 2)];
    expect((await runner.run([[b, a]]))[0][0]).toEqual(Float32Array.of(-1, 0, 0, 2));
    await expect(open(path, int8, { inputs: { c: 0 } })).rejects.toThrow('has no input "c"');
    await expect(open(path, int8, { inputs: { a: 2 } })).rejects.toThrow('fp32.inputs.a is 2, and INT8 has 2 inputs');
  });

  it('turns images whose channels come first', async () => {
    const path = write(channelsFirstGraph([1, 3, 2, 2]));
    const runner = await open(
      path,
      int8Model([{ name: 'x', shape: [1, 2, 2, 3] }], [{ name: 'y', shape: [1, 2, 2, 3] }]),
    );
    const image = Float32Array.from({ length: 12 }, (_, i) => i);
    expect(await runner.run([[image]])).toEqual([[image.map((v) => v + 1)]]);
  });

  it('says what fits nowhere', async () => {
    const path = write(denseLayers([1, 2, 3, 4, 5, 6], [10, 20]));
    const five = int8Model([{ name: 'x', shape: [1, 5] }], [{ name: 'y', shape: [1, 2] }]);
    await expect(open(path, five)).rejects.toThrow(`fits INT8's "x" [1, 5]; fp32 must be the same network`);
    const two = int8Model([{ name: 'x', shape: [1, 3] }], [{ name: 'y', shape: [1, 7] }]);
    await expect(open(path, two)).rejects.toThrow(`fits INT8's "y" [1, 7]`);
  });

  it('says which operator the library lacks', async () => {
    const { document, bytes } = channelsFirstGraph([1, 2]);
    const text = JSON.stringify(document).replace('AddV2', 'NoSuchOperator');
    const path = write({ document: JSON.parse(text), bytes });
    const int8 = int8Model([{ name: 'x', shape: [1, 2] }], [{ name: 'y', shape: [1, 2] }]);
    await expect(open(path, int8)).rejects.toThrow(/cannot be run: .*NoSuchOperator/);
  });
});
