import { availableParallelism } from 'node:os';
import type { Build } from '../../compiler/build.ts';
import { type CompileModelOptions, compileModel } from '../../compiler/compile.ts';
import type { Target } from '../../compiler/targets/target.ts';
import type { CompileOptions } from '../../compiler/toolchain/index.ts';
import { EnvironmentError, InputError } from '../../errors.ts';
import type { Profile } from '../../model/arithmetic/multiplier.ts';
import type { Model } from '../../model/ir/graph.ts';
import { fromBytes, toBytes } from '../../model/tensor/dtype.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { Device, RunnerImage } from '../../runtime/devices/device.ts';
import { linkRunner } from '../../runtime/devices/image.ts';
import { openDevice } from '../../runtime/devices/open.ts';
import type { Engine, Sample } from './engine.ts';

/** How many builds share a runner program: linking costs about as much as compiling a small model. */
const BATCH = 32;

/**
 * Compiles models for `target` and runs the builds on the device that target asks for.
 * @param toolchain compiler and flags, where they are not the usual ones
 */
export const buildEngine = (
  target: Target,
  profile: Profile = 'tflite',
  toolchain: Pick<CompileOptions, 'family' | 'flags'> = {},
): Engine => ({
  name: target.name,
  batch: BATCH,
  fixedShapes: true,
  prepare: async (models) => {
    const device = await openDevice(target);
    const compiled = await inParallel(models, (model, i) =>
      compileOrFault(model, { target, symbol: `case_${i}`, profile, ...toolchain }),
    );
    const builds = compiled.filter((c): c is Build => !(c instanceof Error));
    const image = builds.length > 0 ? await linkRunner(builds, toolchain) : null;
    return {
      run: async (index, samples, { keepState }) => {
        const build = compiled[index];
        if (build instanceof Error) throw build;
        return runSamples(device, image!, build, samples, !keepState);
      },
      close: async () => {},
    };
  },
});

/** A model that does not compile is the fault of its own cases only. */
async function compileOrFault(
  model: Model,
  options: Omit<CompileModelOptions, 'name'>,
): Promise<Build | InputError | EnvironmentError> {
  try {
    return await compileModel(model, { ...options, name: model.name });
  } catch (error) {
    if (error instanceof InputError || error instanceof EnvironmentError) return error;
    throw error;
  }
}

async function runSamples(
  device: Device,
  image: RunnerImage,
  build: Build,
  samples: readonly Sample[],
  reset: boolean,
): Promise<Sample[]> {
  const inputs = build.inputs.map((_, i) => Buffer.concat(samples.map((sample) => toBytes(sample[i]))));
  const job = { build: image.builds.indexOf(build), inputs, samples: samples.length, reset };
  const [{ outputs, shapes }] = await device.run(image, [job]);
  return samples.map((_, s) =>
    build.outputs.map(({ dtype, bytes }, k) => {
      const whole = fromBytes(dtype, outputs[k].subarray(s * bytes, (s + 1) * bytes));
      return shapes === null ? whole : whole.subarray(0, elements(shapes[s][k]));
    }),
  );
}

/** `work` on every item, as many at a time as the machine has processors; results in order. */
async function inParallel<T, R>(items: readonly T[], work: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i], i);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}
