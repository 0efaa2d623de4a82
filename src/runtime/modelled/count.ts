import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseTarget } from '../../compiler/targets/index.ts';
import { cached, cacheRoot, contentKey, findCompiler, projectRoot, runTool } from '../../compiler/toolchain/index.ts';
import { EnvironmentError } from '../../errors.ts';
import type { RunnerImage } from '../devices/device.ts';
import { findQemu, qemuDevice } from '../devices/open.ts';
import { parseCounts } from './blocks.ts';
import { isDynamic } from './elf.ts';

const REGION = 0;

/**
 * Runs one inference of a build in the emulator, on all-zero inputs, and counts its translation blocks. The counts do
 * not vary, so they are kept in the cache. The result is the text that native/modelled/tbcount.c writes, of region 0.
 */
export async function countBlocks(image: RunnerImage, build: number): Promise<string> {
  const source = join(projectRoot(), 'native', 'modelled', 'tbcount.c');
  const [program, plugin] = await Promise.all([readFile(image.executable), readFile(source)]);
  const key = contentKey(['counts 1', program, plugin, String(build)]);
  const folder = await cached(cacheRoot(), key, async (cwd) => {
    const text = await emulate(image, build, await compilePlugin(source));
    parseCounts(text, REGION); // nothing but whole counts is kept
    await writeFile(join(cwd, 'counts.txt'), text);
  });
  return readFile(join(folder, 'counts.txt'), 'utf8');
}

async function emulate(image: RunnerImage, build: number, plugin: string): Promise<string> {
  const qemu = findQemu();
  if (!isDynamic(await readFile(qemu))) throw noPlugins(qemu);
  // A comma ends a file name in QEMU's options unless it is doubled.
  const device = qemuDevice(['-plugin', `${plugin.replaceAll(',', ',,')},out=counts.txt`]);
  try {
    return await device.session(image, {}, async (session) => {
      await session.send(`count ${build} ${REGION}`, image.builds[build]);
      await session.close();
      return readFile(join(session.folder, 'counts.txt'), 'utf8');
    });
  } catch (error) {
    if (error instanceof EnvironmentError && /unknown option .*plugin|load plugin/i.test(error.message)) {
      throw noPlugins(qemu, error);
    }
    throw error;
  }
}

function noPlugins(qemu: string, cause?: Error): EnvironmentError {
  return new EnvironmentError(
    `${qemu} cannot load plugins, which modelled cycles need (statically linked builds, such as qemu-user-static and the ` +
      'qemu-user of Debian 13, cannot): install the qemu-user of Debian 12 or Ubuntu 24.04, or measure on ARM64 hardware',
    { cause },
  );
}

async function compilePlugin(source: string): Promise<string> {
  const compiler = await findCompiler(parseTarget('host'));
  const flags = ['-std=gnu11', '-O2', '-fPIC', '-shared', '-fvisibility=hidden'];
  const key = contentKey(['plugin 1', compiler.command, compiler.version, ...flags, await readFile(source)]);
  const folder = await cached(cacheRoot(), key, async (cwd) => {
    await runTool(compiler.command, [...flags, source, '-o', 'tbcount.so'], { cwd });
  });
  return join(folder, 'tbcount.so');
}
