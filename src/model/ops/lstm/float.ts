/** The LSTM on float32, with float32 or with int8 weights. Source: lstm_eval.cc. */
import { clamp } from '../../arithmetic/rounding.ts';
import { sigmoidF32 } from '../../arithmetic/transcendental.ts';
import { operand } from '../checks.ts';
import type { EvalView } from '../definition.ts';
import { activationOf, type Product, preparing } from '../shared/recurrent.ts';
import { type Gate, has, LSTM, lstmForm, lstmShape } from './layout.ts';

type Kind = 'nn.lstm';
const f = Math.fround;

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

/** One time step of one batch entry: `h` and `c`, the states, are replaced. `aux`: auxiliary data where there are any. */
export type LstmStep<T> = (x: T, h: T, c: T, batch: number, aux: T | null) => void;

export function stepFloat(op: EvalView<Kind>): LstmStep<Float32Array> {
  const { cells, outputs } = lstmShape(op);
  const prepare = preparing(op, lstmForm(op) === 'hybrid');
  const vector = (i: number): Float32Array => op.data[i] as Float32Array;
  const activate = activationOf(op.attrs.activation);
  const [cellClip, projectionClip] = [f(op.attrs.cellClip), f(op.attrs.projectionClip)];

  function gate(name: Gate, x: Product, more: Product | null, h: Product, c: Float32Array): Float32Array {
    const { weights, recurrent, peephole, bias, norm, aux } = LSTM[name];
    const out = new Float32Array(cells);
    const withNorm = has(op, norm);
    const scale = has(op, peephole) ? (operand(op, peephole).quantization?.scales[0] ?? 1) : 0;
    for (let row = 0; row < cells; row++) {
      const fromData = f((withNorm ? 0 : vector(bias)[row]) + x(weights, row));
      const sum = f((more === null ? fromData : f(fromData + more(aux, row))) + h(recurrent, row));
      out[row] = scale === 0 ? sum : f(sum + f(f(scale * vector(peephole)[row]) * c[row]));
    }
    if (withNorm) normalize(out, vector(norm), vector(bias));
    return out.map(name === 'cell' ? activate : sigmoidF32);
  }

  return (x, h, c, _batch, aux) => {
    const products = [prepare(x), aux && prepare(aux), prepare(h)] as const;
    const forget = gate('forget', ...products, c);
    const input = has(op, LSTM.input.weights) ? gate('input', ...products, c) : forget.map((v) => f(1 - v));
    const update = gate('cell', ...products, c);
    for (let i = 0; i < cells; i++) c[i] = f(f(forget[i] * c[i]) + f(update[i] * input[i]));
    clip(c, cellClip);
    const output = gate('output', ...products, c);
    const hidden = output.map((v, i) => f(v * activate(c[i])));
    if (!has(op, LSTM.projection)) return h.set(hidden);
    const project = prepare(hidden);
    const bias = has(op, LSTM.projectionBias) ? vector(LSTM.projectionBias) : null;
    for (let i = 0; i < outputs; i++) h[i] = f((bias?.[i] ?? 0) + project(LSTM.projection, i));
    clip(h, projectionClip);
  };
}
