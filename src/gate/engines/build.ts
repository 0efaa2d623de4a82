import { availableParallelism } from 'node:os';
import type { Build } from '../../compiler/build.ts';
import { compileModel } from '../../compiler/compile.ts';
import type { Target } from '../../compiler/targets/target.ts';
import type { CompileOptions } from '../../compiler/toolchain/index.ts';
import { EnvironmentError, InputError } from '../../errors.ts';
import { fromBytes, toBytes } from '../../model/tensor/dtype.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { Device, Job, RunnerImage } from '../../runtime/devices/device.ts';
import { linkRunner } from '../../runtime/devices/image.ts';
import { openDevice } from '../../runtime/devices/open.ts';
import { type Engine, type Fault, type Runner, runsOf } from './engine.ts';

/** How many builds share a runner program: linking costs about as much as compiling a small model. */
const BATCH = 32;

export interface BuildOptions {
  /** Parts that heavy operators are cut into; 1 when absent. */
  readonly threads?: number;
  /** Compiler and flags, where they are not the usual ones. */
  readonly toolchain?: Pick<CompileOptions, 'family' | 'flags'>;
}

/** A build that can be run, and timed beside those it was prepared with: they are in one image. */
export interface BuildRunner extends Runner {
  readonly build: Build;
  readonly device: Device;
  readonly image: RunnerImage;
}

/** Compiles models for `target` and runs the builds on the device that target asks for. */
export const buildEngine = (target: Target, options: BuildOptions = {}): Engine<BuildRunner> => ({
  name: target.name,
  batch: BATCH,
  fixedShapes: true,
  async prepare(sources) {
    const { threads, toolchain = {} } = options;
    const device = await openDevice(target);
    const builds = await inParallel(sources, ({ model, ...source }) =>
      orFault<Build>(compileModel(model, { target, threads, ...source, ...toolchain })),
    );
    const sound = builds.filter((build): build is Build => !(build instanceof Error));
    if (sound.length === 0) return builds as Fault[];
    const image = await linkRunner(sound, toolchain);
    return builds.map((build) => (build instanceof Error ? build : runnerOf(build, device, image)));
  },
});

const runnerOf = (build: Build, device: Device, image: RunnerImage): BuildRunner => ({
  ...{ engine: build.target.name, build, device, image },
  ...{ inputs: build.inputs, outputs: build.outputs },
  async run(inferences, options = {}) {
    const runs = runsOf(inferences.length, options);
    let next = 0;
    // A device starts each job afresh, and spreads jobs over its processes.
    const jobs = (runs ?? [inferences.length]).map((samples): Job => {
      const part = inferences.slice(next, next + samples);
      next += samples;
      const inputs = build.inputs.map((_, i) => Buffer.concat(part.map((tensors) => toBytes(tensors[i]))));
      return { build: image.builds.indexOf(build), inputs, samples, reset: runs === null };
    });
    const results = await device.run(image, jobs, { onProgress: options.onProgress });
    return results.flatMap(({ outputs, shapes }, j) =>
      Array.from({ length: jobs[j].samples }, (_, s) =>
        build.outputs.map(({ dtype, bytes }, k) => {
          const whole = fromBytes(dtype, outputs[k].subarray(s * bytes, (s + 1) * bytes));
          return shapes === null ? whole : whole.subarray(0, elements(shapes[s][k]));
        }),
      ),
    );
  },
});

/** The fault of one model ends no other's. */
const orFault = <T>(work: Promise<T>): Promise<T | Fault> =>
  work.catch((error) => {
    if (error instanceof InputError || error instanceof EnvironmentError) return error;
    throw error;
  });

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
