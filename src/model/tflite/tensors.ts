import { quoteName } from '../ir/names.ts';
import { MAX_TENSOR_BYTES } from '../ir/verify.ts';
import { MAX_RANK } from '../ops/checks.ts';
import {
  allocate,
  type DType,
  fromBytes,
  integerRange,
  isFloat,
  isReal,
  itemSize,
  type TensorData,
} from '../tensor/dtype.ts';
import type { Quantization } from '../tensor/quantization.ts';
import { elements, type Shape, showShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { dtypeOf } from './dtypes.ts';
import type { ModelRecord, TensorRecord } from './schema/model.ts';
import { expandSparse, sparseLayout } from './sparse.ts';

/** A file may stand for so many times its own size in sparse constants. */
const MOST_SPARSE = 64;

/** The constants of a file, each block of bytes decoded once. */
export interface Constants {
  /** The bytes of buffer `index`, or null where the tensor is no constant; a string says what is wrong. */
  bytes(index: number): Uint8Array | null | string;
  decode(index: number, bytes: Uint8Array, dtype: DType, count: number): TensorData | string;
  /** Whether sparse constants may grow by this many bytes. */
  mayGrow(bytes: number): boolean;
}

export function openConstants(record: ModelRecord, file: Uint8Array): Constants {
  const buffers = record.buffers ?? [];
  const decoded = new Map<string, TensorData>();
  // Several tensors may show one buffer in different ways; without a limit a small file could fill the memory.
  let budget = 4 * file.length + 1024;
  let growth = MOST_SPARSE * file.length;
  return {
    bytes(index) {
      if (index === 0) return null;
      const buffer = buffers[index];
      if (buffer === undefined) return `buffer ${index} of ${buffers.length} does not exist`;
      if (buffer.data !== null) return buffer.data;
      if (buffer.size === 0) return null;
      if (buffer.offset + buffer.size > file.length)
        return `its data (${buffer.size} bytes at ${buffer.offset}) lies outside the file`;
      return file.subarray(buffer.offset, buffer.offset + buffer.size);
    },
    decode(index, bytes, dtype, count) {
      const key = `${index} ${dtype} ${count}`;
      const known = decoded.get(key);
      if (known !== undefined) return known;
      budget -= count * itemSize(dtype);
      if (budget < 0) return 'the constants of the file overlap too much';
      const data = (
        dtype === 'int4' ? unpackNibbles(bytes, count) : fromBytes(dtype, bytes.subarray(0, count * itemSize(dtype)))
      ) as TensorData;
      decoded.set(key, data);
      return data;
    },
    mayGrow(bytes) {
      growth -= bytes;
      return growth >= 0;
    },
  };
}

/** Two values a byte, the low half first. */
function unpackNibbles(bytes: Uint8Array, count: number): Int8Array {
  const out = new Int8Array(count);
  for (let i = 0; i < count; i++) out[i] = ((bytes[i >> 1] >> (4 * (i & 1))) << 28) >> 28;
  return out;
}

/** Bytes that `count` elements take in a file. */
export const storedBytes = (dtype: DType, count: number): number =>
  dtype === 'int4' ? Math.ceil(count / 2) : count * itemSize(dtype);

/** The shape, or what is wrong with it. */
export function checkShape(shape: Shape, dtype: DType): string | null {
  if (shape.length > MAX_RANK) return `it has ${shape.length} dimensions, and at most ${MAX_RANK} are supported`;
  if (shape.some((d) => !Number.isSafeInteger(d) || d < 0)) return `its shape ${showShape(shape)} is impossible`;
  if (elements(shape) * itemSize(dtype) > MAX_TENSOR_BYTES) return `its shape ${showShape(shape)} exceeds 2 GB`;
  return null;
}

function quantizationOf(record: TensorRecord, dtype: DType, shape: Shape): Quantization | null | string {
  const q = record.quantization;
  // Converters leave calibration ranges (and now and then a scale) on float tensors; TFLite ignores them, and so do we.
  if (q === null || isFloat(dtype) || !isReal(dtype) || dtype === 'bool') return null;
  if (q.details?.type === 'BlockwiseQuantization')
    return 'a scale for each block of a channel is not supported: quantize per channel or per tensor';
  if (q.details !== null) return `${q.details.type} is not supported: only affine quantization is`;
  const scales = q.scale ?? [];
  const zeroPoints = q.zeroPoint ?? [];
  if (scales.length === 0) return null;
  if (zeroPoints.length !== scales.length) return `it has ${scales.length} scales but ${zeroPoints.length} zero points`;
  const badScale = scales.find((s) => !(s > 0 && Number.isFinite(s)));
  if (badScale !== undefined) return `its scale ${badScale} is not a positive number`;
  const [low, high] = integerRange(dtype);
  const badZero = zeroPoints.find((z) => z < low || z > high);
  if (badZero !== undefined) return `its zero point ${badZero} lies outside ${dtype} (${low} to ${high})`;
  if (scales.length === 1) return { scales, zeroPoints, axis: 0 };
  // Some converters give a bias the axis of its filter; along a single dimension there is only one way to read it.
  const axis = shape.length === 1 ? 0 : q.quantizedDimension;
  if (!(axis >= 0 && axis < shape.length))
    return `it is quantized along dimension ${q.quantizedDimension}, but has ${shape.length} dimensions`;
  if (scales.length !== shape[axis])
    return `it has ${scales.length} scales for the ${shape[axis]} slices of dimension ${axis}`;
  return { scales, zeroPoints, axis };
}

/** The concrete shape: a dynamic extent without a default of its own becomes 1. */
function shapeOf(record: TensorRecord): { shape: number[]; signature?: readonly number[] } {
  const declared = record.shape ?? [];
  const signature = record.shapeSignature ?? [];
  if (signature.length !== declared.length || !signature.includes(-1)) return { shape: [...declared] };
  return { shape: declared.map((d, i) => (signature[i] === -1 && d < 1 ? 1 : d)), signature };
}

/** A tensor and everything that is wrong with it; with problems it only stands in, so that the search can go on. */
export interface ImportedTensor {
  readonly tensor: Tensor;
  readonly problems: readonly string[];
}

/**
 * One tensor of a subgraph.
 * @param fed the graph or an operator gives it its value, so that it needs no data of its own
 */
export function importTensor(record: TensorRecord, index: number, constants: Constants, fed: boolean): ImportedTensor {
  const problems: string[] = [];
  return { tensor: readTensor(record, index, constants, fed, problems), problems };
}

function readTensor(
  record: TensorRecord,
  index: number,
  constants: Constants,
  fed: boolean,
  problems: string[],
): Tensor {
  const name = record.name || `tensor_${index}`;
  const problem = (what: string): void => void problems.push(`tensor #${index} ${quoteName(name)}: ${what}`);
  const { shape, signature } = shapeOf(record);
  const dtype = dtypeOf(record.type);
  if (record.type === 'STRING')
    problem('strings are not supported: hand in the part of the model that computes on numbers');
  else if (dtype === null) problem(`elements of type ${record.type} are not supported`);
  if (record.externalBuffer !== 0) problem('its data lies in another file, which is not supported');
  const wrongShape = checkShape(shape, dtype ?? 'int8');
  if (wrongShape !== null) problem(wrongShape);
  const placeholder: Tensor = { name, dtype: dtype ?? 'int8', shape: [], quantization: null, data: null };
  if (dtype === null || wrongShape !== null) return placeholder;

  const quantization = quantizationOf(record, dtype, shape);
  if (typeof quantization === 'string') problem(quantization);
  const bare: Tensor = {
    ...placeholder,
    shape,
    quantization: typeof quantization === 'string' ? null : quantization,
    ...(signature && { signature }),
  };
  if (record.isVariable) return { ...bare, variable: true };
  const count = elements(shape);
  const bytes = constants.bytes(record.buffer);
  if (typeof bytes === 'string') problem(bytes);
  if (typeof bytes === 'string') return bare;
  if (bytes === null || bytes.length === 0) return count === 0 && !fed ? { ...bare, data: allocate(dtype, 0) } : bare;
  const layout = record.sparsity && sparseLayout(record.sparsity, shape);
  if (typeof layout === 'string') problem(layout);
  if (typeof layout === 'string') return bare;
  const stored = layout === null ? count : layout.count;
  const needed = storedBytes(dtype, stored);
  if (bytes.length < needed) {
    problem(`its buffer has ${bytes.length} bytes where ${dtype} ${showShape(shape)} needs ${needed}`);
    return bare;
  }
  const data = constants.decode(record.buffer, bytes, dtype, stored);
  if (typeof data === 'string') problem(data);
  if (typeof data === 'string') return bare;
  if (layout === null) return { ...bare, data };
  if (constants.mayGrow(count * itemSize(dtype))) return { ...bare, data: expandSparse(layout, data, dtype, shape) };
  problem(`its ${stored} stored values stand for too many others (${count} in all)`);
  return bare;
}
