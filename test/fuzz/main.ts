/** Spoilt .tflite files through importer and verifier: `npm run fuzz -- --help`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Command } from 'commander';
import { whole } from '../whole.ts';
import { corpus } from './corpus.ts';
import { type Failure, fuzz, MOST_BYTES } from './fuzz.ts';

/** How often figures are printed, in executions. */
const SLICE = 10_000;
/** An execution that goes on for so long on the clock hangs, however busy the machine is. */
const HANGS_MS = 60_000;

interface Task {
  readonly seed: number;
  readonly from: number;
  readonly runs: number;
  /** The number of the execution at work; -1 while the files to spoil are being made. */
  readonly current: Int32Array;
}
interface Slice {
  readonly done: number;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly failures: readonly Failure[];
  readonly slowest: { readonly run: number; readonly seconds: number };
  readonly peak: number;
}

function work({ seed, from, runs, current }: Task): void {
  const seeds = corpus();
  for (let done = 0; done < runs; done += SLICE) {
    const count = Math.min(SLICE, runs - done);
    const report = fuzz(seeds, seed, from + done, count, (run) => void Atomics.store(current, 0, run));
    // Kilobytes, at the highest.
    const peak = process.resourceUsage().maxRSS * 1024;
    parentPort?.postMessage({ ...report, done: done + count, peak } satisfies Slice);
  }
}

/** Starts the executions in a thread of their own and watches it. */
function watch(): void {
  const { seed, from, runs } = new Command('npm run fuzz --')
    .description('spoil .tflite files and have them imported and verified; those that fail are left in build/fuzz')
    .option('--runs <count>', 'executions', whole, 1_000_000)
    .option('--seed <number>', 'of the random numbers', whole, 1)
    .option('--from <number>', 'the first execution: --from 123 --runs 1 repeats one', whole, 0)
    .parse()
    .opts<{ seed: number; from: number; runs: number }>();
  const folder = join('build', 'fuzz');
  const current = new Int32Array(new SharedArrayBuffer(4)).fill(-1);
  const totals = new Map<string, number>();
  const started = performance.now();
  let [failures, peak, slowest] = [0, 0, { run: 0, seconds: 0 }];
  const report = (failed: { run: number; what: string; bytes?: Uint8Array }): void => {
    failures++;
    const file = join(folder, `${seed}-${failed.run}.tflite`);
    mkdirSync(folder, { recursive: true });
    if (failed.bytes) writeFileSync(file, failed.bytes);
    process.stdout.write(`FAILED --seed ${seed} --from ${failed.run} --runs 1 (${file}): ${failed.what}\n`);
  };

  const worker = new Worker(new URL(import.meta.url), { workerData: { seed, from, runs, current } satisfies Task });
  let last = { run: -1, at: started };
  const timer = setInterval(() => {
    const run = Atomics.load(current, 0);
    if (run !== last.run || run < 0) last = { run, at: performance.now() };
    if (performance.now() - last.at < HANGS_MS) return;
    report({ run, what: `hangs: ${HANGS_MS / 1000} s` });
    process.exit(1);
  }, 1000);
  worker.on('message', (slice: Slice) => {
    for (const [outcome, n] of slice.outcomes) totals.set(outcome, (totals.get(outcome) ?? 0) + n);
    slice.failures.forEach(report);
    if (slice.slowest.seconds > slowest.seconds) slowest = slice.slowest;
    if (slice.peak > MOST_BYTES && peak <= MOST_BYTES)
      report({ run: slice.done, what: `the process holds ${slice.peak} bytes` });
    peak = Math.max(peak, slice.peak);
    const seconds = (performance.now() - started) / 1000;
    process.stdout.write(
      `seed ${seed}: ${slice.done} executions in ${seconds.toFixed(0)} s (${Math.round(slice.done / seconds)}/s), ` +
        `${[...totals].map(([outcome, n]) => `${n} ${outcome}`).join(', ')}; slowest ${slowest.seconds.toFixed(3)} s ` +
        `(${slowest.run}), peak ${(peak / 2 ** 20).toFixed(0)} MiB, ${failures} failures\n`,
    );
  });
  worker.on('error', (error) => {
    report({ run: Atomics.load(current, 0), what: error.stack ?? String(error) });
    process.exit(1);
  });
  worker.on('exit', () => {
    clearInterval(timer);
    process.exitCode = failures > 0 ? 1 : 0;
  });
}

if (isMainThread) watch();
else work(workerData as Task);
