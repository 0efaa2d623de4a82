import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Build } from '../../compiler/build.ts';
import { parseTarget } from '../../compiler/targets/index.ts';
import {
  cached,
  cacheRoot,
  compileFlags,
  contentKey,
  findCompiler,
  nativePath,
  runTool,
} from '../../compiler/toolchain/index.ts';
import { arrange, copyArchive, copyName, gapSource } from './arrange.ts';
import type { LinkOptions, RunnerImage } from './device.ts';

export type { LinkOptions } from './device.ts';

/**
 * Links the runner with the builds, statically and at a fixed address (what emulation and counting want), or finds that
 * program in the cache. The builds must be of one architecture and have symbols of their own; their ISA levels may
 * differ. Throws an EnvironmentError when there is no compiler or it fails.
 */
export async function linkRunner(builds: readonly Build[], options: LinkOptions = {}): Promise<RunnerImage> {
  const symbols = builds.map((build) => build.symbol);
  const arch = builds[0]?.target.arch;
  if (new Set(symbols).size !== builds.length || builds.some((build) => build.target.arch !== arch)) {
    throw new RangeError('a runner image takes builds of one architecture, each with a symbol of its own');
  }
  // The runner itself is built for the plainest processor, so that only a build's own code can be unknown to a machine.
  const target = parseTarget(arch === 'aarch64' ? 'aarch64' : 'host');
  const compiler = await findCompiler(target, options.family);
  const flags = [...compileFlags(compiler, target), ...compiler.linkArgs, ...(options.flags ?? [])];
  // Sanitizers come as shared libraries or want to place the program themselves.
  const sanitized = flags.some((flag) => flag.startsWith('-fsanitize='));
  const whole = process.platform === 'darwin' || sanitized ? [] : ['-static', '-no-pie'];
  const files = ['runner.c', 'builds.h', 'pool.h', 'stopwatch.h', 'instructions.h', 'parent.h'].map(
    (file) => `runner/${file}`,
  );
  const counting = ['modelled/memory.c', 'modelled/cache.c', 'modelled/cache.h', 'runner/marks.h'];
  const sources = [...files, 'include/int8_gate.h', ...(options.counted ? counting : [])].map(nativePath);
  const archives = builds.map((build) => build.archive);
  const { copyOf, layout = 0 } = options;
  const names = symbols.map(modelName);
  const registry = registrySource(copyOf === undefined ? names : [...names, copyName(names[copyOf])]);
  const contents = await Promise.all([...sources, ...archives].map((file) => readFile(file)));
  const parts = copyOf === undefined ? archives : [...archives, 'copy.a'];
  const places = arrange(parts.length, layout);
  const arrangement = places.map(({ part, gap }) => `${part} ${gap}`).join(', ');
  const key = contentKey([
    ...['runner 5', compiler.command, compiler.version, ...flags, ...whole, registry, `${arrangement}; ${copyOf}`],
    ...contents,
  ]);
  const folder = await cached(options.cacheDir ?? cacheRoot(), key, async (cwd) => {
    await writeFile(join(cwd, 'registry.c'), registry);
    if (copyOf !== undefined)
      await writeFile(join(cwd, 'copy.a'), copyArchive(await readFile(archives[copyOf]), names[copyOf]));
    const arranged: string[] = [];
    for (const [i, { part, gap }] of places.entries()) {
      if (gap > 0) {
        await writeFile(join(cwd, `gap${i}.c`), gapSource(gap));
        arranged.push(`gap${i}.c`);
      }
      arranged.push(parts[part]);
    }
    const compile = (args: readonly string[]) => runTool(compiler.command, [...flags, ...args], { cwd });
    const include = [`-I${nativePath('include')}`];
    const memory: string[] = [];
    if (options.counted) {
      // The caches are looked up between any two instructions of a build: no vector register may change.
      await compile(['-mgeneral-regs-only', '-c', nativePath('modelled/cache.c'), '-o', 'cache.o']);
      include.push(`-I${nativePath('modelled')}`, '-DINSTRUMENTED');
      memory.push(nativePath('modelled/memory.c'), 'cache.o');
    }
    const inputs = [sources[0], 'registry.c', ...memory, ...arranged];
    await compile([...whole, ...include, ...inputs, '-lm', '-pthread', '-o', 'runner']);
  });
  const copies = copyOf === undefined ? [] : [builds[copyOf]];
  return { executable: join(folder, 'runner'), builds: [...builds, ...copies], link: options };
}

const modelName = (symbol: string): string => `int8_gate_model_${symbol}`;

/** The C file that tells the runner which builds it holds. */
function registrySource(functions: readonly string[]): string {
  return [
    '#include "int8_gate.h"',
    ...functions.map((name) => `const int8_gate_model *${name}(void);`),
    'extern const int8_gate_model *(*const int8_gate_registry[])(void);',
    `const int8_gate_model *(*const int8_gate_registry[])(void) = {${[...functions, 'NULL'].join(', ')}};`,
    '',
  ].join('\n');
}
