/** Executions by number: the same seed and number give the same file on every machine. */
import { randomOf } from '../model/graphs.ts';
import type { Seed } from './corpus.ts';
import { execute, type Outcome } from './execute.ts';
import { diceOf, mutate } from './mutate.ts';

/** What an execution may take of the processor, and the process of the memory. */
export const MOST_SECONDS = 1;
export const MOST_BYTES = 2 ** 30;

export interface Failure {
  readonly run: number;
  readonly what: string;
  readonly bytes: Uint8Array;
}

/** The file of execution `run`, and whether to use it where it is accepted. */
export function fileOf(seeds: readonly Seed[], seed: number, run: number): { bytes: Uint8Array; thorough: boolean } {
  // Two rounds of mulberry32, so that neighbouring numbers have nothing in common.
  const dice = diceOf(randomOf(randomOf(seed * 0x9e3779b1 + run)() * 2 ** 32));
  const [own, other] = [dice.choose(seeds), dice.choose(seeds)];
  return { bytes: mutate(own, other, dice), thorough: dice.chance(0.25) };
}

/** The failure once more, with its stack. */
function explain(bytes: Uint8Array, thorough: boolean): string {
  const depth = Error.stackTraceLimit;
  Error.stackTraceLimit = 20;
  try {
    execute(bytes, thorough);
    return 'failed once, and not again';
  } catch (error) {
    return (error as Error).stack ?? String(error);
  } finally {
    Error.stackTraceLimit = depth;
  }
}

export interface Report {
  readonly outcomes: ReadonlyMap<Outcome, number>;
  readonly failures: readonly Failure[];
  /** The execution that took longest, in seconds of the processor. */
  readonly slowest: { readonly run: number; readonly seconds: number };
}

/** Executions `from` to `from + runs − 1` of `seed`. `onRun` is called before each. */
export function fuzz(
  seeds: readonly Seed[],
  seed: number,
  from: number,
  runs: number,
  onRun: (run: number) => void = () => {},
): Report {
  const outcomes = new Map<Outcome, number>();
  const failures: Failure[] = [];
  let slowest = { run: from, seconds: 0 };
  // Most executions end with an error, whose stack takes as long to note as the import did.
  const depth = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  for (let run = from; run < from + runs; run++) {
    onRun(run);
    const { bytes, thorough } = fileOf(seeds, seed, run);
    const before = process.cpuUsage();
    let what: string | null = null;
    try {
      const outcome = execute(bytes, thorough);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    } catch {
      what = explain(bytes, thorough);
    }
    const { user, system } = process.cpuUsage(before);
    const seconds = (user + system) / 1e6;
    if (seconds > slowest.seconds) slowest = { run, seconds };
    if (what === null && seconds > MOST_SECONDS) what = `took ${seconds.toFixed(2)} s`;
    if (what !== null) failures.push({ run, what, bytes });
  }
  Error.stackTraceLimit = depth;
  return { outcomes, failures, slowest };
}
