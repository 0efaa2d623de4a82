import { InputError } from '../../errors.ts';
import { type DType, fromBytes, itemSize } from '../../model/tensor/dtype.ts';
import type { NpyArray } from '../../model/tensor/npy.ts';
import { elements } from '../../model/tensor/shape.ts';

/** IDX type codes, as in MNIST's files. */
const TYPES: Readonly<Record<number, DType>> = {
  8: 'uint8',
  9: 'int8',
  11: 'int16',
  12: 'int32',
  13: 'float32',
  14: 'float64',
};

/**
 * Reads an IDX file: two zero bytes, a type, the rank, big-endian extents, big-endian elements.
 * @throws InputError where it is not one, or is cut short
 */
export function parseIdx(bytes: Uint8Array, what: string): NpyArray {
  const dtype = TYPES[bytes[2]];
  const rank = bytes[3];
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || dtype === undefined || bytes.length < 4 + 4 * rank) {
    throw new InputError(`${what}: not an IDX file`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = elements(shape) * itemSize(dtype);
  const body = bytes.slice(4 + 4 * rank);
  if (body.length !== size)
    throw new InputError(`${what}: shape (${shape.join(', ')}) needs ${size} bytes, ${body.length} are there`);
  for (let i = 0; itemSize(dtype) > 1 && i < body.length; i += itemSize(dtype))
    body.subarray(i, i + itemSize(dtype)).reverse();
  return { dtype, shape, data: fromBytes(dtype, body) };
}
