import { multiply16, shiftLeft16, sigmoidOfQ3, tanhOfFixed } from '../arithmetic/fixedpoint16.ts';
import {
  type Multiplier,
  multiplyByMultiplierUp,
  quantizeMultiplier,
  roundingDivideByPOT,
} from '../arithmetic/multiplier.ts';
import { clamp } from '../arithmetic/rounding.ts';
import { sigmoidF32, tanhF32 } from '../arithmetic/transcendental.ts';
import { allocate, type TensorData } from '../tensor/dtype.ts';
import { elements, type Shape, sameShape, showShape } from '../tensor/shape.ts';
import type { NoAttrs } from './attrs.ts';
import {
  defineOp,
  dtypeIs,
  firstProblems,
  operand,
  type Problem,
  parameters,
  perTensorQuantized,
  rankIs,
} from './checks.ts';
import type { EvalView, OpTable, OpView } from './definition.ts';

export interface BasicLstmFamily {
  /**
   * One step of an LSTM without extras, whose gates are one matrix: data [batch, inputs], the activation before [batch,
   * cells], weights [4 · cells, inputs + cells], biases, the state before. Results: activation, state, data and activation
   * side by side, gates before they are activated. What was before is replaced where it is a variable. TFLite LSTM, the
   * basic kernel.
   */
  'nn.basic_lstm_cell': NoAttrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends BasicLstmFamily {}
}
type Kind = 'nn.basic_lstm_cell';

/** Operands and results by what they are. */
export const BASIC = { data: 0, activation: 1, weights: 2, bias: 3, state: 4 } as const;

/** uint8, or float32. */
export const isIntegerBasic = (op: OpView<Kind>): boolean => operand(op, BASIC.data).dtype === 'uint8';

/** Extents of the operator. */
export function basicShape(op: OpView<Kind>) {
  const [batch, inputs] = operand(op, BASIC.data).shape;
  const cells = operand(op, BASIC.activation).shape[1];
  return { batch, inputs, cells };
}

/** What takes the sums of products to Q3.12. */
export const basicMultiplier = (op: OpView<Kind>): Multiplier =>
  quantizeMultiplier(4096 * parameters(operand(op, BASIC.bias)).scale);

const f = Math.fround;
/** The gates in the order of their rows: input, update, forget, output. */
type Cell = (gates: readonly number[], before: number) => { readonly state: number; readonly activation: number };

const floatCell: Cell = ([input, update, forget, output], before) => {
  const added = f(sigmoidF32(input) * tanhF32(update));
  const state = f(added + f(sigmoidF32(forget) * before));
  return { state, activation: f(sigmoidF32(output) * tanhF32(state)) };
};

/** The state has four integer bits, the activation is uint8 in steps of 1/128. Source: LstmCell (reference/lstm_cell.h). */
const integerCell: Cell = ([input, update, forget, output], before) => {
  const added = roundingDivideByPOT(multiply16(sigmoidOfQ3(input), tanhOfFixed(update, 3)), 4);
  const state = clamp(added + multiply16(sigmoidOfQ3(forget), before), -32768, 32767);
  const activation = multiply16(sigmoidOfQ3(output), tanhOfFixed(shiftLeft16(state, 1), 3));
  return { state, activation: 128 + clamp(roundingDivideByPOT(activation, 8), -128, 127) };
};

/**
 * The value of row `row` of the weights times a vector, biased. TFLite has the GEMM library compute integer ones, under
 * every resolver: lstm.cc calls optimized_ops::LstmCell.
 */
function gating(op: EvalView<Kind>): (row: number, vector: ArrayLike<number>) => number {
  const [w, bias] = [op.data[BASIC.weights] as Float32Array, op.data[BASIC.bias] as Float32Array];
  if (!isIntegerBasic(op)) {
    return (row, vector) => {
      let sum = 0;
      for (let k = 0; k < vector.length; k++) sum = f(sum + f(w[row * vector.length + k] * vector[k]));
      return f(sum + bias[row]);
    };
  }
  const zero = parameters(operand(op, BASIC.weights)).zeroPoint;
  const by = basicMultiplier(op);
  return (row, vector) => {
    let sum = bias[row];
    for (let k = 0; k < vector.length; k++) {
      sum = (sum + Math.imul(w[row * vector.length + k] - zero, vector[k] - 128)) | 0;
    }
    return clamp(multiplyByMultiplierUp(sum, by), -32768, 32767);
  };
}

function evaluate(op: EvalView<Kind>): TensorData[] {
  const { batch, inputs, cells } = basicShape(op);
  const results = op.outputs.map((t) => allocate(t.dtype, elements(t.shape)) as Float32Array);
  const [activation, state, joined, gates] = results;
  const [x, h] = [op.data[BASIC.data] as Float32Array, op.data[BASIC.activation] as Float32Array];
  const c = op.data[BASIC.state] as Float32Array;
  const gate = gating(op);
  const cell = isIntegerBasic(op) ? integerCell : floatCell;
  for (let b = 0; b < batch; b++) {
    const vector = joined.subarray(b * (inputs + cells), (b + 1) * (inputs + cells));
    vector.set(x.subarray(b * inputs, (b + 1) * inputs));
    vector.set(h.subarray(b * cells, (b + 1) * cells), inputs);
    const own = gates.subarray(b * 4 * cells, (b + 1) * 4 * cells);
    for (let row = 0; row < 4 * cells; row++) own[row] = gate(row, vector);
    for (let i = 0; i < cells; i++) {
      const next = cell(
        [0, 1, 2, 3].map((g) => own[g * cells + i]),
        c[b * cells + i],
      );
      state[b * cells + i] = next.state;
      activation[b * cells + i] = next.activation;
    }
  }
  return [...results, activation.slice(), state.slice()];
}

const NAMES = ['the input', 'the activation before', 'the weights', 'the bias', 'the state before'] as const;
const RESULTS = ['the activation', 'the state', 'the concatenation', 'the gates'] as const;

function checkShapes(op: OpView<Kind>): Problem[] {
  const { batch, inputs, cells } = basicShape(op);
  const is = (i: number, ...shape: Shape): Problem =>
    !sameShape(operand(op, i).shape, shape) &&
    `${NAMES[i]} has the shape ${showShape(operand(op, i).shape)}, must have ${showShape(shape)}`;
  return [
    (inputs < 1 || cells < 1) && `${inputs} inputs, ${cells} cells`,
    is(BASIC.activation, batch, cells),
    is(BASIC.weights, 4 * cells, inputs + cells),
    is(BASIC.bias, 4 * cells),
    is(BASIC.state, batch, cells),
  ];
}

const FLOATS = { inputs: Array(5).fill('float32'), outputs: Array(4).fill('float32') };
const BYTES = {
  inputs: ['uint8', 'uint8', 'uint8', 'int32', 'int16'],
  outputs: ['uint8', 'int16', 'uint8', 'int16'],
} as const;

/** Only the weights' zero point, the bias's and the state's scale are looked at; TFLite takes the others as they must be. */
function checkQuantization(op: OpView<Kind>): Problem[] {
  if (!isIntegerBasic(op)) return [];
  const bytes = [operand(op, BASIC.data), operand(op, BASIC.activation), op.outputs[0]];
  return [
    perTensorQuantized(operand(op, BASIC.weights), 'the weights'),
    perTensorQuantized(operand(op, BASIC.bias), 'the bias'),
    perTensorQuantized(op.outputs[1], 'the state') ||
      (parameters(op.outputs[1]).scale !== 2 ** -11 &&
        `the state's scale is ${parameters(op.outputs[1]).scale}, must be 2^-11`),
    ...bytes.map(
      (t) =>
        t.quantization !== null &&
        (t.quantization.scales[0] !== 1 / 128 || t.quantization.zeroPoints[0] !== 128) &&
        `"${t.name}" must have the scale 1/128 and the zero point 128`,
    ),
  ];
}

export const basicLstmOps: OpTable<BasicLstmFamily> = {
  'nn.basic_lstm_cell': defineOp({
    arity: { inputs: [5, 5], outputs: [4, 4] },
    state: [BASIC.activation, BASIC.state],
    operandNames: ['input'],
    macs: (op) => operand(op, BASIC.data).shape[0] * elements(operand(op, BASIC.weights).shape),
    check: (op) =>
      firstProblems(
        () => [
          ...[BASIC.data, BASIC.activation, BASIC.weights, BASIC.state].map((i) => rankIs(operand(op, i), NAMES[i], 2)),
          rankIs(operand(op, BASIC.bias), NAMES[BASIC.bias], 1),
        ],
        () => checkShapes(op),
        () => {
          const { inputs, outputs } = operand(op, 0).dtype === 'uint8' ? BYTES : FLOATS;
          return [
            dtypeIs(operand(op, 0), NAMES[0], 'float32', 'uint8'),
            ...inputs.map((type, i) => dtypeIs(operand(op, i), NAMES[i], type)),
            ...outputs.map((type, i) => dtypeIs(op.outputs[i], RESULTS[i], type)),
          ];
        },
        () => checkQuantization(op),
      ),
    shapes: (op) => {
      const { batch, inputs, cells } = basicShape(op);
      return [
        [batch, cells],
        [batch, cells],
        [batch, inputs + cells],
        [batch, 4 * cells],
      ];
    },
    evaluate,
  }),
};
