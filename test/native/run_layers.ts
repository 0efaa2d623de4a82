/** Compiles a model of layers in ways that the tests choose, and runs it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { generate } from '../../src/compiler/codegen/generate.ts';
import type { RecordSource } from '../../src/compiler/emission/context.ts';
import { parseTarget, type Target } from '../../src/compiler/targets/index.ts';
import { CHECKS, compileModelSource } from '../../src/compiler/toolchain/index.ts';
import type { Profile } from '../../src/model/arithmetic/multiplier.ts';
import type { Model } from '../../src/model/ir/graph.ts';
import { fromBytes, type TensorData, toBytes } from '../../src/model/tensor/dtype.ts';
import { linkRunner } from '../../src/runtime/devices/image.ts';
import { openDevice } from '../../src/runtime/devices/open.ts';

export const cacheDir = mkdtempSync(join(tmpdir(), 'int8-gate-native-'));
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

export interface BuildOptions {
  readonly family?: 'gcc' | 'clang';
  readonly profile?: Profile;
  /** Changes the C. */
  readonly edit?: (source: string) => string;
  /** Tuning records, all of which must be used. */
  readonly schedules?: RecordSource;
}

/** Generated, compiled with the kernels' own checks, and run on a target. */
export async function runLayers(
  model: Model,
  inputs: readonly TensorData[],
  where: string | Target,
  { family, profile = 'tflite', schedules, edit = (source) => source }: BuildOptions = {},
): Promise<TensorData[]> {
  const target = typeof where === 'string' ? parseTarget(where) : where;
  const code = generate(model.subgraphs[0], { target, profile, name: 'layers', symbol: 'layers', schedules });
  if (code.refused.length > 0) throw new Error(code.refused.map(({ key, reason }) => `${key}: ${reason}`).join('\n'));
  const edited = { ...code, source: edit(code.source) };
  const { archive } = await compileModelSource(edited, target, { cacheDir, family, flags: [CHECKS] });
  const build = { ...code, name: 'layers', target, profile, archive };
  const image = await linkRunner([build], { cacheDir, family });
  const device = await openDevice(target);
  const [{ outputs }] = await device.run(image, [{ build: 0, inputs: inputs.map(toBytes), samples: 1, reset: true }]);
  return outputs.map((bytes, i) => fromBytes(code.outputs[i].dtype, bytes));
}
