/** Instances of the matrix multiplication templates (native/kernels/gemm*.h, conv.h). */

import { parameters } from '../../../model/ops/checks.ts';
import { itemSize } from '../../../model/tensor/dtype.ts';
import { type Emission, type EmitContext, scheduleFor } from '../../emission/context.ts';
import { cDescription, type Fields, integers } from '../../emission/description.ts';
import { leadOf, type Step, starts } from '../../emission/lead.ts';
import type { ConvShape, GemmLayer } from '../../lower/layers.ts';
import { centeredRange, epilogueFields, floatClamp, type Layout, NO_CLAMP } from '../epilogue/epilogue.ts';
import {
  countChains,
  GEMM_KERNELS,
  type GemmSchedule,
  type GemmWorkload,
  gemmKernels,
  offsets,
  operandsOf,
  packGemm,
  perColumn,
  sumRanges,
} from '../index.ts';
import { levelFields } from './levels.ts';
import { loopOf } from './loop.ts';

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

/**
 * The workload of a layer on a target; rows that are no multiple of what the kernel loads are gathered, too, unless the
 * caller `pads` them.
 */
export function workloadOf(
  layer: GemmLayer,
  ctx: EmitContext,
  pads = false,
): { readonly workload: GemmWorkload; readonly schedule: GemmSchedule } {
  const { shape } = layer;
  const inPlace = isPointwise(shape);
  const { data, zeroPoint } = layer.weights;
  const plain: GemmWorkload = {
    op: layer.op,
    operands: operandsOf(data, zeroPoint),
    unsigned: layer.data.dtype === 'uint8',
    m: inPlace ? layer.m : shape.out_h * shape.out_w,
    n: layer.columns / shape.groups,
    k: shape.kernel_h * shape.kernel_w * (shape.channels / shape.groups),
    groups: shape.groups,
    inPlace,
  };
  const kernel = gemmKernels(plain.operands, ctx.target, plain.m);
  const workload =
    kernel === 'chains'
      ? { ...plain, chains: countChains(plain, data, offsets(kernel, plain, zeroPoint).weights) }
      : plain;
  const schedule = scheduleFor(workload, ctx);
  if (pads || !workload.inPlace || workload.k % GEMM_KERNELS[schedule.kernel].unit === 0) return { workload, schedule };
  const gathered = { ...workload, m: shape.out_h * shape.out_w, inPlace: false };
  return { workload: gathered, schedule: scheduleFor(gathered, ctx) };
}

/** Bytes of padded rows that are to stay in the first-level cache beside weights and results. */
const BAND_BYTES = 4096;

/** How a convolution's output rows are cut into bands: all in one where neither padding nor threads need several. */
export function bandsOf(s: ConvShape, mr: number, item: number, threads: number) {
  const seen = (outputs: number, stride: number, kernel: number, dilation: number) =>
    (outputs - 1) * stride + (kernel - 1) * dilation + 1;
  const width = seen(s.out_w, s.stride_w, s.kernel_w, s.dilation_w);
  const height = (rows: number) => seen(rows, s.stride_h, s.kernel_h, s.dilation_h);
  const padded = s.pad_top > 0 || s.pad_left > 0 || width > s.in_w || height(s.out_h) > s.in_h;
  const least = Math.ceil(mr / s.out_w);
  const most = threads === 1 ? s.out_h : Math.max(least, Math.ceil(s.out_h / (2 * threads)));
  if (!padded) return { band: most, band_w: 0, bytes: 0 };
  const rowBytes = width * s.channels * item;
  let rows = least;
  while (rows < most && height(rows + 1) * rowBytes <= BAND_BYTES) rows++;
  const band = Math.ceil(s.out_h / Math.ceil(s.out_h / rows));
  return { band: Math.max(band, least), band_w: width, bytes: height(rows) * rowBytes };
}

/** The range of steps of `size` over `total`, `times` over; the last of each starts early enough to be whole. */
function stepsOf(total: number, size: number, times: number, ctx: EmitContext): string {
  const count = Math.ceil(total / size);
  const ragged = total % size !== 0;
  if (ragged && times > 1) return ctx.steps(count * times, times, count).join(', ');
  return ctx.steps(count * times, ragged ? Math.max(1, count - 1) : count * times).join(', ');
}

/** The steps of a matrix multiplication that reads its data in place, tile of rows by tile of rows. */
const tileSteps = (m: number, mr: number, rowBytes: number, resultBytes: number): Step[] =>
  starts(m, mr).map((at) => ({ unread: at * rowBytes, written: (at + mr) * resultBytes }));

/**
 * The steps of a convolution: bands whose rows are copied first, else tiles whose pixels are gathered first. The data that
 * the next of them sees is unread. null: groups pass by the whole data one after another.
 */
function windowSteps(
  s: ConvShape,
  images: number,
  band: number,
  padded: boolean,
  mr: number,
  item: number,
  columns: number,
) {
  const pixels = s.out_h * s.out_w;
  if (!padded && s.groups > 1) return null;
  const [size, total] = padded ? [band * s.out_w, pixels] : [mr, pixels];
  const rowBytes = s.in_w * s.channels * item;
  const seen = (pixel: number): number =>
    Math.max(0, Math.floor(pixel / s.out_w) * s.stride_h - s.pad_top) * rowBytes +
    (padded ? 0 : (pixel % s.out_w) * s.stride_w * s.channels * item);
  const all = Array.from({ length: images }, (_, image) =>
    starts(total, size).map((at) => ({
      from: image * s.in_h * rowBytes + seen(at),
      written: (image * pixels + at + size) * columns * item,
    })),
  ).flat();
  return all.map(({ written }, i): Step => ({ written, unread: all[i + 1]?.from ?? Infinity }));
}

/** CONV_SPARE of native/kernels/conv.h. */
export const SPARE = 16;

/** The rows that a matrix multiplication takes at a time, and the elements between rows of data and of results. */
interface Rows {
  readonly m: number;
  readonly lda: number;
  readonly ldc: number;
}

const tileFields = ({ n, k }: GemmWorkload, { mr, nr, weightsFirst }: GemmSchedule, { m, lda, ldc }: Rows): Fields =>
  integers({ m, n, k, mr, nr, weights_first: weightsFirst, lda, ldc });

/** Members of a `gemm_i8` but for what becomes of the sums. */
export function integerFields(
  w: GemmWorkload,
  s: GemmSchedule,
  packed: ReturnType<typeof packGemm>,
  rows: Rows,
  ctx: EmitContext,
): Fields {
  return {
    kernel: `GEMM_${s.kernel.toUpperCase()}`,
    ...tileFields(w, s, rows),
    weights: ctx.constant(packed.weights),
    ...integers({ packed_k: packed.depth, row_factor: packed.rowFactor }),
    ...(packed.chains && {
      ...integers({ chain: s.chain ?? 1, singles: s.singles ?? false }),
      ...{ order: ctx.constant(packed.chains.order), counts: ctx.constant(packed.chains.counts) },
    }),
  };
}

/** The C of a layer. */
export function emitGemm(layer: GemmLayer, ctx: EmitContext): Emission {
  const { workload: w, schedule: chosen } = workloadOf(layer, ctx);
  const { output, activation, requantization } = layer;
  const float = requantization === null;
  // Few rows leave the threads nothing to share out but weights.
  const weightsFirst = chosen.weightsFirst || (w.inPlace && Math.ceil(w.m / chosen.mr) < ctx.threads);
  const s = { ...chosen, weightsFirst };
  const layout: Layout = (valueAt) => perColumn(valueAt, w, s);
  const zeroPoint = float ? 0 : parameters(layer.data).zeroPoint;
  const packed = packGemm(w, s, layer.weights, zeroPoint);
  const sums = float ? [] : sumRanges(layer.weights, layer.columns, w.k, 1, centeredRange(layer.data));
  const item = itemSize(layer.data.dtype);
  const rowBytes = packed.depth * item;
  const { bytes, ...bands } = bandsOf(layer.shape, s.mr, item, ctx.threads);
  const matrix: Rows = {
    ...{ m: w.inPlace ? w.m : bands.band * layer.shape.out_w, lda: w.inPlace ? w.k : packed.depth, ldc: layer.columns },
  };
  const bias = ctx.constant(packed.bias);
  const portable = s.kernel === 'f32' ? '0' : '1';
  const loop = loopOf(s, w.unsigned, ctx.target);
  const fields: Fields =
    requantization === null
      ? {
          ...{ ...tileFields(w, s, matrix), weights: ctx.constant(packed.weights), bias, portable },
          ...loop.fields,
          ...(layer.infinite ? NO_CLAMP : floatClamp(activation)),
        }
      : {
          ...integerFields(w, s, packed, matrix, ctx),
          ...loop.fields,
          ...((packed.chains && levelFields(layer, w, s, packed.bias, sums, ctx)) ??
            epilogueFields({ output, activation, requantization, profile: ctx.profile, bias, layout, sums }, ctx)),
        };
  const type = float ? 'f32' : 'i8';
  const [from, to] = float
    ? [ctx.input(0), ctx.output(0)]
    : [`(const uint8_t *)${ctx.input(0)}`, `(uint8_t *)${ctx.output(0)}`];
  const description = cDescription(`gemm_${type}`, 'g', fields);
  if (w.inPlace) {
    // The sums of a tile's rows are added up before it; where all tiles pass by each panel of weights, once for all panels.
    const summed = packed.rowFactor === 0 ? 0 : weightsFirst ? w.m : s.mr;
    const rows = float ? '' : ` ${ctx.scratch(4 * summed)},`;
    const steps = weightsFirst ? stepsOf(w.n, s.nr, 1, ctx) : stepsOf(w.m, s.mr, 1, ctx);
    const lead = weightsFirst ? null : leadOf(tileSteps(w.m, s.mr, w.k * item, layer.columns * item));
    return {
      includes: ['conv.h'],
      functions: loop.functions,
      body: `${description}gemm_run_${type}(&g, ${from},${rows} ${to}, ${steps});\n`,
      inPlace: lead === null ? [] : [{ operand: 0, lead }],
    };
  }
  const images = layer.m / (layer.shape.out_h * layer.shape.out_w);
  const shape = integers({ ...layer.shape, item, fill: zeroPoint & 255, images, ...bands, row_bytes: rowBytes });
  const padded = bytes === 0 ? 'NULL' : ctx.scratch(bytes + SPARE);
  const panel = ctx.scratch(s.mr * rowBytes + SPARE);
  const steps = stepsOf(layer.shape.out_h, bands.band, images, ctx);
  const overlap = windowSteps(layer.shape, images, bands.band, bytes > 0, s.mr, item, layer.columns);
  return {
    includes: ['conv.h'],
    functions: loop.functions,
    body: `${description}${cDescription('conv_shape', 's', shape)}conv_run_${type}(&g, &s, ${from}, ${padded}, ${panel}, ${to}, ${steps});\n`,
    inPlace: overlap === null ? [] : [{ operand: 0, lead: leadOf(overlap) }],
  };
}
