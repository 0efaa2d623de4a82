import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../errors.ts';
import { useFile } from './entry.ts';
import { listOwned, ownPrefix, sweep } from './owner.ts';

/** Entries that are being made, and files that say since when a process has been using a cache. */
export const WORK = 'work';
const USE = 'use';

const DEFAULT_LIMIT = 2e9;
const DECIMAL = { '': 1, B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
const BINARY = { KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30, TIB: 2 ** 40 };
const UNITS: Readonly<Record<string, number>> = { ...DECIMAL, ...BINARY };

/**
 * How many bytes a cache may keep: INT8_GATE_CACHE_LIMIT, else 2 GB.
 * @throws InputError where the variable is no size.
 */
export function cacheLimit(text = process.env.INT8_GATE_CACHE_LIMIT ?? ''): number {
  if (text.trim() === '') return DEFAULT_LIMIT;
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = UNITS[unit?.toUpperCase() ?? ''];
  if (digits === undefined || factor === undefined)
    throw new InputError(`INT8_GATE_CACHE_LIMIT=${text}: is no size; write for example 500MB or 2GB`);
  return Math.floor(Number(digits) * factor);
}

/** Times of files may lag behind the clock of a process. */
const CLOCK_MS = 1000;

/** The caches that this process uses, each with what is to be done when it ends. */
const entered = new Map<string, () => void>();

/** What every use of a cache begins with: this process is known as its user until it ends, when the limit is seen to. */
export function enterCache(root: string): void {
  if (entered.has(root)) return;
  const limit = cacheLimit();
  const mark = join(root, `${ownPrefix(USE)}x`);
  try {
    mkdirSync(root, { recursive: true });
    sweep(root, WORK);
    sweep(root, USE);
    writeFileSync(mark, '');
  } catch {
    // A cache that can only be read needs neither; one that has to be written will say so.
  }
  if (entered.size === 0) process.once('exit', leaveAll);
  entered.set(root, () => {
    try {
      rmSync(mark, { force: true });
      trimCache(root, limit);
    } catch {
      // What cannot be written cannot be tidied up either: whoever had to write said so.
    }
  });
}

function leaveAll(): void {
  for (const leave of entered.values()) leave();
}

export interface CacheEntry {
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly lastUse: number;
}

/** All entries of a cache; none where it does not exist. Nothing else in the folder is looked at. */
export function listEntries(root: string): CacheEntry[] {
  const names = (folder: string, pattern: RegExp): string[] => {
    try {
      return readdirSync(folder).filter((name) => pattern.test(name));
    } catch {
      return [];
    }
  };
  return names(root, /^[0-9a-f]{2}$/).flatMap((shelf) =>
    names(join(root, shelf), /^[0-9a-f]{62}$/).map((name) => {
      const path = join(root, shelf, name);
      const sizes = names(path, /./).map((file) => statSync(join(path, file), { throwIfNoEntry: false })?.size ?? 0);
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      return { path, bytes, lastUse: statSync(useFile(path), { throwIfNoEntry: false })?.mtimeMs ?? 0 };
    }),
  );
}

export interface Trimmed {
  readonly removed: readonly CacheEntry[];
  readonly kept: readonly CacheEntry[];
}

/**
 * Removes entries, those first that were not used for the longest time, until the rest has at most `limit` bytes. What
 * a process that still runs may be using stays.
 */
export function trimCache(root: string, limit: number): Trimmed {
  const since = usedSince(root);
  const oldestFirst = listEntries(root).sort((a, b) => a.lastUse - b.lastUse);
  let bytes = oldestFirst.reduce((sum, entry) => sum + entry.bytes, 0);
  const removed: CacheEntry[] = [];
  for (const entry of oldestFirst) {
    if ((bytes <= limit && limit > 0) || entry.lastUse >= since) break;
    if (!remove(root, entry.path)) continue;
    removed.push(entry);
    bytes -= entry.bytes;
  }
  return { removed, kept: oldestFirst.filter((entry) => !removed.includes(entry)) };
}

/** Since when the longest of the running users has been using the cache; never: infinity. */
function usedSince(root: string): number {
  try {
    const users = listOwned(root, USE).filter(({ alive }) => alive);
    const starts = users.map(
      ({ path }) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY,
    );
    return Math.min(...starts) - CLOCK_MS;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** By renaming it first: an entry is there as a whole or not at all. */
function remove(root: string, path: string): boolean {
  try {
    const away = join(root, `${ownPrefix(WORK)}${path.slice(-12)}`);
    renameSync(path, away);
    rmSync(away, { recursive: true, force: true });
    return true;
  } catch {
    return false; // another process was faster, or the folder can only be read
  }
}
