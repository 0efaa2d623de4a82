import { InputError } from '../../../../errors.ts';
import { operand, parameters } from '../../../../model/ops/checks.ts';
import type { OpView } from '../../../../model/ops/definition.ts';
import {
  BASIC,
  type BasicLstmFamily,
  basicMultiplier,
  basicShape,
  isIntegerBasic,
} from '../../../../model/ops/lstm_basic.ts';
import type { Emission, EmitContext, EmitterTable } from '../../../emission/context.ts';
import { cDescription, integers } from '../../../emission/description.ts';
import { prefixed } from './fields.ts';

type Op = OpView<'nn.basic_lstm_cell'>;

/** The previous activation and state, and where variables among them are updated. */
function states(op: Op, ctx: EmitContext): { readonly before: readonly string[]; readonly replace: string } {
  const { batch, cells } = basicShape(op);
  const list = [BASIC.activation, BASIC.state].map((i, result) => {
    if (!operand(op, i).variable) return { pointer: ctx.input(i), copy: '' };
    const pointer = ctx.state(i);
    return { pointer, copy: `memcpy(${pointer}, ${ctx.output(result)}, ${batch * cells} * sizeof *${pointer});\n` };
  });
  return { before: list.map((s) => s.pointer), replace: list.map((s) => s.copy).join('') };
}

const results = (ctx: EmitContext): string[] => [0, 1, 2, 3].map((i) => ctx.output(i));

function emitFloat(op: Op, ctx: EmitContext): Emission {
  const { before, replace } = states(op, ctx);
  const operands = [BASIC.weights, BASIC.bias, BASIC.data].map((i) => ctx.input(i));
  const args = ['&p', ...operands, ...before, ...results(ctx)];
  const shape = cDescription('ig_lstm_basic', 'p', integers(basicShape(op)));
  return { includes: ['lstm_basic.h'], body: `${shape}ig_lstm_basic_f32(${args.join(', ')});\n${replace}` };
}

function emitInteger(op: Op, ctx: EmitContext): Emission {
  const weights = operand(op, BASIC.weights).data as Uint8Array | null;
  if (weights === null) throw new InputError('the weights of an integer LSTM must be constants');
  const { inputs, cells } = basicShape(op);
  const by = basicMultiplier(op);
  const { before, replace } = states(op, ctx);
  const fields = {
    ...prefixed('shape', integers(basicShape(op))),
    weights: ctx.constant(Int8Array.from(weights, (w) => w - 128)),
    bias: ctx.input(BASIC.bias),
    ...integers({ weights_zero: parameters(operand(op, BASIC.weights)).zeroPoint - 128 }),
    ...integers({ m: by.multiplier, shift: by.shift }),
  };
  const scratch = ctx.scratch(32 * cells + inputs + cells);
  const args = ['&p', ctx.input(BASIC.data), ...before, ...results(ctx), scratch];
  const body = `${cDescription('ig_lstm_basic_u8', 'p', fields)}ig_lstm_basic_run_u8(${args.join(', ')});\n${replace}`;
  return { includes: ['lstm_basic.h'], body };
}

export const basicLstmEmitters: EmitterTable<BasicLstmFamily> = {
  'nn.basic_lstm_cell': (op, ctx) => (isIntegerBasic(op) ? emitInteger(op, ctx) : emitFloat(op, ctx)),
};
