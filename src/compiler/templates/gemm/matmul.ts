/** Matrix products by the matrix multiplication templates: BATCH_MATMUL of float32 and of int8 with int8 results. */
import type { Tensor } from '../../../model/ir/graph.ts';
import { parameters } from '../../../model/ops/checks.ts';
import { itemSize } from '../../../model/tensor/dtype.ts';
import type { Emission, EmitContext } from '../../emission/context.ts';
import { cDescription, type Fields, integers } from '../../emission/description.ts';
import type { MatmulPairsLayer } from '../../lower/layers.ts';
import { epilogueFields, NO_CLAMP } from '../epilogue/epilogue.ts';
import {
  choose,
  GEMM_KERNELS,
  GEMM_SPACE,
  type GemmSchedule,
  type GemmWorkload,
  type Operands,
  perColumn,
} from '../index.ts';
import { SPARE } from './emit.ts';

/** Pairs of matrices, the right one packed when it is known. */
export function emitMatmulPairs(layer: MatmulPairsLayer, ctx: EmitContext): Emission {
  const { lhs, rhs, output, m, n, k, pairs, swapX, swapY, requantization } = layer;
  const schedules = schedulesOf(layer, ctx);
  const depth = Math.max(...schedules.map((s) => depthOf(k, s)));
  const copies = swapX || depth !== k;
  const zero = (operand: Tensor): number => (requantization === null ? 0 : parameters(operand).zeroPoint);
  const description = cDescription('matmul_pairs', 'd', {
    ...integers({ m, n, k, swap_x: swapX, swap_y: swapY, copies }),
    ...integers({ lhs_zero: zero(lhs), rhs_zero: zero(rhs) }),
    pair: ctx.constant(Int32Array.from(pairs.flatMap((pair) => [pair.lhs, pair.rhs]))),
  });
  const columns = (s: GemmSchedule): number => Math.ceil(n / s.nr) * s.nr;
  const most = (bytes: (s: GemmSchedule) => number): string => ctx.scratch(Math.max(...schedules.map(bytes)));
  const panels = most((s) => columns(s) * depthOf(k, s) * (requantization === null ? 4 : centers(s) ? 2 : 1) + SPARE);
  const copy = copies ? ctx.scratch(m * depth * itemSize(lhs.dtype) + SPARE) : 'NULL';
  const range = ctx.steps(pairs.length, pairs.length).join(', ');
  const tile = (s: GemmSchedule): Fields =>
    integers({
      ...{ m, n, k, mr: s.mr, nr: s.nr, weights_first: s.weightsFirst, lda: copies ? depth : k, ldc: n },
    });
  const [x, y, out] = [ctx.input(0), ctx.input(1), ctx.output(0)];
  const includes = ['matmul_gemm.h'];
  if (requantization === null) {
    const [s] = schedules;
    const bias = ctx.constant(new Float32Array(Math.max(n, s.nr)));
    const portable = s.kernel === 'f32' ? '0' : '1';
    const g = cDescription('gemm_f32', 'g', { ...tile(s), weights: panels, bias, portable, ...NO_CLAMP });
    return {
      includes,
      body: `${description}${g}matmul_run_f32(&d, &g, ${x}, ${y}, ${panels}, ${copy}, ${out}, ${range});\n`,
    };
  }
  const bias = most((s) => 4 * (s.kernel === 'mmla' || s.kernel === 'smull' ? 2 * columns(s) : Math.max(n, s.nr)));
  const factor = (s: GemmSchedule): number => (centers(s) ? 0 : -zero(rhs));
  const rows = most((s) => (factor(s) === 0 ? 0 : 4 * (s.weightsFirst ? m : s.mr)));
  const tiles = schedules.map((s, i) =>
    cDescription('gemm_i8', i === 0 ? 'g' : 'wide', {
      ...{ kernel: `GEMM_${s.kernel.toUpperCase()}`, ...tile(s), weights: panels },
      ...integers({ packed_k: depthOf(k, s), row_factor: factor(s) }),
      ...epilogueFields(
        {
          ...{ output, activation: 'NONE', requantization, profile: ctx.profile, bias },
          layout: (valueAt) => perColumn(valueAt, workloadOf(layer, 'int8-dynamic'), s),
        },
        ctx,
      ),
    }),
  );
  const work = cDescription('matmul_work', 's', { panels, bias, sums: ctx.scratch(4 * n), rows, copy });
  const wide = schedules.length > 1 ? '&wide' : 'NULL';
  return {
    includes,
    body: `${description}${tiles.join('')}${work}matmul_run_i8(&d, &g, ${wide}, ${x}, ${y}, &s, ${out}, ${range});\n`,
  };
}

const workloadOf = ({ m, n, k }: MatmulPairsLayer, operands: Operands): GemmWorkload => ({
  ...{ op: 'nn.batch_matmul', operands, unsigned: false, m, n, k, groups: 1, inPlace: true },
});

/** The tile, and, where it takes no right matrix that reaches -128, the one for those. */
function schedulesOf(layer: MatmulPairsLayer, ctx: EmitContext): GemmSchedule[] {
  const of = (operands: Operands): GemmSchedule => choose(GEMM_SPACE, workloadOf(layer, operands), ctx);
  if (layer.requantization === null) return [of('float32')];
  const narrow = of('int8-dynamic-narrow');
  return narrow.kernel === 'smull' ? [narrow, of('int8-dynamic')] : [narrow];
}

const depthOf = (k: number, { kernel }: GemmSchedule): number => {
  const { unit } = GEMM_KERNELS[kernel];
  return Math.ceil(k / unit) * unit;
};
/** Whether the panels are int16, less their zero point. */
const centers = ({ kernel }: GemmSchedule): boolean => kernel === 'mlal' || kernel === 'portable';
