import { readFileSync, statSync } from 'node:fs';
import { InputError } from '../errors.ts';

/** The bytes of a model file. Throws InputError where there is none to read. */
export function readModelFile(path: string): Uint8Array {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new InputError(`${path}: no such file`);
  if (!found.isFile()) throw new InputError(`${path}: not a file; give the path of a .tflite file`);
  try {
    return readFileSync(path);
  } catch (error) {
    throw new InputError(`${path}: cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
