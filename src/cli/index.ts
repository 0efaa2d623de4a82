import { Command, CommanderError } from 'commander';
import { EnvironmentError, InputError } from '../errors.ts';
import { printable } from '../model/ir/names.ts';
import { register as build } from './commands/build.ts';
import { register as check } from './commands/check.ts';
import { register as inspect } from './commands/inspect.ts';
import { register as measure } from './commands/measure.ts';
import { register as run } from './commands/run.ts';
import { register as verify } from './commands/verify.ts';

/** Every command of `int8-gate`, in the order in which --help lists them. Each lives in a file of its own. */
const commands: readonly ((program: Command) => void)[] = [check, inspect, build, run, verify, measure];

/** Runs the command line; the result is the exit status: 0 passed, 1 the gate failed, 2 bad input, 3 bad environment. */
async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('int8-gate')
    .description('Gate TFLite INT8 models on accuracy and speed, compiled for ARM64')
    .exitOverride()
    .showHelpAfterError('(add --help for the options)');
  for (const register of commands) register(program);
  try {
    await program.parseAsync([...argv]);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof InputError || error instanceof EnvironmentError) {
      process.stderr.write(`int8-gate: ${printable(error.message)}\n`);
      return error instanceof InputError ? 2 : 3;
    }
    process.stderr.write(`int8-gate: internal error, please report it\n${(error as Error).stack ?? String(error)}\n`);
    return 70;
  }
}

process.exitCode = await main(process.argv);
