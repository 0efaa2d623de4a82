/** Templates without knobs: a space of one schedule. */
import { z } from 'zod';
import type { Emission, EmitContext } from '../../emission/context.ts';
import type { ConvShape } from '../../lower/layers.ts';
import type { Template } from '../template.ts';
import { keyOf } from '../workload.ts';

export interface FixedWorkload {
  /** Of the key. */
  readonly members: Parameters<typeof keyOf>[1];
  readonly macs: number;
}

const knobs = z.strictObject({});
export type NoKnobs = Readonly<z.infer<typeof knobs>>;

/** Scalar loads, a multiplication and an addition. */
const CYCLES_PER_MAC = 3;

/** The template of layers with one kernel and one schedule. */
export const onePoint = <Layer>(
  name: string,
  workload: (layer: Layer) => FixedWorkload,
  emit: (layer: Layer, ctx: EmitContext) => Emission,
): Template<Layer, FixedWorkload, NoKnobs> => ({
  ...{ name, version: 1, knobs },
  key: ({ members }) => keyOf(name, members),
  space: () => [{}],
  legal: () => null,
  cycles: ({ macs }) => CYCLES_PER_MAC * macs,
  workloads: (layer) => [workload(layer)],
  emit: (layer, _, ctx) => emit(layer, ctx),
});

/** The window as members of a key. */
export const windowMembers = (s: ConvShape): FixedWorkload['members'] => ({
  ...{ input: [s.in_h, s.in_w], channels: s.channels, output: [s.out_h, s.out_w], kernel: [s.kernel_h, s.kernel_w] },
  ...{ strides: [s.stride_h, s.stride_w], dilation: [s.dilation_h, s.dilation_w], padding: [s.pad_top, s.pad_left] },
  groups: s.groups,
});
