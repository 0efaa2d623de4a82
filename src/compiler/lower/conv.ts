import { operand } from '../../model/ops/checks.ts';
import { type ConvFamily, channelMultiplier, convWindow, scalesDiffer } from '../../model/ops/conv.ts';
import type { OpView } from '../../model/ops/definition.ts';
import { convFactors, weightedForm } from '../../model/ops/shared/weights.ts';
import { windowExtents } from '../../model/ops/shared/window.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { Emission, EmitContext, EmitterTable } from '../emission/context.ts';
import { emitDepthwise, MAX_KERNEL_ROWS } from '../templates/depthwise/emit.ts';
import type { Requantization } from '../templates/epilogue/epilogue.ts';
import { emitGemm } from '../templates/gemm/emit.ts';
import { emitHybridDepthwise, emitHybridGemm, takesHybrid } from '../templates/gemm/hybrid.ts';
import { transposeHwo, zeroPointOf } from '../templates/index.ts';
import { emitPlain } from '../templates/reference/plain.ts';
import type { ConvShape } from './layers.ts';

type ConvKind = keyof ConvFamily;

function shapeOf(op: OpView<ConvKind>): ConvShape {
  const [, in_h, in_w, channels] = operand(op, 0).shape;
  const { kernel, strides, dilation } = convWindow(op);
  const [h, w] = windowExtents(operand(op, 0), convWindow(op));
  return {
    ...{ in_h, in_w, channels, out_h: h.out, out_w: w.out, kernel_h: kernel[0], kernel_w: kernel[1] },
    ...{ stride_h: strides[0], stride_w: strides[1], dilation_h: dilation[0], dilation_w: dilation[1] },
    ...{ pad_top: h.before, pad_left: w.before },
    groups: op.kind === 'nn.conv2d' ? channels / operand(op, 1).shape[3] : 1,
  };
}

/**
 * Depth multiplier 0 stands for conv2d. A depthwise convolution of one channel is a conv2d of one channel, and goes
 * to the matrix multiplication with its weights turned from HWO to OHW.
 */
function emitConv(op: OpView<ConvKind>, ctx: EmitContext, multiplier: number): Emission {
  const [data, weights, output, bias] = [operand(op, 0), operand(op, 1), op.outputs[0], op.inputs[2] ?? null];
  const { activation } = op.attrs;
  const outs = output.shape[3];
  const shape = shapeOf(op);
  const form = weightedForm(data, weights)!;
  const requantization: Requantization | null =
    form === 'integer' ? { factors: convFactors(data, weights, output), inDouble: false } : null;
  if (elements(output.shape) === 0) return { includes: [], body: '' };
  const constant = weights.data !== null && (bias === null || bias.data !== null);
  const tooHigh = multiplier > 0 && shape.kernel_h > MAX_KERNEL_ROWS;
  if (!constant || form === 'hybrid' || data.dtype === 'int16' || tooHigh) {
    const perChannel = form === 'hybrid' && (multiplier > 0 || shape.groups > 1 || scalesDiffer(weights));
    const hybrid = { asymmetric: perChannel, weightsThenData: perChannel && multiplier === 0 };
    const layer = { data, weights, bias, output, shape, batch: data.shape[0], outs, activation, hybrid };
    if (form === 'hybrid' && multiplier === 0 && takesHybrid(weights))
      return emitHybridGemm({ ...layer, op: 'nn.conv2d' }, ctx);
    if (form === 'hybrid' && multiplier === 1 && takesHybrid(weights)) return emitHybridDepthwise(layer, ctx);
    return emitPlain({ ...layer, multiplier, requantization, biasType: op.attrs.biasType }, ctx);
  }
  const values = weights.data as Int8Array;
  const source = { zeroPoint: zeroPointOf(weights), bias: bias?.data as Int32Array | null };
  if (multiplier > 0 && shape.channels > 1) {
    return emitDepthwise(
      {
        ...{ data, output, shape, batch: data.shape[0], multiplier, activation, requantization },
        weights: { ...source, data: values },
      },
      ctx,
    );
  }
  return emitGemm(
    {
      ...{ op: 'nn.conv2d', data, output, shape, activation, requantization },
      ...{ m: data.shape[0] * shape.out_h * shape.out_w, columns: outs },
      weights: { ...source, data: multiplier > 0 ? transposeHwo(values, outs) : values },
    },
    ctx,
  );
}

/** The C of convolutions. */
export const convEmitters = {
  'nn.conv2d': (op, ctx) => emitConv(op, ctx, 0),
  'nn.depthwise_conv2d': (op, ctx) => emitConv(op, ctx, channelMultiplier(op)),
} satisfies EmitterTable<ConvFamily>;
