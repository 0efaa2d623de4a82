import { dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { EXIT, InputError } from '../../errors.ts';
import { parseCases } from '../../gate/cases/case.ts';
import { type CaseResult, runCases } from '../../gate/cases/run.ts';
import { type CaseSummary, describeFailure, summaryOf, summaryTable } from '../../gate/cases/summary.ts';
import { decodeText } from '../../gate/data/text.ts';
import { buildEngine } from '../../gate/engines/build.ts';
import type { Engine } from '../../gate/engines/engine.ts';
import { interpreterEngine } from '../../gate/engines/interpreter.ts';
import type { Profile } from '../../model/arithmetic/multiplier.ts';
import { resolveTarget } from '../../runtime/devices/machine.ts';
import { profileOption } from '../entry.ts';
import { readInputFile } from '../input_file.ts';
import { streamBeside, writeOutput } from '../write_files.ts';

interface Options {
  readonly cases: string;
  readonly engine: keyof typeof ENGINES;
  readonly filter?: string;
  readonly target: readonly string[];
  readonly json?: string;
  readonly profile: Profile;
}

/** The engines of each --engine, for the targets asked for. */
const ENGINES = {
  build: (targets): Engine[] => targets.map((target) => buildEngine(resolveTarget(target))),
  interpreter: (): Engine[] => [interpreterEngine],
} satisfies Record<string, (targets: readonly string[]) => Engine[]>;

export function register(program: Command): void {
  program
    .command('verify')
    .description('run golden cases and compare every output value')
    .requiredOption('--cases <file>', 'the list of cases, one JSON object a line')
    .option('--target <target>', 'build for this target (may be repeated; default: native)', collect, [])
    .addOption(new Option('--engine <name>', 'what runs the models').choices(Object.keys(ENGINES)).default('build'))
    .addOption(profileOption())
    .option('--filter <regex>', 'only cases whose name matches')
    .option('--json <file>', 'write the results to a file; "-" is standard output')
    .action(verify);
}

const collect = (value: string, earlier: readonly string[]): string[] => [...earlier, value];

async function verify(options: Options): Promise<void> {
  const text = readInputFile(options.cases);
  const wanted = filterOf(options.filter);
  const cases = parseCases(decodeText(text, options.cases), options.cases).filter((c) => wanted.test(c.name));
  if (cases.length === 0) throw new InputError(`${options.cases}: no case's name matches ${options.filter}`);
  const folder = dirname(resolve(options.cases));
  const targets: Record<string, CaseSummary> = {};
  const wantedTargets = options.target.length > 0 ? options.target : ['native'];
  for (const engine of ENGINES[options.engine](wantedTargets)) {
    const results = await runCases(cases, engine, async (file) => readInputFile(resolve(folder, file)), {
      profile: options.profile,
      onResult: progress(engine, cases.length),
    });
    targets[engine.name] = summaryOf(results);
    print(await streamBeside(options.json), engine.name, results);
  }
  if (options.json !== undefined) await writeOutput(options.json, `${JSON.stringify({ targets }, null, 2)}\n`);
  if (Object.values(targets).some((t) => t.passed < t.cases)) process.exitCode = EXIT.failed;
}

function filterOf(pattern = ''): RegExp {
  try {
    return new RegExp(pattern);
  } catch (error) {
    throw new InputError(`--filter: ${(error as Error).message}`);
  }
}

/** Failures at once, and now and then how far the run is, on stderr. */
function progress(engine: Engine, total: number): (result: CaseResult, done: number) => void {
  let last = Date.now();
  return (result, done) => {
    if (!result.passed) process.stderr.write(`${engine.name}: ${describeFailure(result)}\n`);
    if (Date.now() - last < 5000) return;
    last = Date.now();
    process.stderr.write(`${engine.name}: ${done} of ${total} cases\n`);
  };
}

function print(out: NodeJS.WriteStream, name: string, results: readonly CaseResult[]): void {
  const failures = results.filter((r) => !r.passed).map((r) => `  ${describeFailure(r)}\n`);
  const passed = results.length - failures.length;
  out.write(`${summaryTable(results)}\n\n${name}: ${passed} of ${results.length} cases passed\n`);
  out.write(failures.join(''));
}
