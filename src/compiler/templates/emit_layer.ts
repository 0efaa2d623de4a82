/** Layers go to their templates. */
import type { OpKind } from '../../model/ops/kinds.ts';
import type { Emission, EmitContext, Emitter, EmitterTable } from '../emission/context.ts';
import { LOWERINGS } from '../lower/index.ts';
import type { Layer } from '../lower/layers.ts';
import type { Lowering } from '../lower/lowering.ts';
import { choose } from './choose.ts';
import { emitHybridDepthwise } from './depthwise/hybrid.ts';
import { DEPTHWISE } from './depthwise/index.ts';
import { GEMM } from './gemm/index.ts';
import { emitReferenceConv } from './reference/conv.ts';
import { emitReferenceMatmul } from './reference/matmul.ts';
import { emitReferenceTaps } from './reference/taps.ts';
import type { Template } from './template.ts';

/** The C of a layer. */
export function emitLayer(layer: Layer, ctx: EmitContext): Emission {
  switch (layer.kind) {
    case 'gemm':
    case 'hybrid_gemm':
    case 'matmul_pairs':
      return emitBy(GEMM, layer, ctx);
    case 'depthwise':
      return emitBy(DEPTHWISE, layer, ctx);
    case 'hybrid_depthwise':
      return emitHybridDepthwise(layer, ctx);
    case 'reference_conv':
      return emitReferenceConv(layer, ctx);
    case 'reference_taps':
      return emitReferenceTaps(layer, ctx);
    case 'reference_matmul':
      return emitReferenceMatmul(layer, ctx);
  }
}

/** By a template: each workload with the schedule chosen for it. */
function emitBy<L, W, S>(template: Template<L, W, S>, layer: L, ctx: EmitContext): Emission {
  const chosen = template
    .workloads(layer, ctx)
    .map((workload) => ({ workload, schedule: choose(template, workload, ctx) }));
  return template.emit(layer, chosen, ctx);
}

const emitterOf =
  <K extends OpKind>(lower: Lowering<K>): Emitter<K> =>
  (op, ctx) => {
    const layer = lower(op, ctx.profile);
    return layer === null ? { includes: [], body: '' } : emitLayer(layer, ctx);
  };

/** The C of operators with weights. */
export const layerEmitters: EmitterTable<typeof LOWERINGS> = {
  'nn.conv2d': emitterOf(LOWERINGS['nn.conv2d']),
  'nn.depthwise_conv2d': emitterOf(LOWERINGS['nn.depthwise_conv2d']),
  'nn.dense': emitterOf(LOWERINGS['nn.dense']),
  'nn.batch_matmul': emitterOf(LOWERINGS['nn.batch_matmul']),
  'nn.conv2d_transpose': emitterOf(LOWERINGS['nn.conv2d_transpose']),
  'nn.conv3d': emitterOf(LOWERINGS['nn.conv3d']),
  'nn.conv3d_transpose': emitterOf(LOWERINGS['nn.conv3d_transpose']),
};
