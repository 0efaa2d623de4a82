import { clamp, roundAway } from '../arithmetic/rounding.ts';
import { allocate, type TensorData } from '../tensor/dtype.ts';
import { elements } from '../tensor/shape.ts';
import { defineOp, dtypeIs, firstProblems, integers, MAX_ELEMENTS, operand, rankIs, sameDtype } from './checks.ts';
import type { EvalView, OpDefinition, OpTable, OpView } from './definition.ts';

export interface ResizeAttrs {
  /** The corner pixels of input and output lie on one another. */
  readonly alignCorners: boolean;
  /** Pixels are squares whose centres are sampled. */
  readonly halfPixelCenters: boolean;
}
export interface ResizeFamily {
  /** data NHWC, size [height, width]. TFLite RESIZE_BILINEAR. */
  'image.resize_bilinear': ResizeAttrs;
  /** data NHWC, size. TFLite RESIZE_NEAREST_NEIGHBOR. */
  'image.resize_nearest': ResizeAttrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends ResizeFamily {}
}
type ResizeKind = keyof ResizeFamily;

/** Along one axis, for each output index: the two input indices it lies between, and how far it is past the first. */
export interface Interpolation {
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** float32 values, or 1/1024ths for int8 and int16. */
  readonly fraction: Float32Array | Int32Array;
}

const f = Math.fround;

/** Sources: ComputeInterpolationValues and ComputeInterpolationValuesInteger (reference/resize_bilinear.h). */
function interpolate(input: number, output: number, attrs: ResizeAttrs, fixed: boolean): Interpolation {
  const corners = attrs.alignCorners && output > 1 ? 1 : 0;
  const [from, to] = [input - corners, output - corners];
  const scale = fixed ? Math.floor((1024 * from + Math.floor(to / 2)) / to) : f(from / to);
  const position = (i: number): number => {
    if (fixed) return attrs.halfPixelCenters ? i * scale + (scale >> 1) - 512 : i * scale;
    return attrs.halfPixelCenters ? f(f(f(i + 0.5) * scale) - 0.5) : f(i * scale);
  };
  const unit = fixed ? 1024 : 1;
  const result = {
    low: new Int32Array(output),
    high: new Int32Array(output),
    fraction: fixed ? new Int32Array(output) : new Float32Array(output),
  };
  for (let i = 0; i < output; i++) {
    const at = position(i);
    const low = clamp(Math.trunc(Math.floor(at) / unit), 0, input - 1);
    const high = fixed ? Math.trunc((at + 1023) / 1024) : Math.ceil(at);
    result.low[i] = low;
    // Rounding can lead past the last pixel, where TFLite would read beyond the image.
    result.high[i] = clamp(high, low, input - 1);
    result.fraction[i] = at - unit * low;
  }
  return result;
}

/** Source: GetNearestNeighbor (reference/resize_nearest_neighbor.h). */
function nearest(input: number, output: number, attrs: ResizeAttrs): Int32Array {
  const scale = attrs.alignCorners && output > 1 ? f((input - 1) / f(output - 1)) : f(input / f(output));
  const offset = attrs.halfPixelCenters ? 0.5 : 0;
  return Int32Array.from({ length: output }, (_, i) => {
    const at = f(f(i + offset) * scale);
    return clamp(attrs.alignCorners ? roundAway(at) : Math.floor(at), 0, input - 1);
  });
}

const extents = (op: OpView<ResizeKind>): readonly [rows: readonly number[], columns: readonly number[]] => {
  const [from, to] = [operand(op, 0).shape, op.outputs[0].shape];
  return [
    [from[1], to[1]],
    [from[2], to[2]],
  ];
};

/** Where the rows and columns of a bilinear resize come from. */
export function bilinearTables(op: OpView<'image.resize_bilinear'>): readonly [Interpolation, Interpolation] {
  const fixed = /^int/.test(operand(op, 0).dtype);
  const [[h, outH], [w, outW]] = extents(op);
  return [interpolate(h, outH, op.attrs, fixed), interpolate(w, outW, op.attrs, fixed)];
}

/** Which row and column of the input each of the output's is. */
export function nearestTables(op: OpView<'image.resize_nearest'>): readonly [Int32Array, Int32Array] {
  const [[h, outH], [w, outW]] = extents(op);
  return [nearest(h, outH, op.attrs), nearest(w, outW, op.attrs)];
}

/** Mixes the four neighbours at the fractions y and x; int8 and int16 in fixed point, uint8 by way of float32. */
type Mix = (a: number, b: number, c: number, d: number, y: number, x: number) => number;

const mixFixed: Mix = (a, b, c, d, y, x) => {
  const sum = a * (1024 - y) * (1024 - x) + b * y * (1024 - x) + c * (1024 - y) * x + d * y * x;
  return Math.trunc((sum + (sum > 0 ? 524288 : -524288)) / 1048576);
};
const mixFloat: Mix = (a, b, c, d, y, x) => {
  const [up, left] = [f(1 - y), f(1 - x)];
  const upper = f(f(f(f(a * up) * left) + f(f(b * y) * left)) + f(f(c * up) * x));
  return f(upper + f(f(d * y) * x));
};
const mixByte: Mix = (...args) => Math.trunc(f(mixFloat(...args) + 0.5));

function bilinear(op: EvalView<'image.resize_bilinear'>): TensorData[] {
  const { dtype, shape } = op.outputs[0];
  const data = op.data[0] as Float32Array;
  const out = allocate(dtype, elements(shape));
  const [rows, columns] = bilinearTables(op);
  const [, height, width, channels] = operand(op, 0).shape;
  const mix = dtype === 'float32' ? mixFloat : dtype === 'uint8' ? mixByte : mixFixed;
  for (let b = 0, o = 0; b < shape[0]; b++) {
    const at = (y: number, x: number): number => ((b * height + y) * width + x) * channels;
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[2]; x++) {
        const [y0, y1, x0, x1] = [rows.low[y], rows.high[y], columns.low[x], columns.high[x]];
        const [p, q, r, s] = [at(y0, x0), at(y1, x0), at(y0, x1), at(y1, x1)];
        const [dy, dx] = [rows.fraction[y], columns.fraction[x]];
        for (let c = 0; c < channels; c++) out[o++] = mix(data[p + c], data[q + c], data[r + c], data[s + c], dy, dx);
      }
    }
  }
  return [out];
}

function pick(op: EvalView<'image.resize_nearest'>): TensorData[] {
  const { dtype, shape } = op.outputs[0];
  const data = op.data[0] as Float32Array;
  const out = allocate(dtype, elements(shape)) as Float32Array;
  const [rows, columns] = nearestTables(op);
  const [, height, width, channels] = operand(op, 0).shape;
  for (let b = 0, o = 0; b < shape[0]; b++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[2]; x++, o += channels) {
        const from = ((b * height + rows[y]) * width + columns[x]) * channels;
        out.set(data.subarray(from, from + channels), o);
      }
    }
  }
  return [out];
}

function check(op: OpView<ResizeKind>): string[] {
  const [data, size] = [operand(op, 0), operand(op, 1)];
  const { alignCorners, halfPixelCenters } = op.attrs;
  return firstProblems(
    () => [
      rankIs(data, 'the input', 4),
      dtypeIs(data, 'the input', 'float32', 'int8', 'uint8', 'int16'),
      sameDtype(data, 'the input', op.outputs[0], 'the output'),
      dtypeIs(size, 'the size', 'int32'),
      elements(size.shape) !== 2 && `the size has ${elements(size.shape)} values, not 2`,
      op.kind === 'image.resize_bilinear' &&
        alignCorners &&
        halfPixelCenters &&
        'align_corners and half_pixel_centers exclude one another',
    ],
    () => [
      (data.shape[1] < 1 || data.shape[2] < 1) && 'the input has no pixels',
      integers(size)?.some((n) => n < 1 || n > MAX_ELEMENTS) && `the size is ${integers(size)?.join(' × ')}`,
    ],
  );
}

const resize = <K extends ResizeKind>(evaluate: (op: EvalView<K>) => TensorData[]): OpDefinition<K> =>
  defineOp<K>({
    arity: { inputs: [2, 2], outputs: [1, 1] },
    check: (op) => check(op as OpView<ResizeKind>),
    shapes: (op) => {
      const size = integers(op.inputs[1]);
      const [batches, , , channels] = operand(op, 0).shape;
      return [size && [batches, size[0], size[1], channels]];
    },
    evaluate,
  });

export const resizeOps: OpTable<ResizeFamily> = {
  'image.resize_bilinear': resize(bilinear),
  'image.resize_nearest': resize(pick),
};
