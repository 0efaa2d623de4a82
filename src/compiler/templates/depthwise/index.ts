/** The depthwise convolution template. */
import type { DepthwiseLayer } from '../../lower/layers.ts';
import { oneLayer } from '../one_layer.ts';
import type { Template } from '../template.ts';
import { emitDepthwise } from './emit.ts';
import { depthwiseWorkload } from './from_layer.ts';
import type { DepthwiseSchedule } from './schedule.ts';
import { DEPTHWISE_SPACE } from './space.ts';
import type { DepthwiseWorkload } from './workload.ts';

export const DEPTHWISE: Template<DepthwiseLayer, DepthwiseWorkload, DepthwiseSchedule> = {
  ...DEPTHWISE_SPACE,
  workloads: (layer, build) => [depthwiseWorkload(layer, build)],
  oneLayer,
  emit: (layer, [chosen], ctx) => emitDepthwise(layer, chosen, ctx),
};
