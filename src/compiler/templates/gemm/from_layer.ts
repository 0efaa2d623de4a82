/** Layers → workloads. */
import type { Profile } from '../../../model/arithmetic/multiplier.ts';
import type { ConvShape, GemmLayer, HybridGemmLayer, MatmulPairsLayer, Requantization } from '../../lower/layers.ts';
import { pixelsShape } from '../../lower/weights.ts';
import type { Target } from '../../targets/target.ts';
import type { BuildSettings } from '../template.ts';
import { type Operands, operandsOf } from '../workload.ts';
import { countKSums } from './k_sums/pack.ts';
import { exactKernels, kernelOf } from './kernels/index.ts';
import type { GemmKey, GemmWorkload } from './workload.ts';

/** The layers that are matrix multiplications. */
export type AnyGemmLayer = GemmLayer | HybridGemmLayer | MatmulPairsLayer;

/** The workloads of a layer. Pairs of int8 matrices have two if the fastest kernel excludes right matrices with -128. */
export function gemmWorkloads(layer: AnyGemmLayer, build: BuildSettings): readonly GemmWorkload[] {
  switch (layer.kind) {
    case 'gemm':
      return [constantWorkload(layer, build)];
    case 'hybrid_gemm':
      return [hybridWorkload(layer, build)];
    case 'matmul_pairs':
      return pairsWorkloads(layer, build);
  }
}

type Window = Pick<GemmKey, 'input' | 'channels' | 'output' | 'kernel' | 'strides' | 'dilation' | 'padding' | 'groups'>;

const windowOf = (s: ConvShape): Window => ({
  ...{ input: [s.in_h, s.in_w], channels: s.channels, output: [s.out_h, s.out_w] },
  ...{ kernel: [s.kernel_h, s.kernel_w], strides: [s.stride_h, s.stride_w], dilation: [s.dilation_h, s.dilation_w] },
  ...{ padding: [s.pad_top, s.pad_left], groups: s.groups },
});

const epilogueOf = (requantization: Requantization | null, profile: Profile): GemmKey['epilogue'] =>
  requantization === null ? 'float' : requantization.inDouble ? 'double' : profile;

function constantWorkload(layer: GemmLayer, { target, profile, threads }: BuildSettings): GemmWorkload {
  const { op, shape, m, columns, data, weights, requantization } = layer;
  const key: GemmKey = {
    ...{ op, data: data.dtype as GemmKey['data'], right: 'constant', images: m / (shape.out_h * shape.out_w) },
    ...{ ...windowOf(shape), n: columns / shape.groups, paddedRows: false },
    ...{ epilogue: epilogueOf(requantization, profile), threads },
  };
  return { ...key, weights: weightsOf(key, weights, target) };
}

/** Hybrid: int8 data, quantized at run time, and int32 results. Fully connected rows are quantized into padded rows. */
function hybridWorkload(layer: HybridGemmLayer, { target }: BuildSettings): GemmWorkload {
  const { op, shape, batch, outs } = layer;
  const key: GemmKey = {
    ...{ op, data: 'int8', right: 'constant', images: batch, ...windowOf(shape), n: outs / shape.groups },
    ...{ paddedRows: op === 'nn.dense', epilogue: 'sums', threads: 1 },
  };
  return { ...key, weights: weightsOf(key, { data: layer.weights.data as Int8Array, zeroPoint: 0 }, target) };
}

function weightsOf(
  key: GemmKey,
  { data, zeroPoint }: Pick<GemmLayer['weights'], 'data' | 'zeroPoint'>,
  target: Target,
): GemmWorkload['weights'] {
  const operands = operandsOf(data, zeroPoint);
  const summing = exactKernels(operands, target)
    .map(kernelOf)
    .find(({ sums16 }) => sums16);
  if (summing === undefined) return { operands };
  const offset = summing.offsets({ unsigned: key.data === 'uint8', operands }, zeroPoint).weights;
  return { operands, kSums: countKSums(key, data, offset) };
}

/** Rows are copied if necessary, hence padded; threads share the pairs, not the rows. */
function pairsWorkloads(layer: MatmulPairsLayer, { target, profile }: BuildSettings): readonly GemmWorkload[] {
  const { m, n, k, requantization } = layer;
  const of = (right: GemmKey['right'], operands: Operands): GemmWorkload => ({
    ...{ op: 'nn.batch_matmul', data: requantization === null ? 'float32' : 'int8', right, images: 1 },
    ...{ ...windowOf(pixelsShape(m, k)), n, paddedRows: true },
    ...{ epilogue: epilogueOf(requantization, profile), threads: 1, weights: { operands } },
  });
  if (requantization === null) return [of('any', 'float32')];
  const any = of('any', 'int8-dynamic');
  const narrowOnly = exactKernels('int8-dynamic-narrow', target).length > exactKernels('int8-dynamic', target).length;
  return narrowOnly ? [of('narrow', 'int8-dynamic-narrow'), any] : [any];
}
