import { InputError } from '../../errors.ts';
import { readRoot } from './flatbuffer.ts';
import { IDENTIFIER, type ModelRecord, ModelTable, SCHEMA_VERSION } from './schema/model.ts';

const starts = (bytes: Uint8Array, ...magic: number[]): boolean => magic.every((byte, i) => bytes[i] === byte);
const ascii = (bytes: Uint8Array, from: number, to: number): string =>
  Array.from(bytes.subarray(from, to), (b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : '.')).join('');

/** What a file that is no .tflite seems to be, and what to do about it. */
function mistaken(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'the file is empty: export the model again';
  if (ascii(bytes, 0, 42) === 'version https://git-lfs.github.com/spec/v1')
    return 'this is a Git LFS pointer, not the model: run "git lfs pull" (in a workflow: actions/checkout with lfs: true)';
  if (starts(bytes, 0x1f, 0x8b)) return 'the file is gzip-compressed: unpack it first';
  if (starts(bytes, 0x50, 0x4b, 3, 4)) return 'the file is a zip archive: give the .tflite file inside it';
  if (starts(bytes, 0x89, 0x48, 0x44, 0x46)) return 'the file is HDF5 (Keras .h5): convert it to .tflite first';
  if (bytes.length < 8) return `the file ends after ${bytes.length} of its first 8 bytes: it is truncated`;
  if (ascii(bytes, 4, 8).startsWith('TFL'))
    return `its identifier is "${ascii(bytes, 4, 8)}", and only schema ${IDENTIFIER} is known`;
  return `not a .tflite file: bytes 4 to 7 are "${ascii(bytes, 4, 8)}" where "${IDENTIFIER}" should stand`;
}

/**
 * The tables of a .tflite file. Throws InputError where the bytes are none, or broken; faults inside a sound structure
 * are listed in `problems`.
 */
export function readContainer(
  bytes: Uint8Array,
  file: string,
): { readonly record: ModelRecord; readonly problems: readonly string[] } {
  if (bytes.length < 8 || ascii(bytes, 4, 8) !== IDENTIFIER) throw new InputError(`${file}: ${mistaken(bytes)}`);
  const { value, problems } = readRoot(ModelTable, bytes, file);
  if (value.version !== SCHEMA_VERSION)
    throw new InputError(`${file}: schema version ${value.version}; only version ${SCHEMA_VERSION} is known`);
  return { record: value, problems };
}
