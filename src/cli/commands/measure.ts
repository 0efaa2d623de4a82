import { type Command, Option } from 'commander';
import type { Build, Port } from '../../compiler/build.ts';
import { compileModel } from '../../compiler/compile.ts';
import { floatTwin } from '../../compiler/passes/float_twin.ts';
import { BOARDS, TARGET_HELP, type Target } from '../../compiler/targets/index.ts';
import { InputError } from '../../errors.ts';
import { timedSamples } from '../../gate/check/speed.ts';
import { openDataset } from '../../gate/data/dataset.ts';
import { openFiles } from '../../gate/data/files.ts';
import { inferencesOf } from '../../gate/engines/stream.ts';
import { formatFigure, formatInterval } from '../../gate/figures/format.ts';
import type { Profile } from '../../model/arithmetic/multiplier.ts';
import { toBytes } from '../../model/tensor/dtype.ts';
import { columnsOf } from '../../report/terminal.ts';
import { linkRunner } from '../../runtime/devices/image.ts';
import { resolveTarget } from '../../runtime/devices/machine.ts';
import {
  autoMode,
  type BoardEstimate,
  type MeasureMode,
  type Measurement,
  measure,
  type OperatorCost,
} from '../../runtime/measure.ts';
import type { TimeEstimate } from '../../runtime/modelled/board_time.ts';
import type { Duration } from '../../runtime/timing/index.ts';
import { loadModel, profileOption, signatureOption, threadsOption } from '../entry.ts';
import { streamBeside, writeOutput } from '../write_files.ts';

interface Options {
  readonly fp32?: string;
  readonly target: string;
  readonly measure: 'auto' | MeasureMode;
  readonly perOp?: boolean;
  readonly json?: string;
  readonly profile: Profile;
  readonly threads: number;
  readonly input: readonly string[];
  readonly signature?: string;
}

/** `int8-gate measure`: how fast a model is as INT8 and as FP32 on a target. */
export function register(program: Command): void {
  program
    .command('measure')
    .description('measure an INT8 model against its FP32 counterpart on one target')
    .argument('<int8>', 'the INT8 model, a .tflite file')
    .option('--fp32 <file>', 'its FP32 counterpart; without it the INT8 model is dequantized')
    .requiredOption('--target <target>', `what to measure for: ${TARGET_HELP}`)
    .addOption(
      new Option('--measure <mode>', 'times on this machine, cycles from emulation, or whichever this machine can do')
        .choices(['auto', 'hardware', 'modelled'])
        .default('auto'),
    )
    .addOption(profileOption())
    .addOption(threadsOption())
    .addOption(signatureOption())
    .option(
      '--input <name=file>',
      'samples to measure on, files as in data.inputs of a configuration (once for each input; #0=file is the first); zeros without it',
      (value: string, earlier: readonly string[]) => [...earlier, value],
      [],
    )
    .option('--per-op', 'list what each operator costs (modelled cycles only)')
    .option('--json <file>', 'write the result as JSON; "-" is standard output')
    .action(run);
}

async function run(file: string, options: Options): Promise<void> {
  const target = resolveTarget(options.target);
  const mode = options.measure === 'auto' ? autoMode(target) : options.measure;
  if (options.perOp && mode === 'hardware') {
    throw new InputError('--per-op splits modelled cycles among operators: add --measure modelled');
  }
  const { profile, threads } = options;
  if (threads > 1 && mode === 'modelled' && target.board === null) {
    throw new InputError(
      '--threads needs times: modelled cycles are those of one thread. Add --measure hardware, or take a board as target, whose times are estimated',
    );
  }
  const int8 = loadModel(file, options.signature);
  const fp32 = options.fp32 === undefined ? floatTwin(int8) : loadModel(options.fp32, options.signature);
  progress(`compiling ${int8.name} for ${target.name}`);
  const builds = await Promise.all([
    compileModel(int8, { target, name: 'INT8', symbol: 'int8', profile, threads }),
    compileModel(fp32, { target, name: 'FP32', symbol: 'fp32', threads }),
  ]);
  sameInputs(builds[0], builds[1], options.fp32 ?? file);
  const image = await linkRunner(builds);
  const samples = samplesFor(builds, options.input);
  progress(mode === 'modelled' ? 'counting instructions' : 'timing');
  const result = await measure(image, target, mode, { int8: 0, fp32: 1, threads, samples });
  const lines =
    result.mode === 'hardware'
      ? describeHardware(int8.name, target.name, result)
      : describeModelled(int8.name, target, result, builds, options.perOp ?? false);
  const twin = options.fp32 === undefined;
  if (twin) lines.push('  FP32 is a twin: the INT8 model with its weights dequantized');
  (await streamBeside(options.json)).write(`${lines.join('\n')}\n`);
  if (options.json === undefined) return;
  const json = JSON.stringify(
    toJson({ target: target.name, profile, threads, twin }, result, options.perOp ?? false),
    null,
    2,
  );
  await writeOutput(options.json, `${json}\n`);
}

const progress = (text: string) => process.stderr.write(`${text} …\n`);

function sameInputs(int8: Build, fp32: Build, file: string): void {
  const shapes = (build: Build) => build.inputs.map((port) => `[${port.shape.join(', ')}]`).join(', ');
  if (shapes(int8) === shapes(fp32)) return;
  throw new InputError(`${file}: the FP32 model takes inputs of ${shapes(fp32)}, the INT8 model of ${shapes(int8)}`);
}

/** The samples to measure on, for each build; undefined where none are named. */
function samplesFor(
  [int8, fp32]: readonly Build[],
  args: readonly string[],
): ReadonlyMap<number, readonly (readonly Uint8Array[])[]> | undefined {
  if (args.length === 0) return undefined;
  const inputs = Object.fromEntries(args.map((arg) => fileOf(arg, int8.inputs)));
  const ports = { int8: int8.inputs, fp32: fp32.inputs };
  const dataset = openDataset({ inputs }, ports, openFiles(process.cwd()));
  const chosen = timedSamples(dataset.size).map((index) => dataset.load(index));
  const of = (side: 'int8' | 'fp32') => chosen.map((sample) => inferencesOf(sample, side, ports[side])[0].map(toBytes));
  return new Map([
    [0, of('int8')],
    [1, of('fp32')],
  ]);
}

/** Position of the input, and file, of `NAME=FILE`; names may hold an equals sign themselves. */
export function fileOf(arg: string, ports: readonly Port[]): [position: string, file: string] {
  for (const [i, { name }] of ports.entries())
    for (const key of [name, `#${i}`]) if (arg.startsWith(`${key}=`)) return [String(i), arg.slice(key.length + 1)];
  const names = ports.map(({ name }, i) => `#${i} or ${name}`).join(', ');
  throw new InputError(`--input ${arg} names no input of the model, which has ${names}: write #0=FILE`);
}

/** The result as `--json` writes it. */
function toJson(
  of: { readonly target: string; readonly profile: Profile; readonly threads: number; readonly twin: boolean },
  result: Measurement,
  perOp: boolean,
): object {
  if (result.mode === 'hardware') return { ...of, ...result };
  const { perOp: costs, ...rest } = result;
  return perOp ? { ...of, ...rest, perOp: costs } : { ...of, ...rest };
}

function describeHardware(name: string, target: string, result: Measurement & { mode: 'hardware' }): string[] {
  const us = (side: Duration) => `${(side.median / 1000).toFixed(1)} µs`.padStart(16) + counted(side);
  const [low, high] = result.interval.map((bound) => bound.toFixed(2));
  return [
    `${name} on ${target}: times on this machine (${result.machine.model}), medians`,
    `  INT8    ${us(result.int8)}`,
    `  FP32    ${us(result.fp32)}`,
    `  speedup ${result.speedup.toFixed(2)}x (95 %: ${low} to ${high}; ${result.pairs} pairs)`,
    ...(target === 'host' ? ['  target host is portable C for this machine: no NEON build'] : []),
    ...result.warnings.map((warning) => `  warning: ${warning}`),
  ];
}

function counted({ instructions, instructionsOfLaunches: range }: Duration): string {
  if (instructions === undefined || range === undefined) return '';
  const [least, most] = range;
  const spread = least === most ? 'the same in every launch' : `${integer(least)} to ${integer(most)} over launches`;
  return ` ${integer(instructions).padStart(16)} instructions, ${spread}`;
}

function describeModelled(
  name: string,
  target: Target,
  result: Measurement & { readonly mode: 'modelled' },
  builds: readonly Build[],
  perOp: boolean,
): string[] {
  const figures = [result.int8, result.fp32];
  const [low, high] = result.interval.map((bound) => bound.toFixed(2));
  const basis = `table ${result.version}, ${result.disassembler}, ${result.compiler}`;
  const whole = new Map(builds.map((build, i) => [build.name, figures[i].median]));
  return [
    `${name} on ${target.name}: modelled cycles of ${result.cpu}, not a time (${basis})`,
    ...builds.map(({ name: label, macs }, i) => {
      const { median, instructions, lines } = figures[i];
      const counts = `${integer(median).padStart(16)} cycles ${integer(instructions).padStart(16)} instructions`;
      const rest = `${(macs / median).toFixed(2).padStart(8)} MAC/cycle ${megabytes(lines).padStart(12)} beyond L2`;
      return `  ${label}    ${counts} ${rest}`;
    }),
    `  speedup ${result.speedup.toFixed(2)}x; on hardware ${low} to ${high}`,
    ...(result.estimate === null ? [] : describeEstimate(result.estimate)),
    ...(perOp ? ['', ...result.perOp.map((cost) => operatorLine(cost, whole.get(cost.build)!))] : []),
  ];
}

function describeEstimate({ board, threads, int8, fp32 }: BoardEstimate): string[] {
  const show = ({ ns, interval }: TimeEstimate) => `${formatFigure(ns, 'ns')} (${formatInterval(interval, 'ns')})`;
  return [
    `  estimated times on ${BOARDS[board].title}, ${threads === 1 ? 'one thread' : `${threads} threads`}; nothing was measured:`,
    `  INT8    ${show(int8)}`,
    `  FP32    ${show(fp32)}`,
  ];
}

const megabytes = (lines: number) => `${((lines * 64) / 1e6).toFixed(lines * 64 < 1e7 ? 2 : 1)} MB`;
const integer = (n: number) => Math.round(n).toLocaleString('en-US');
const MOST_OF_A_NAME = 60;
const LEAST_OF_A_NAME = 30;

function operatorLine({ build, op, cycles, macs, lines, memoryBound }: OperatorCost, whole: number): string {
  const share = `${((100 * cycles) / whole).toFixed(1)} %`.padStart(7);
  const rate = macs > 0 ? `${(macs / Math.max(1, cycles)).toFixed(2)} MAC/cycle` : '';
  const name = op ?? 'outside of the operators';
  const short = name.length > MOST_OF_A_NAME ? `${name.slice(0, MOST_OF_A_NAME - 1)}…` : name;
  const traffic = `${megabytes(lines).padStart(9)}${memoryBound ? ', bound by memory' : ''}`.padEnd(26);
  const figures = `  ${build} ${integer(cycles).padStart(14)} cycles ${share} ${rate.padStart(16)} ${traffic}`;
  const beside = columnsOf(process.stdout, process.env) >= figures.length + 2 + Math.min(short.length, LEAST_OF_A_NAME);
  return beside ? `${figures}  ${short}` : `  ${short}\n${figures.trimEnd()}`;
}
