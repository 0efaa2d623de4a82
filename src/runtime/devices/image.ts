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
import type { RunnerImage } from './device.ts';

export interface LinkOptions {
  readonly cacheDir?: string;
  readonly family?: 'gcc' | 'clang';
  /** Further flags, after all others. */
  readonly flags?: readonly string[];
  /** For counting what is executed: memory functions are our own, not libc's, which vary with its version and the processor. */
  readonly counted?: boolean;
}

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
  const files = ['runner.c', 'builds.h', 'pool.h', 'stopwatch.h', 'marks.h', 'parent.h'].map(
    (file) => `runner/${file}`,
  );
  const memory = options.counted ? [nativePath('modelled/memory.c')] : [];
  const sources = [...[...files, 'include/int8_gate.h'].map(nativePath), ...memory];
  const archives = builds.map((build) => build.archive);
  const registry = registrySource(symbols);
  const contents = await Promise.all([...sources, ...archives].map((file) => readFile(file)));
  const key = contentKey(['runner 3', compiler.command, compiler.version, ...flags, ...whole, registry, ...contents]);
  const folder = await cached(options.cacheDir ?? cacheRoot(), key, async (cwd) => {
    await writeFile(join(cwd, 'registry.c'), registry);
    const inputs = [sources[0], 'registry.c', ...memory, ...archives];
    const include = `-I${nativePath('include')}`;
    await runTool(compiler.command, [...flags, ...whole, include, ...inputs, '-lm', '-pthread', '-o', 'runner'], {
      cwd,
    });
  });
  return { executable: join(folder, 'runner'), builds };
}

/** The C file that tells the runner which builds it holds. */
function registrySource(symbols: readonly string[]): string {
  const functions = symbols.map((symbol) => `int8_gate_model_${symbol}`);
  return [
    '#include "int8_gate.h"',
    ...functions.map((name) => `const int8_gate_model *${name}(void);`),
    'extern const int8_gate_model *(*const int8_gate_registry[])(void);',
    `const int8_gate_model *(*const int8_gate_registry[])(void) = {${[...functions, 'NULL'].join(', ')}};`,
    '',
  ].join('\n');
}
