import type { Command } from 'commander';
import { floatTwin } from '../../compiler/passes/float_twin.ts';
import { InputError } from '../../errors.ts';
import { openPair } from '../../gate/check/pair.ts';
import { parseConfig } from '../../gate/config/load.ts';
import { openDataset } from '../../gate/data/dataset.ts';
import { openFiles } from '../../gate/data/files.ts';
import { decodeText } from '../../gate/data/text.ts';
import { type DriftRequest, measureDrift } from '../../gate/drift/index.ts';
import { DRIFT_SAMPLES } from '../../gate/drift/measure.ts';
import { modelPorts } from '../../gate/engines/ports.ts';
import { didYouMean } from '../../gate/words/suggest.ts';
import { driftLines } from '../../report/drift.ts';
import { clean } from '../../report/escape.ts';
import { loadModel, profileOption, signatureOption } from '../entry.ts';
import { streamBeside, writeOutput } from '../write_files.ts';
import { fileOf } from './measure.ts';

interface Options {
  readonly fp32?: string;
  readonly input: readonly string[];
  readonly config?: string;
  readonly only?: string;
  readonly samples: number;
  readonly signature?: string;
  readonly profile: DriftRequest['profile'];
  readonly json?: string;
}

const MOST_SAMPLES = 100_000;

/** `int8-gate drift`: in which layer INT8 leaves FP32, and why. */
export function register(program: Command): void {
  program
    .command('drift')
    .description('name the layer in which an INT8 model leaves its FP32 counterpart, and why: docs/drift.md')
    .argument('[int8]', 'the INT8 model, a .tflite file; or --config')
    .option(
      '--fp32 <file>',
      'its FP32 counterpart; without it the INT8 model is dequantized, and its weights are believed',
    )
    .option(
      '--input <name=file>',
      'samples, files as in data.inputs of a configuration (once for each input; #0=file is the first)',
      (value: string, earlier: readonly string[]) => [...earlier, value],
      [],
    )
    .option('--config <file>', 'take models and data from this configuration')
    .option('--only <name>', 'which of its models')
    .option('--samples <count>', 'at most so many, spread over the data', countOf, DRIFT_SAMPLES)
    .addOption(profileOption())
    .addOption(signatureOption())
    .option('--json <file>', 'write the result as JSON; "-" is standard output')
    .action(run);
}

function countOf(text: string): number {
  if (!/^[1-9]\d*$/.test(text) || Number(text) > MOST_SAMPLES)
    throw new InputError(`--samples ${text}: give a number from 1 to ${MOST_SAMPLES}`);
  return Number(text);
}

async function run(file: string | undefined, options: Options): Promise<void> {
  const request = options.config === undefined ? fromFiles(file, options) : fromConfig(file, options.config, options);
  process.stderr.write(`compiling ${request.int8.name} and ${request.fp32.name} for this machine …\n`);
  const drift = await measureDrift({ ...request, samples: options.samples, onProgress: progressTo(process.stderr) });
  const lines = driftLines(drift).map((line) => clean(line, 2000));
  (await streamBeside(options.json)).write(`${lines.join('\n')}\n`);
  if (options.json !== undefined) await writeOutput(options.json, `${JSON.stringify(drift, null, 2)}\n`);
}

function fromFiles(file: string | undefined, options: Options): DriftRequest {
  if (file === undefined) throw new InputError('drift: give an INT8 model, or --config with a configuration');
  if (options.only !== undefined) throw new InputError('--only names a model of a configuration: add --config');
  const int8 = loadModel(file, options.signature);
  const fp32 = options.fp32 === undefined ? floatTwin(int8) : loadModel(options.fp32, options.signature);
  const ports = { int8: modelPorts(int8, 'inputs'), fp32: modelPorts(fp32, 'inputs') };
  if (options.input.length === 0)
    throw new InputError(
      `drift: layers are compared on data: add --input '#0=FILE' for each of ${ports.int8.length} inputs`,
    );
  const shapes = (side: keyof typeof ports) =>
    ports[side].map(({ shape }) => `[${shape.filter((d) => d !== 1)}]`).join(', ');
  if (shapes('int8') !== shapes('fp32'))
    throw new InputError(
      `${options.fp32}: the FP32 model takes inputs of ${shapes('fp32')}, the INT8 model of ${shapes('int8')}`,
    );
  const inputs = Object.fromEntries(options.input.map((arg) => fileOf(arg, ports.int8)));
  const dataset = openDataset({ inputs }, ports, openFiles(process.cwd()));
  return { int8, fp32, twin: options.fp32 === undefined, profile: options.profile, dataset };
}

function fromConfig(file: string | undefined, path: string, { only, fp32, input }: Options): DriftRequest {
  if (file !== undefined || fp32 !== undefined || input.length > 0)
    throw new InputError('--config names models and data: leave out the INT8 model, --fp32 and --input');
  const files = openFiles(process.cwd());
  if (!files.exists(path))
    throw new InputError(`${path}: there is no such configuration; give the path of yours (--config)`);
  const { models } = parseConfig(decodeText(files.read(path), path), path);
  const names = models.map(({ name }) => name);
  if (only === undefined && models.length !== 1)
    throw new InputError(`${path}: has ${models.length} models: add --only with one of ${names.join(', ')}`);
  const entry = only === undefined ? models[0] : models.find(({ name }) => name === only);
  if (entry === undefined) throw new InputError(`${path}: has no model "${only}"${didYouMean(only!, names)}`);
  const pair = openPair(entry, files);
  const { int8, fp32: partner } = pair.models;
  return { int8, fp32: partner, twin: pair.twin, profile: entry.profile, dataset: pair.dataset };
}

const PROGRESS_MS = 5000;

/** Shares as lines, not more than people read. */
function progressTo(stream: { write(text: string): unknown }): (share: number) => void {
  let last = performance.now();
  return (share) => {
    if (performance.now() - last < PROGRESS_MS) return;
    last = performance.now();
    stream.write(`${Math.floor(100 * share)} % of the samples …\n`);
  };
}
