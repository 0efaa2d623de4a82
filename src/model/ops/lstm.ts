import type { Activation } from '../arithmetic/activation.ts';
import { allocate, type TensorData } from '../tensor/dtype.ts';
import { elements, sameShape } from '../tensor/shape.ts';
import { defineOp, dtypeIs, firstProblems, operand, type Problem } from './checks.ts';
import type { EvalView, OpTable, OpView } from './definition.ts';
import { checkLstm } from './lstm/checks.ts';
import { stepFloat } from './lstm/float.ts';
import { integerLstm, stepInteger } from './lstm/integer.ts';
import { has, LSTM, lstmForm, lstmShape } from './lstm/layout.ts';
import { BIDIRECTIONAL, hasAuxWeights, type LstmKind, type LstmPass, lstmPasses, withData } from './lstm/passes.ts';
import { eachStep, recurrentMacs } from './shared/recurrent.ts';

/** Scale and zero point of a value inside an operator. */
export interface Intermediate {
  readonly scale: number;
  readonly zeroPoint: number;
}

interface CellAttrs {
  readonly activation: Activation;
  /** 0: no clipping. */
  readonly cellClip: number;
  readonly projectionClip: number;
  readonly asymmetricQuantizeInputs: boolean;
  /** Integer form: the four gates' pre-activations (needed under layer normalization) and the hidden state. */
  readonly intermediates?: readonly (Intermediate | null)[];
}

export interface LstmFamily {
  /**
   * A sequence through LSTM cells. TFLite UNIDIRECTIONAL_SEQUENCE_LSTM: data [batch, time, inputs] (or time first), then
   * the operands that `LSTM` names; the two states are variables, read and replaced.
   */
  'nn.lstm': CellAttrs & { readonly timeMajor: boolean };
  /** One step of it: data [batch, inputs]. TFLite LSTM, the full kernel. */
  'nn.lstm_cell': CellAttrs;
  /**
   * A sequence through two LSTMs, forward and backward, with operands as `BIDIRECTIONAL` has them. TFLite
   * BIDIRECTIONAL_SEQUENCE_LSTM. The results of both ways, or one result with the columns of both.
   */
  'nn.bidirectional_lstm': Omit<CellAttrs, 'intermediates'> & {
    readonly timeMajor: boolean;
    readonly mergeOutputs: boolean;
  };
}
declare module './attrs.ts' {
  interface OpAttrs extends LstmFamily {}
}

/** Writes the rows of one pass; its two states are what it returns. */
function runPass(op: EvalView<'nn.lstm'>, { reversed, column }: LstmPass, out: Float32Array): TensorData[] {
  const shape = lstmShape(op);
  const { inputs, cells, outputs, aux } = shape;
  const row = op.outputs[0].shape.at(-1)!;
  const x = op.data[LSTM.data] as Float32Array;
  const more = (op.data[LSTM.aux] ?? null) as Float32Array | null;
  const hidden = (op.data[LSTM.outputState] as Float32Array).slice();
  const cell = (op.data[LSTM.cellState] as Float32Array).slice();
  const step = lstmForm(op) === 'integer' ? stepInteger(op, integerLstm(op)) : stepFloat(op);
  const order = { timeMajor: op.attrs.timeMajor, reversed };
  eachStep(shape, order, { aux, stride: inputs }, (b, at, auxAt) => {
    const h = hidden.subarray(b * outputs, (b + 1) * outputs);
    const data = x.subarray(at * inputs, (at + 1) * inputs);
    step(data, h, cell.subarray(b * cells, (b + 1) * cells), b, more?.subarray(auxAt, auxAt + aux) ?? null);
    out.set(h, at * row + column);
  });
  return [hidden, cell];
}

function evaluate(op: EvalView<LstmKind>): TensorData[] {
  const out = op.outputs.map((t) => allocate(t.dtype, elements(t.shape)) as Float32Array);
  const states = lstmPasses(op).flatMap((pass) => runPass(withData(op, pass), pass, out[pass.output]));
  return [...out, ...states];
}

const checkCount = (op: OpView<LstmKind>): Problem =>
  op.inputs.length !== 20 && op.inputs.length !== 24 && `it has ${op.inputs.length} inputs, must have 20 or 24`;

function checkBidirectional(op: OpView<'nn.bidirectional_lstm'>): string[] {
  const results = op.attrs.mergeOutputs ? 1 : 2;
  return firstProblems(
    () => [
      dtypeIs(operand(op, 0), 'the input', 'float32'),
      op.outputs.length !== results && `it has ${op.outputs.length} results, must have ${results}`,
      hasAuxWeights(op) && !has(op as never, BIDIRECTIONAL.aux) && 'auxiliary weights without auxiliary data',
    ],
    () => [
      has(op as never, BIDIRECTIONAL.aux) &&
        !sameShape(operand(op, BIDIRECTIONAL.aux).shape.slice(0, -1), operand(op, 0).shape.slice(0, -1)) &&
        'the auxiliary data have other steps or batch entries than the input',
    ],
    () => lstmPasses(op).flatMap(({ way, view }) => checkLstm(view, 3).map((problem) => `${way}: ${problem}`)),
    () => [
      lstmForm(lstmPasses(op)[0].view) !== lstmForm(lstmPasses(op)[1].view) &&
        'the weights of the two ways have different types',
    ],
  );
}

/** Operands that cells can do without: an input gate of their own, peepholes, a projection. */
const OPTIONAL = [1, 5, 9, 10, 11, 12, 16, 17];
const cells = {
  arity: { inputs: [20, 24], outputs: [1, 1] } as const,
  ...{ operandNames: ['input'], macs: recurrentMacs },
  ...{ optional: OPTIONAL, state: [LSTM.outputState, LSTM.cellState], evaluate },
};
const { forward, backward, aux } = BIDIRECTIONAL;

export const lstmOps: OpTable<LstmFamily> = {
  'nn.lstm': defineOp<'nn.lstm'>({
    ...cells,
    check: (op) =>
      firstProblems(
        () => [checkCount(op)],
        () => checkLstm(op, 3),
      ),
    shapes: (op) => [operand(op, 0).shape.with(-1, lstmShape(op).outputs)],
  }),
  'nn.lstm_cell': defineOp<'nn.lstm_cell'>({
    ...cells,
    check: (op) =>
      firstProblems(
        () => [checkCount(op)],
        () => lstmPasses(op).flatMap(({ view }) => checkLstm(view, 2)),
      ),
    shapes: (op) => lstmPasses(op).map(({ view }) => operand(op, 0).shape.with(-1, lstmShape(view).outputs)),
  }),
  'nn.bidirectional_lstm': defineOp<'nn.bidirectional_lstm'>({
    arity: { inputs: [48, 48], outputs: [1, 2] },
    optional: [
      ...[forward, backward].flatMap(({ cells }) => OPTIONAL.map((i) => cells - 1 + i)),
      ...Array.from({ length: 9 }, (_, i) => aux + i),
    ],
    macs: recurrentMacs,
    state: [forward, backward].flatMap(({ states }) => [states, states + 1]),
    check: checkBidirectional,
    shapes: (op) => {
      const widths = lstmPasses(op).map(({ view }) => lstmShape(view).outputs);
      const columns = op.attrs.mergeOutputs ? [widths[0] + widths[1]] : widths;
      return columns.map((n) => operand(op, 0).shape.with(-1, n));
    },
    evaluate,
  }),
};
