import { describe, expect, it } from 'vitest';
import { EnvironmentError } from '../../../src/errors.ts';
import { runCheck } from '../../../src/gate/check/run.ts';
import { writeNpy } from '../../../src/model/tensor/npy.ts';
import { randomOf } from '../../model/graphs.ts';
import { denseOf } from '../engines/tfjs/models.ts';
import { denseModel } from './models.ts';
import { Project } from './project.ts';

const project = new Project();
project.root = project.folder;

const [COUNT, WIDTH] = [120, 4];
const random = randomOf(3);
const samples = Float32Array.from({ length: COUNT * WIDTH }, () => 2 * random() - 1);
const largest = (row: Float32Array) => row.indexOf(Math.max(...row));
const labels = Int32Array.from({ length: COUNT }, (_, i) => largest(samples.subarray(WIDTH * i, WIDTH * (i + 1))));
project.file('x.npy', writeNpy({ dtype: 'float32', shape: [COUNT, WIDTH], data: samples }));
project.file('y.npy', writeNpy({ dtype: 'int32', shape: [COUNT], data: labels }));
project.file('int8.tflite', denseModel('int8', 1));

/** The INT8 model's network in TF.js; `wrong` answers with the next class instead. */
function tfjs(name: string, wrong = false): string {
  const kernel = Array.from({ length: WIDTH * WIDTH }, (_, i) => {
    const [from, to] = [Math.floor(i / WIDTH), i % WIDTH];
    return to === (from + (wrong ? 1 : 0)) % WIDTH ? 1 : 0;
  });
  const { document, bytes } = denseOf(WIDTH, WIDTH, kernel, [0, 0, 0, 0]);
  project.file(`${name}/weights.bin`, bytes);
  project.file(`${name}/model.json`, JSON.stringify(document));
  return `${name}/model.json`;
}
const entry = (fp32: unknown) => ({
  ...{ int8: 'int8.tflite', fp32, metric: 'top1', data: { inputs: 'x.npy', labels: 'y.npy' } },
  thresholds: { 'max-accuracy-drop': 5 },
});

describe('fp32 as a TF.js model', () => {
  it('is what INT8 is held against', async () => {
    const { target, notes, report } = await project.verdict(entry(tfjs('right')));
    // The labels are the largest inputs, which the network answers with.
    expect(target.accuracy).toMatchObject({
      fp32: 1,
      int8Target: 'host',
      fp32Target: 'tfjs-wasm 4.22.0',
      samples: COUNT,
    });
    expect(notes).toContain('FP32 accuracy comes from right/model.json, which tfjs-wasm 4.22.0 ran');
    expect(report.models[0].digests?.fp32).toMatch(/^[0-9a-f]{64}$/);
    const other = await project.verdict(entry({ path: tfjs('wrong', true), layout: 'nhwc' }));
    expect(other.target.accuracy?.fp32).toBe(0);
  });

  it('is refused with the place of its entry where it does not fit', async () => {
    const { document, bytes } = denseOf(5, WIDTH, new Array(20).fill(0), [0, 0, 0, 0]);
    project.file('five/weights.bin', bytes);
    project.file('five/model.json', JSON.stringify(document));
    await expect(project.check(entry('five/model.json'))).rejects.toThrow(
      /gate\d+\.yml:\d+:\d+: m: five\/model\.json: none of its inputs "\w+" \[\?, 5\] fits INT8's "x" \[1, 4\]/,
    );
    await expect(project.check(entry({ path: 'five/model.json', layout: 'hwc' }))).rejects.toThrow(
      'must be nhwc or nchw',
    );
    await expect(project.check(entry('six/model.json'))).rejects.toThrow('m, fp32: six/model.json: no such file');
  });

  it('leaves nothing for a reference of FP32 builds', async () => {
    const models = [{ name: 'm', ...entry(tfjs('again')) }];
    const config = project.file('references.yml', JSON.stringify({ version: 1, targets: ['host'], models }));
    const options = { now: new Date(), root: project.root, config, measure: 'none', references: ['tfjs'] } as const;
    const [reference] = (await runCheck(options)).models[0].references ?? [];
    expect(reference).toMatchObject({ name: 'tfjs', samples: 0 });
    expect(reference.fault).toBe(
      'FP32 is again/model.json, which another library runs: there is no build of ours to compare',
    );
  });

  it('names what a SavedModel needs', async () => {
    project.file('saved/saved_model.pb', 'graph');
    const error = await project.check(entry('saved')).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EnvironmentError);
    expect((error as Error).message).toContain('saved: a SavedModel needs @tensorflow/tfjs-node');
  });
});
