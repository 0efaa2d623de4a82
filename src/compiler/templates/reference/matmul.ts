/** The C of BATCH_MATMUL forms that no tile computes: native/kernels/matmul_reference.h. */
import { elements } from '../../../model/tensor/shape.ts';
import type { Emission, EmitContext } from '../../emission/context.ts';
import { cDescription, type Fields, integers } from '../../emission/description.ts';
import type { ReferenceMatmulLayer } from '../../lower/layers.ts';
import { epilogueFields } from '../epilogue/fields.ts';
import { elementName } from './result.ts';

/** The C of a layer. */
export function emitReferenceMatmul(layer: ReferenceMatmulLayer, ctx: EmitContext): Emission {
  const { form, lhs, rhs, m, n, k, pairs, swapX, swapY, asymmetric } = layer;
  const rightMatrices = elements(rhs.shape) / (n * k);
  const fields: Fields = {
    form: `MATMUL_${form.toUpperCase()}`,
    ...integers({ pairs: pairs.length, m, n, k, swap_x: swapX, swap_y: swapY }),
    ...{ lhs: elementName(lhs.dtype), rhs: elementName(rhs.dtype) },
    ...integers({ asymmetric, rows: elements(lhs.shape) / k }),
    pair: ctx.constant(Int32Array.from(pairs.flatMap((p) => [p.lhs, p.rhs, p.scales, p.sums]))),
    ...formFields(layer, ctx),
  };
  const scratch: Fields = {
    right: ctx.scratch(2 * n * k),
    sums: ctx.scratch(8 * n),
    ...(form === 'hybrid' ? hybridScratch(layer, rightMatrices, ctx) : {}),
  };
  const description = cDescription('matmul_reference', 'g', fields) + cDescription('matmul_scratch', 's', scratch);
  return {
    includes: ['matmul_reference.h'],
    body: `${description}matmul_reference_run(&g, ${ctx.input(0)}, ${ctx.input(1)}, &s, ${rightMatrices}, ${ctx.output(0)});\n`,
  };
}

/** INT16 products have 64-bit accumulators, which round as profile `tflite` in every profile. */
function formFields({ form, rhs, output, requantization, n }: ReferenceMatmulLayer, ctx: EmitContext): Fields {
  if (form === 'hybrid') {
    const { scales } = rhs.quantization!;
    const perColumn = Float32Array.from({ length: n }, (_, j) => scales[scales.length === 1 ? 0 : j]);
    return { weight_scale: ctx.constant(perColumn) };
  }
  if (requantization === null) return {};
  const layout = (valueAt: (j: number) => number): number[] => Array.from({ length: n }, (_, j) => valueAt(j));
  return epilogueFields({ output, activation: 'NONE', requantization, profile: 'tflite', bias: 'NULL', layout }, ctx);
}

function hybridScratch({ lhs, n, k }: ReferenceMatmulLayer, rightMatrices: number, ctx: EmitContext): Fields {
  const size = elements(lhs.shape);
  return {
    quantized: ctx.scratch(size),
    scales: ctx.scratch((4 * size) / k),
    zeros: ctx.scratch((4 * size) / k),
    row: ctx.scratch(4 * k),
    column_sums: ctx.scratch(4 * n * rightMatrices),
  };
}
