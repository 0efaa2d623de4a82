import { operand } from '../../model/ops/checks.ts';
import type { OpView } from '../../model/ops/definition.ts';
import { asBytes, type DenseFamily, denseFactors, readsBytes } from '../../model/ops/dense.ts';
import { isWide, weightedForm } from '../../model/ops/shared/weights.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { Emission, EmitContext, EmitterTable } from '../emission/context.ts';
import type { Requantization } from '../templates/epilogue/epilogue.ts';
import { emitGemm } from '../templates/gemm/emit.ts';
import { emitHybridGemm, takesHybrid } from '../templates/gemm/hybrid.ts';
import { zeroPointOf } from '../templates/index.ts';
import { emitPlain } from '../templates/reference/plain.ts';
import type { ConvShape } from './layers.ts';

/** The window of a fully connected layer: a 1x1 convolution of rows of pixels. */
export const pixelsShape = (rows: number, depth: number): ConvShape => ({
  ...{ in_h: 1, in_w: rows, channels: depth, out_h: 1, out_w: rows, kernel_h: 1, kernel_w: 1 },
  ...{ stride_h: 1, stride_w: 1, dilation_h: 1, dilation_w: 1, pad_top: 0, pad_left: 0, groups: 1 },
});

function emitDense(op: OpView<'nn.dense'>, ctx: EmitContext): Emission {
  const [data, weights, output, bias] = [operand(op, 0), operand(op, 1), op.outputs[0], op.inputs[2] ?? null];
  const [units, depth] = weights.shape;
  const rows = elements(output.shape) / units;
  const { activation, asymmetricQuantizeInputs } = op.attrs;
  const form = weightedForm(data, weights)!;
  const wide = form === 'integer' && isWide(data, bias, op.attrs);
  const bytes = readsBytes(op);
  const inDouble = wide || (ctx.profile === 'tflite' && !bytes);
  const requantization: Requantization | null =
    form === 'integer' ? { factors: denseFactors(data, weights, output), inDouble } : null;
  if (rows === 0) return { includes: [], body: '' };
  const constant = weights.data !== null && (bias === null || bias.data !== null);
  if (constant && form !== 'hybrid' && data.dtype !== 'int16' && output.dtype === data.dtype) {
    return emitGemm(
      {
        ...{
          op: 'nn.dense',
          data,
          output,
          shape: pixelsShape(rows, depth),
          m: rows,
          columns: units,
          activation,
          requantization,
        },
        weights: {
          data: weights.data as Int8Array,
          zeroPoint: zeroPointOf(weights),
          bias: bias?.data as Int32Array | null,
        },
      },
      ctx,
    );
  }
  const hybrid = { asymmetric: asymmetricQuantizeInputs, weightsThenData: false };
  if (form === 'hybrid' && takesHybrid(weights)) {
    const layer = {
      data,
      weights,
      bias,
      output,
      shape: pixelsShape(1, depth),
      batch: rows,
      outs: units,
      activation,
      hybrid,
    };
    return emitHybridGemm({ ...layer, op: 'nn.dense' }, ctx);
  }
  return emitPlain(
    {
      ...(bytes ? { data: asBytes(data), weights: asBytes(weights), halvesUp: true } : { data, weights }),
      ...{ bias, output, shape: pixelsShape(1, depth), batch: rows, outs: units, multiplier: 0 },
      ...{ activation, requantization, hybrid },
      biasType: op.attrs.biasType,
    },
    ctx,
  );
}

/** The C of fully connected layers. */
export const denseEmitters = { 'nn.dense': emitDense } satisfies EmitterTable<DenseFamily>;
