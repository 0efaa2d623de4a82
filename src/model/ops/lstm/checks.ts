/** Whether one pass of an LSTM is defined for its tensors. */

import { powerOfTwo } from '../../arithmetic/table16.ts';
import { elements, sameShape, showShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { dtypeIs, firstProblems, operand, type Problem, perTensorQuantized, rankIs } from '../checks.ts';
import type { OpView } from '../definition.ts';
import { GATES, type Gate, has, LSTM, lstmForm, lstmShape } from './layout.ts';

type Kind = 'nn.lstm';

const NAMES: Readonly<Record<keyof typeof LSTM.input, string>> = {
  weights: 'weights',
  recurrent: 'recurrent weights',
  peephole: 'peephole weights',
  bias: 'bias',
  norm: 'layer normalization',
  aux: 'auxiliary weights',
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
        must(gate, 'aux', there && has(op, LSTM.aux)),
      ];
    }),
    !has(op, LSTM.projection) && has(op, LSTM.projectionBias) && 'a bias of the projection without a projection',
  ];
}

function checkShapes(op: OpView<Kind>): Problem[] {
  const { batch, inputs, cells, outputs, aux } = lstmShape(op);
  const data = operand(op, LSTM.data).shape;
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
      is(LSTM[gate].aux, `${gate} gate's auxiliary weights`, cells, aux),
    ]),
    is(LSTM.projection, 'projection weights', outputs, cells),
    is(LSTM.projectionBias, 'biases of the projection', outputs),
    !has(op, LSTM.projection) && outputs !== cells && `${cells} cells give ${outputs} outputs without a projection`,
    is(LSTM.aux, 'auxiliary data', ...data.with(-1, aux)),
    // TFLite goes through the auxiliary data by steps as wide as the data: narrower ones end too early.
    aux > 0 && aux < inputs && `the auxiliary data have ${aux} columns, fewer than the ${inputs} of the input`,
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
      is(LSTM[gate].aux, `the ${gate} gate's auxiliary weights`, types.weights),
    ]),
    has(op, LSTM.aux) && dtypeIs(operand(op, LSTM.aux), 'the auxiliary data', data.dtype),
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
      symmetric(LSTM[gate].aux, `the ${gate} gate's auxiliary weights`),
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
    op.attrs.intermediates?.length === 12 &&
      "sums of 8 bits (12 intermediate results) are not supported: TFLite's kernel reads past the end of its parameters",
    op.attrs.intermediates?.[4] == null && 'the hidden state has no quantization',
  ];
}

function checkCellScale(state: Tensor): Problem {
  const { scales } = state.quantization!;
  const log = powerOfTwo(scales[0]);
  const fits = log !== null && log >= -15 && log <= -9;
  return !fits && `the cell state's scale is ${scales[0]}, must be a power of two from 2^-15 to 2^-9`;
}

/** @param rank of the data */
export const checkLstm = (op: OpView<Kind>, rank: number): string[] =>
  firstProblems(
    () => checkPresence(op),
    () => [
      rankIs(operand(op, 0), 'the input', rank),
      has(op, LSTM.aux) && rankIs(operand(op, LSTM.aux), 'the auxiliary data', rank),
      rankIs(operand(op, LSTM.output.weights), 'the weights', 2),
      rankIs(operand(op, LSTM.output.recurrent), 'the recurrent weights', 2),
      !(op.attrs.cellClip >= 0 && op.attrs.projectionClip >= 0) && 'a negative limit to clip at',
      op.attrs.activation === 'SIGN_BIT' && 'the activation SIGN_BIT is not defined here',
    ],
    () => checkShapes(op),
    () => checkTypes(op),
    () => checkQuantization(op),
  );
