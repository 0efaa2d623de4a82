/**
 * Element types of tensors, with TFLite's names. INT4 is unpacked to one value a byte on import, so in memory an
 * int4 tensor looks like an int8 one whose values lie in [-8, 7].
 */

const ARRAYS = {
  float32: Float32Array,
  /** IEEE half precision, kept as its bit pattern: Node 20 has no Float16Array. */
  float16: Uint16Array,
  float64: Float64Array,
  int4: Int8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
  /** Two float32, the real part first, kept as their bit pattern: `complexParts` shows them. */
  complex64: BigUint64Array,
  /** A handle: which of a model's variables (VAR_HANDLE). */
  resource: Int32Array,
} as const;

export type DType = keyof typeof ARRAYS;
/** The arrays, whatever kind of buffer they view. */
interface Arrays {
  float32: Float32Array;
  float16: Uint16Array;
  float64: Float64Array;
  int4: Int8Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
  complex64: BigUint64Array;
  resource: Int32Array;
}
export type DataOf<D extends DType> = Arrays[D];
/** The elements of a tensor, row-major. */
export type TensorData = DataOf<DType>;

export const DTYPES = Object.keys(ARRAYS) as readonly DType[];

/** Bytes of one element in memory (int4: one byte, unpacked). */
export function itemSize(dtype: DType): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/** A zeroed array of `length` elements. */
export function allocate<D extends DType>(dtype: D, length: number): DataOf<D> {
  return new ARRAYS[dtype](length) as DataOf<D>;
}

/**
 * `bytes` (little-endian) read as elements of `dtype`; copies, so that alignment does not matter.
 * A trailing partial element is dropped: callers check lengths first.
 */
export function fromBytes<D extends DType>(dtype: D, bytes: Uint8Array): DataOf<D> {
  const size = itemSize(dtype);
  const whole = bytes.byteLength - (bytes.byteLength % size);
  // Not bytes.slice: on a Buffer that makes a view into a pool of others.
  const copy = new Uint8Array(bytes.subarray(0, whole));
  return new ARRAYS[dtype](copy.buffer, 0, whole / size) as DataOf<D>;
}

/** The bytes of `data` without a copy. */
export function toBytes(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Real and imaginary parts in turn of complex64 elements, without a copy. */
export const complexParts = (data: BigUint64Array): Float32Array =>
  new Float32Array(data.buffer, data.byteOffset, 2 * data.length);

const QUANTIZED: ReadonlySet<DType> = new Set(['int4', 'int8', 'uint8', 'int16']);
const FLOATS: ReadonlySet<DType> = new Set(['float16', 'float32', 'float64']);

/** Whether tensors of this type can carry a scale and a zero point that operators compute with. */
export const isQuantizable = (dtype: DType): boolean => QUANTIZED.has(dtype);
/** Types whose elements are no single number: they carry no scale, and no metric compares them. */
export const isReal = (dtype: DType): boolean => dtype !== 'complex64' && dtype !== 'resource';
export const isFloat = (dtype: DType): boolean => FLOATS.has(dtype);

/** The smallest and largest value of an integer type (int64 is returned as doubles, hence inexact). */
export function integerRange(dtype: DType): readonly [min: number, max: number] {
  switch (dtype) {
    case 'int4':
      return [-8, 7];
    case 'int8':
      return [-128, 127];
    case 'uint8':
      return [0, 255];
    case 'int16':
      return [-32768, 32767];
    case 'uint16':
      return [0, 65535];
    case 'int32':
      return [-2147483648, 2147483647];
    case 'uint32':
      return [0, 4294967295];
    case 'int64':
      return [-(2 ** 63), 2 ** 63];
    case 'uint64':
      return [0, 2 ** 64];
    case 'bool':
      return [0, 1];
    default:
      throw new TypeError(`${dtype} is not an integer type`);
  }
}
