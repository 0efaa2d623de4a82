import { InputError } from '../../errors.ts';
import type { DType, TensorData } from '../../model/tensor/dtype.ts';
import { floatOfHalf } from '../../model/tensor/half.ts';
import { type NpyArray, parseNpy } from '../../model/tensor/npy.ts';
import type { Files } from './files.ts';
import { parseIdx } from './idx.ts';
import { readNpz } from './npz.ts';

/** A path that may name one array of an archive: `specs.npz#labels`. */
export function splitPath(path: string): { readonly file: string; readonly array: string | undefined } {
  const at = path.search(/\.npz#[^/\\]*$/i);
  return at < 0 ? { file: path, array: undefined } : { file: path.slice(0, at + 4), array: path.slice(at + 5) };
}

export const isArrayFile = (path: string): boolean => /\.(npy|npz)$/i.test(splitPath(path).file) || isIdx(path);

const isIdx = (path: string): boolean => /([.-]idx\d?-ubyte|\.idx\d?)$/i.test(path);

/** The array in a .npy, .npz (`file.npz#name`) or IDX file. */
export function readArray(path: string, files: Files): NpyArray {
  const { file, array } = splitPath(path);
  if (/\.npz$/i.test(file)) return readNpz(files.read(file), array, file);
  if (isIdx(file)) return parseIdx(files.read(file), file);
  if (/\.npy$/i.test(file)) return parseNpy(files.read(file), file);
  files.size(file); // a file that is not there is said to be missing
  throw new InputError(`${path}: not a .npy, .npz or IDX file`);
}

/** The elements as doubles; half-precision ones are decoded, 64-bit integers beyond 2^53 lose their last digits. */
export function toReals(data: TensorData, dtype: DType): ArrayLike<number> {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  if (dtype !== 'float16') return data as Exclude<TensorData, BigInt64Array | BigUint64Array>;
  return Float64Array.from(data as Uint16Array, floatOfHalf);
}
