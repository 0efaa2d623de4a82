/** Instances of the matrix multiplication templates (native/kernels/gemm*.h, conv.h). */

import type { Tensor } from '../../../model/ir/graph.ts';
import type { Activation } from '../../../model/ops/attrs.ts';
import { parameters } from '../../../model/ops/checks.ts';
import { itemSize } from '../../../model/tensor/dtype.ts';
import {
  GEMM_KERNELS,
  type GemmSchedule,
  type GemmWorkload,
  operandsOf,
  packGemm,
  perColumn,
  sumRanges,
  type Weights,
} from '../../schedules/index.ts';
import { type Emission, type EmitContext, scheduleFor } from '../emitter.ts';
import {
  cDescription,
  centeredRange,
  epilogueFields,
  type Fields,
  floatClamp,
  integers,
  type Layout,
  type Requantization,
} from './epilogue.ts';

/** The window of a convolution as members of a `conv_shape`. */
export interface ConvShape {
  readonly in_h: number;
  readonly in_w: number;
  readonly channels: number;
  readonly out_h: number;
  readonly out_w: number;
  readonly kernel_h: number;
  readonly kernel_w: number;
  readonly stride_h: number;
  readonly stride_w: number;
  readonly dilation_h: number;
  readonly dilation_w: number;
  readonly pad_top: number;
  readonly pad_left: number;
  readonly groups: number;
}

/** A layer that is a matrix multiplication, 8 bits or float, with constant weights. */
export interface GemmLayer {
  readonly op: GemmWorkload['op'];
  readonly data: Tensor;
  readonly output: Tensor;
  /** [columns][k] row-major. */
  readonly weights: Weights;
  readonly shape: ConvShape;
  /** Output pixels of all images. */
  readonly m: number;
  /** Output channels of all groups. */
  readonly columns: number;
  readonly activation: Activation;
  /** null for float. */
  readonly requantization: Requantization | null;
}

/** Whether each row of the matrix is one pixel of the input as it lies there. */
const isPointwise = (s: ConvShape): boolean =>
  s.kernel_h === 1 &&
  s.kernel_w === 1 &&
  s.stride_h === 1 &&
  s.stride_w === 1 &&
  s.groups === 1 &&
  s.out_h === s.in_h &&
  s.out_w === s.in_w &&
  s.pad_top === 0 &&
  s.pad_left === 0;

/** The workload of a layer on a target; rows that are no multiple of what the kernel loads are gathered, too. */
function workloadOf(
  layer: GemmLayer,
  ctx: EmitContext,
): { readonly workload: GemmWorkload; readonly schedule: GemmSchedule } {
  const { shape } = layer;
  const workload: GemmWorkload = {
    op: layer.op,
    operands: operandsOf(layer.weights.data, layer.weights.zeroPoint),
    unsigned: layer.data.dtype === 'uint8',
    m: layer.m,
    n: layer.columns / shape.groups,
    k: shape.kernel_h * shape.kernel_w * (shape.channels / shape.groups),
    groups: shape.groups,
    inPlace: isPointwise(shape),
  };
  const schedule = scheduleFor(workload, ctx);
  if (!workload.inPlace || workload.k % GEMM_KERNELS[schedule.kernel].unit === 0) return { workload, schedule };
  const gathered = { ...workload, inPlace: false };
  return { workload: gathered, schedule: scheduleFor(gathered, ctx) };
}

/** The C of a layer. */
export function emitGemm(layer: GemmLayer, ctx: EmitContext): Emission {
  const { workload: w, schedule: s } = workloadOf(layer, ctx);
  const { output, activation, requantization } = layer;
  const float = requantization === null;
  const layout: Layout = (valueAt) => perColumn(valueAt, w, s);
  const zeroPoint = float ? 0 : parameters(layer.data).zeroPoint;
  const packed = packGemm(w, s, layer.weights, zeroPoint);
  const sums = float ? [] : sumRanges(layer.weights, layer.columns, w.k, 1, centeredRange(layer.data));
  const item = itemSize(layer.data.dtype);
  const rowBytes = packed.depth * item;
  const common = integers({
    ...{ m: w.m, n: w.n, k: w.k, mr: s.mr, nr: s.nr, weights_first: s.weightsFirst },
    ...{ lda: w.inPlace ? w.k : packed.depth, ldc: layer.columns },
  });
  const bias = ctx.constant(packed.bias);
  const weights = ctx.constant(packed.weights);
  const fields: Fields =
    requantization === null
      ? { ...common, weights, bias, portable: s.kernel === 'f32' ? '0' : '1', ...floatClamp(activation) }
      : {
          ...{ kernel: `GEMM_${s.kernel.toUpperCase()}`, ...common, weights },
          ...integers({ packed_k: packed.depth, row_factor: packed.rowFactor }),
          ...epilogueFields({ output, activation, requantization, profile: ctx.profile, bias, layout, sums }, ctx),
        };
  const type = float ? 'f32' : 'i8';
  const [from, to] = float
    ? [ctx.input(0), ctx.output(0)]
    : [`(const uint8_t *)${ctx.input(0)}`, `(uint8_t *)${ctx.output(0)}`];
  const description = cDescription(`gemm_${type}`, 'g', fields);
  if (w.inPlace) {
    const rows = float ? '' : packed.rowFactor === 0 ? ' NULL,' : ` ${ctx.scratch(4 * w.m)},`;
    return { includes: ['conv.h'], body: `${description}gemm_run_${type}(&g, ${from},${rows} ${to});\n` };
  }
  const shape = integers({ ...layer.shape, item, fill: zeroPoint & 255, row_bytes: rowBytes });
  return {
    includes: ['conv.h'],
    body: `${description}${cDescription('conv_shape', 's', shape)}conv_run_${type}(&g, &s, ${from}, ${ctx.scratch(s.mr * rowBytes)}, ${to});\n`,
  };
}
