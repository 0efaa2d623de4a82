import { expect, it } from 'vitest';
import { runCheck } from '../../../src/gate/check/run.ts';
import { explainFloat } from '../../../src/gate/references/explain_float.ts';
import { parseReferences } from '../../../src/gate/references/index.ts';
import { Project } from '../check/project.ts';

const project = new Project();

it('finds no difference between FP32 builds and TF.js, beside LiteRT on INT8', async () => {
  const folder = 'examples/tones';
  const model = {
    ...{ name: 'tones', int8: `${folder}/tones_int8.tflite`, fp32: `${folder}/tones_fp32.tflite` },
    data: { inputs: `${folder}/data/*.bin`, labels: `${folder}/data/labels.csv`, dtype: 'float32' },
  };
  const config = project.file('tones.yml', JSON.stringify({ version: 1, targets: ['host'], models: [model] }));
  const references = parseReferences('tfjs, litert', '--reference');
  const report = await runCheck({ now: new Date(), root: process.cwd(), config, measure: 'none', references });
  const [tfjs, litert] = report.models[0].references ?? [];
  expect(tfjs).toMatchObject({
    name: 'tfjs',
    version: '4.22.0',
    target: 'host',
    unit: 'real',
    fault: null,
    differing: 0,
  });
  expect(tfjs.values).toBeGreaterThan(0);
  expect(litert).toMatchObject({ name: 'litert', unit: 'steps', fault: null });
});

it('tells rounding from faults', () => {
  const one = (...values: number[]) => [[Float32Array.from(values)]];
  expect(explainFloat({ ours: one(10, 0.0005), theirs: one(10, 0) }, 'TF.js')).toBe(
    'Sums of float32 have no fixed order: no value is further apart than 5.0e-5 of the largest output.',
  );
  for (const ours of [one(10, 0.1), one(Number.NaN, 0)])
    expect(explainFloat({ ours, theirs: one(10, 0) }, 'TF.js')).toContain('More than rounding explains');
});
