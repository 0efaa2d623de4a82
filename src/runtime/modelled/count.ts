import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, cacheRoot, contentKey } from '../../compiler/toolchain/index.ts';
import type { RunnerImage } from '../devices/device.ts';
import { openDevice } from '../devices/open.ts';
import type { Counts } from './blocks.ts';
import { addCounters, readCounts } from './counters/patch.ts';

/**
 * Runs one inference of a build, on all-zero inputs, and counts every instruction it executes. The image is to be linked
 * for counting. The counts do not vary, so they are kept in the cache. It runs on this machine where its processor can,
 * else in the emulator, at about full speed either way. Throws an EnvironmentError where neither works.
 */
export async function countInstructions(image: RunnerImage, build: number): Promise<Counts> {
  const original = await readFile(image.executable);
  const { program, sites } = addCounters(original);
  const key = contentKey(['counts 2', program, String(build)]);
  const folder = await cached(cacheRoot(), key, async (cwd) => {
    const executable = join(cwd, 'counting');
    await writeFile(executable, program);
    await chmod(executable, 0o755);
    const device = await openDevice(image.builds[build].target);
    const bytes = await device.session({ ...image, executable }, {}, async (session) => {
      await session.send(`count ${build} counts`, image.builds[build]);
      await session.close();
      return session.read('counts');
    });
    await writeFile(join(cwd, 'counts'), bytes);
    await rm(executable);
  });
  return readCounts(await readFile(join(folder, 'counts')), sites, original);
}
