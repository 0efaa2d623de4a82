import { InputError } from '../../../errors.ts';
import { operand } from '../../../model/ops/checks.ts';
import { type ControlFamily, MOST_ITERATIONS } from '../../../model/ops/control.ts';
import type { OpView } from '../../../model/ops/definition.ts';
import { itemSize } from '../../../model/tensor/dtype.ts';
import { elements, sameShape, showShape } from '../../../model/tensor/shape.ts';
import type { Tensor } from '../../../model/tensor/tensor.ts';
import type { Emission, EmitContext, EmitterTable } from '../../emission/context.ts';

const bytesOf = (t: Tensor): number => elements(t.shape) * itemSize(t.dtype);

/** Shapes of a build are fixed: arguments must have the shapes that the callee was compiled for. */
function mustFit(given: readonly (Tensor | null)[], taken: readonly Tensor[], what: string): void {
  taken.forEach((t, i) => {
    const from = given[i];
    if (from?.dtype === 'resource') throw new InputError(`${what} ${i} is a handle, which cannot be handed over`);
    if (from == null || from.dtype !== t.dtype || !sameShape(from.shape, t.shape))
      throw new InputError(
        `${what} ${i} is ${from?.dtype}${showShape(from?.shape ?? [])} here and ${t.dtype}${showShape(t.shape)} in the graph that it runs: only shapes that stay the same can be compiled`,
      );
  });
}

/** `TYPE *const NAME[] = {…};` C has no empty arrays. */
const array = (type: string, name: string, values: readonly string[]): string =>
  `${type} *${name}[] = {${values.length > 0 ? values.join(', ') : 'NULL'}};\n`;

/** An operand as a `const void *`. */
const pointer = (op: OpView<keyof ControlFamily>, ctx: EmitContext, i: number): string =>
  bytesOf(operand(op, i)) === 0 ? 'NULL' : `(const void *)${ctx.input(i)}`;

function emitIf(op: OpView<'if'>, ctx: EmitContext): Emission {
  const branches = [ctx.graph(op.attrs.thenGraph), ctx.graph(op.attrs.elseGraph)];
  for (const branch of branches) {
    mustFit(op.inputs.slice(1), branch.inputs, 'operand');
    mustFit(op.outputs, branch.outputs, 'result');
  }
  const arena = ctx.scratch(Math.max(...branches.map((branch) => branch.arenaBytes), 1));
  const [taken, other] = branches.map((branch) => branch.call(arena, 'from', 'to'));
  const from = op.inputs.slice(1).map((_, i) => pointer(op, ctx, i + 1));
  const to = op.outputs.map((_, i) => ctx.output(i));
  const run = `const int failed = *${ctx.input(0)} ? ${taken} : ${other};\nif (failed) return failed;\n`;
  return { includes: [], body: array('const void', 'from', from) + array('void', 'to', to) + run, fallible: true };
}

/**
 * Loop-carried values are double-buffered: the result's buffer and one in scratch memory, used in turn. Values that the body passes
 * through stay in place.
 */
function emitWhile(op: OpView<'while'>, ctx: EmitContext): Emission {
  const [condition, body] = [ctx.graph(op.attrs.condition), ctx.graph(op.attrs.body)];
  mustFit(op.inputs, condition.inputs, 'value');
  mustFit(op.inputs, body.inputs, 'value');
  mustFit(op.outputs, body.outputs, 'value');
  mustFit(op.outputs, body.inputs, 'value');
  const arena = ctx.scratch(Math.max(condition.arenaBytes, body.arenaBytes, 1));
  const indices = op.outputs.map((_, i) => i);
  const fixed = (i: number): boolean => body.passes[i] === i;
  const changing = indices.filter((i) => !fixed(i));
  const first = indices.map((i) => (fixed(i) ? `(void *)${pointer(op, ctx, i)}` : ctx.output(i)));
  const second = indices.map((i) => (fixed(i) ? first[i] : ctx.scratch(bytesOf(op.outputs[i]))));
  const copy = (to: string, from: string, i: number): string =>
    bytesOf(op.outputs[i]) === 0 ? '' : `memcpy(${to}, ${from}, ${bytesOf(op.outputs[i])});`;
  const lines = [
    array('void', 'now', first),
    array('void', 'next', second),
    ...changing.map((i) => `${copy(ctx.output(i), pointer(op, ctx, i), i)}\n`),
    'uint8_t go = 0;\nvoid *answer[] = {&go};\n',
    'for (int32_t round = 0;; round++) {\n',
    `  int failed = ${condition.call(arena, '(const void *const *)now', 'answer')};\n`,
    '  if (failed) return failed;\n  if (!go) break;\n',
    `  if (round == ${MOST_ITERATIONS}) return INT8_GATE_ENDLESS_LOOP;\n`,
    `  failed = ${body.call(arena, '(const void *const *)now', 'next')};\n`,
    '  if (failed) return failed;\n',
    ...changing.map((i) => `  { void *swap = now[${i}]; now[${i}] = next[${i}]; next[${i}] = swap; }\n`),
    '}\n',
    ...changing.map((i) => `if (now[${i}] != (void *)${ctx.output(i)}) { ${copy(ctx.output(i), `now[${i}]`, i)} }\n`),
    ...indices.filter(fixed).map((i) => `${copy(ctx.output(i), `now[${i}]`, i)}\n`),
  ];
  return { includes: [], body: lines.join(''), fallible: true };
}

export const controlEmitters: EmitterTable<ControlFamily> = {
  if: emitIf,
  while: emitWhile,
  call_once: (op, ctx) => {
    ctx.initialise(op.attrs.init);
    return { includes: [], body: '' };
  },
  // Handles are resolved at compile time: nothing is stored.
  var_handle: () => ({ includes: [], body: '' }),
  read_variable: (op, ctx) => {
    const bytes = bytesOf(op.outputs[0]);
    return { includes: [], body: `memcpy(${ctx.output(0)}, ${ctx.resource(0, bytes)}, ${bytes});\n` };
  },
  assign_variable: (op, ctx) => {
    const bytes = bytesOf(operand(op, 1));
    return { includes: [], body: `memcpy(${ctx.resource(0, bytes)}, ${ctx.input(1)}, ${bytes});\n` };
  },
};
