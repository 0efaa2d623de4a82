import type { Activation } from '../arithmetic/activation.ts';
import { activationRange, floatRange, type Range } from '../arithmetic/activation.ts';
import { clamp } from '../arithmetic/rounding.ts';
import { allocate, integerRange, isFloat, type TensorData } from '../tensor/dtype.ts';
import { elements } from '../tensor/shape.ts';
import type { HW, Padding } from './attrs.ts';
import {
  clampingActivation,
  defineOp,
  dtypeIs,
  firstProblems,
  isBare,
  operand,
  parameters,
  perTensorOrBare,
  rankIs,
  sameDtype,
} from './checks.ts';
import type { EvalView, OpDefinition, OpTable, OpView } from './definition.ts';
import { checkWindow, type Extent, type Window, windowExtents } from './shared/window.ts';

export interface PoolAttrs {
  readonly padding: Padding;
  readonly strides: HW;
  readonly pool: HW;
  readonly activation: Activation;
}
export interface PoolFamily {
  'nn.avg_pool2d': PoolAttrs;
  'nn.max_pool2d': PoolAttrs;
  /** The root of the mean square; float32. TFLite L2_POOL_2D. */
  'nn.l2_pool2d': PoolAttrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends PoolFamily {}
}

type PoolKind = keyof PoolFamily;
const INTEGERS = ['int8', 'uint8', 'int16'] as const;

export const poolWindow = (op: OpView<PoolKind>): Window => ({
  kernel: op.attrs.pool,
  strides: op.attrs.strides,
  dilation: [1, 1],
  padding: op.attrs.padding,
});

/** The limits of a pool's results: those of the fused activation in the output's type. */
export function poolRange(op: OpView<PoolKind>): Range {
  const output = op.outputs[0];
  if (isFloat(output.dtype)) return floatRange(op.attrs.activation);
  const { scale, zeroPoint } = parameters(output);
  return activationRange(op.attrs.activation, scale, zeroPoint, output.dtype);
}

/** Pools compute on codes: they neither rescale nor, without a fused activation, need to know what codes stand for. */
function check(op: OpView<PoolKind>): string[] {
  const [data, output] = [operand(op, 0), op.outputs[0]];
  return firstProblems(
    () => [
      rankIs(data, 'the input', 4),
      dtypeIs(data, 'the input', 'float32', ...(op.kind === 'nn.l2_pool2d' ? [] : INTEGERS)),
    ],
    () => [
      sameDtype(data, 'the input', output, 'the output'),
      clampingActivation(op.attrs.activation),
      ...checkWindow(data, poolWindow(op)),
    ],
    () => [
      ...(isFloat(data.dtype) ? [] : [perTensorOrBare(data, 'the input'), perTensorOrBare(output, 'the output')]),
      isBare(output) &&
        op.attrs.activation !== 'NONE' &&
        `the output has no quantization to tell ${op.attrs.activation} by`,
    ],
  );
}

function shapes(op: OpView<PoolKind>): number[][] {
  const [h, w] = windowExtents(operand(op, 0), poolWindow(op));
  return [[operand(op, 0).shape[0], h.out, w.out, operand(op, 0).shape[3]]];
}

/** Integer mean, halves away from zero; `count` elements add up to `sum`. */
const integerMean = (sum: number, count: number): number => {
  const half = Math.floor(count / 2);
  return Math.trunc((sum > 0 ? sum + half : sum - half) / count);
};

/** Calls `window` for each output pixel with the part of its window inside of the image. */
function eachWindow(
  op: EvalView<PoolKind>,
  window: (out: number, batch: number, y: readonly [number, number], x: readonly [number, number]) => void,
): void {
  const [batches, height, width] = operand(op, 0).shape;
  const { kernel, strides } = poolWindow(op);
  const [h, w] = windowExtents(operand(op, 0), poolWindow(op));
  const span = (e: Extent, i: number, step: number, size: number, limit: number): readonly [number, number] => {
    const from = i * step - e.before;
    return [Math.max(0, from), Math.min(limit, from + size)];
  };
  for (let b = 0, o = 0; b < batches; b++) {
    for (let y = 0; y < h.out; y++) {
      for (let x = 0; x < w.out; x++, o++) {
        window(o, b, span(h, y, strides[0], kernel[0], height), span(w, x, strides[1], kernel[1], width));
      }
    }
  }
}

/** Sums and roots are rounded to float32 at each step. Source: L2Pool (reference/pooling.h). */
function rootMeanSquare(op: EvalView<'nn.l2_pool2d'>): TensorData[] {
  const data = op.data[0] as Float32Array;
  const [, height, width, channels] = operand(op, 0).shape;
  const out = new Float32Array(elements(op.outputs[0].shape));
  const { min, max } = poolRange(op);
  eachWindow(op, (o, b, [y0, y1], [x0, x1]) => {
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let y = y0; y < y1; y++) {
        for (let x = x0; x < x1; x++) {
          const v = data[((b * height + y) * width + x) * channels + c];
          sum = Math.fround(sum + Math.fround(v * v));
        }
      }
      const mean = Math.fround(sum / ((y1 - y0) * (x1 - x0)));
      out[o * channels + c] = clamp(Math.fround(Math.sqrt(mean)), min, max);
    }
  });
  return [out];
}

function evaluate(op: EvalView<PoolKind>, average: boolean): TensorData[] {
  const data = op.data[0] as Float32Array;
  const output = op.outputs[0];
  const [, height, width, channels] = operand(op, 0).shape;
  const out = allocate(output.dtype, elements(output.shape));
  const float = isFloat(output.dtype);
  const { min, max } = poolRange(op);
  const lowest = float ? floatRange('NONE').min : integerRange(output.dtype)[0];
  eachWindow(op, (o, b, [y0, y1], [x0, x1]) => {
    const count = (y1 - y0) * (x1 - x0);
    for (let c = 0; c < channels; c++) {
      let sum = average ? 0 : lowest;
      for (let y = y0; y < y1; y++) {
        for (let x = x0; x < x1; x++) {
          const v = data[((b * height + y) * width + x) * channels + c];
          // a NaN never becomes the largest
          if (!average) sum = sum < v ? v : sum;
          else sum = float ? Math.fround(sum + v) : sum + v;
        }
      }
      if (average) sum = float ? Math.fround(sum / count) : integerMean(sum, count);
      out[o * channels + c] = clamp(sum, min, max);
    }
  });
  return [out];
}

const pool = <K extends PoolKind>(
  run: (op: EvalView<K>) => TensorData[],
  operandNames?: readonly string[],
): OpDefinition<K> =>
  defineOp<K>({
    arity: { inputs: [1, 1], outputs: [1, 1] },
    operandNames,
    check: (op) => check(op as OpView<PoolKind>),
    shapes: (op) => shapes(op as OpView<PoolKind>),
    evaluate: run,
  });

export const poolOps: OpTable<PoolFamily> = {
  'nn.avg_pool2d': pool((op) => evaluate(op, true), ['input']),
  'nn.max_pool2d': pool((op) => evaluate(op, false)),
  'nn.l2_pool2d': pool(rootMeanSquare),
};
