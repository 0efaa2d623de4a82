import { readFileSync, type Stats, statSync } from 'node:fs';
import { InputError, reasonOf } from '../errors.ts';

/**
 * The bytes of a file that a user names; a pipe will do.
 * @throws InputError where there is none to read
 */
export const readInputFile = (path: string): Uint8Array => read(path, (found) => !found.isDirectory(), 'not a file');

/**
 * The bytes of a model file.
 * @throws InputError where there is none to read
 */
export const readModelFile = (path: string): Uint8Array =>
  read(path, (found) => found.isFile(), 'not a file; give the path of a .tflite file');

function read(path: string, fits: (found: Stats) => boolean, otherwise: string): Uint8Array {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new InputError(`${path}: no such file`);
  if (!fits(found)) throw new InputError(`${path}: ${otherwise}`);
  try {
    return readFileSync(path);
  } catch (error) {
    throw new InputError(`${path}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}
