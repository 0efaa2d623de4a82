import type { Activation } from '../arithmetic/activation.ts';
import { elements } from '../tensor/shape.ts';
import type { Padding } from './attrs.ts';
import {
  biasFits,
  dataOf,
  defineOp,
  dtypeIs,
  firstProblems,
  integers,
  MAX_ELEMENTS,
  operand,
  type Problem,
  positive,
  rankIs,
} from './checks.ts';
import type { OpDefinition, OpTable, OpView } from './definition.ts';
import { type Axis, type Direct, runDirect, swapChannels } from './shared/direct.ts';
import { checkActivation, floatFinish } from './shared/weights.ts';
import { extent, spread } from './shared/window.ts';

/** Depth, height and width. */
export type DHW = readonly [number, number, number];
interface Attrs {
  readonly padding: Padding;
  readonly strides: DHW;
  readonly dilation: DHW;
  readonly activation: Activation;
}
export interface Conv3dFamily {
  /** data NDHWC, kernel DHWIO, optional bias [O]; float32. TFLite CONV_3D. */
  'nn.conv3d': Attrs;
  /** output shape, kernel DHWOI, data NDHWC, optional bias [O]; float32. TFLite CONV_3D_TRANSPOSE. */
  'nn.conv3d_transpose': Attrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends Conv3dFamily {}
}
type Kind = keyof Conv3dFamily;

export function conv3dGeometry(op: OpView<'nn.conv3d'>): Direct {
  const [data, kernel] = [operand(op, 0).shape, operand(op, 1).shape];
  const { strides, dilation, padding } = op.attrs;
  const axis = (i: 0 | 1 | 2): Axis => {
    const { out, before } = extent(data[i + 1], kernel[i], strides[i], dilation[i], padding);
    const window = { kernel: kernel[i], stride: strides[i], dilation: dilation[i], before, transposed: false };
    return { input: data[i + 1], output: out, ...window };
  };
  return { batches: data[0], channels: data[4], outChannels: kernel[4], axes: [axis(0), axis(1), axis(2)] };
}

/** `output`: its shape. Padding is that of the convolution which would lead from the output back to the input. */
export function conv3dTransposeGeometry(
  op: OpView<'nn.conv3d_transpose'>,
  output: readonly number[] = op.outputs[0].shape,
): Direct {
  const [kernel, data] = [operand(op, 1).shape, operand(op, 2).shape];
  const { strides, dilation, padding } = op.attrs;
  const axis = (i: 0 | 1 | 2): Axis => ({
    ...{ input: data[i + 1], output: output[i + 1], kernel: kernel[i], stride: strides[i], dilation: dilation[i] },
    before: extent(output[i + 1], kernel[i], strides[i], dilation[i], padding).before,
    transposed: true,
  });
  return { batches: data[0], channels: data[4], outChannels: kernel[3], axes: [axis(0), axis(1), axis(2)] };
}

const shape = (g: Direct): number[] => [g.batches, ...g.axes.map((a) => a.output), g.outChannels];

/** Why two tensors of five dimensions are no data and kernel; `channels`: where the kernel has those of the input. */
function problemsOf(op: OpView<Kind>, dataAt: number, channels: 3 | 4): (readonly Problem[])[] {
  const [data, kernel] = [operand(op, dataAt), operand(op, 1)];
  return [
    [
      ...[rankIs(data, 'the input', 5), rankIs(kernel, 'the kernel', 5)],
      ...[dtypeIs(data, 'the input', 'float32'), dtypeIs(kernel, 'the kernel', 'float32')],
      dtypeIs(op.outputs[0], 'the output', 'float32'),
    ],
    [
      positive(kernel.shape, 'the kernel'),
      positive(op.attrs.strides, 'the stride'),
      positive(op.attrs.dilation, 'the dilation'),
      spread(kernel.shape.slice(0, 3), op.attrs.dilation),
      data.shape[4] !== kernel.shape[channels] &&
        `the kernel has ${kernel.shape[channels]} input channels, the input ${data.shape[4]}`,
      biasFits(op.inputs[dataAt === 0 ? 2 : 3] ?? null, kernel.shape[7 - channels], 'float32'),
      checkActivation(op.attrs.activation),
    ],
  ];
}

const conv3d: OpDefinition<'nn.conv3d'> = defineOp<'nn.conv3d'>({
  arity: { inputs: [2, 3], outputs: [1, 1] },
  macs: (op) => elements(op.outputs[0].shape) * elements(operand(op, 1).shape.slice(0, 4)),
  check: (op) =>
    firstProblems(
      () => problemsOf(op, 0, 3)[0],
      () => problemsOf(op, 0, 3)[1],
      () => [conv3dGeometry(op).axes.some((a) => a.output < 1) && 'the kernel is larger than the input'],
    ),
  shapes: (op) => [shape(conv3dGeometry(op))],
  evaluate: (op) => {
    const g = conv3dGeometry(op);
    const out = new Float32Array(elements(shape(g)));
    const finish = floatFinish(op.data[2], op.attrs.activation);
    runDirect(g, dataOf<Float32Array>(op, 0), dataOf<Float32Array>(op, 1), false, () => finish, out);
    return [out];
  },
});

/** The output shape must lead back to the input's. Source: ResizeOutputAndTemporaryTensors (conv3d_transpose.cc). */
function badOutput(op: OpView<'nn.conv3d_transpose'>): Problem {
  const output = integers(op.inputs[0]);
  if (output === null) return null;
  const [kernel, data] = [operand(op, 1).shape, operand(op, 2).shape];
  if (output.some((n) => n < 0 || n > MAX_ELEMENTS)) return `the output shape is ${output.join(' × ')}`;
  if (output[0] !== data[0]) return `the output has ${output[0]} batches, the input ${data[0]}`;
  if (output[4] !== kernel[3]) return `the output has ${output[4]} channels, the kernel ${kernel[3]}`;
  const { strides, dilation, padding } = op.attrs;
  const back = [0, 1, 2].map((i) => extent(output[i + 1], kernel[i], strides[i], dilation[i], padding).out);
  return (
    back.some((n, i) => n !== data[i + 1]) &&
    `the output ${output.slice(1, 4).join(' × ')} comes from an input of ${back.join(' × ')}, not ${data.slice(1, 4).join(' × ')}`
  );
}

const conv3dTranspose: OpDefinition<'nn.conv3d_transpose'> = defineOp<'nn.conv3d_transpose'>({
  arity: { inputs: [3, 4], outputs: [1, 1] },
  macs: (op) => elements(operand(op, 2).shape) * elements(operand(op, 1).shape.slice(0, 4)),
  check: (op) =>
    firstProblems(
      () => [
        ...problemsOf(op, 2, 4)[0],
        dtypeIs(operand(op, 0), 'the output shape', 'int32'),
        rankIs(operand(op, 0), 'the output shape', 1),
        elements(operand(op, 0).shape) !== 5 && 'the output shape does not have 5 values',
      ],
      () => problemsOf(op, 2, 4)[1],
      () => [badOutput(op)],
    ),
  shapes: (op) => [integers(op.inputs[0])],
  evaluate: (op) => {
    const g = conv3dTransposeGeometry(op);
    const out = new Float32Array(elements(shape(g)));
    const finish = floatFinish(op.data[3], op.attrs.activation);
    const weights = swapChannels(dataOf<Float32Array>(op, 1), g.outChannels, g.channels);
    runDirect(g, dataOf<Float32Array>(op, 2), weights, false, () => finish, out);
    return [out];
  },
});

export const conv3dOps: OpTable<Conv3dFamily> = { 'nn.conv3d': conv3d, 'nn.conv3d_transpose': conv3dTranspose };
