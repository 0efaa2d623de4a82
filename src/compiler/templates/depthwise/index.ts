/** The depthwise convolution template. */
import type { DepthwiseLayer } from '../../lower/layers.ts';
import { oneLayer } from '../one_layer.ts';
import type { Template } from '../template.ts';
import { depthwiseCycles } from './cost.ts';
import { emitDepthwise } from './emit.ts';
import { depthwiseWorkload } from './from_layer.ts';
import { type DepthwiseSchedule, depthwiseKnobs, depthwiseSpace, illegalDepthwise } from './space.ts';
import { type DepthwiseWorkload, keyOfDepthwise } from './workload.ts';

export const DEPTHWISE: Template<DepthwiseLayer, DepthwiseWorkload, DepthwiseSchedule> = {
  ...{ name: 'depthwise', version: 1, knobs: depthwiseKnobs },
  ...{ key: keyOfDepthwise, space: depthwiseSpace, legal: illegalDepthwise, cycles: depthwiseCycles },
  workloads: (layer, build) => [depthwiseWorkload(layer, build)],
  oneLayer,
  emit: (layer, [chosen], ctx) => emitDepthwise(layer, chosen, ctx),
};
