import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BLOB_FILE, type Generated } from '../codegen/generate.ts';
import type { Target } from '../targets/index.ts';
import { cached, cacheRoot, contentKey } from './cache.ts';
import { type Compiler, compileFlags, findCompiler } from './compilers.ts';
import { nativePath } from './root.ts';
import { runTool } from './spawn.ts';

/** What is compiled: a model's C and the constants that it pulls in. */
export type ModelSource = Pick<Generated, 'symbol' | 'source' | 'blob'>;

export interface CompileOptions {
  readonly cacheDir?: string;
  readonly family?: 'gcc' | 'clang';
  /** Further flags, after all others: sanitizers, another level of optimisation. */
  readonly flags?: readonly string[];
}

export interface CompiledObject {
  /** Cache folder with model.c, weights.bin, model.o and model.a. */
  readonly folder: string;
  readonly archive: string;
  readonly compiler: Compiler;
}

/** Where headers of native/ are looked for. */
export const includeDirs = (): string[] => ['kernels', 'include'].map(nativePath);

/** Every header of native/ that `source` includes, directly or not, as cache key parts: name, then text. */
export function headerTexts(source: string, dirs: readonly string[] = includeDirs()): string[] {
  const texts = new Map<string, string>();
  const visit = (text: string): void => {
    for (const [, name] of text.matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"]+)"/gm)) {
      if (texts.has(name)) continue;
      for (const dir of dirs) {
        try {
          texts.set(name, readFileSync(join(dir, name), 'utf8'));
          visit(texts.get(name)!);
          break;
        } catch {
          // Not in this folder; if in none, the compiler will say so.
        }
      }
    }
  };
  visit(source);
  return [...texts].sort(([a], [b]) => (a < b ? -1 : 1)).flat();
}

/**
 * Compiles a model's source to an object and an archive, or finds them in the cache.
 * @throws EnvironmentError when there is no compiler or it fails.
 */
export async function compileModelSource(
  model: ModelSource,
  target: Target,
  options: CompileOptions = {},
): Promise<CompiledObject> {
  const compiler = await findCompiler(target, options.family);
  const flags = [...compileFlags(compiler, target), ...(options.flags ?? [])];
  const tools = [compiler.command, compiler.version, flags.join('\n')];
  const key = contentKey(['model 1', ...tools, model.source, ...headerTexts(model.source), model.blob]);
  const folder = await cached(options.cacheDir ?? cacheRoot(), key, async (cwd) => {
    await writeFile(join(cwd, 'model.c'), model.source);
    await writeFile(join(cwd, BLOB_FILE), model.blob);
    const includes = includeDirs().map((dir) => `-I${dir}`);
    await runTool(compiler.command, [...flags, ...includes, '-c', 'model.c', '-o', 'model.o'], { cwd });
    await runTool(compiler.ar, ['rcs', 'model.a', 'model.o'], { cwd });
  });
  return { folder, archive: join(folder, 'model.a'), compiler };
}

/**
 * Links a compiled model into a shared library that exports `int8_gate_model_<symbol>` and, for dlopen,
 * `int8_gate_model`. Returns its path in the cache.
 */
export async function linkShared(
  object: CompiledObject,
  symbol: string,
  target: Target,
  options: CompileOptions = {},
): Promise<string> {
  const { compiler } = object;
  // Without int8_gate.h, whose type has the function's name: the function is for dlsym, which knows no types.
  const entry = [
    `const struct int8_gate_model *int8_gate_model_${symbol}(void);`,
    '__attribute__((visibility("default"))) const struct int8_gate_model *int8_gate_model(void);',
    `const struct int8_gate_model *int8_gate_model(void) { return int8_gate_model_${symbol}(); }`,
    '',
  ].join('\n');
  const flags = [...compileFlags(compiler, target), ...compiler.linkArgs];
  const model = join(object.folder, 'model.o');
  const key = contentKey(['shared 1', object.folder, entry, flags.join('\n')]);
  const folder = await cached(options.cacheDir ?? cacheRoot(), key, async (cwd) => {
    await writeFile(join(cwd, 'entry.c'), entry);
    await runTool(compiler.command, [...flags, '-shared', 'entry.c', model, '-lm', '-o', 'model.so'], { cwd });
  });
  return join(folder, 'model.so');
}

/** The contents of what a program links a compiled model from: the public header, the archive, the shared library. */
export async function linkedFiles(
  object: CompiledObject,
  symbol: string,
  target: Target,
  options: CompileOptions = {},
): Promise<Readonly<Record<'header' | 'archive' | 'shared', Uint8Array>>> {
  const header = nativePath('include/int8_gate.h');
  const paths = [header, object.archive, await linkShared(object, symbol, target, options)];
  const [text, archive, shared] = await Promise.all(paths.map((path) => readFile(path)));
  return { header: text, archive, shared };
}
