import { type Command, Option } from 'commander';
import { cacheLimit, cacheRoot, listEntries, trimCache } from '../../compiler/toolchain/index.ts';

/** `int8-gate cache`: where compiled things are kept, how much that is, and a way to be rid of them (docs/cache.md). */
export function register(program: Command): void {
  const cache = program.command('cache').description('what was compiled and counted before, kept for the next run');
  cache.command('path').description('print the folder of the cache').action(path);
  cache
    .command('size')
    .description('print how many entries and bytes it holds, and how many it may hold')
    .addOption(new Option('--json', 'print them as JSON'))
    .action(size);
  cache.command('clear').description('remove all entries but those that a running int8-gate uses').action(clear);
}

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const path = (): void => print(cacheRoot());

function size(options: { readonly json?: boolean }): void {
  const [folder, limit] = [cacheRoot(), cacheLimit()];
  const entries = listEntries(folder);
  const bytes = total(entries);
  if (options.json) print(JSON.stringify({ path: folder, entries: entries.length, bytes, limit }));
  else print(`${folder}: ${entries.length} entries, ${megabytes(bytes)} of at most ${megabytes(limit)}`);
}

function clear(): void {
  const folder = cacheRoot();
  const { removed, kept } = trimCache(folder, 0);
  const rest = kept.length === 0 ? '' : `; ${kept.length} in use or not to be removed`;
  print(`${folder}: ${removed.length} entries removed, ${megabytes(total(removed))}${rest}`);
}

const total = (entries: readonly { readonly bytes: number }[]): number => entries.reduce((sum, e) => sum + e.bytes, 0);
const megabytes = (bytes: number): string =>
  `${(bytes / 1e6).toLocaleString('en-US', { maximumFractionDigits: 1 })} MB`;
