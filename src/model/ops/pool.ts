import type { Activation, HW, Padding } from './attrs.ts';

export interface PoolAttrs {
  readonly padding: Padding;
  readonly strides: HW;
  readonly pool: HW;
  readonly activation: Activation;
}
export interface PoolFamily {
  'nn.avg_pool2d': PoolAttrs;
  'nn.max_pool2d': PoolAttrs;
}
