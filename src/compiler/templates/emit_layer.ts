/** Dispatch of layers to their templates. */
import type { OpKind } from '../../model/ops/attrs.ts';
import type { Emission, EmitContext, Emitter, EmitterTable } from '../emission/context.ts';
import { LOWERINGS } from '../lower/index.ts';
import type { Layer } from '../lower/layers.ts';
import type { Lowering } from '../lower/lowering.ts';
import { choose } from './choose.ts';
import { HYBRID_DEPTHWISE } from './depthwise/hybrid.ts';
import { DEPTHWISE } from './depthwise/index.ts';
import { GEMM } from './gemm/index.ts';
import { REFERENCE_CONV, REFERENCE_MATMUL, REFERENCE_TAPS } from './reference/index.ts';
import type { Template } from './template.ts';

/** Calls `visit` with a layer and its template. */
export function withTemplate<Result>(
  layer: Layer,
  visit: <L extends Layer, W, S>(template: Template<L, W, S>, layer: L) => Result,
): Result {
  switch (layer.kind) {
    case 'gemm':
    case 'hybrid_gemm':
    case 'matmul_pairs':
      return visit(GEMM, layer);
    case 'depthwise':
      return visit(DEPTHWISE, layer);
    case 'hybrid_depthwise':
      return visit(HYBRID_DEPTHWISE, layer);
    case 'reference_conv':
      return visit(REFERENCE_CONV, layer);
    case 'reference_taps':
      return visit(REFERENCE_TAPS, layer);
    case 'reference_matmul':
      return visit(REFERENCE_MATMUL, layer);
  }
}

/** The C of a layer, with a schedule chosen for each of its workloads. */
export function emitLayer(layer: Layer, ctx: EmitContext): Emission {
  return withTemplate(layer, (template, own) => {
    const chosen = template
      .workloads(own, ctx)
      .map((workload) => ({ workload, schedule: choose(template, workload, ctx) }));
    return template.emit(own, chosen, ctx);
  });
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
