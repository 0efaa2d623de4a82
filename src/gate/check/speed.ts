import type { Target } from '../../compiler/targets/index.ts';
import { toBytes } from '../../model/tensor/dtype.ts';
import { autoMode, measure } from '../../runtime/measure.ts';
import { modelledCpu } from '../../runtime/modelled/index.ts';
import type { Sample } from '../data/dataset.ts';
import type { BuildRunner } from '../engines/build.ts';
import { inferencesOf } from '../engines/stream.ts';
import type { Latency } from '../figures/latency.ts';
import { type BySide, mapSides, sidesOf } from '../sides.ts';

/** How speed is judged: `auto` is hardware where this machine runs the target's code, modelled cycles elsewhere. */
export const SPEED_OPTIONS = ['auto', 'hardware', 'modelled', 'none'] as const;
export type SpeedOption = (typeof SPEED_OPTIONS)[number];

/** Latency and what stands in the way of trusting it. */
export interface Speed {
  readonly latency: Latency | null;
  /** Why there is no latency, or why no verdict can rest on it. */
  readonly doubt: string | null;
  readonly notes: readonly string[];
}

/**
 * Measures the builds of all sides, which share an image, on one real sample.
 *
 * @param seed other seeds make other interleavings: a second measurement
 * @throws EnvironmentError where hardware was asked for and this machine is none, or a tool is missing
 */
export async function measureSpeed(
  builds: BySide<BuildRunner>,
  target: Target,
  mode: Exclude<SpeedOption, 'none'>,
  sample: Sample,
  seed = 1,
): Promise<Speed> {
  const chosen = mode === 'auto' ? autoMode(target) : mode;
  if (chosen === 'modelled' && modelledCpu(target) === null) {
    return {
      ...{ latency: null, doubt: `target ${target.name} cannot be modelled` },
      notes: [
        `Speed was not measured: cycles cannot be modelled for target ${target.name}. Measure "hardware", or take an ARM64 target such as cortex-a72.`,
      ],
    };
  }
  const { image } = builds.int8;
  const indices = mapSides(builds, ({ build }) => image.builds.indexOf(build));
  const inputs = mapSides(builds, (runner, side) => inferencesOf(sample, side, runner.inputs)[0].map(toBytes));
  const result = await measure(image, target, chosen, {
    ...indices,
    inputs: new Map(sidesOf(builds).map((side) => [indices[side] as number, inputs[side] as Uint8Array[]])),
    seed,
  });
  const { mode: measured, unit, speedup } = result;
  const common = { mode: measured, unit, int8: result.int8.median, fp32: result.fp32.median, speedup };
  if (result.mode === 'modelled')
    return {
      latency: {
        ...{ ...common, interval: null, cpu: result.cpu },
        basis: { compiler: result.compiler, table: result.version, disassembler: result.disassembler },
      },
      ...{ doubt: null, notes: [] },
    };
  const [low, high] = result.interval;
  return {
    latency: {
      ...{ ...common, interval: [low, high], cpu: result.machine.model },
      basis: { compiler: result.compiler, table: null, disassembler: null },
    },
    doubt: result.fit
      ? null
      : 'this machine is unfit to measure on: the same build timed against itself differs by more than 1 %',
    notes: result.warnings.map(sentence),
  };
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
