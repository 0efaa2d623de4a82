/** Matrix products by the matrix multiplication templates: BATCH_MATMUL of float32 and of int8 with int8 results. */
import { matmulFactor, matmulForm, matmulOf } from '../../../model/ops/batch_matmul.ts';
import { operand, parameters } from '../../../model/ops/checks.ts';
import type { OpView } from '../../../model/ops/definition.ts';
import type { TensorData } from '../../../model/tensor/dtype.ts';
import { type Emission, type EmitContext, scheduleFor } from '../../emission/context.ts';
import { cDescription, type Fields, integers } from '../../emission/description.ts';
import { pixelsShape } from '../../lower/dense.ts';
import { epilogueFields, NO_CLAMP } from '../epilogue/epilogue.ts';
import { GEMM_KERNELS, type GemmSchedule, type GemmWorkload, type Operands, perColumn } from '../index.ts';
import { emitGemm, SPARE } from './emit.ts';
import { loopOf } from './loop.ts';

type Op = OpView<'nn.batch_matmul'>;

/** The C of a product whose operands have `form` 'float' or 'int8'. */
export function emitMatmulGemm(op: Op, ctx: EmitContext): Emission {
  const plan = matmulOf(op, ctx.profile);
  const one = plan.pairs.every(({ lhs, rhs }, i) => lhs === i && rhs === 0);
  const constant = operand(op, 1).data;
  return constant !== null && one && !op.attrs.adjX ? emitConstant(op, constant, ctx) : emitPairs(op, ctx);
}

/** All left matrices, one below the other, times a constant one. */
function emitConstant(op: Op, data: TensorData, ctx: EmitContext): Emission {
  const { m, n, k, pairs } = matmulOf(op, ctx.profile);
  const [lhs, rhs, output] = [operand(op, 0), operand(op, 1), op.outputs[0]];
  const int8 = matmulForm(op) === 'int8';
  const columns = op.attrs.adjY ? data : data.map((_, i) => data[(i % k) * n + Math.floor(i / k)] as never);
  const rows = m * pairs.length;
  return emitGemm(
    {
      ...{ op: 'nn.dense', data: lhs, output, shape: pixelsShape(rows, k), m: rows, columns: n, activation: 'NONE' },
      infinite: true,
      requantization: int8 ? { factors: [matmulFactor(op)], inDouble: false } : null,
      weights: { data: columns as Int8Array, zeroPoint: int8 ? parameters(rhs).zeroPoint : 0, bias: null },
    },
    ctx,
  );
}

/** Pairs of matrices, the right one packed when it is known. */
function emitPairs(op: Op, ctx: EmitContext): Emission {
  const { m, n, k, pairs } = matmulOf(op, ctx.profile);
  const int8 = matmulForm(op) === 'int8';
  const schedules = schedulesOf(op, ctx);
  const depth = Math.max(...schedules.map((s) => depthOf(k, s)));
  const copies = op.attrs.adjX || depth !== k;
  const zero = (i: number): number => (int8 ? parameters(operand(op, i)).zeroPoint : 0);
  const description = cDescription('matmul_pairs', 'd', {
    ...integers({ m, n, k, swap_x: op.attrs.adjX, swap_y: op.attrs.adjY, copies }),
    ...integers({ lhs_zero: zero(0), rhs_zero: zero(1) }),
    pair: ctx.constant(Int32Array.from(pairs.flatMap((pair) => [pair.lhs, pair.rhs]))),
  });
  const columns = (s: GemmSchedule): number => Math.ceil(n / s.nr) * s.nr;
  const most = (bytes: (s: GemmSchedule) => number): string => ctx.scratch(Math.max(...schedules.map(bytes)));
  const panels = most((s) => columns(s) * depthOf(k, s) * (int8 ? (centers(s) ? 2 : 1) : 4) + SPARE);
  const copy = copies ? ctx.scratch(m * depth * (int8 ? 1 : 4) + SPARE) : 'NULL';
  const range = ctx.steps(pairs.length, pairs.length).join(', ');
  const tile = (s: GemmSchedule): Fields =>
    integers({
      ...{ m, n, k, mr: s.mr, nr: s.nr, weights_first: s.weightsFirst, lda: copies ? depth : k, ldc: n },
    });
  const [x, y, out] = [ctx.input(0), ctx.input(1), ctx.output(0)];
  const includes = ['matmul_gemm.h'];
  if (!int8) {
    const [s] = schedules;
    const bias = ctx.constant(new Float32Array(Math.max(n, s.nr)));
    const portable = s.kernel === 'f32' ? '0' : '1';
    const loop = loopOf(s, false, ctx.target);
    const fields = { ...tile(s), weights: panels, bias, portable, ...loop.fields, ...NO_CLAMP };
    const g = cDescription('gemm_f32', 'g', fields);
    return {
      includes,
      functions: loop.functions,
      body: `${description}${g}matmul_run_f32(&d, &g, ${x}, ${y}, ${panels}, ${copy}, ${out}, ${range});\n`,
    };
  }
  const bias = most((s) => 4 * (s.kernel === 'mmla' || s.kernel === 'smull' ? 2 * columns(s) : Math.max(n, s.nr)));
  const factor = (s: GemmSchedule): number => (centers(s) ? 0 : -zero(1));
  const rows = most((s) => (factor(s) === 0 ? 0 : 4 * (s.weightsFirst ? m : s.mr)));
  const requantization = { factors: [matmulFactor(op)], inDouble: false };
  const tiles = schedules.map((s, i) =>
    cDescription('gemm_i8', i === 0 ? 'g' : 'wide', {
      ...{ kernel: `GEMM_${s.kernel.toUpperCase()}`, ...tile(s), weights: panels },
      ...integers({ packed_k: depthOf(k, s), row_factor: factor(s) }),
      ...epilogueFields(
        {
          ...{ output: op.outputs[0], activation: 'NONE', requantization, profile: ctx.profile, bias },
          layout: (valueAt) => perColumn(valueAt, workloadOf(op, ctx, 'int8-dynamic'), s),
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

const workloadOf = (op: Op, ctx: EmitContext, operands: Operands): GemmWorkload => {
  const { m, n, k } = matmulOf(op, ctx.profile);
  return { op: 'nn.batch_matmul', operands, unsigned: false, m, n, k, groups: 1, inPlace: true };
};

/** The tile, and, where it takes no right matrix that reaches -128, the one for those. */
function schedulesOf(op: Op, ctx: EmitContext): GemmSchedule[] {
  const of = (operands: Operands): GemmSchedule => scheduleFor(workloadOf(op, ctx, operands), ctx);
  if (matmulForm(op) === 'float') return [of('float32')];
  const narrow = of('int8-dynamic-narrow');
  return narrow.kernel === 'smull' ? [narrow, of('int8-dynamic')] : [narrow];
}

const depthOf = (k: number, { kernel }: GemmSchedule): number => {
  const { unit } = GEMM_KERNELS[kernel];
  return Math.ceil(k / unit) * unit;
};
/** Whether the panels are int16, less their zero point. */
const centers = ({ kernel }: GemmSchedule): boolean => kernel === 'mlal' || kernel === 'portable';
