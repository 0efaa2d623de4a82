import { parseTarget, type Target } from '../../compiler/targets/index.ts';
import { EnvironmentError, InputError } from '../../errors.ts';
import { type BuildRunner, buildEngine } from '../engines/build.ts';
import { type ModelSource, prepareSides, type Runner, runnerOrThrow } from '../engines/engine.ts';
import { type BySide, mapSides, SIDE_NAMES, valuesOf } from '../sides.ts';
import type { ModelPair } from './pair.ts';

/** A pair compiled for a target. */
export interface PairBuilds {
  /** What is measured for speed: all sides in one image, for the target. */
  readonly builds: BySide<BuildRunner>;
  /** What the samples run through. */
  readonly runners: BySide<Runner>;
  readonly notes: readonly string[];
}

/** `threads`: how many the builds of the target run on. */
export async function buildPair(pair: ModelPair, target: Target, threads: number): Promise<PairBuilds> {
  const { name, profile } = pair.config;
  const sources = mapSides(
    pair.models,
    (model, side): ModelSource => ({
      ...{ model, name: `${name} ${SIDE_NAMES[side]}`, symbol: side },
      ...(side === 'fp32' ? {} : { profile }),
    }),
  );
  const builds = await prepareSides(buildEngine(target, { threads }), sources);
  const varying = valuesOf(builds)
    .flatMap(({ outputs }) => outputs)
    .find((port) => port.varies);
  if (varying !== undefined)
    throw new InputError(
      `${name}: the size of output "${varying.name}" changes with the data: there is nothing to compare`,
    );
  const portable = builds.fp32.device.kind === 'qemu' ? await hostRunner(sources.fp32) : null;
  if (portable === null) return { builds, runners: builds, notes: [] };
  return { builds, runners: { ...builds, fp32: portable }, notes: [PORTABLE] };
}

const PORTABLE =
  'FP32 accuracy comes from a portable build on this machine, because emulated floating point is slow; INT8 ran as the NEON build.';

/**
 * The FP32 model as portable C for this machine: emulated floating point is far slower, and the two builds agree
 * within rounding. null where this machine has no compiler of its own: then the emulator has to do.
 */
async function hostRunner(fp32: ModelSource): Promise<Runner | null> {
  try {
    const [runner] = await buildEngine(parseTarget('host')).prepare([fp32]);
    return runnerOrThrow(runner);
  } catch (error) {
    if (error instanceof EnvironmentError) return null;
    throw error;
  }
}
