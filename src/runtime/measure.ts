import type { Build, BuildNode } from '../compiler/build.ts';
import type { BoardName, CpuName, Target } from '../compiler/targets/index.ts';
import { EnvironmentError, InputError } from '../errors.ts';
import type { RunnerImage } from './devices/device.ts';
import { canRunHere } from './devices/machine.ts';
import { nativeDevice } from './devices/open.ts';
import { estimateTime, type TimeEstimate } from './modelled/board_time.ts';
import { CYCLES_OF_LINE, type CycleRange, speedupInterval } from './modelled/calibration.ts';
import {
  DISASSEMBLER,
  type FunctionCost,
  MODEL_VERSION,
  type Modelled,
  measureModelled,
  modelledCpu,
} from './modelled/index.ts';
import { type Hardware, type HardwareOptions, type Interval, measureHardware } from './timing/index.ts';

/** `hardware`: times on this machine. `modelled`: cycles from emulation. The two are never mixed or compared. */
export type MeasureMode = 'hardware' | 'modelled';

/** Cycles of one inference on the modelled CPU. */
export interface ModelledFigure extends CycleRange {
  readonly instructions: number;
  /** 64-byte lines that it moves between the CPU's caches and memory. */
  readonly lines: number;
}

/** What one operator costs in a modelled measurement, and what it is. */
export interface OperatorCost extends Pick<BuildNode, 'numbers' | 'kernels' | 'result'> {
  readonly build: string;
  /** How messages name the operator; null for what was spent outside of all operators' own functions. */
  readonly op: string | null;
  readonly kind: string;
  readonly cycles: number;
  readonly instructions: number;
  readonly lines: number;
  /** Whether its lines take longer than its cycles. */
  readonly memoryBound: boolean;
  readonly macs: number;
}

export interface BoardEstimate {
  readonly board: BoardName;
  readonly threads: number;
  readonly int8: TimeEstimate;
  readonly fp32: TimeEstimate;
}

export interface MeasureOptions extends HardwareOptions {
  /** Threads of an inference on a board whose times are estimated; 1 when absent. */
  readonly threads?: number;
}

export interface ModelledMeasurement {
  readonly mode: 'modelled';
  readonly unit: 'cycles';
  /** Whose cycles they are, the version of the table they come from, and what read the instructions. */
  readonly cpu: CpuName;
  readonly version: number;
  readonly disassembler: string;
  readonly int8: ModelledFigure;
  readonly fp32: ModelledFigure;
  readonly base: ModelledFigure | null;
  readonly speedup: number;
  /** Where the speedup on hardware is to be expected; the modelled one itself does not vary. */
  readonly interval: Interval;
  /** Times on the board that the target names; null where it names none. */
  readonly estimate: BoardEstimate | null;
  /** In the order in which they run: INT8, FP32, the merge base. */
  readonly perOp: readonly OperatorCost[];
}

/** `compiler`: what made the builds; figures of different compilers are not those of different models. */
export type Measurement = (({ readonly mode: 'hardware' } & Hardware) | ModelledMeasurement) & {
  readonly compiler: string | null;
};

/**
 * Hardware where the target's code runs on this machine's own processor, else modelled cycles. Of a named board, whose
 * times are estimated: cycles, whatever this machine is.
 */
export const autoMode = (target: Target): MeasureMode =>
  target.board === null && canRunHere(target) ? 'hardware' : 'modelled';

/**
 * Measures INT8 against FP32 (and the merge base's INT8, where there is one) for a target. Throws an EnvironmentError
 * when this machine or its tools cannot do it, an InputError when the mode makes no sense for the target.
 */
export async function measure(
  image: RunnerImage,
  target: Target,
  mode: MeasureMode,
  options: MeasureOptions,
): Promise<Measurement> {
  const compiler = image.builds[options.int8].compiler ?? null;
  if (mode === 'modelled') return sound({ ...(await modelled(image, target, options)), compiler });
  if (!canRunHere(target)) {
    throw new EnvironmentError(
      `hardware figures for ${target.name} need an ARM64 machine that can run it, which this one is not: use --measure modelled`,
    );
  }
  return sound({ mode, ...(await measureHardware(nativeDevice(), image, options)), compiler });
}

/**
 * The measurement, if every figure of it can be one: no verdict may rest on an inference that took no time, or for ever.
 * @throws EnvironmentError that names the figures
 */
export function sound(measurement: Measurement): Measurement {
  const { mode, unit, int8, fp32, base, speedup, interval } = measurement;
  const figures = {
    [`INT8 ${unit}`]: int8.median,
    [`FP32 ${unit}`]: fp32.median,
    [`merge base ${unit}`]: base?.median ?? 1,
    speedup,
    'lower bound of the speedup': interval[0],
    'upper bound of the speedup': interval[1],
  };
  const absurd = Object.entries(figures).filter(([, value]) => !(value > 0 && value < Number.POSITIVE_INFINITY));
  if (absurd.length === 0) return measurement;
  const list = absurd.map(([name, value]) => `${name}: ${value}`).join(', ');
  throw new EnvironmentError(
    `the ${mode} measurement gave impossible figures (${list}): nothing can be judged by them. Run again; if it happens twice, please report it`,
  );
}

async function modelled(image: RunnerImage, target: Target, options: MeasureOptions): Promise<ModelledMeasurement> {
  const cpu = modelledCpu(target);
  if (cpu === null) throw new InputError(`cycles cannot be modelled for target ${target.name}: use --measure hardware`);
  const { int8, fp32, base, samples, threads = 1 } = options;
  const { board } = target;
  const indices = base === undefined ? [int8, fp32] : [int8, fp32, base];
  const results: Modelled[] = [];
  for (const index of indices) results.push(await measureModelled(image, index, cpu, samples?.get(index)?.[0]));
  const figures = results.map(({ cycles, low, high, instructions, lines }): ModelledFigure => {
    return { median: cycles, low, high, instructions, lines };
  });
  return {
    mode: 'modelled',
    unit: 'cycles',
    cpu,
    version: MODEL_VERSION,
    disassembler: DISASSEMBLER,
    int8: figures[0],
    fp32: figures[1],
    base: figures[2] ?? null,
    speedup: figures[1].median / figures[0].median,
    interval: speedupInterval(figures[0], figures[1], cpu),
    estimate: board && {
      ...{ board, threads },
      int8: estimateTime(figures[0], board, threads),
      fp32: estimateTime(figures[1], board, threads),
    },
    perOp: indices.flatMap((index, i) => operatorCosts(image.builds[index], results[i])),
  };
}

/** Splits a build's cycles and lines among its operators by the function that each one is compiled to. */
export function operatorCosts(build: Build, result: Modelled): OperatorCost[] {
  const functions = new Map(result.functions.map((entry) => [entry.symbol, entry]));
  const cost = (of: Pick<FunctionCost, 'cycles' | 'instructions' | 'lines'>) => ({
    ...{ cycles: of.cycles, instructions: of.instructions, lines: of.lines },
    memoryBound: of.lines * CYCLES_OF_LINE > of.cycles,
  });
  const nothing = { cycles: 0, instructions: 0, lines: 0 };
  const costs = (build.nodes ?? []).map(({ symbol, label, ...node }): OperatorCost => {
    return { ...node, build: build.name, op: label, ...cost(functions.get(symbol) ?? nothing) };
  });
  const rest = (field: keyof typeof nothing) =>
    Math.max(0, result[field] - costs.reduce((sum, op) => sum + op[field], 0));
  const other = { cycles: rest('cycles'), instructions: rest('instructions'), lines: rest('lines') };
  return [...costs, { build: build.name, op: null, kind: 'other', macs: 0, ...cost(other) }];
}
