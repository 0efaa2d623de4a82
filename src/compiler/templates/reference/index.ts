/** Reference templates: portable loops for the forms of operators with weights that no tile computes. */
import { type Direct, tapsOf } from '../../../model/ops/shared/direct.ts';
import type { ReferenceConvLayer, ReferenceMatmulLayer, ReferenceTapsLayer } from '../../lower/layers.ts';
import { emitReferenceConv } from './conv.ts';
import { emitReferenceMatmul } from './matmul.ts';
import { onePoint, windowMembers } from './one_point.ts';
import { emitReferenceTaps } from './taps.ts';

export const REFERENCE_CONV = onePoint<ReferenceConvLayer>(
  'reference_conv',
  ({ data, weights, shape: s, batch, outs, multiplier }) => ({
    members: { data: data.dtype, weights: weights.dtype, images: batch, ...windowMembers(s), outs, multiplier },
    macs: batch * s.out_h * s.out_w * outs * s.kernel_h * s.kernel_w * (multiplier > 0 ? 1 : s.channels / s.groups),
  }),
  emitReferenceConv,
);

export const REFERENCE_TAPS = onePoint<ReferenceTapsLayer>(
  'reference_taps',
  ({ data, weights, geometry: g }) => ({
    members: {
      ...{ data: data.dtype, weights: weights.dtype, images: g.batches, channels: g.channels, outs: g.outChannels },
      ...axisMembers(g),
    },
    macs: g.batches * g.channels * g.outChannels * g.axes.reduce((n, axis) => (n * tapsOf(axis).taps.length) / 2, 1),
  }),
  emitReferenceTaps,
);

const axisMembers = ({ axes }: Direct) => {
  const each = (member: 'input' | 'output' | 'kernel' | 'stride' | 'dilation' | 'before') =>
    axes.map((axis) => axis[member]);
  return {
    ...{ input: each('input'), output: each('output'), kernel: each('kernel'), strides: each('stride') },
    ...{ dilation: each('dilation'), padding: each('before'), transposed: axes.some((axis) => axis.transposed) },
  };
};

export const REFERENCE_MATMUL = onePoint<ReferenceMatmulLayer>(
  'reference_matmul',
  ({ form, m, n, k, pairs }) => ({
    members: { form, pairs: pairs.length, m, n, k },
    macs: pairs.length * m * n * k,
  }),
  emitReferenceMatmul,
);
