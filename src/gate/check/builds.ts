import { compileModel } from '../../compiler/compile.ts';
import { parseTarget, type Target } from '../../compiler/targets/index.ts';
import { EnvironmentError, InputError } from '../../errors.ts';
import type { Device, RunnerImage } from '../../runtime/devices/device.ts';
import { linkRunner } from '../../runtime/devices/image.ts';
import { openDevice } from '../../runtime/devices/open.ts';
import type { Runnable } from './accuracy.ts';
import type { Pair } from './pair.ts';

/** A pair compiled for a target: what is measured for speed, and what runs the samples. */
export interface PairBuilds {
  readonly device: Device;
  /** INT8 is build 0, FP32 build 1; both for the target. */
  readonly image: RunnerImage;
  readonly int8: Runnable;
  readonly fp32: Runnable;
  readonly notes: readonly string[];
}

/** `threads`: how many both builds of the target run on. */
export async function buildPair(pair: Pair, target: Target, threads: number): Promise<PairBuilds> {
  const { name, profile } = pair.config;
  const builds = await Promise.all([
    compileModel(pair.int8, { target, name: `${name} INT8`, symbol: 'int8', profile, threads }),
    compileModel(pair.fp32, { target, name: `${name} FP32`, symbol: 'fp32', threads }),
  ]);
  const varying = builds.flatMap((build) => build.outputs).find((port) => port.varies);
  if (varying !== undefined)
    throw new InputError(
      `${name}: the size of output "${varying.name}" changes with the data: there is nothing to compare`,
    );
  const image = await linkRunner(builds);
  const device = await openDevice(target);
  const portable = device.kind === 'qemu' ? await hostBuild(pair) : null;
  return {
    ...{ device, image, int8: { device, image, build: 0 }, fp32: portable ?? { device, image, build: 1 } },
    notes: portable === null ? [] : [PORTABLE],
  };
}

const PORTABLE =
  'FP32 accuracy comes from a portable build on this machine, because emulated floating point is slow; INT8 ran as the NEON build.';

/**
 * The FP32 model as portable C for this machine: emulated floating point is far slower, and the two builds agree
 * within rounding. null where this machine has no compiler of its own: then the emulator has to do.
 */
async function hostBuild(pair: Pair): Promise<Runnable | null> {
  try {
    const target = parseTarget('host');
    const build = await compileModel(pair.fp32, { target, name: `${pair.config.name} FP32`, symbol: 'fp32' });
    const [image, device] = await Promise.all([linkRunner([build]), openDevice(target)]);
    return { device, image, build: 0 };
  } catch (error) {
    if (error instanceof EnvironmentError) return null;
    throw error;
  }
}
