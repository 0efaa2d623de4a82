import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import type { Build } from '../../src/compiler/build.ts';
import { compileModel } from '../../src/compiler/compile.ts';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import type { Profile } from '../../src/model/arithmetic/multiplier.ts';
import type { Graph, Model } from '../../src/model/ir/graph.ts';
import { fromBytes, type TensorData, toBytes } from '../../src/model/tensor/dtype.ts';
import { linkRunner } from '../../src/runtime/devices/image.ts';
import { openDevice } from '../../src/runtime/devices/open.ts';

/** A cache of this test file's own, so that every run compiles what is there now. */
export const cacheDir = mkdtempSync(join(tmpdir(), 'int8-gate-cache-'));

afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

export const modelOf = (graph: Graph): Model => ({
  name: graph.name,
  description: '',
  subgraphs: [graph],
  signatures: [],
});

export interface Sample {
  readonly model: Model;
  readonly inputs: readonly TensorData[];
}

/** Compiles the models, links them into one program, runs each on its inputs; the outputs' elements. */
export async function runBuilds(
  samples: readonly Sample[],
  target: string,
  options: { readonly profile?: Profile; readonly family?: 'gcc' | 'clang' } = {},
): Promise<TensorData[][]> {
  const parsed = parseTarget(target);
  const builds: Build[] = [];
  for (const [i, { model }] of samples.entries()) {
    builds.push(await compileModel(model, { target: parsed, name: model.name, symbol: `m${i}`, cacheDir, ...options }));
  }
  const image = await linkRunner(builds, { cacheDir, family: options.family });
  const device = await openDevice(parsed);
  const results = await device.run(
    image,
    samples.map(({ inputs }, build) => ({ build, inputs: inputs.map(toBytes), samples: 1, reset: true })),
  );
  return results.map(({ outputs }, m) => outputs.map((bytes, i) => fromBytes(builds[m].outputs[i].dtype, bytes)));
}

/** Runs samples one after another in one instance of the model, which keeps its state. */
export async function runSequence(
  model: Model,
  samples: readonly (readonly TensorData[])[],
  target: string,
  options: { readonly family?: 'gcc' | 'clang' } = {},
): Promise<TensorData[][]> {
  const parsed = parseTarget(target);
  const build = await compileModel(model, { target: parsed, name: model.name, symbol: 'm', cacheDir, ...options });
  const inputs = build.inputs.map((_, i) => Buffer.concat(samples.map((sample) => toBytes(sample[i]))));
  const job = { build: 0, inputs, samples: samples.length, reset: false };
  const image = await linkRunner([build], { cacheDir, ...options });
  const [{ outputs }] = await (await openDevice(parsed)).run(image, [job]);
  return samples.map((_, s) =>
    build.outputs.map(({ dtype, bytes }, k) => fromBytes(dtype, outputs[k].subarray(s * bytes, (s + 1) * bytes))),
  );
}

/** Floats may differ in the last bits, where libm and V8 compute exp and tanh; `slack` times as many where sums do too. */
export function expectSame(actual: TensorData, expected: TensorData, name: string, slack = 1): void {
  expect(actual.length, name).toBe(expected.length);
  if (!(expected instanceof Float32Array)) {
    expect(actual, name).toEqual(expected);
    return;
  }
  for (let i = 0; i < expected.length; i++) {
    const tolerance = slack * (1e-6 + 2e-6 * Math.abs(expected[i]));
    if (!Object.is(actual[i], expected[i]))
      expect(Math.abs(Number(actual[i]) - expected[i]), `${name} [${i}]`).toBeLessThanOrEqual(tolerance);
  }
}
