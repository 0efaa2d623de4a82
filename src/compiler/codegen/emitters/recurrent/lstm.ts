import { InputError } from '../../../../errors.ts';
import type { Multiplier } from '../../../../model/arithmetic/multiplier.ts';
import { operand, parameters } from '../../../../model/ops/checks.ts';
import type { OpView } from '../../../../model/ops/definition.ts';
import { effectiveBias, integerLstm } from '../../../../model/ops/lstm/integer.ts';
import { GATES, type Gate, has, LSTM, lstmForm, lstmShape } from '../../../../model/ops/lstm/layout.ts';
import { type LstmKind, type LstmPass, lstmPasses } from '../../../../model/ops/lstm/passes.ts';
import type { LstmFamily } from '../../../../model/ops/lstm.ts';
import { cFloat } from '../../../emission/c.ts';
import type { Emission, EmitContext, EmitterTable } from '../../../emission/context.ts';
import { cDescription, type Fields, integers } from '../../../emission/description.ts';
import { activationFields, mixFields, prefixed, sequenceFields } from './fields.ts';

type Op = OpView<'nn.lstm'>;

const shapeFields = (op: Op, reversed: boolean): Fields => {
  const shape = lstmShape(op);
  const { inputs, cells, outputs } = shape;
  return { ...sequenceFields(shape, op.attrs.timeMajor, reversed), ...integers({ inputs, cells, outputs }) };
};

/** Pointers to the operands that are present; omitted members are NULL. */
function pointers(op: Op, ctx: EmitContext, members: Readonly<Record<string, number>>): Fields {
  const given = Object.entries(members).filter(([, i]) => has(op, i));
  return Object.fromEntries(given.map(([name, i]) => [name, ctx.input(i)]));
}

/** The operands of one direction, renumbered. */
const ofPass = (ctx: EmitContext, { operands }: LstmPass): EmitContext => ({
  ...ctx,
  input: (i) => ctx.input(operands[i]),
  state: (i) => ctx.state(operands[i]),
});

function floatPass(pass: LstmPass, all: EmitContext, name: string, scratch: string): string {
  const op = pass.view;
  const ctx = ofPass(all, pass);
  const hybrid = lstmForm(op) === 'hybrid';
  const scale = (i: number): string => cFloat(hybrid && has(op, i) ? parameters(operand(op, i)).scale : 1);
  const gate = (name: Gate): Fields => {
    const { weights, recurrent, peephole, bias, norm, aux } = LSTM[name];
    if (!has(op, weights)) return {};
    return {
      ...pointers(op, ctx, { weights, aux, recurrent, peephole, bias, norm }),
      weights_scale: scale(weights),
      aux_scale: scale(aux),
      recurrent_scale: scale(recurrent),
      peephole_scale: scale(peephole),
    };
  };
  const description = cDescription(
    'ig_lstm',
    name,
    shapeFields(op, pass.reversed),
    integers({ aux: lstmShape(op).aux, row: op.outputs[0].shape.at(-1)! }),
    mixFields(hybrid, op.attrs.asymmetricQuantizeInputs),
    activationFields(op.attrs.activation),
    { cell_clip: cFloat(op.attrs.cellClip), projection_clip: cFloat(op.attrs.projectionClip) },
    ...GATES.map((name) => prefixed(name, gate(name))),
    pointers(op, ctx, { projection: LSTM.projection, projection_bias: LSTM.projectionBias }),
    { projection_scale: scale(LSTM.projection) },
  );
  const data = [ctx.input(LSTM.data), has(op, LSTM.aux) ? ctx.input(LSTM.aux) : 'NULL'];
  const result = `${ctx.output(pass.output)} + ${pass.column}`;
  const args = [`&${name}`, ...data, result, ctx.state(LSTM.outputState), ctx.state(LSTM.cellState), scratch];
  return `${description}ig_lstm_run(${args.join(', ')});\n`;
}

function emitFloat(op: OpView<LstmKind>, ctx: EmitContext): Emission {
  const passes = lstmPasses(op);
  const bytes = passes.map(({ view }) => {
    const { inputs, aux, cells, outputs } = lstmShape(view);
    return 20 * cells + inputs + aux + outputs + cells;
  });
  const scratch = ctx.scratch(Math.max(...bytes));
  const body = passes.map((pass) => floatPass(pass, ctx, pass.way ?? 'p', scratch)).join('');
  return { includes: ['lstm.h'], body };
}

const scaleFields = (name: string, { multiplier, shift }: Multiplier): Fields =>
  prefixed(name, integers({ m: multiplier, shift }));

/** The elements of a constant operand, or null where it is absent. */
function constantOf<T>(op: Op, i: number): T | null {
  if (!has(op, i)) return null;
  const { data } = operand(op, i);
  if (data === null) throw new InputError('weights and biases of an integer LSTM must be constants');
  return data as T;
}

type IntegerLstm = ReturnType<typeof integerLstm>;

const stateZero = (op: Op): number => parameters(operand(op, LSTM.outputState)).zeroPoint;

function integerGate(op: Op, ctx: EmitContext, name: Gate, by: IntegerLstm['gates'][Gate]): Fields {
  if (by === null) return {};
  const { weights, recurrent, peephole, bias, norm } = LSTM[name];
  const { cells } = lstmShape(op);
  const sums = by.norm === null ? constantOf<Int32Array>(op, bias) : null;
  const dataZero = parameters(operand(op, 0)).zeroPoint;
  return {
    ...pointers(op, ctx, { weights, recurrent, peephole, norm }),
    bias: ctx.constant(effectiveBias(constantOf<Int8Array>(op, weights)!, sums, cells, dataZero)),
    recurrent_bias: ctx.constant(effectiveBias(constantOf<Int8Array>(op, recurrent)!, null, cells, stateZero(op))),
    ...scaleFields('by', by.input),
    ...scaleFields('recurrent_by', by.recurrent),
    ...(by.peephole && scaleFields('peephole_by', by.peephole)),
    ...(by.norm && {
      norm_bias: ctx.input(bias),
      ...integers({ least_variance: by.norm.leastVariance }),
      ...scaleFields('norm_by', by.norm.scale),
    }),
  };
}

function integerProjection(op: Op, ctx: EmitContext, { hiddenZero }: IntegerLstm): Fields {
  const weights = constantOf<Int8Array>(op, LSTM.projection);
  if (weights === null) return {};
  const bias = constantOf<Int32Array>(op, LSTM.projectionBias);
  return {
    projection: ctx.input(LSTM.projection),
    projection_bias: ctx.constant(effectiveBias(weights, bias, lstmShape(op).outputs, -hiddenZero)),
  };
}

function emitInteger(op: Op, ctx: EmitContext): Emission {
  const lstm = integerLstm(op);
  const { cells, outputs } = lstmShape(op);
  const projection = integerProjection(op, ctx, lstm);
  const description = cDescription(
    'ig_lstm_s8',
    'p',
    shapeFields(op, false),
    integers({
      cell_bits: 15 + lstm.cellScale,
      cell_clip: lstm.cellClip,
      projection_clip: lstm.projectionClip,
      hidden_zero: has(op, LSTM.projection) ? -lstm.hiddenZero : lstm.hiddenZero,
      state_zero: stateZero(op),
      peephole_reach: lstm.peepholeReach,
      peephole_period: Math.min(outputs, cells),
    }),
    ...GATES.map((name) => prefixed(name, integerGate(op, ctx, name, lstm.gates[name]))),
    projection,
    scaleFields('hidden_by', lstm.hidden),
    scaleFields('projection_by', lstm.projection),
  );
  const scratch = ctx.scratch(8 * Math.max(cells, outputs) + 9 * cells);
  const args = ['&p', ctx.input(0), ctx.output(0), ctx.state(LSTM.outputState), ctx.state(LSTM.cellState), scratch];
  return { includes: ['lstm_integer.h'], body: `${description}ig_lstm_run_s8(${args.join(', ')});\n` };
}

function emit(op: OpView<LstmKind>, ctx: EmitContext): Emission {
  const [{ view }] = lstmPasses(op);
  return lstmForm(view) === 'integer' ? emitInteger(view, ctx) : emitFloat(op, ctx);
}

export const lstmEmitters: EmitterTable<LstmFamily> = {
  'nn.lstm': emit,
  'nn.lstm_cell': emit,
  'nn.bidirectional_lstm': emit,
};
