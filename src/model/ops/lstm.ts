import type { Tensor } from '../ir/graph.ts';
import { allocate, type TensorData } from '../tensor/dtype.ts';
import { elements, sameShape, showShape } from '../tensor/shape.ts';
import type { Activation } from './attrs.ts';
import { defineOp, dtypeIs, firstProblems, operand, type Problem, perTensorQuantized, rankIs } from './checks.ts';
import type { EvalView, OpTable, OpView } from './definition.ts';
import { stepFloat } from './lstm_float.ts';
import { integerLstm, stepInteger } from './lstm_integer.ts';
import { GATES, type Gate, has, LSTM, lstmForm, lstmShape } from './lstm_layout.ts';
import { powerOfTwo } from './table16.ts';

/** Scale and zero point of a value inside an operator. */
export interface Intermediate {
  readonly scale: number;
  readonly zeroPoint: number;
}

export interface LstmFamily {
  /**
   * A sequence through LSTM cells. TFLite UNIDIRECTIONAL_SEQUENCE_LSTM: data [batch, time, inputs] (or time first), then
   * the operands that `LSTM` names; the two states are variables, read and replaced.
   */
  'nn.lstm': {
    readonly activation: Activation;
    /** 0: no clipping. */
    readonly cellClip: number;
    readonly projectionClip: number;
    readonly timeMajor: boolean;
    readonly asymmetricQuantizeInputs: boolean;
    /** Integer form: the four gates' pre-activations (needed under layer normalization) and the hidden state. */
    readonly intermediates?: readonly (Intermediate | null)[];
  };
}
type Kind = 'nn.lstm';

function evaluate(op: EvalView<Kind>): TensorData[] {
  const { batch, time, inputs, cells, outputs } = lstmShape(op);
  const out = allocate(op.outputs[0].dtype, elements(op.outputs[0].shape)) as Float32Array;
  const x = op.data[0] as Float32Array;
  const hidden = (op.data[LSTM.outputState] as Float32Array).slice();
  const cell = (op.data[LSTM.cellState] as Float32Array).slice();
  const step = lstmForm(op) === 'integer' ? stepInteger(op, integerLstm(op)) : stepFloat(op);
  for (let t = 0; t < time; t++) {
    for (let b = 0; b < batch; b++) {
      const at = op.attrs.timeMajor ? t * batch + b : b * time + t;
      const h = hidden.subarray(b * outputs, (b + 1) * outputs);
      step(x.subarray(at * inputs, (at + 1) * inputs), h, cell.subarray(b * cells, (b + 1) * cells), b);
      out.set(h, at * outputs);
    }
  }
  return [out, hidden, cell];
}

const NAMES: Readonly<Record<keyof typeof LSTM.input, string>> = {
  weights: 'weights',
  recurrent: 'recurrent weights',
  peephole: 'peephole weights',
  bias: 'bias',
  norm: 'layer normalization',
};

/** Operands that are there together or not at all. */
function checkPresence(op: OpView<Kind>): Problem[] {
  const cifg = !has(op, LSTM.input.weights);
  const given = (gate: Gate, part: keyof typeof LSTM.input): boolean => has(op, LSTM[gate][part]);
  const must = (gate: Gate, part: keyof typeof LSTM.input, wanted: boolean): Problem =>
    given(gate, part) !== wanted && `the ${gate} gate's ${NAMES[part]} ${wanted ? 'are missing' : 'belong to no gate'}`;
  const peephole = given('output', 'peephole');
  const norm = given('forget', 'norm');
  return [
    ...GATES.flatMap((gate) => {
      const there = gate !== 'input' || !cifg;
      return [
        must(gate, 'weights', there),
        must(gate, 'recurrent', there),
        must(gate, 'bias', there),
        must(gate, 'norm', there && norm),
        gate !== 'cell' && must(gate, 'peephole', there && peephole),
      ];
    }),
    !has(op, LSTM.projection) && has(op, LSTM.projectionBias) && 'a bias of the projection without a projection',
    op.inputs.length !== 20 && op.inputs.length !== 24 && `it has ${op.inputs.length} inputs, must have 20 or 24`,
  ];
}

function checkShapes(op: OpView<Kind>): Problem[] {
  const { batch, inputs, cells, outputs } = lstmShape(op);
  const is = (i: number, what: string, ...shape: readonly number[]): Problem => {
    const t = op.inputs[i];
    return (
      t != null &&
      !sameShape(t.shape, shape) &&
      `the ${what} have the shape ${showShape(t.shape)}, must have ${showShape(shape)}`
    );
  };
  const holds = (i: number, what: string, n: number): Problem =>
    elements(operand(op, i).shape) !== n &&
    `the ${what} has ${elements(operand(op, i).shape)} elements, must have ${n}`;
  return [
    (cells < 1 || inputs < 1 || outputs < 1) && `${inputs} inputs, ${cells} cells, ${outputs} outputs`,
    ...GATES.flatMap((gate) => [
      is(LSTM[gate].weights, `${gate} gate's weights`, cells, inputs),
      is(LSTM[gate].recurrent, `${gate} gate's recurrent weights`, cells, outputs),
      is(LSTM[gate].peephole, `${gate} gate's peephole weights`, cells),
      is(LSTM[gate].bias, `${gate} gate's biases`, cells),
      is(LSTM[gate].norm, `${gate} gate's coefficients of layer normalization`, cells),
    ]),
    is(LSTM.projection, 'projection weights', outputs, cells),
    is(LSTM.projectionBias, 'biases of the projection', outputs),
    !has(op, LSTM.projection) && outputs !== cells && `${cells} cells give ${outputs} outputs without a projection`,
    holds(LSTM.outputState, 'output state', batch * outputs),
    holds(LSTM.cellState, 'cell state', batch * cells),
  ];
}

const TYPES = {
  float: {
    weights: 'float32',
    vector: 'float32',
    bias: 'float32',
    hidden: 'float32',
    cell: 'float32',
    norm: 'float32',
  },
  hybrid: { weights: 'int8', vector: 'int8', bias: 'float32', hidden: 'float32', cell: 'float32', norm: 'float32' },
  integer: { weights: 'int8', vector: 'int16', bias: 'int32', hidden: 'int8', cell: 'int16', norm: 'int16' },
} as const;

function checkTypes(op: OpView<Kind>): Problem[] {
  const data = operand(op, 0);
  const types = TYPES[lstmForm(op)];
  const is = (i: number, what: string, type: (typeof types)[keyof typeof types]): Problem =>
    has(op, i) && dtypeIs(operand(op, i), what, type);
  return [
    dtypeIs(data, 'the input', 'float32', 'int8'),
    dtypeIs(op.outputs[0], 'the output', data.dtype),
    ...GATES.flatMap((gate) => [
      is(LSTM[gate].weights, `the ${gate} gate's weights`, types.weights),
      is(LSTM[gate].recurrent, `the ${gate} gate's recurrent weights`, types.weights),
      is(LSTM[gate].peephole, `the ${gate} gate's peephole weights`, types.vector),
      is(LSTM[gate].bias, `the ${gate} gate's bias`, types.bias),
      is(LSTM[gate].norm, `the ${gate} gate's layer normalization`, types.norm),
    ]),
    is(LSTM.projection, 'the projection', types.weights),
    is(LSTM.projectionBias, 'the bias of the projection', types.bias),
    is(LSTM.outputState, 'the output state', types.hidden),
    is(LSTM.cellState, 'the cell state', types.cell),
    !operand(op, LSTM.outputState).variable && 'the output state is not a variable',
    !operand(op, LSTM.cellState).variable && 'the cell state is not a variable',
  ];
}

/** Weights, peepholes and normalizations have one scale each; so have data and states of the integer form. */
function checkQuantization(op: OpView<Kind>): Problem[] {
  const form = lstmForm(op);
  if (form === 'float') return [];
  const symmetric = (i: number, what: string): Problem =>
    has(op, i) &&
    (perTensorQuantized(operand(op, i), what) ||
      (operand(op, i).quantization!.zeroPoints[0] !== 0 && `${what} has a zero point other than 0`));
  const weights = [
    ...GATES.flatMap((gate) => [
      symmetric(LSTM[gate].weights, `the ${gate} gate's weights`),
      symmetric(LSTM[gate].recurrent, `the ${gate} gate's recurrent weights`),
      symmetric(LSTM[gate].peephole, `the ${gate} gate's peephole weights`),
      form === 'integer' && symmetric(LSTM[gate].norm, `the ${gate} gate's layer normalization`),
    ]),
    symmetric(LSTM.projection, 'the projection'),
  ];
  if (form === 'hybrid') return weights;
  return [
    ...weights,
    perTensorQuantized(operand(op, 0), 'the input'),
    perTensorQuantized(op.outputs[0], 'the output'),
    perTensorQuantized(operand(op, LSTM.outputState), 'the output state'),
    perTensorQuantized(operand(op, LSTM.cellState), 'the cell state') || checkCellScale(operand(op, LSTM.cellState)),
    op.attrs.activation !== 'TANH' && `the activation is ${op.attrs.activation}, must be TANH`,
    ...GATES.map(
      (gate, i) =>
        has(op, LSTM[gate].norm) &&
        op.attrs.intermediates?.[i] == null &&
        `the ${gate} gate's intermediate result has no quantization`,
    ),
    op.attrs.intermediates?.[4] == null && 'the hidden state has no quantization',
  ];
}

function checkCellScale(state: Tensor): Problem {
  const { scales } = state.quantization!;
  const log = powerOfTwo(scales[0]);
  const fits = log !== null && log >= -15 && log <= -9;
  return !fits && `the cell state's scale is ${scales[0]}, must be a power of two from 2^-15 to 2^-9`;
}

export const lstmOps: OpTable<LstmFamily> = {
  'nn.lstm': defineOp({
    arity: { inputs: [20, 24], outputs: [1, 1] },
    optional: [1, 5, 9, 10, 11, 12, 16, 17],
    state: [LSTM.outputState, LSTM.cellState],
    check: (op) =>
      firstProblems(
        () => checkPresence(op),
        () => [
          rankIs(operand(op, 0), 'the input', 3),
          rankIs(operand(op, LSTM.output.weights), 'the weights', 2),
          rankIs(operand(op, LSTM.output.recurrent), 'the recurrent weights', 2),
          !(op.attrs.cellClip >= 0 && op.attrs.projectionClip >= 0) && 'a negative limit to clip at',
          op.attrs.activation === 'SIGN_BIT' && 'the activation SIGN_BIT is not defined here',
        ],
        () => checkShapes(op),
        () => checkTypes(op),
        () => checkQuantization(op),
      ),
    shapes: (op) => [operand(op, 0).shape.with(-1, lstmShape(op).outputs)],
    evaluate,
  }),
};
