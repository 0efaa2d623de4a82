import { InputError } from '../../errors.ts';
import { type DType, fromBytes, itemSize, type TensorData, toBytes } from './dtype.ts';
import { elements, type Shape, showShape } from './shape.ts';

/** An array with its type and shape, as a .npy file holds it. */
export interface NpyArray {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: TensorData;
}

/** numpy's type codes, without the byte order. */
const CODES: Readonly<Record<Exclude<DType, 'resource'>, string>> = {
  float32: 'f4',
  float16: 'f2',
  float64: 'f8',
  // numpy has no 4-bit integers; in memory they look like int8 anyway.
  int4: 'i1',
  int8: 'i1',
  uint8: 'u1',
  int16: 'i2',
  uint16: 'u2',
  int32: 'i4',
  uint32: 'u4',
  int64: 'i8',
  uint64: 'u8',
  bool: 'b1',
  complex64: 'c8',
};
const DTYPES_BY_CODE = new Map(
  Object.entries(CODES).flatMap(([dtype, code]) => (dtype === 'int4' ? [] : [[code, dtype as DType] as const])),
);

const MAGIC = '\x93NUMPY';
/** numpy's own headers are padded to 64 bytes; a longer one than this describes no plain array. */
const MAX_HEADER = 65536;
const MOST_DIMENSIONS = 32;

/**
 * The array in the bytes of a .npy file (format 1.0 to 3.0, little-endian, C order). Throws InputError, naming `file`,
 * where the bytes are anything else.
 */
export function parseNpy(bytes: Uint8Array, file: string): NpyArray {
  const fail = (what: string): never => {
    throw new InputError(`${file}: ${what}`);
  };
  const text = (from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
  if (bytes.length < 10 || text(0, 6) !== MAGIC) fail('not a .npy file (it does not begin with \\x93NUMPY)');
  const major = bytes[6];
  if (major < 1 || major > 3) fail(`.npy format ${major}.${bytes[7]} is not known (1.0 to 3.0 are)`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = major === 1 ? 10 : 12;
  if (bytes.length < start) fail('the .npy header is truncated');
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER) fail(`a .npy header of ${length} bytes describes no plain array`);
  if (start + length > bytes.length) fail('the .npy header is truncated');

  const header = new TextDecoder('latin1').decode(bytes.subarray(start, start + length));
  const entry = (key: string, value: string): string =>
    new RegExp(`'${key}'\\s*:\\s*${value}`).exec(header)?.[1] ??
    fail(`the .npy header has no plain '${key}' (structured and object arrays are not supported)`);
  const descr = entry('descr', "'([^']*)'");
  const dtype = DTYPES_BY_CODE.get(descr.slice(1));
  if (dtype === undefined) return fail(`elements of numpy type '${descr}' are not supported`);
  if (descr[0] !== '<' && !(descr[0] === '|' && itemSize(dtype) === 1))
    fail(`numpy type '${descr}' is not little-endian: save the array with astype('<${descr.slice(1)}')`);
  if (entry('fortran_order', '(True|False)') === 'True')
    fail('the array is in Fortran order: save numpy.ascontiguousarray(array)');
  const extents = entry('shape', '\\(([\\d\\s,]*)\\)')
    .split(',')
    .map((d) => d.trim())
    .filter((d) => d !== '');
  if (extents.length > MOST_DIMENSIONS)
    fail(`the array has ${extents.length} dimensions, more than ${MOST_DIMENSIONS}`);
  const shape = extents.map(Number);
  const needed = elements(shape) * itemSize(dtype);
  const data = bytes.subarray(start + length);
  if (!shape.every(Number.isSafeInteger) || needed !== data.length)
    fail(`${data.length} bytes of data where ${dtype} ${showShape(shape)} needs ${needed}`);
  const values = fromBytes(dtype, data) as TensorData;
  return { dtype, shape, data: dtype === 'bool' ? Uint8Array.from(data, (v) => (v === 0 ? 0 : 1)) : values };
}

/** The bytes of a .npy file, format 1.0, C order. float16 elements are bit patterns; int4 becomes int8. */
export function writeNpy({ dtype, shape, data }: NpyArray): Uint8Array {
  if (data.length !== elements(shape))
    throw new RangeError(`${data.length} elements for the shape ${showShape(shape)}`);
  if (dtype === 'resource') throw new TypeError('a handle means nothing outside of its run');
  const order = itemSize(dtype) === 1 ? '|' : '<';
  const extents = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dict = `{'descr': '${order}${CODES[dtype]}', 'fortran_order': False, 'shape': (${extents}), }`;
  const header = `${dict.padEnd(Math.ceil((10 + dict.length + 1) / 64) * 64 - 11)}\n`;
  const out = new Uint8Array(10 + header.length + data.byteLength);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  out.set(new TextEncoder().encode(header), 10);
  out.set(toBytes(data), 10 + header.length);
  return out;
}
