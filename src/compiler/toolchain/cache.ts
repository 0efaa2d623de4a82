import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { EnvironmentError } from '../../errors.ts';

/** Where compiled things are kept: INT8_GATE_CACHE, else `int8-gate` in the user's cache folder. */
export function cacheRoot(): string {
  const { INT8_GATE_CACHE, XDG_CACHE_HOME } = process.env;
  if (INT8_GATE_CACHE) return resolve(INT8_GATE_CACHE);
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'int8-gate');
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
 * The folder of `key` under `root`, filled by `make` unless it is there. `make` works in a folder of its own that is
 * renamed into place when it returns, so a folder that exists is complete; of two processes one wins, and both get the
 * same content.
 * @throws EnvironmentError when the cache cannot be written.
 */
export async function cached(root: string, key: string, make: (folder: string) => Promise<void>): Promise<string> {
  const place = join(root, key.slice(0, 2), key.slice(2));
  if (existsSync(place)) return place;
  let work: string;
  try {
    await mkdir(join(root, key.slice(0, 2)), { recursive: true });
    work = await mkdtemp(join(root, 'work-'));
  } catch (error) {
    throw new EnvironmentError(
      `cannot write to the cache folder ${root}: ${(error as Error).message}. Set INT8_GATE_CACHE to a folder that can be written.`,
      { cause: error },
    );
  }
  try {
    await make(work);
    await rename(work, place);
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    // Another process put the same content there first.
    if (!existsSync(place)) throw error;
  }
  return place;
}
