import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { afterAll } from 'vitest';

const root = join(import.meta.dirname, '..');

/**
 * Writes all of src/ as JavaScript into a folder that is gone after the tests of the file, for tests that need our own
 * sources in a process of their own. Returns the folder that stands for src/.
 */
export function sourcesAsJavaScript(): string {
  mkdirSync(join(root, 'build'), { recursive: true });
  const folder = mkdtempSync(join(root, 'build', 'test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const compilerOptions = {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2022,
    rewriteRelativeImportExtensions: true,
    verbatimModuleSyntax: true,
  };
  for (const name of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const text = readFileSync(join(root, 'src', name), 'utf8');
    const to = join(folder, name.replace(/ts$/, 'js'));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, ts.transpileModule(text, { compilerOptions }).outputText);
  }
  return folder;
}

/** The command lines of all processes, from /proc: a minimal system has no `ps`. */
export const commandLines = (): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')];
      } catch {
        return []; // it ended meanwhile
      }
    });
