import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Caches } from '../../compiler/targets/index.ts';
import { cached, cacheRoot, contentKey } from '../../compiler/toolchain/index.ts';
import type { RunnerImage } from '../devices/device.ts';
import { openDevice } from '../devices/open.ts';
import type { Counts } from './blocks.ts';
import { addCounters, readCounts } from './counters/patch.ts';

/** What is run and counted. */
export interface CountOptions {
  /** Of the CPU whose traffic with memory is counted. */
  readonly caches: Caches;
  /** For each input, the bytes of the sample; all zeros without it. */
  readonly inputs?: readonly Uint8Array[];
}

/**
 * Runs one inference of a build after a warm one, and counts every instruction it executes and the lines that pass
 * between the caches and memory. The image is to be linked for counting. The counts do not vary, so they are kept in the
 * cache. It runs on this machine where its processor can, else in the emulator, at about full speed either way. Throws an
 * EnvironmentError where neither works.
 */
export async function countInstructions(
  image: RunnerImage,
  build: number,
  { caches: { l1, l2 }, inputs }: CountOptions,
): Promise<Counts> {
  const original = await readFile(image.executable);
  const { program, ...counting } = addCounters(original, build);
  const geometry = [l1, l2].map(({ kib, ways }) => `${kib * 1024} ${ways}`).join(' ');
  const key = contentKey(['counts 3', program, String(build), geometry, ...(inputs ?? [])]);
  const folder = await cached(cacheRoot(), key, async (cwd) => {
    const executable = join(cwd, 'counting');
    await writeFile(executable, program);
    await chmod(executable, 0o755);
    const device = await openDevice(image.builds[build].target);
    const bytes = await device.session({ ...image, executable }, {}, async (session) => {
      const names = (inputs ?? []).map((_, i) => `input${i}.bin`);
      for (const [i, name] of names.entries()) await session.write(name, inputs![i]);
      if (inputs !== undefined) await session.send(`load ${build} 1 ${names.join(' ')}`, image.builds[build]);
      await session.send(`count ${build} counts ${geometry}`, image.builds[build]);
      await session.close();
      return session.read('counts');
    });
    await writeFile(join(cwd, 'counts'), bytes);
    await rm(executable);
  });
  return readCounts(await readFile(join(folder, 'counts')), counting, original);
}
