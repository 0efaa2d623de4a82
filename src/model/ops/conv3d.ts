import { elements } from '../tensor/shape.ts';
import type { Activation, Padding } from './attrs.ts';
import { biasFits, dataOf, defineOp, dtypeIs, firstProblems, operand, positive, rankIs } from './checks.ts';
import type { OpTable, OpView } from './definition.ts';
import { type Axis, type Direct, runDirect } from './direct.ts';
import { checkActivation, floatFinish } from './weights.ts';
import { extent, spread } from './window.ts';

/** Depth, height and width. */
export type DHW = readonly [number, number, number];
export interface Conv3dFamily {
  /** data NDHWC, kernel DHWIO, optional bias [O]; float32. TFLite CONV_3D. */
  'nn.conv3d': {
    readonly padding: Padding;
    readonly strides: DHW;
    readonly dilation: DHW;
    readonly activation: Activation;
  };
}

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

const shape = (g: Direct): number[] => [g.batches, ...g.axes.map((a) => a.output), g.outChannels];

export const conv3dOps: OpTable<Conv3dFamily> = {
  'nn.conv3d': defineOp({
    arity: { inputs: [2, 3], outputs: [1, 1] },
    check: (op) => {
      const [data, kernel, output] = [operand(op, 0), operand(op, 1), op.outputs[0]];
      return firstProblems(
        () => [
          ...[rankIs(data, 'the input', 5), rankIs(kernel, 'the kernel', 5)],
          ...[dtypeIs(data, 'the input', 'float32'), dtypeIs(kernel, 'the kernel', 'float32')],
          dtypeIs(output, 'the output', 'float32'),
        ],
        () => [
          positive(kernel.shape, 'the kernel'),
          positive(op.attrs.strides, 'the stride'),
          positive(op.attrs.dilation, 'the dilation'),
          spread(kernel.shape.slice(0, 3), op.attrs.dilation),
          data.shape[4] !== kernel.shape[3] &&
            `the kernel has ${kernel.shape[3]} input channels, the input ${data.shape[4]}`,
          biasFits(op.inputs[2] ?? null, kernel.shape[4], 'float32'),
          checkActivation(op.attrs.activation),
        ],
        () => [conv3dGeometry(op).axes.some((a) => a.output < 1) && 'the kernel is larger than the input'],
      );
    },
    shapes: (op) => [shape(conv3dGeometry(op))],
    evaluate: (op) => {
      const g = conv3dGeometry(op);
      const out = new Float32Array(elements(shape(g)));
      const finish = floatFinish(op.data[2], op.attrs.activation);
      runDirect(g, dataOf<Float32Array>(op, 0), dataOf<Float32Array>(op, 1), false, () => finish, out);
      return [out];
    },
  }),
};
