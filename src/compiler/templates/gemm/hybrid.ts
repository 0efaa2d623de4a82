/** Hybrid layers: float data, quantized at run time, and constant int8 weights: native/kernels/hybrid_gemm.h. */
import { elements } from '../../../model/tensor/shape.ts';
import { alignUp } from '../../emission/alignment.ts';
import type { Emission, EmitContext } from '../../emission/context.ts';
import { cDescription, integers } from '../../emission/description.ts';
import type { HybridGemmLayer } from '../../lower/layers.ts';
import { hybridDescription, leadOfQuantized } from '../epilogue/hybrid.ts';
import type { Chosen } from '../template.ts';
import { bandFields, gatherBytes, kernelC, packedDepthOf, packedFields, SPARE, tileFields } from './description.ts';
import { packGemm } from './pack.ts';
import type { GemmSchedule } from './space.ts';
import { depthOf, type GemmWorkload, rowsOf } from './workload.ts';

/** The C of a hybrid layer. */
export function emitHybridGemm(
  layer: HybridGemmLayer,
  chosen: Chosen<GemmWorkload, GemmSchedule>,
  ctx: EmitContext,
): Emission {
  const { workload: w, schedule: s } = chosen;
  const data = layer.weights.data as Int8Array;
  const depth = depthOf(w);
  const packed = packGemm(w, s, { data, zeroPoint: 0, bias: null }, 0);
  const weightSums = Int32Array.from({ length: layer.outs }, (_, c) => sumOf(data, c * depth, depth));
  const h = hybridDescription(layer, weightSums, ctx);
  const g = cDescription('gemm_i8', 'g', {
    ...{
      ...tileFields(w, s, ctx.target, { lda: packedDepthOf(w, s), ldc: layer.outs }),
      ...packedFields(s, packed, ctx),
    },
    ...{ 'out.requantize': 'GEMM_INT32', 'out.bias': ctx.constant(packed.bias) },
  });
  const from = { data: ctx.input(0), bias: layer.bias === null ? 'NULL' : ctx.input(2) };
  const call = s.band === 0 ? rowsCall(w, s, layer.op, from, ctx) : convCall(layer, w, s, from, ctx);
  return {
    ...kernelC([chosen], 'hybrid', ctx.target),
    body: `${h}${g}${call.text}`,
    // With A in place, all rows are quantized before the first result.
    inPlace: [{ operand: 0, lead: s.band === 0 ? -Infinity : leadOfQuantized(layer) }],
    scratchInPlace: call.lead === null ? [] : [{ operand: 0, lead: call.lead }],
  };
}

interface Call {
  readonly text: string;
  /** `lead` of the scratch memory over the data; null: they must not overlap. */
  readonly lead: number | null;
}
interface From {
  readonly data: string;
  readonly bias: string;
}

/**
 * A in place. Fully connected: one scale per row; convolution: one per image. Scales and zero points are in front of the data; the
 * quantized bytes of an image overwrite its floats or earlier ones.
 */
function rowsCall(w: GemmWorkload, s: GemmSchedule, op: string, { data, bias }: From, ctx: EmitContext): Call {
  const shared = op === 'nn.dense' ? 1 : rowsOf(w) / w.images;
  const images = rowsOf(w) / shared;
  const rowBytes = packedDepthOf(w, s);
  const front = 8 * images;
  const work = ctx.scratch(front);
  const q = ctx.scratch(rowsOf(w) * rowBytes + SPARE);
  return {
    text: `hybrid_rows_${s.kernel}(&h, &g, ${shared}, ${[data, bias, work, q, ctx.output(0)].join(', ')});\n`,
    lead: images === 1 || rowBytes <= 4 * depthOf(w) ? alignUp(front) : null,
  };
}

/** All scratch memory lies over the first image, or before it: what is behind an image's bytes is written when it is read. */
function convCall(
  { shape, batch, data: { shape: extents } }: HybridGemmLayer,
  w: GemmWorkload,
  s: GemmSchedule,
  { data, bias }: From,
  ctx: EmitContext,
): Call {
  const image = elements(extents) / batch;
  const bytes = gatherBytes(w, s);
  const sizes = [image + SPARE, bytes.copy, bytes.rows];
  const window = { ...integers({ ...shape, images: 1 }), ...bandFields(w, s) };
  const operands = [data, bias, ...sizes.map((size) => ctx.scratch(size)), ctx.output(0)].join(', ');
  const all = sizes.reduce((sum, size) => sum + alignUp(size), 0);
  return {
    text: `${cDescription('conv_shape', 's', window)}hybrid_conv_${s.kernel}(&h, &g, &s, ${batch}, ${operands});\n`,
    lead: batch === 1 ? 0 : Math.max(0, all - 4 * image),
  };
}

function sumOf(values: Int8Array, from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += values[i];
  return sum | 0;
}
