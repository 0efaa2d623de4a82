import { BOARDS, type Target } from '../../compiler/targets/index.ts';
import { toBytes } from '../../model/tensor/dtype.ts';
import { autoMode, type BoardEstimate, type ModelledMeasurement, measure } from '../../runtime/measure.ts';
import { modelledCpu } from '../../runtime/modelled/index.ts';
import { type Figures, spread, unfitness } from '../../runtime/timing/index.ts';
import type { Sample } from '../data/dataset.ts';
import type { BuildRunner } from '../engines/build.ts';
import { inferencesOf } from '../engines/stream.ts';
import { formatFigure } from '../figures/format.ts';
import type { Latency } from '../figures/latency.ts';
import type { SpeedRegression } from '../figures/regression.ts';
import type { Slow } from '../figures/slow.ts';
import { type BySide, mapSides, sidesOf } from '../sides.ts';
import { explainSlow } from '../slow/index.ts';

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
  /** Operators that cost most beyond what they could; modelled cycles only. */
  readonly slow?: Slow;
}

/** How many samples of a data set of that size speed is measured on, and which. */
export const timedSamples = (size: number): number[] => spread(Array.from({ length: size }, (_, index) => index));

export interface MeasuringOptions {
  /** Whether a speed decides what it is measured for; then no more of it is measured. */
  readonly decided: (speed: Speed) => boolean;
  /** Of an inference on a board whose times are estimated. */
  readonly threads: number;
  /** Other seeds make other interleavings and layouts: a second measurement. */
  readonly seed?: number;
}

/**
 * Measures the builds of all sides, which share an image, on real samples.
 *
 * @throws EnvironmentError where hardware was asked for and this machine is none, or a tool is missing
 */
export async function measureSpeed(
  builds: BySide<BuildRunner>,
  target: Target,
  mode: Exclude<SpeedOption, 'none'>,
  samples: readonly Sample[],
  { decided, threads, seed = 1 }: MeasuringOptions,
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
    ...{ threads, seed },
  });
  if (result.mode === 'modelled') return inCycles(result, compiler, target);
  return { ...onHardware(result, result.machine.model, compiler), notes: result.warnings.map(sentence) };
}

/** What modelled cycles say. */
function inCycles(result: ModelledMeasurement, compiler: string | null, target: Target): Speed {
  const { mode, unit, int8, fp32, base, speedup, interval, cpu, version, disassembler, estimate } = result;
  return {
    latency: {
      ...{ mode, unit, int8: int8.median, fp32: fp32.median, speedup, interval: [...interval], cpu },
      memory: { int8: LINE_BYTES * int8.lines, fp32: LINE_BYTES * fp32.lines },
      ...(estimate && { estimate: onBoard(estimate) }),
      basis: { compiler, table: version, disassembler },
    },
    againstBase: base && { base: base.median, slowdown: int8.median / base.median, interval: null },
    ...{ doubt: null, notes: boundByMemory(result) },
    slow: explainSlow(costsOf(result), target),
  };
}

/** The operators of each build. */
function costsOf({ perOp }: ModelledMeasurement) {
  const [int8, fp32, base] = [...new Set(perOp.map(({ build }) => build))];
  const of = (name: string | undefined) => perOp.filter(({ build }) => build === name);
  return { int8: of(int8), fp32: of(fp32), base: of(base) };
}

const LINE_BYTES = 64;

const onBoard = ({ board, threads, int8, fp32 }: BoardEstimate): NonNullable<Latency['estimate']> => ({
  ...{ board, title: BOARDS[board].title, threads },
  ...{ int8: int8.ns, int8Interval: [...int8.interval], fp32: fp32.ns, fp32Interval: [...fp32.interval] },
});

/** How many operators a note names. */
const MOST_NAMED = 5;

/** The INT8 operators that wait for memory longer than they compute, those that move most first. */
function boundByMemory({ perOp }: ModelledMeasurement): string[] {
  const [{ build }] = perOp;
  const bound = perOp
    .filter((cost) => cost.build === build && cost.op !== null && cost.memoryBound)
    .toSorted((a, b) => b.lines - a.lines);
  if (bound.length === 0) return [];
  const names = bound.slice(0, MOST_NAMED).map(({ op, lines }) => {
    const name = [...op!].length > 60 ? `${[...op!].slice(0, 59).join('')}…` : op;
    return `${name} (${formatFigure(LINE_BYTES * lines, 'bytes')})`;
  });
  const more = bound.length > names.length ? ` and ${bound.length - names.length} more` : '';
  return [`Bound by memory rather than by computing, INT8: ${names.join(', ')}${more}.`];
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
