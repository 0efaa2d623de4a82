import { parseTarget, type Target } from '../../compiler/targets/index.ts';
import { EnvironmentError, InputError } from '../../errors.ts';
import { type BuildRunner, buildEngine } from '../engines/build.ts';
import {
  type Engine,
  type ForeignRunner,
  type ModelSource,
  prepareSides,
  runnerOrThrow,
  sidesFrom,
} from '../engines/engine.ts';
import { type BySide, mapSides, SIDE_NAMES, sidesOf, valuesOf } from '../sides.ts';
import type { ModelPair } from './pair.ts';

/** What the samples of a side run through. */
export type SampleRunner = BuildRunner | ForeignRunner;

/** A pair compiled for a target. */
export interface PairBuilds {
  /** What is measured for speed: all sides in one image, for the target. */
  readonly builds: BySide<BuildRunner>;
  /** What the samples run through. */
  readonly runners: BySide<SampleRunner>;
  readonly notes: readonly string[];
  /** Why the model of the baseline takes no part, though it fits; null where it does, or there is none. */
  readonly baseFault: string | null;
}

/** `threads`: how many the builds of the target run on. */
export async function buildPair(pair: ModelPair, target: Target, threads: number): Promise<PairBuilds> {
  const { name, profile } = pair.config;
  const profiles = { int8: profile, base: pair.base?.status === 'changed' ? pair.base.profile : profile };
  const sources = mapSides(
    pair.models,
    (model, side): ModelSource => ({
      ...{ model, name: `${name} ${SIDE_NAMES[side]}`, symbol: side },
      ...(side === 'fp32' ? {} : { profile: profiles[side as keyof typeof profiles] }),
    }),
  );
  const engine = buildEngine(target, { threads });
  const { base, ...own } = sources;
  const [builds, baseFault] = await withBase(engine, own, base);
  const varying = valuesOf(builds)
    .flatMap(({ outputs }) => outputs)
    .find((port) => port.varies);
  if (varying !== undefined)
    throw new InputError(
      `${name}: the size of output "${varying.name}" changes with the data: there is nothing to compare`,
    );
  if (pair.foreign !== null)
    return { builds, runners: { ...builds, fp32: pair.foreign }, notes: [foreignNote(pair, pair.foreign)], baseFault };
  const portable = builds.fp32.device.kind === 'qemu' ? await hostRunner(sources.fp32) : null;
  if (portable === null) return { builds, runners: builds, notes: [], baseFault };
  return { builds, runners: { ...builds, fp32: portable }, notes: [PORTABLE], baseFault };
}

/** What keeps the baseline's model from being built is no fault of the models that are checked. */
async function withBase(
  engine: Engine<BuildRunner>,
  own: BySide<ModelSource>,
  base: ModelSource | undefined,
): Promise<[BySide<BuildRunner>, string | null]> {
  if (base === undefined) return [await prepareSides(engine, own), null];
  const all = { ...own, base };
  const prepared = await engine.prepare(valuesOf(all));
  const found = prepared[sidesOf(all).indexOf('base')];
  const fault =
    found instanceof InputError
      ? `cannot be built: ${found.message}`
      : !(found instanceof Error) && found.outputs.some((port) => port.varies)
        ? 'has outputs whose size changes with the data'
        : null;
  if (fault === null) return [sidesFrom(all, prepared), null];
  return [await prepareSides(engine, own), `the model at the baseline ${fault}`];
}

const foreignNote = ({ config }: ModelPair, { engine }: ForeignRunner): string =>
  `FP32 accuracy comes from ${config.fp32}, which ${engine} ran. Speed was held against the dequantized twin of the INT8 model, compiled here.`;

const PORTABLE =
  'FP32 accuracy comes from a portable build on this machine, because emulated floating point is slow; INT8 ran as the NEON build.';

/**
 * The FP32 model as portable C for this machine: emulated floating point is far slower, and the two builds agree
 * within rounding. null where this machine has no compiler of its own: then the emulator has to do.
 */
async function hostRunner(fp32: ModelSource): Promise<BuildRunner | null> {
  try {
    const [runner] = await buildEngine(parseTarget('host')).prepare([fp32]);
    return runnerOrThrow(runner);
  } catch (error) {
    if (error instanceof EnvironmentError) return null;
    throw error;
  }
}
