import { type Command, Option } from 'commander';
import { TARGET_HELP } from '../../compiler/targets/index.ts';
import { EXIT, InputError } from '../../errors.ts';
import { parseBaseline } from '../../gate/baseline/request.ts';
import { runCheck } from '../../gate/check/run.ts';
import { SPEED_OPTIONS, type SpeedOption } from '../../gate/check/speed.ts';
import { parseReferences, REFERENCE_CHOICES } from '../../gate/references/index.ts';
import { FAIL_ON, type FailOn, fails } from '../../gate/verdict/fail_on.ts';
import { renderMarkdown } from '../../report/markdown.ts';
import { columnsOf, renderTerminal, wantsColour } from '../../report/terminal.ts';
import { streamBeside, writeFiles, writeOutput } from '../write_files.ts';

interface Options {
  readonly config: string;
  readonly only: readonly string[];
  readonly target: readonly string[];
  readonly measure: SpeedOption;
  readonly baseline: string;
  readonly reference: string;
  readonly failOn: FailOn;
  readonly json?: string;
  readonly report?: string;
  readonly samples?: string;
}

/** `int8-gate check`: the gate itself. */
export function register(program: Command): void {
  const collect = (value: string, all: readonly string[]) => [...all, value];
  program
    .command('check')
    .description(
      'compile every model pair, run the data through both, measure them and judge; exit status 1 when the gate fails',
    )
    .option(
      '--config <file>',
      'the configuration; paths in it count from the working directory',
      '.github/int8-gate.yml',
    )
    .option('--only <name>', 'check this model only (may be repeated)', collect, [])
    .option(
      '--target <target>',
      `in place of the configuration's targets (may be repeated): ${TARGET_HELP}`,
      collect,
      [],
    )
    .addOption(
      new Option(
        '--measure <mode>',
        'times on this machine, cycles from emulation, whichever this machine can do, or no speed at all',
      )
        .choices([...SPEED_OPTIONS])
        .default('auto'),
    )
    .option(
      '--baseline <baseline>',
      'what to compare INT8 with: merge-base (where HEAD was branched off), a commit, a report.json, or none',
      'none',
    )
    .option(
      '--reference <names>',
      `other runtimes that run a few samples beside our builds, litert INT8 and tfjs FP32: ${REFERENCE_CHOICES.join(', ')}`,
      REFERENCE_CHOICES[0],
    )
    .addOption(
      new Option('--fail-on <verdict>', 'exit with status 1 on: a failed gate; an inconclusive one too; never')
        .choices([...FAIL_ON])
        .default('fail'),
    )
    .option('--json <file>', 'write the report as JSON (schema/report.schema.json); "-" is standard output')
    .option('--report <dir>', 'write report.json and report.md into this folder')
    .option(
      '--samples <file>',
      'write every sample with its label and what each side answered as JSON lines (docs/data.md); "-" is standard output',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { config, only, target: targets, measure } = options;
  const progress = (line: string) => process.stderr.write(`${line} …\n`);
  const baseline = parseBaseline(options.baseline, '--baseline');
  const references = parseReferences(options.reference, '--reference');
  if (options.samples !== undefined && options.samples === options.json)
    throw new InputError(`--samples and --json are both to be written to ${options.json}; give each a path of its own`);
  const lines: Buffer[] = [];
  const report = await runCheck({
    root: process.cwd(),
    now: new Date(),
    config,
    only,
    targets,
    measure,
    baseline,
    references,
    progress,
    ...(options.samples !== undefined && {
      onSample: (sample) => lines.push(Buffer.from(`${JSON.stringify(sample)}\n`)),
    }),
  });
  const json = `${JSON.stringify(report, null, 2)}\n`;
  // The verdict first: it is not lost where a file cannot be written.
  const out = await streamBeside(options.json, options.samples);
  out.write(renderTerminal(report, { colour: wantsColour(out, process.env), columns: columnsOf(out, process.env) }));
  if (options.json !== undefined) await writeOutput(options.json, json);
  if (options.samples !== undefined) await writeOutput(options.samples, Buffer.concat(lines));
  if (options.report !== undefined) {
    await writeFiles(options.report, [
      ['report.json', json],
      ['report.md', renderMarkdown(report)],
    ]);
  }
  process.exitCode = fails(report.verdict, options.failOn) ? EXIT.failed : EXIT.passed;
}
