import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import { buildPair } from '../../src/gate/check/builds.ts';
import { type ModelPair, openPair } from '../../src/gate/check/pair.ts';
import { parseConfig } from '../../src/gate/config/load.ts';
import { toReals } from '../../src/gate/data/arrays.ts';
import { openFiles } from '../../src/gate/data/files.ts';
import { parseNpy } from '../../src/model/tensor/npy.ts';

// Extra: JPEG files read by us, against what TFLite answered to the same files read by Pillow, where they stand beside
// the project.
const shared = join(import.meta.dirname, '..', '..', '..', 'shared');

/**
 * Inputs as the reference fed them: floor crop, Pillow's resize, np.round(x / scale + zero_point), which matters where all
 * pixels are halves, as (x - 127.5) / 127.5 makes them; legacy uint8 models got the bytes as they are.
 */
const KERAS = { mean: 127.5, std: 127.5 };
const BYTES = { mean: 128, std: 128 };
const PAIRS = [
  ['mobilenet_v1_0.25_224_keras_int8_ptq', 'mobilenet_v1_0.25_224_keras_fp32', KERAS],
  ['tf2_mobilenet_v2_1.0_224_ptq', 'tf2_mobilenet_v2_1.0_224_fp32twin', KERAS],
  ['mobilenet_v1_0.25_224_quant', 'mobilenet_v1_0.25_224_float', BYTES],
  ['mobilenet_v1_1.0_224_quant', 'mobilenet_v1_1.0_224_fp32twin', BYTES],
] as const;

/** A pair on the images, normalised so. */
function open(int8: string, fp32: string, normalise: object): ModelPair {
  const model = (name: string) => join(shared, 'models', `${name}.tflite`);
  const preprocess = { crop: 0.875, resize: 'pillow', ...normalise };
  const data = { inputs: join(shared, 'data/imagenet/*.JPEG'), preprocess, rounding: 'numpy' };
  const entry = { name: int8, int8: model(int8), fp32: model(fp32), data };
  const config = parseConfig(JSON.stringify({ version: 1, models: [entry] }), 'gate.yml');
  return openPair(config.models[0], openFiles(shared));
}

const reference = (name: string) => {
  const { data, dtype, shape } = parseNpy(readFileSync(join(shared, 'cases/reference', `${name}.imagenet.npy`)), name);
  return { values: Array.from(toReals(data, dtype)), classes: shape[1] };
};

const answers = (values: readonly number[], classes: number): number[] =>
  Array.from({ length: values.length / classes }, (_, i) => {
    const scores = values.slice(i * classes, (i + 1) * classes);
    return scores.indexOf(Math.max(...scores));
  });

describe.runIf(existsSync(join(shared, 'data')))('JPEG files through MobileNets', () => {
  it.each(PAIRS)(
    '%s answers all 120 as TFLite did, and so does its FP32 model',
    async (int8, fp32, normalise) => {
      const pair = open(int8, fp32, normalise);
      const float = open(int8, fp32, KERAS).dataset;
      const { runners } = await buildPair(pair, parseTarget('host'), 1);
      for (const side of ['int8', 'fp32'] as const) {
        const dataset = side === 'int8' ? pair.dataset : float;
        expect(dataset.size).toBe(120);
        const outputs = await runners[side].run(Array.from({ length: 120 }, (_, i) => dataset.load(i).inputs[side]));
        const [{ dtype }] = runners[side].outputs;
        const values = outputs.flatMap(([scores]) => Array.from(toReals(scores, dtype)));
        const wanted = reference(side === 'int8' ? int8 : fp32);
        expect(answers(values, wanted.classes)).toEqual(answers(wanted.values, wanted.classes));
        const differing = values.filter(
          (value, i) => Math.abs(value - wanted.values[i]) > (side === 'int8' ? 0 : 1e-4),
        );
        expect(differing).toEqual([]);
      }
    },
    600_000,
  );
});
