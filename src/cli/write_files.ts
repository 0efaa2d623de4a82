import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError } from '../errors.ts';

/**
 * Writes files into a folder, which is made if need be. All are complete before the first appears, and each appears by
 * rename, in order.
 * @throws InputError when the folder cannot be written.
 */
export async function writeFiles(
  folder: string,
  files: readonly (readonly [name: string, content: string | Uint8Array])[],
): Promise<void> {
  let work: string | null = null;
  try {
    await mkdir(folder, { recursive: true });
    work = await mkdtemp(join(folder, '.int8-gate-'));
    for (const [i, [, content]] of files.entries()) await writeFile(join(work, String(i)), content);
    for (const [i, [name]] of files.entries()) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await rename(join(work, String(i)), join(folder, name));
    }
  } catch (error) {
    throw new InputError(`cannot write to ${folder}: ${(error as Error).message}`, { cause: error });
  } finally {
    if (work !== null) await rm(work, { recursive: true, force: true });
  }
}
