import { Command, CommanderError, Help, type Option } from 'commander';
import { EXIT, exitStatusOf, faultOfSystem } from '../errors.ts';
import { VERSION } from '../gate/verdict/version.ts';
import { printable } from '../model/ir/names.ts';
import { register as build } from './commands/build.ts';
import { register as cache } from './commands/cache.ts';
import { register as check } from './commands/check.ts';
import { register as inspect } from './commands/inspect.ts';
import { register as measure } from './commands/measure.ts';
import { register as run } from './commands/run.ts';
import { register as verify } from './commands/verify.ts';
import { mindStreams } from './streams.ts';

/** Every command of `int8-gate`, in the order in which --help lists them. Each lives in a file of its own. */
const commands: readonly ((program: Command) => void)[] = [check, inspect, build, run, verify, measure, cache];

/** An option that may be repeated starts from an empty list, which tells a reader nothing. */
const optionDescription = (option: Option): string =>
  Array.isArray(option.defaultValue) ? option.description : new Help().optionDescription(option);

/** Runs the command line; the result is the exit status. */
async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('int8-gate')
    .description('Gate TFLite INT8 models on accuracy and speed, compiled for ARM64')
    .version(VERSION, '-V, --version', 'print the version')
    .configureHelp({ optionDescription })
    .exitOverride()
    .showHelpAfterError('(add --help for the options)');
  for (const register of commands) register(program);
  try {
    await program.parseAsync([...argv]);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.passed : EXIT.input;
    const fault = faultOfSystem(error) ?? error;
    const status = exitStatusOf(fault);
    const text =
      status === EXIT.internal
        ? `internal error, please report it\n${(fault as Error).stack ?? String(fault)}`
        : printable((fault as Error).message);
    process.stderr.write(`int8-gate: ${text}\n`);
    return status;
  }
}

mindStreams();
process.exitCode = await main(process.argv);
