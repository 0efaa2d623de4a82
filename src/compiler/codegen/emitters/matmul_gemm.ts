/** Matrix products by the matrix multiplication templates: BATCH_MATMUL of float32 and of int8 with int8 results. */
import { matmulFactor, matmulForm, matmulOf } from '../../../model/ops/batch_matmul.ts';
import { operand, parameters } from '../../../model/ops/checks.ts';
import type { OpView } from '../../../model/ops/definition.ts';
import type { TensorData } from '../../../model/tensor/dtype.ts';
import { GEMM_KERNELS, type GemmSchedule, type GemmWorkload, perColumn } from '../../schedules/index.ts';
import { type Emission, type EmitContext, scheduleFor } from '../emitter.ts';
import { pixelsShape } from './dense.ts';
import { cDescription, epilogueFields, type Fields, floatClamp, integers } from './epilogue.ts';
import { emitGemm } from './gemm.ts';

type Op = OpView<'nn.batch_matmul'>;

/** Bytes beyond the last element that kernels may load. */
const SPARE = 16;
/** Elements of a column side by side in a panel, by kernel; 1: 16 bits each. */
const blockOf = (kernel: GemmSchedule['kernel']): number => ({ dot: 4, mmla: 8 })[kernel as string] ?? 1;

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
  const workload: GemmWorkload = {
    ...{ op: 'nn.batch_matmul', operands: int8 ? 'int8-dynamic' : 'float32', unsigned: false, m, n, k, groups: 1 },
    inPlace: true,
  };
  const s = scheduleFor(workload, ctx);
  const { unit } = GEMM_KERNELS[s.kernel];
  const depth = Math.ceil(k / unit) * unit;
  const copies = op.attrs.adjX || depth !== k;
  const item = int8 ? 1 : 4;
  const block = blockOf(s.kernel);
  const zero = (i: number): number => (int8 ? parameters(operand(op, i)).zeroPoint : 0);
  const columns = Math.ceil(n / s.nr) * s.nr;
  const panels = ctx.scratch(columns * depth * (int8 ? (block === 1 ? 2 : 1) : 4) + SPARE);
  const copy = copies ? ctx.scratch(m * depth * item + SPARE) : 'NULL';
  const description = cDescription('matmul_pairs', 'd', {
    ...integers({ m, n, k, swap_x: op.attrs.adjX, swap_y: op.attrs.adjY, copies, block }),
    ...integers({ lhs_zero: zero(0), rhs_zero: zero(1) }),
    pair: ctx.constant(Int32Array.from(pairs.flatMap((pair) => [pair.lhs, pair.rhs]))),
  });
  const tile = integers({
    ...{ m, n, k, mr: s.mr, nr: s.nr, weights_first: s.weightsFirst, lda: copies ? depth : k, ldc: n },
  });
  const range = ctx.steps(pairs.length, pairs.length).join(', ');
  const emission = (type: string, fields: Fields, operands: readonly string[]): Emission => ({
    includes: ['matmul_gemm.h'],
    body: `${description}${cDescription(`gemm_${type}`, 'g', fields)}matmul_run_${type}(&d, &g, ${ctx.input(0)}, ${ctx.input(1)}, ${operands.join(', ')}, ${ctx.output(0)}, ${range});\n`,
  });
  if (!int8) {
    const bias = ctx.constant(new Float32Array(Math.max(n, s.nr)));
    const portable = s.kernel === 'f32' ? '0' : '1';
    return emission('f32', { ...tile, weights: panels, bias, portable, ...floatClamp('NONE') }, [panels, copy]);
  }
  const bias = ctx.scratch(4 * (s.kernel === 'mmla' ? 2 * columns : Math.max(n, s.nr)));
  const requantization = { factors: [matmulFactor(op)], inDouble: false };
  const factor = block === 1 ? 0 : -zero(1);
  const rows = factor === 0 ? 'NULL' : ctx.scratch(4 * (s.weightsFirst ? m : s.mr));
  const fields: Fields = {
    ...{ kernel: `GEMM_${s.kernel.toUpperCase()}`, ...tile, weights: panels },
    ...integers({ packed_k: depth, row_factor: factor }),
    ...epilogueFields(
      {
        ...{ output: op.outputs[0], activation: 'NONE', requantization, profile: ctx.profile, bias },
        layout: (valueAt) => perColumn(valueAt, workload, s),
      },
      ctx,
    ),
  };
  return emission('i8', fields, [panels, bias, ctx.scratch(4 * n), rows, copy]);
}
