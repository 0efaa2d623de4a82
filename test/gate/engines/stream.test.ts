import { describe, expect, it } from 'vitest';
import type { Port } from '../../../src/compiler/build.ts';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import { InputError } from '../../../src/errors.ts';
import { openDataset } from '../../../src/gate/data/dataset.ts';
import { buildEngine } from '../../../src/gate/engines/build.ts';
import { prepareSides, type Runner, runnerOrThrow } from '../../../src/gate/engines/engine.ts';
import { interpreterEngine } from '../../../src/gate/engines/interpreter.ts';
import { runSamples } from '../../../src/gate/engines/stream.ts';
import { type BySide, mapSides, type SampleRun } from '../../../src/gate/sides.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { denseModel, overflowingModel, values } from '../check/models.ts';
import { folderOf } from '../data/helpers.ts';

const int8 = importModel(denseModel('int8', 1, 0.25), 'int8');
const models = { int8, fp32: importModel(denseModel('float32', 1, 0.25), 'fp32'), reference: int8 };
const sources = mapSides(models, (model, side) => ({ model, name: side, symbol: side }));
const files = folderOf({ 'x.npy': values(50, 4), 'records.npy': values(6, 10) });

async function collect(config: Parameters<typeof openDataset>[0]): Promise<{ samples: SampleRun[]; shares: number[] }> {
  const builds = await prepareSides(buildEngine(parseTarget('host')), sources);
  const interpreted = await prepareSides(interpreterEngine, sources);
  const runners: BySide<Runner> = { ...builds, reference: interpreted.reference };
  const ports = mapSides<Runner, readonly Port[]>(runners, ({ inputs }) => inputs);
  const dataset = openDataset(config, ports, files);
  const samples: SampleRun[] = [];
  const shares: number[] = [];
  for await (const sample of runSamples(dataset, runners, (share) => shares.push(share))) samples.push(sample);
  return { samples, shares };
}

/** What the layer computes: each value keeps three quarters, and gives one to its neighbour. */
const wanted = (x: Float32Array): number[] => Array.from(x, (value, i) => 0.75 * value + 0.25 * x[(i + 3) % 4]);

describe('a stream of samples', () => {
  it('yields what each side made of every sample, in order', async () => {
    const { samples, shares } = await collect({ inputs: 'x.npy' });
    expect(samples.map(({ index }) => index)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    for (const { real, outputs } of samples) {
      expect(Object.keys(outputs)).toEqual(['int8', 'fp32', 'reference']);
      expect(outputs.reference).toEqual(outputs.int8);
      wanted(real).forEach((y, i) => {
        expect(outputs.fp32[0][i]).toBeCloseTo(y, 5);
        // Steps of 1/64 at the input and at the output, weights of 1/127.
        expect(Math.abs(outputs.int8[0][i] - y)).toBeLessThan(1 / 40);
      });
    }
    expect(shares.every((share, i) => share > 0 && share <= 1 && share >= (shares[i - 1] ?? 0))).toBe(true);
    expect(shares.at(-1)).toBe(1);
  });

  it('keeps the windows of a record together', async () => {
    const { samples } = await collect({ inputs: 'records.npy', window: { step: 3 } });
    expect(samples).toHaveLength(6);
    for (const { inferences, real, outputs } of samples) {
      expect(inferences).toBe(3);
      for (let n = 0; n < 3; n++) {
        const y = wanted(real.subarray(4 * n, 4 * n + 4));
        for (let i = 0; i < 4; i++) expect(outputs.fp32[0][4 * n + i]).toBeCloseTo(y[i], 5);
      }
    }
  });
});

describe('builds', () => {
  it('of models that cannot be compiled keep no others from running', async () => {
    const small = importModel(overflowingModel(), 'exp');
    const subgraphs = small.subgraphs.map((graph) => ({
      ...graph,
      tensors: graph.tensors.map((t) => ({ ...t, shape: [2 ** 30, 4] })),
    }));
    const [fault, runner] = await buildEngine(parseTarget('host')).prepare([
      { model: { ...small, subgraphs }, name: 'huge', symbol: 'huge' },
      { model: int8, name: 'small', symbol: 'small' },
    ]);
    expect(fault).toBeInstanceOf(InputError);
    expect(() => runnerOrThrow(fault)).toThrow('huge needs 8.0 GiB of memory to run');
    const [[y]] = await runnerOrThrow(runner).run([[Int8Array.of(64, 0, 0, 0)]]);
    expect(Array.from(y, Number)).toEqual([48, 16, 0, 0]);
  });
});
