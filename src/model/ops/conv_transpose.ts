import type { Activation } from '../arithmetic/activation.ts';
import { quantizeBatches } from '../arithmetic/hybrid.ts';
import { allocate, type TensorData } from '../tensor/dtype.ts';
import { elements } from '../tensor/shape.ts';
import type { HW, Padding } from './attrs.ts';
import {
  dataOf,
  defineOp,
  firstProblems,
  integers,
  isIndexVector,
  MAX_ELEMENTS,
  operand,
  parameters,
  positive,
  rankIs,
} from './checks.ts';
import type { EvalView, OpTable, OpView } from './definition.ts';
import { type Axis, type Direct, runDirect, tapsFirst } from './shared/direct.ts';
import {
  type BiasType,
  centered,
  checkActivation,
  checkForm,
  checkWeightedQuantization,
  type Finish,
  floatFinish,
  integerFinish,
  isWide,
  weightedForm,
} from './shared/weights.ts';
import { extent } from './shared/window.ts';

export interface ConvTransposeFamily {
  /** output shape, kernel OHWI, data NHWC, optional bias [O]. TFLite TRANSPOSE_CONV. */
  'nn.conv2d_transpose': {
    readonly padding: Padding;
    readonly strides: HW;
    readonly activation: Activation;
  } & BiasType;
}
declare module './attrs.ts' {
  interface OpAttrs extends ConvTransposeFamily {}
}
type Kind = 'nn.conv2d_transpose';

/** The operands in the order of the other operators with weights: data, kernel, bias. */
export const WEIGHTED_ORDER = [2, 1, 3] as const;
export function asWeighted<V extends OpView<Kind> | EvalView<Kind>>(op: V): V {
  const reorder = <T>(list: readonly T[]): (T | null)[] => WEIGHTED_ORDER.map((i) => list[i] ?? null);
  return { ...op, inputs: reorder(op.inputs), ...('data' in op && { data: reorder(op.data) }) };
}

/** The geometry, from the operands in their usual order. */
export function transposeGeometry(op: OpView<Kind>): Direct {
  const [data, kernel, output] = [operand(op, 0), operand(op, 1), op.outputs[0]];
  const { strides, padding } = op.attrs;
  const axis = (i: 0 | 1): Axis => ({
    input: data.shape[i + 1],
    output: output.shape[i + 1],
    kernel: kernel.shape[i + 1],
    stride: strides[i],
    dilation: 1,
    // Padding is that of the convolution which would lead from the output back to the input.
    before: extent(output.shape[i + 1], kernel.shape[i + 1], strides[i], 1, padding).before,
    transposed: true,
  });
  const one: Axis = { input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, before: 0, transposed: false };
  return {
    batches: data.shape[0],
    channels: data.shape[3],
    outChannels: kernel.shape[0],
    axes: [one, axis(0), axis(1)],
  };
}

function evaluate(given: EvalView<Kind>): TensorData[] {
  const op = asWeighted(given);
  const [data, weights, output] = [operand(op, 0), operand(op, 1), op.outputs[0]];
  const g = transposeGeometry(op);
  const out = allocate(output.dtype, elements(output.shape)) as Float32Array | Int8Array;
  const { activation } = op.attrs;
  switch (weightedForm(data, weights)!) {
    case 'float': {
      const finish = floatFinish(op.data[2], activation);
      runDirect(g, dataOf(op, 0), tapsFirst(dataOf<Float32Array>(op, 1), g.outChannels), false, () => finish, out);
      break;
    }
    case 'hybrid': {
      // Each batch is quantized by itself, asymmetrically. Source: EvalHybrid (transpose_conv.cc).
      const q = quantizeBatches(dataOf<Float32Array>(op, 0), g.batches, true);
      const scales = weights.quantization!.scales;
      const finish = floatFinish(op.data[2], activation);
      const scaled = q.scales.map(
        (scale): Finish =>
          (acc, c) =>
            finish(Math.fround(Math.fround(Math.fround(acc) * scales[scales.length === 1 ? 0 : c]) * scale), c),
      );
      const w = tapsFirst(centered(op.data[1]!, [0]), g.outChannels);
      runDirect(g, centered(q.values, q.offsets), w, false, (b) => scaled[b], out);
      break;
    }
    case 'integer': {
      const finish = integerFinish(op, activation, g.outChannels);
      const x = centered(op.data[0]!, [parameters(data).zeroPoint]);
      const w = tapsFirst(centered(op.data[1]!, [parameters(weights).zeroPoint]), g.outChannels);
      runDirect(g, x, w, isWide(data, op.inputs[2], op.attrs), () => finish, out);
    }
  }
  return [out];
}

function check(given: OpView<Kind>): string[] {
  const op = asWeighted(given);
  const [data, kernel] = [operand(op, 0), operand(op, 1)];
  const shape = integers(given.inputs[0]);
  return firstProblems(
    () => [
      rankIs(data, 'the input', 4),
      rankIs(kernel, 'the kernel', 4),
      ...isIndexVector(operand(given, 0), 'the output shape'),
      elements(operand(given, 0).shape) !== 4 && 'the output shape does not have 4 values',
      positive(op.attrs.strides, 'the stride'),
    ],
    () => [
      positive(kernel.shape, 'the kernel'),
      data.shape[3] !== kernel.shape[3] &&
        `the kernel has ${kernel.shape[3]} input channels, the input ${data.shape[3]}`,
      kernel.dtype === 'int4' && 'int4 weights are not supported here',
      shape?.some((n) => n < 0 || n > MAX_ELEMENTS) && `the output shape is ${shape.join(' × ')}`,
      shape !== null && shape[0] !== data.shape[0] && `the output has ${shape[0]} batches, the input ${data.shape[0]}`,
      shape !== null &&
        shape[3] !== kernel.shape[0] &&
        `the output has ${shape[3]} channels, the kernel ${kernel.shape[0]}`,
    ],
    () => [...checkForm(op, kernel.shape[0]), checkActivation(op.attrs.activation)],
    () => checkWeightedQuantization(op, 0),
  );
}

export const convTransposeOps: OpTable<ConvTransposeFamily> = {
  'nn.conv2d_transpose': defineOp({
    arity: { inputs: [3, 4], outputs: [1, 1] },
    operandNames: ['shape', 'kernel', 'input'],
    macs: (op) => elements(operand(op, 2).shape) * elements(operand(op, 1).shape.slice(0, 3)),
    check,
    shapes: (op) => [integers(op.inputs[0])],
    evaluate,
  }),
};
