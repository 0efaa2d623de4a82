import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EnvironmentError } from '../../errors.ts';

/**
 * The folder that holds `native/`: the nearest one above this file (src/, build/js/ or a bundle in dist/).
 * @throws EnvironmentError when the installation is incomplete.
 */
export function projectRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'native', 'include', 'int8_gate.h'))) return folder;
    if (folder === dirname(folder)) {
      throw new EnvironmentError(
        `the installation is incomplete: no folder above ${start} holds native/include/int8_gate.h. Install int8-gate again.`,
      );
    }
  }
}

/** The path of a file or folder below `native/`. */
export const nativePath = (path: string): string => join(projectRoot(), 'native', path);
