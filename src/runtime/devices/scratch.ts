import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownPrefix, sweep, undoOnInterrupt } from '../../compiler/toolchain/index.ts';
import { EnvironmentError, isSystemError, reasonOf } from '../../errors.ts';

const KIND = 'int8-gate-run';
let swept: string | null = null;

/**
 * Gives `use` an empty folder of its own, which is gone afterwards, whatever happens; if the process is killed, a later
 * one removes it.
 * @throws EnvironmentError that names the folder for temporary files where that cannot be written.
 */
export async function withScratch<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const parent = tmpdir();
  if (swept !== parent) sweep(parent, KIND);
  swept = parent;
  try {
    const folder = await mkdtemp(join(parent, ownPrefix(KIND)));
    const done = undoOnInterrupt(() => rmSync(folder, { recursive: true, force: true }));
    try {
      return await use(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
      done();
    }
  } catch (error) {
    throw isSystemError(error) ? scratchError(reasonOf(error), error) : error;
  }
}

/** The folder for temporary files cannot take what has to be written. */
export const scratchError = (reason: string, cause?: unknown): EnvironmentError =>
  new EnvironmentError(
    `cannot write to the folder for temporary files ${tmpdir()}: ${reason}. Set TMPDIR to a folder that can be written and has room.`,
    { cause },
  );
