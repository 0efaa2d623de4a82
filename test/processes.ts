import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
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

/** What `look` finds in the folders of all processes in /proc: a minimal system has no `ps`. */
const ofProcesses = (look: (folder: string) => string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [look(join('/proc', pid))];
      } catch {
        return []; // it ended meanwhile
      }
    });

export const commandLines = (): string[] => ofProcesses((folder) => readFileSync(join(folder, 'cmdline'), 'utf8'));

/** The working directories, below `folder`, of processes. */
export const busyIn = (folder: string): string[] =>
  ofProcesses((process) => readlinkSync(join(process, 'cwd'))).filter((cwd) => cwd.startsWith(`${folder}/`));
