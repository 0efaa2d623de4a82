/** Epilogue of hybrid layers: the `hybrid` of native/kernels/hybrid_gemm.h. */
import { elements } from '../../../model/tensor/shape.ts';
import type { EmitContext } from '../../emission/context.ts';
import { cDescription, integers } from '../../emission/description.ts';
import { leadOfImages } from '../../emission/lead.ts';
import type { HybridDepthwiseLayer, HybridGemmLayer } from '../../lower/layers.ts';
import { floatClamp } from './fields.ts';

type HybridLayer = HybridGemmLayer | HybridDepthwiseLayer;

/** The `hybrid` called `h`; `weightSums` by output channel. */
export function hybridDescription(layer: HybridLayer, weightSums: Int32Array, ctx: EmitContext): string {
  const { outs, activation, hybrid, weights } = layer;
  const { scales } = weights.quantization!;
  return cDescription('hybrid', 'h', {
    ...integers({ outs, asymmetric: hybrid.asymmetric, weights_then_data: hybrid.weightsThenData }),
    ...integers({ with_tanh: activation === 'TANH' }),
    weight_sums: ctx.constant(weightSums),
    weight_scale: ctx.constant(Float32Array.from({ length: outs }, (_, c) => scales[scales.length === 1 ? 0 : c])),
    ...floatClamp(activation),
  });
}

/** `lead` of the result if each image is quantized as a whole before its first result. */
export const leadOfQuantized = ({ batch, data, output }: HybridLayer): number =>
  leadOfImages(batch, (4 * elements(data.shape)) / batch, (4 * elements(output.shape)) / batch);
