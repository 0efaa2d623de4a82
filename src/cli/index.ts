import { Command, CommanderError, Help, type Option } from 'commander';
import { EXIT, exitStatusOf, faultOfSystem, InputError } from '../errors.ts';
import { VERSION } from '../gate/verdict/version.ts';
import { didYouMean } from '../gate/words/suggest.ts';
import { printable } from '../model/ir/names.ts';
import { register as build } from './commands/build.ts';
import { register as cache } from './commands/cache.ts';
import { register as check } from './commands/check.ts';
import { register as drift } from './commands/drift.ts';
import { register as inspect } from './commands/inspect.ts';
import { register as measure } from './commands/measure.ts';
import { register as remedies } from './commands/remedies.ts';
import { register as run } from './commands/run.ts';
import { register as verify } from './commands/verify.ts';
import { mindStreams } from './streams.ts';

/** Every command of `int8-gate`, in the order in which --help lists them. Each lives in a file of its own. */
const commands: readonly ((program: Command) => void)[] = [
  check,
  inspect,
  build,
  run,
  verify,
  measure,
  drift,
  remedies,
  cache,
];

/** An option that may be repeated starts from an empty list, which tells a reader nothing. */
const optionDescription = (option: Option): string =>
  Array.isArray(option.defaultValue) ? option.description : new Help().optionDescription(option);

/** A path that a script left empty is not the working directory, and is no reason to look for a file for long. */
function refuseEmptyPaths(_program: Command, command: Command): void {
  const given = command.opts();
  const empty = command.options.find((o) => /<(file|dir|folder)>/.test(o.flags) && given[o.attributeName()] === '');
  const argument = command.registeredArguments.find((_, i) => command.args[i] === '');
  const name = empty?.long ?? argument?.name();
  if (name !== undefined) throw new InputError(`${name}: the path is empty; give a path`);
}

/** Commander shows its help, with status 0, for a command that is not there and --help. */
function refuseUnknownCommand(program: Command, [first, second]: readonly string[]): void {
  const known = ['help', ...program.commands.map((command) => command.name())];
  const name = first === 'help' ? second : first;
  if (name === undefined || name.startsWith('-') || known.includes(name)) return;
  throw new InputError(`there is no command "${name}"${didYouMean(name, known)}`);
}

/** Runs the command line; the result is the exit status. */
async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('int8-gate')
    .description('Gate TFLite INT8 models on accuracy and speed, compiled for ARM64')
    .version(VERSION, '-V, --version', 'print the version')
    .configureHelp({ optionDescription })
    .exitOverride()
    .hook('preAction', refuseEmptyPaths)
    .showHelpAfterError('(add --help for the options)');
  for (const register of commands) register(program);
  try {
    refuseUnknownCommand(program, argv.slice(2));
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
