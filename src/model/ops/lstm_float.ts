/** The LSTM on float32, with float32 or with int8 weights. Source: lstm_eval.cc. */
import { clamp, floatRange } from './arithmetic.ts';
import type { Activation } from './attrs.ts';
import { operand } from './checks.ts';
import type { EvalView } from './definition.ts';
import { quantizeBatches } from './hybrid.ts';
import { type Gate, has, LSTM, lstmForm, lstmShape } from './lstm_layout.ts';
import { sigmoidF32, tanhF32 } from './transcendental.ts';

type Kind = 'nn.lstm';
const f = Math.fround;

/** The product of row `row` of the weights in operand `weights` with a vector. */
type Product = (weights: number, row: number) => number;
type Prepare = (vector: Float32Array) => Product;

const floatProducts =
  (op: EvalView<Kind>): Prepare =>
  (vector) =>
  (weights, row) => {
    const w = op.data[weights] as Float32Array;
    const from = row * vector.length;
    let sum = 0;
    for (let k = 0; k < vector.length; k++) sum = f(sum + f(w[from + k] * vector[k]));
    return sum;
  };

/** The vector is quantized while running. */
const hybridProducts =
  (op: EvalView<Kind>): Prepare =>
  (vector) => {
    const q = quantizeBatches(vector, 1, op.attrs.asymmetricQuantizeInputs);
    const values = Int16Array.from(q.values, (v) => v - q.offsets[0]);
    return (weights, row) => {
      const w = op.data[weights] as Int8Array;
      const from = row * values.length;
      let sum = 0;
      for (let k = 0; k < values.length; k++) sum = (sum + Math.imul(w[from + k], values[k])) | 0;
      return f(f(sum) * f(q.scales[0] * operand(op, weights).quantization!.scales[0]));
    };
  };

/** Any activation that TFLite can fuse here. */
export function activationOf(activation: Activation): (x: number) => number {
  if (activation === 'TANH') return tanhF32;
  const { min, max } = floatRange(activation);
  return (x) => clamp(x, min, max);
}

/** In place: (x − mean) / standard deviation · coefficient + bias. */
function normalize(values: Float32Array, coefficients: Float32Array, bias: Float32Array): void {
  const n = values.length;
  let sum = 0;
  for (const v of values) sum = f(sum + v);
  const mean = f(sum / n);
  let squares = 0;
  for (const v of values) squares = f(squares + f(f(v - mean) * f(v - mean)));
  const inverse = f(1 / f(Math.sqrt(f(f(squares / n) + f(1e-8)))));
  for (let c = 0; c < n; c++) {
    values[c] = f(f(f(f(values[c] - mean) * inverse) * coefficients[c]) + bias[c]);
  }
}

const clip = (values: Float32Array, limit: number): void => {
  if (limit > 0) for (let i = 0; i < values.length; i++) values[i] = clamp(values[i], -limit, limit);
};

/** One time step of one batch entry: `h` and `c`, the states, are replaced. */
export type LstmStep<T> = (x: T, h: T, c: T, batch: number) => void;

export function stepFloat(op: EvalView<Kind>): LstmStep<Float32Array> {
  const { cells, outputs } = lstmShape(op);
  const prepare = lstmForm(op) === 'float' ? floatProducts(op) : hybridProducts(op);
  const vector = (i: number): Float32Array => op.data[i] as Float32Array;
  const activate = activationOf(op.attrs.activation);
  const [cellClip, projectionClip] = [f(op.attrs.cellClip), f(op.attrs.projectionClip)];

  function gate(name: Gate, x: Product, h: Product, c: Float32Array): Float32Array {
    const { weights, recurrent, peephole, bias, norm } = LSTM[name];
    const out = new Float32Array(cells);
    const withNorm = has(op, norm);
    const scale = has(op, peephole) ? (operand(op, peephole).quantization?.scales[0] ?? 1) : 0;
    for (let row = 0; row < cells; row++) {
      const sum = f(f((withNorm ? 0 : vector(bias)[row]) + x(weights, row)) + h(recurrent, row));
      out[row] = scale === 0 ? sum : f(sum + f(f(scale * vector(peephole)[row]) * c[row]));
    }
    if (withNorm) normalize(out, vector(norm), vector(bias));
    return out.map(name === 'cell' ? activate : sigmoidF32);
  }

  return (x, h, c) => {
    const [fromData, fromState] = [prepare(x), prepare(h)];
    const forget = gate('forget', fromData, fromState, c);
    const input = has(op, LSTM.input.weights) ? gate('input', fromData, fromState, c) : forget.map((v) => f(1 - v));
    const update = gate('cell', fromData, fromState, c);
    for (let i = 0; i < cells; i++) c[i] = f(f(forget[i] * c[i]) + f(update[i] * input[i]));
    clip(c, cellClip);
    const output = gate('output', fromData, fromState, c);
    const hidden = output.map((v, i) => f(v * activate(c[i])));
    if (!has(op, LSTM.projection)) return h.set(hidden);
    const project = prepare(hidden);
    const bias = has(op, LSTM.projectionBias) ? vector(LSTM.projectionBias) : null;
    for (let i = 0; i < outputs; i++) h[i] = f((bias?.[i] ?? 0) + project(LSTM.projection, i));
    clip(h, projectionClip);
  };
}
