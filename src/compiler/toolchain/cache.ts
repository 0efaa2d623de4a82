import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { EnvironmentError, isSystemError, reasonOf } from '../../errors.ts';
import { isWhole, noteUse, sealEntry } from './entry.ts';
import { makeFolder } from './folder.ts';
import { undoOnInterrupt } from './interrupt.ts';
import { enterCache, WORK } from './limit.ts';
import { ownPrefix } from './owner.ts';
import { ToolError } from './spawn.ts';

/**
 * Where compiled things are kept: INT8_GATE_CACHE, else `int8-gate` in the user's cache folder (docs/cache.md).
 * @throws EnvironmentError where the user has no home folder.
 */
export function cacheRoot(): string {
  const { INT8_GATE_CACHE, XDG_CACHE_HOME = '' } = process.env;
  if (INT8_GATE_CACHE) return resolve(INT8_GATE_CACHE);
  // A relative path in the variable is to be ignored: XDG Base Directory Specification.
  return join(isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(home(), '.cache'), 'int8-gate');
}

function home(): string {
  let folder = '';
  try {
    folder = homedir();
  } catch {
    // Neither HOME nor an entry in the list of users.
  }
  if (isAbsolute(folder)) return folder;
  throw new EnvironmentError(
    'there is no folder for the cache: HOME is not set to one. Set INT8_GATE_CACHE to a folder that can be written.',
  );
}

/** SHA-256 of the parts, in hex; where one part ends matters. */
export function contentKey(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    hash.update(`${bytes.byteLength}:`).update(bytes);
  }
  return hash.digest('hex');
}

/**
 * The folder of `key` under `root`, filled by `make` unless it is there and whole. `make` works in a folder of its own
 * that is renamed into place when it returns; of two processes one wins, and both get the same content. Every file is
 * compared with its hash each time; an entry that was damaged is made again.
 * @throws EnvironmentError when the cache cannot be written.
 */
export async function cached(root: string, key: string, make: (folder: string) => Promise<void>): Promise<string> {
  enterCache(root);
  const place = join(root, key.slice(0, 2), key.slice(2));
  if (await isWhole(place, key)) {
    await noteUse(place);
    return place;
  }
  let work: string;
  try {
    await makeFolder(join(root, key.slice(0, 2)));
    work = await mkdtemp(join(root, ownPrefix(WORK)));
  } catch (error) {
    throw cannotWrite(root, error);
  }
  const forget = undoOnInterrupt(() => rmSync(work, { recursive: true, force: true }));
  try {
    await make(work);
    await sealEntry(work, key);
    await putInPlace(work, place, key);
  } catch (error) {
    throw isFull(error) ? cannotWrite(root, error) : error;
  } finally {
    await rm(work, { recursive: true, force: true });
    forget();
  }
  return place;
}

/** Renames a finished entry to where it belongs, unless another process put the same there first. */
async function putInPlace(work: string, place: string, key: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await rename(work, place);
      return;
    } catch (error) {
      if (await isWhole(place, key)) return;
      if (attempt === 3) throw error;
    }
    // Something damaged stands there. It is renamed before it is removed, so that nobody sees half of it.
    await rename(place, join(work, `${attempt}.damaged`)).catch(() => {});
    await rm(join(work, `${attempt}.damaged`), { recursive: true, force: true });
  }
}

/** Tools tell in words what their system told them in numbers. */
const FULL = /no space left on device|disk quota exceeded|file too large|read-only file system|ended by SIGXFSZ/i;

const isFull = (error: unknown): boolean =>
  isSystemError(error) || (error instanceof ToolError && FULL.test(error.message));

function cannotWrite(root: string, error: unknown): EnvironmentError {
  const reason = isSystemError(error)
    ? reasonOf(error)
    : (FULL.exec((error as Error).message)?.[0] ?? (error as Error).message);
  return new EnvironmentError(
    `cannot write to the cache folder ${root}: ${reason}. Set INT8_GATE_CACHE to a folder that can be written and has room, or clear this one: int8-gate cache clear.`,
    { cause: error },
  );
}
