/**
 * The LSTM on int8 with an int16 cell state ("8x8_16"). Source: LstmStepInteger8x8_16 (lstm_eval.cc),
 * PopulateQuantizedLstmParams8x8_16 (unidirectional_sequence_lstm.cc), portable_tensor_utils.cc.
 */

import { inverseSqrt } from '../../arithmetic/fixedpoint.ts';
import { sigmoidOfQ3, tanhOfFixed } from '../../arithmetic/fixedpoint16.ts';
import {
  type Multiplier,
  multiplyByMultiplier,
  quantizeMultiplier,
  roundingDivideByPOT,
} from '../../arithmetic/multiplier.ts';
import { castInt32, clamp } from '../../arithmetic/rounding.ts';
import { powerOfTwo } from '../../arithmetic/table16.ts';
import { operand, parameters } from '../checks.ts';
import type { EvalView, OpView } from '../definition.ts';
import type { LstmStep } from './float.ts';
import { GATES, type Gate, has, LSTM, lstmShape } from './layout.ts';

type Kind = 'nn.lstm';
const f = Math.fround;

/** What a gate multiplies with; null where it has no such part. */
export interface IntegerGate {
  readonly input: Multiplier;
  readonly recurrent: Multiplier;
  readonly peephole: Multiplier | null;
  readonly norm: { readonly scale: Multiplier; readonly leastVariance: number } | null;
}

export interface IntegerLstm {
  /** null: the input gate of a cell that derives it from the forget gate. */
  readonly gates: Readonly<Record<Gate, IntegerGate | null>>;
  /** log2 of the cell state's scale. */
  readonly cellScale: number;
  /** 0: none. */
  readonly cellClip: number;
  readonly projectionClip: number;
  readonly hidden: Multiplier;
  readonly hiddenZero: number;
  readonly projection: Multiplier;
  /** How many of a step's cells, counted over its batch, the peepholes of gates reach; TFLite counts outputs. */
  readonly peepholeReach: number;
}

/** The fixed-point parameters, worked out in float32 as TFLite does. */
export function integerLstm(op: OpView<Kind>): IntegerLstm {
  const { attrs } = op;
  const scaleOf = (i: number): number => parameters(operand(op, i)).scale;
  const cellScale = powerOfTwo(scaleOf(LSTM.cellState))!;
  const hidden = attrs.intermediates![4]!;
  const gate = (name: Gate, at: number): IntegerGate | null => {
    const { weights, recurrent, peephole, norm } = LSTM[name];
    if (!has(op, weights)) return null;
    const before = has(op, norm) ? attrs.intermediates![at]!.scale : 2 ** -12;
    const product = (i: number, of: number) => quantizeMultiplier(f(f(scaleOf(i) * scaleOf(of)) / before));
    return {
      input: product(weights, LSTM.data),
      recurrent: product(recurrent, LSTM.outputState),
      peephole: has(op, peephole) ? quantizeMultiplier(f((2 ** cellScale * scaleOf(peephole)) / before)) : null,
      norm: has(op, norm)
        ? {
            scale: quantizeMultiplier(scaleOf(norm)),
            leastVariance: Math.max(1, castInt32(Math.trunc(f(10000 * scaleOf(norm))))),
          }
        : null,
    };
  };
  const { batch, outputs, cells } = lstmShape(op);
  const limit = (clip: number, scale: number, most: number): number =>
    clip > 0 ? Math.trunc(Math.min(f(f(clip) / scale), most)) : 0;
  return {
    gates: Object.fromEntries(GATES.map((name, i) => [name, gate(name, i)])) as unknown as IntegerLstm['gates'],
    cellScale,
    cellClip: limit(attrs.cellClip, scaleOf(LSTM.cellState), 32767),
    projectionClip: limit(attrs.projectionClip, parameters(op.outputs[0]).scale, 127),
    hidden: quantizeMultiplier(f((2 ** -15 / hidden.scale) * 2 ** -15)),
    hiddenZero: hidden.zeroPoint,
    projection: has(op, LSTM.projection)
      ? quantizeMultiplier(f(f(scaleOf(LSTM.projection) * hidden.scale) / scaleOf(LSTM.outputState)))
      : { multiplier: 0, shift: 0 },
    peepholeReach: Math.min(outputs, cells) * (attrs.timeMajor ? batch : 1),
  };
}

/** What is added to the sums of row `row`: the bias, and the weights' sum times the vector's zero point taken away. */
export function effectiveBias(
  weights: Int8Array,
  bias: Int32Array | null,
  rows: number,
  zeroPoint: number,
): Int32Array {
  const depth = weights.length / rows;
  return Int32Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let k = 0; k < depth; k++) sum += weights[row * depth + k];
    return (bias?.[row] ?? 0) - Math.imul(sum, zeroPoint);
  });
}

const to16 = (x: number): number => clamp(x, -32768, 32767);
const wrap16 = (x: number): number => (x << 16) >> 16;

function dot(w: Int8Array, row: number, x: Int8Array, bias: number): number {
  let sum = bias;
  const from = row * x.length;
  for (let k = 0; k < x.length; k++) sum = (sum + Math.imul(w[from + k], x[k])) | 0;
  return sum;
}

/** In place, on values of any scale; the result is Q3.12. Source: PortableApplyLayerNorm. */
function normalize(
  values: Int16Array,
  coefficients: Int16Array,
  bias: Int32Array,
  norm: { readonly scale: Multiplier; readonly leastVariance: number },
): void {
  const n = values.length;
  let sum = 0;
  let squares = 0;
  for (const v of values) {
    sum += v;
    squares += v * v;
  }
  const mean = Math.trunc((sum * 1024) / n);
  const variance = Math.trunc((squares * Math.trunc(2 ** 20 / n) - mean * mean) / 2 ** 20) | 0;
  const inverse = inverseSqrt(variance < 1 ? norm.leastVariance : variance);
  const scale = { multiplier: norm.scale.multiplier, shift: norm.scale.shift + 12 };
  for (let c = 0; c < n; c++) {
    const rescaled = multiplyByMultiplier(1024 * values[c] - mean, inverse);
    const weighted = (Math.imul(rescaled, coefficients[c]) + bias[c]) | 0;
    const rounded = Math.trunc((weighted > 0 ? weighted + 512 : weighted - 512) / 1024);
    values[c] = to16(multiplyByMultiplier(rounded, scale));
  }
}

export function stepInteger(op: EvalView<Kind>, lstm: IntegerLstm): LstmStep<ArrayLike<number>> {
  const { cells, outputs } = lstmShape(op);
  const dataZero = parameters(operand(op, 0)).zeroPoint;
  const stateZero = parameters(operand(op, LSTM.outputState)).zeroPoint;
  const bytes = (i: number): Int8Array => op.data[i] as Int8Array;
  const sums = (i: number): Int32Array | null => (op.data[i] as Int32Array | null | undefined) ?? null;
  const biases = GATES.map((name) => {
    const { weights, recurrent, bias, norm } = LSTM[name];
    if (lstm.gates[name] === null) return null;
    return {
      input: effectiveBias(bytes(weights), has(op, norm) ? null : sums(bias), cells, dataZero),
      recurrent: effectiveBias(bytes(recurrent), null, cells, stateZero),
    };
  });
  const projectionBias = has(op, LSTM.projection)
    ? effectiveBias(bytes(LSTM.projection), sums(LSTM.projectionBias), outputs, -lstm.hiddenZero)
    : null;

  function gate(at: number, x: Int8Array, h: Int8Array, c: Int16Array, batch: number): Int16Array {
    const name = GATES[at];
    const { weights, recurrent, peephole, bias, norm } = LSTM[name];
    const by = lstm.gates[name]!;
    const out = new Int16Array(cells);
    for (let row = 0; row < cells; row++) {
      const fromData = multiplyByMultiplier(dot(bytes(weights), row, x, biases[at]!.input[row]), by.input);
      const fromState = multiplyByMultiplier(dot(bytes(recurrent), row, h, biases[at]!.recurrent[row]), by.recurrent);
      let sum = to16(fromState + to16(fromData));
      const flat = op.attrs.timeMajor ? batch * cells + row : row;
      if (by.peephole !== null && flat < lstm.peepholeReach) {
        const weight = (op.data[peephole] as Int16Array)[flat % Math.min(outputs, cells)];
        sum = to16(sum + multiplyByMultiplier(Math.imul(weight, c[row]), by.peephole));
      }
      out[row] = sum;
    }
    if (by.norm !== null) normalize(out, op.data[norm] as Int16Array, sums(bias)!, by.norm);
    return out.map(name === 'cell' ? (v) => tanhOfFixed(v, 3) : sigmoidOfQ3);
  }

  return (x, h, c, batch) => {
    const [data, state, cell] = [x as Int8Array, h as Int8Array, c as Int16Array];
    const forget = gate(1, data, state, cell, batch);
    const input = lstm.gates.input === null ? forget.map((v) => 32767 - v) : gate(0, data, state, cell, batch);
    const update = gate(2, data, state, cell, batch);
    for (let i = 0; i < cells; i++) {
      const kept = wrap16(roundingDivideByPOT(forget[i] * cell[i], 15));
      const added = wrap16(roundingDivideByPOT(input[i] * update[i], 30 + lstm.cellScale));
      const sum = to16(kept + added);
      cell[i] = lstm.cellClip > 0 ? clamp(sum, -lstm.cellClip, lstm.cellClip) : sum;
    }
    const output = gate(3, data, state, cell, batch);
    const squash = (i: number): number => Math.imul(output[i], tanhOfFixed(cell[i], 15 + lstm.cellScale));
    const hide = (i: number, zero: number): number =>
      clamp(multiplyByMultiplier(squash(i), lstm.hidden) + zero, -128, 127);
    if (projectionBias === null) {
      for (let i = 0; i < cells; i++) state[i] = hide(i, lstm.hiddenZero);
      return;
    }
    const hidden = Int8Array.from({ length: cells }, (_, i) => hide(i, -lstm.hiddenZero));
    const zero = stateZero;
    for (let i = 0; i < outputs; i++) {
      const sum = multiplyByMultiplier(dot(bytes(LSTM.projection), i, hidden, projectionBias[i]), lstm.projection);
      const y = clamp(sum + zero, -128, 127);
      state[i] = lstm.projectionClip > 0 ? clamp(y, -lstm.projectionClip, lstm.projectionClip) : y;
    }
  };
}
