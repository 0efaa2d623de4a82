import { InputError } from '../../errors.ts';
import type { ModelConfig } from '../config/load.ts';
import { type Problem, refuse } from '../config/problems.ts';
import { splitPath } from '../data/arrays.ts';
import type { Files } from '../data/files.ts';
import { fp32KindOf } from '../data/fp32.ts';
import { FOLDERS } from '../data/labels.ts';
import { isMasks } from '../data/masks.ts';

/**
 * Looks for every file that the entries name, before anything is read.
 * @throws InputError that lists all paths that lead nowhere, each with its place in the configuration
 */
export function checkPaths(entries: readonly ModelConfig[], files: Files): void {
  const look = {
    model: (path: string) => files.size(path),
    fp32: (path: string) => fp32KindOf(path, files),
    inputs: (path: string) => files.expand(splitPath(path).file),
    labels: (path: string) => lookForLabels(splitPath(path).file, files),
  };
  refuse(
    entries.flatMap(({ name, paths }) =>
      paths.flatMap(({ key, kind, path, at }): Problem[] => {
        try {
          look[kind](path);
          return [];
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          return [{ at, text: `${name}, ${key}: ${error.message}` }];
        }
      }),
    ),
  );
}

/** Labels need not be a file; what has a file's extension is one, and so is what stands there. */
function lookForLabels(path: string, files: Files): void {
  if (isMasks(path, files)) files.expand(path);
  else if (path !== FOLDERS && (/\.\w+$/.test(path) || files.exists(path))) files.size(path);
}
