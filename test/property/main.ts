/** Random operators and networks through the interpreter, portable C and every ISA level: `npm run property -- --help`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { SANITIZERS } from '../../src/compiler/toolchain/index.ts';
import { whole } from '../whole.ts';
import { kindsOf, resultElements } from './instance.ts';
import { type ClaimCounts, checkBatch, drawBatch } from './run.ts';

const TARGETS = ['host', 'aarch64', 'aarch64+dotprod', 'aarch64+dotprod+i8mm'];
const { options, targets } = readOptions();
const { instances: wanted, batch: size, seed: first } = options;

function readOptions() {
  const options = new Command('npm run property --')
    .description('compare random operators and networks, compiled, with the interpreter; exit status 1 on a difference')
    .option('--instances <count>', 'how many', whole, 20000)
    .option('--batch <count>', 'so many are compiled and linked at once; each batch has a seed of its own', whole, 128)
    .option('--seed <number>', 'of the first batch', whole, 1)
    .option(
      '--target <target>',
      `compile for it, may be repeated (default: ${TARGETS.join(', ')})`,
      (target: string, all: readonly string[] = []) => [...all, target],
    )
    // -O1 compiles three times as fast as what builds are made with.
    .option('--optimize <level>', "the compiler's -O", '3')
    .option('--sanitize', 'on host, under AddressSanitizer and UBSan', false)
    .parse()
    .opts<{ instances: number; batch: number; seed: number; target?: string[]; optimize: string; sanitize: boolean }>();
  return { options, targets: options.sanitize ? ['host'] : (options.target ?? TARGETS) };
}

const flags = options.sanitize ? SANITIZERS : [`-O${options.optimize}`];

const kinds = new Map<string, number>();
const claims: ClaimCounts = new Map();
const started = performance.now();
let [done, operators, elements, differences] = [0, 0, 0, 0];
for (let seed = first; done < wanted; seed++) {
  const batch = drawBatch(seed, Math.min(size, wanted - done));
  const cacheDir = await mkdtemp(join(tmpdir(), 'int8-gate-property-'));
  try {
    for (const { target, instance, what } of await checkBatch(batch, targets, { cacheDir, flags }, claims)) {
      differences++;
      process.stdout.write(`DIFFERENT seed ${seed} instance ${instance} on ${target}: ${what}\n`);
    }
  } catch (error) {
    differences++;
    process.stdout.write(`FAILED seed ${seed}: ${(error as Error).stack}\n`);
  } finally {
    await rm(cacheDir, { recursive: true, force: true });
  }
  for (const { model } of batch) for (const kind of kindsOf(model)) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  done += batch.length;
  operators = [...kinds.values()].reduce((sum, n) => sum + n, 0);
  elements += batch.reduce((sum, instance) => sum + resultElements(instance), 0);
  const seconds = Math.round((performance.now() - started) / 1000);
  process.stdout.write(`seeds ${first}–${seed}: ${done} instances, ${differences} differences, ${seconds} s\n`);
}
process.stdout.write('claims of overlap that took effect:\n');
for (const [form, counts] of [...claims].sort(([a], [b]) => a.localeCompare(b)))
  process.stdout.write(`  ${form}: ${[...counts].map(([kind, n]) => `${kind} ${n}`).join(', ')}\n`);
const least = [...kinds].sort((a, b) => a[1] - b[1])[0];
process.stdout.write(
  `${done} instances (${operators} operators of ${kinds.size} kinds, the rarest ${least.join(' ')} times), ` +
    `${elements} elements, on ${targets.join(', ')}${options.sanitize ? ' under sanitizers' : ` at -O${options.optimize}`}: ${differences} differences\n`,
);
process.exitCode = differences > 0 ? 1 : 0;
