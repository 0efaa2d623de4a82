import {
  type BatchMatmulFamily,
  type Matmul,
  matmulFactor,
  matmulForm,
  matmulOf,
} from '../../model/ops/batch_matmul.ts';
import { operand } from '../../model/ops/checks.ts';
import type { OpView } from '../../model/ops/definition.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { Emission, EmitContext, EmitterTable } from '../emission/context.ts';
import { cDescription, type Fields, integers } from '../emission/description.ts';
import { epilogueFields } from '../templates/epilogue/epilogue.ts';
import { emitMatmulGemm } from '../templates/gemm/matmul.ts';
import { plainElement } from '../templates/reference/plain.ts';

type Op = OpView<'nn.batch_matmul'>;

function emit(op: Op, ctx: EmitContext): Emission {
  const [lhs, rhs, output] = [operand(op, 0), operand(op, 1), op.outputs[0]];
  const plan = matmulOf(op, ctx.profile);
  const form = matmulForm(op);
  const { m, n, k, pairs } = plan;
  if (elements(output.shape) === 0) return { includes: [], body: '' };
  if (form === 'float' || form === 'int8') return emitMatmulGemm(op, ctx);
  const rightMatrices = elements(rhs.shape) / (n * k);
  const fields: Fields = {
    form: `MATMUL_${form.toUpperCase()}`,
    ...integers({ pairs: pairs.length, m, n, k, swap_x: op.attrs.adjX, swap_y: op.attrs.adjY }),
    ...{ lhs: plainElement(lhs.dtype), rhs: plainElement(rhs.dtype) },
    ...integers({ asymmetric: op.attrs.asymmetricQuantizeInputs, rows: elements(lhs.shape) / k }),
    pair: ctx.constant(Int32Array.from(pairs.flatMap((p) => [p.lhs, p.rhs, p.scales, p.sums]))),
    ...formFields(op, plan, ctx),
  };
  const scratch: Fields = {
    right: ctx.scratch(2 * n * k),
    sums: ctx.scratch(8 * n),
    ...(form === 'hybrid' ? hybridScratch(op, plan, rightMatrices, ctx) : {}),
  };
  const description = cDescription('matmul', 'g', fields) + cDescription('matmul_scratch', 's', scratch);
  return {
    includes: ['matmul.h'],
    body: `${description}matmul_run(&g, ${ctx.input(0)}, ${ctx.input(1)}, &s, ${rightMatrices}, ${ctx.output(0)});\n`,
  };
}

/** INT16 products are summed in 64 bits, which are always rounded as profile `tflite` does. */
function formFields(op: Op, { n }: Matmul, ctx: EmitContext): Fields {
  const form = matmulForm(op);
  const each = <T>(values: readonly T[]): T[] =>
    Array.from({ length: n }, (_, j) => values[values.length === 1 ? 0 : j]);
  if (form === 'hybrid')
    return { weight_scale: ctx.constant(Float32Array.from(each(operand(op, 1).quantization!.scales))) };
  if (form !== 'wide') return {};
  const requantization = { factors: [matmulFactor(op)], inDouble: false };
  const layout = (valueAt: (j: number) => number): number[] => Array.from({ length: n }, (_, j) => valueAt(j));
  return epilogueFields(
    { output: op.outputs[0], activation: 'NONE', requantization, profile: 'tflite', bias: 'NULL', layout },
    ctx,
  );
}

function hybridScratch(op: Op, { n, k }: Matmul, rightMatrices: number, ctx: EmitContext): Fields {
  const size = elements(operand(op, 0).shape);
  return {
    quantized: ctx.scratch(size),
    scales: ctx.scratch((4 * size) / k),
    zeros: ctx.scratch((4 * size) / k),
    row: ctx.scratch(4 * k),
    column_sums: ctx.scratch(4 * n * rightMatrices),
  };
}

export const batchMatmulEmitters: EmitterTable<BatchMatmulFamily> = { 'nn.batch_matmul': emit };
