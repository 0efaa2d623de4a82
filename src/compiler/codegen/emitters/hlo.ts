import { operand } from '../../../model/ops/checks.ts';
import type { OpView } from '../../../model/ops/definition.ts';
import {
  dilationPlan,
  type HloFamily,
  type PairKind,
  pairRule,
  type WindowFold,
  windowLoops,
  windowRule,
} from '../../../model/ops/hlo.ts';
import { elements, strides } from '../../../model/tensor/shape.ts';
import { C_TYPES } from '../../emission/c.ts';
import type { Emission, EmitContext, EmitterTable } from '../../emission/context.ts';
import { known } from './known.ts';
import { emitPairs } from './loops/broadcast.ts';
import { emitPlan } from './loops/copies.ts';
import { indexed, nest } from './loops/nest.ts';

const PAIRS: Readonly<Record<PairKind, string>> = {
  'hlo.add': 'x + y',
  'hlo.multiply': 'x * y',
  'hlo.maximum': 'x < y ? y : x',
  'hlo.minimum': 'y < x ? y : x',
};
/** int overflows in products of two uint16_t. */
const widened = (value: string, dtype: string): string =>
  dtype === 'uint16' ? value.replace('x *', '(uint32_t)x *') : value;

const pair = (op: OpView<PairKind>, ctx: EmitContext): Emission => {
  const { dtype } = op.outputs[0];
  return {
    includes: [],
    body: emitPairs(op, ctx, `(${C_TYPES[dtype]})(${widened(PAIRS[pairRule(op.kind, dtype)], dtype)})`),
  };
};

/** `a`: the result so far; `b`: the next element. */
const FOLDS: Readonly<Record<WindowFold, string>> = {
  ADD: 'a + b',
  MUL: 'a * b',
  MINIMUM: 'a <= b ? a : b',
  MAXIMUM: 'a >= b ? a : b',
  ALL: 'a != 0 && b != 0',
  ANY: 'a != 0 || b != 0',
};

/** Loops over the results around loops over the window. */
function reduceWindow(op: OpView<'hlo.reduce_window'>, ctx: EmitContext): Emission {
  const { output, window, outputSteps, windowSteps } = known(windowLoops(op), op);
  if (elements(output) === 0) return { includes: [], body: '' };
  const { dtype } = operand(op, 0);
  const type = C_TYPES[dtype];
  const inner = nest(
    window,
    `{ const ${type} b = *(${indexed('from', 0, windowSteps)}); a = (${type})(${FOLDS[windowRule(op.attrs.fold, dtype)]}); }`,
  );
  const body = `{
  const ${type} *from = ${indexed(ctx.input(0), 0, outputSteps)};
  ${type} a = *${ctx.input(1)};
  ${type} *to = ${indexed(ctx.output(0), 0, strides(output))};
${inner}  *to = a;
}`;
  return { includes: [], body: nest(output, body) };
}

export const hloEmitters: EmitterTable<HloFamily> = {
  'hlo.add': pair,
  'hlo.multiply': pair,
  'hlo.maximum': pair,
  'hlo.minimum': pair,
  'hlo.dilate': (op, ctx) => emitPlan(known(dilationPlan(op), op), op, ctx, `*${ctx.input(2)}`),
  'hlo.reduce_window': reduceWindow,
};
