import { type Command, Option } from 'commander';
import { weighted } from '../../compiler/passes/regions.ts';
import { TARGET_HELP } from '../../compiler/targets/index.ts';
import { InputError } from '../../errors.ts';
import { type ModelPair, openPair } from '../../gate/check/pair.ts';
import { SPEED_OPTIONS, type SpeedOption } from '../../gate/check/speed.ts';
import { type ModelConfig, parseConfig } from '../../gate/config/load.ts';
import { openFiles } from '../../gate/data/files.ts';
import { decodeText } from '../../gate/data/text.ts';
import { formatFigure } from '../../gate/figures/format.ts';
import { KINDS } from '../../gate/figures/kinds.ts';
import { constantsOf, SECONDS, type Tried, tryChanges, tryRemedies } from '../../gate/remedies/index.ts';
import { type Change, changed } from '../../gate/remedies/variants.ts';
import { didYouMean } from '../../gate/words/suggest.ts';
import { writeModel } from '../../model/tflite/writer.ts';
import { resolveTarget } from '../../runtime/devices/machine.ts';
import { streamBeside, writeFiles, writeOutput } from '../write_files.ts';

interface Options {
  readonly config: string;
  readonly model?: string;
  readonly layer: readonly number[];
  readonly target?: string;
  readonly measure: SpeedOption;
  readonly seconds: number;
  readonly json?: string;
  readonly write?: string;
}

/** `int8-gate remedies`: what is gained by computing some layers of an INT8 model otherwise, and what it costs. */
export function register(program: Command): void {
  program
    .command('remedies')
    .description('try layers of an INT8 model in other numbers: what each gains in accuracy, and costs in speed')
    .option(
      '--config <file>',
      'the configuration that names model, data and metric; paths in it count from the working directory',
      '.github/int8-gate.yml',
    )
    .option('--model <name>', 'which of its models; may be left out where it has one')
    .option(
      '--layer <number>',
      'a layer by its number in `inspect` (may be repeated); without it, every layer with weights in float32, without speed',
      (text: string, all: readonly number[]) => [...all, wholeNumber('--layer', text)],
      [],
    )
    .option('--target <target>', `where speed is measured; the configuration's first without it: ${TARGET_HELP}`)
    .addOption(
      new Option('--measure <mode>', 'times on this machine, cycles from emulation, whichever it can do, or no speed')
        .choices([...SPEED_OPTIONS])
        .default('auto'),
    )
    .addOption(
      new Option('--seconds <count>', 'try nothing more after so long')
        .argParser((text: string) => wholeNumber('--seconds', text))
        .default(SECONDS),
    )
    .option('--json <file>', 'write what was found as JSON; "-" is standard output')
    .option('--write <dir>', 'write each model that was tried into this folder, as .tflite')
    .action(run);
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InputError(`${option} ${text}: give a whole number`);
  return Number(text);
}

async function run(options: Options): Promise<void> {
  const files = openFiles(process.cwd());
  const config = parseConfig(decodeText(files.read(options.config), options.config), options.config);
  const pair = openPair(select(config.models, options.model, options.config), files);
  const target = resolveTarget(options.target ?? config.targets[0]);
  const progress = (text: string) => process.stderr.write(`${text} …\n`);
  const { seconds, measure } = options;
  const tried =
    options.layer.length > 0
      ? await tryRemedies(
          pair,
          target,
          options.layer.map((n) => nodeOf(pair, n)),
          {
            ...{ seconds, measure, progress, most: options.layer.length },
          },
        )
      : await tryChanges(pair, target, everyLayer(pair), { seconds, measure: 'none', progress });
  (await streamBeside(options.json)).write(`${describe(pair, tried).join('\n')}\n`);
  if (options.json !== undefined) await writeOutput(options.json, `${JSON.stringify(tried, null, 2)}\n`);
  if (options.write !== undefined) await writeFiles(options.write, modelsOf(pair, tried.remedies));
}

function select(models: readonly ModelConfig[], name: string | undefined, file: string): ModelConfig {
  const names = models.map((model) => model.name);
  if (name === undefined && models.length > 1)
    throw new InputError(`${file} has several models: name one with --model: ${names.join(', ')}`);
  const found = name === undefined ? models[0] : models.find((model) => model.name === name);
  if (found === undefined)
    throw new InputError(`--model ${name}: ${file} has no such model${didYouMean(name ?? '', names)}`);
  return found;
}

/** The node that comes from an operator of the file. */
function nodeOf({ models: { int8 }, config }: ModelPair, operator: number): number {
  const { nodes } = int8.subgraphs[0];
  const found = nodes.findIndex(({ source }) => source === operator);
  if (found < 0)
    throw new InputError(
      `--layer ${operator}: ${config.int8} has the operators 0 to ${Math.max(...nodes.map(({ source }) => source))}; int8-gate inspect lists them`,
    );
  return found;
}

const everyLayer = ({ models: { int8 } }: ModelPair): Change[] =>
  weighted(int8.subgraphs[0]).map((layer) => ({ layer, how: 'float32', nodes: [layer] }));

function describe({ config, metric, twin }: ModelPair, { int8, fp32, remedies, notes }: Tried): string[] {
  const { unit } = KINDS[metric.definition.kind];
  const show = (figure: number | null) => formatFigure(figure, unit);
  const best = remedies.toSorted((a, b) => (b.gain ?? Number.NEGATIVE_INFINITY) - (a.gain ?? Number.NEGATIVE_INFINITY));
  return [
    `${config.name}: ${metric.name} of INT8 ${show(int8)}, of ${twin ? 'the FP32 twin' : 'FP32'} ${show(fp32)}; the greatest gain first`,
    ...best.map(({ sentence, accuracy }) => `  ${sentence} (${metric.name} ${show(accuracy)})`),
    ...(twin ? ['FP32 is a twin: float32 takes away the rounding of results, not that of weights.'] : []),
    ...notes,
  ];
}

/** The models that were tried, by the names of their files. */
const modelsOf = (pair: ModelPair, remedies: Tried['remedies']): [string, Uint8Array][] =>
  remedies.map((remedy) => {
    const { int8 } = pair.models;
    const numbers = remedy.nodes.map((n) => int8.subgraphs[0].nodes[n].source);
    const shown = numbers.length > 4 ? [numbers[0], numbers.at(-1)] : numbers;
    const layers = `layer${numbers.length === 1 ? '' : 's'}${shown.join('-')}`;
    const name = `${int8.name}_${layers}_${remedy.how}`.replace(/[^\w.-]/g, '_');
    return [`${name}.tflite`, writeModel(changed(int8, remedy, constantsOf(pair)))];
  });
