import type { Target } from '../../compiler/targets/index.ts';
import { toBytes } from '../../model/tensor/dtype.ts';
import { autoMode, measure } from '../../runtime/measure.ts';
import { modelledCpu } from '../../runtime/modelled/index.ts';
import { type Figures, spread, unfitness } from '../../runtime/timing/index.ts';
import type { Sample } from '../data/dataset.ts';
import type { BuildRunner } from '../engines/build.ts';
import { inferencesOf } from '../engines/stream.ts';
import type { Latency } from '../figures/latency.ts';
import type { SpeedRegression } from '../figures/regression.ts';
import { type BySide, mapSides, sidesOf } from '../sides.ts';

/** How speed is judged: `auto` is hardware where this machine runs the target's code, modelled cycles elsewhere. */
export const SPEED_OPTIONS = ['auto', 'hardware', 'modelled', 'none'] as const;
export type SpeedOption = (typeof SPEED_OPTIONS)[number];

/** Latency and what stands in the way of trusting it. */
export interface Speed {
  readonly latency: Latency | null;
  /** Why there is no latency, or why its intervals are too wide for small differences. */
  readonly doubt: string | null;
  readonly notes: readonly string[];
  /** INT8 against INT8 of the baseline, where that was measured along. */
  readonly againstBase: SpeedRegression | null;
}

/** How many samples of a data set of that size speed is measured on, and which. */
export const timedSamples = (size: number): number[] => spread(Array.from({ length: size }, (_, index) => index));

/**
 * Measures the builds of all sides, which share an image, on real samples.
 *
 * @param decided whether a speed decides what it is measured for; then no more of it is measured
 * @param seed other seeds make other interleavings and layouts: a second measurement
 * @throws EnvironmentError where hardware was asked for and this machine is none, or a tool is missing
 */
export async function measureSpeed(
  builds: BySide<BuildRunner>,
  target: Target,
  mode: Exclude<SpeedOption, 'none'>,
  samples: readonly Sample[],
  decided: (speed: Speed) => boolean,
  seed = 1,
): Promise<Speed> {
  const chosen = mode === 'auto' ? autoMode(target) : mode;
  if (chosen === 'modelled' && modelledCpu(target) === null) {
    return {
      ...{ latency: null, againstBase: null, doubt: `target ${target.name} cannot be modelled` },
      notes: [
        `Speed was not measured: cycles cannot be modelled for target ${target.name}. Measure "hardware", or take an ARM64 target such as cortex-a72.`,
      ],
    };
  }
  const { image } = builds.int8;
  const indices = mapSides(builds, ({ build }) => image.builds.indexOf(build));
  const inputs = mapSides(builds, (runner, side) =>
    samples.map((sample) => inferencesOf(sample, side, runner.inputs)[0].map(toBytes)),
  );
  const compiler = builds.int8.build.compiler ?? null;
  const result = await measure(image, target, chosen, {
    ...indices,
    samples: new Map(sidesOf(builds).map((side) => [indices[side] as number, inputs[side] as Uint8Array[][]])),
    decided: (figures) => decided(onHardware(figures, null, compiler)),
    seed,
  });
  if (result.mode === 'modelled')
    return {
      latency: {
        ...{ mode: result.mode, unit: result.unit, int8: result.int8.median, fp32: result.fp32.median },
        ...{ speedup: result.speedup, interval: null, cpu: result.cpu },
        basis: { compiler, table: result.version, disassembler: result.disassembler },
      },
      againstBase: result.base && {
        ...{ base: result.base.median, slowdown: result.int8.median / result.base.median, interval: null },
      },
      ...{ doubt: null, notes: [] },
    };
  return { ...onHardware(result, result.machine.model, compiler), notes: result.warnings.map(sentence) };
}

/** What times on this machine say. Pure. */
export function onHardware(figures: Figures, cpu: string | null, compiler: string | null): Speed {
  const { int8, fp32, base, speedup, slowdown, interval, speedupOfSamples } = figures;
  return {
    latency: {
      ...{ mode: 'hardware', unit: 'ns', int8: int8.median, int8Interval: [...int8.interval], fp32: fp32.median },
      ...{ speedup, interval: [...interval], speedupOfSamples: [...speedupOfSamples], cpu },
      basis: { compiler, table: null, disassembler: null },
    },
    againstBase: base && slowdown && { base: base.median, slowdown: slowdown.value, interval: [...slowdown.interval] },
    doubt: unfitness(figures),
    notes: [],
  };
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
