import type { Activation } from '../arithmetic/activation.ts';
import { quantizeBatches } from '../arithmetic/hybrid.ts';
import { type Multiplier, multiplyByMultiplier, quantizeMultiplier } from '../arithmetic/multiplier.ts';
import { clamp } from '../arithmetic/rounding.ts';
import { allocate, type TensorData } from '../tensor/dtype.ts';
import { elements, sameShape, showShape } from '../tensor/shape.ts';
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
import { activationOf } from './shared/recurrent.ts';

export interface SvdfFamily {
  /**
   * A fully connected layer over a sliding memory, factored by filter: data [batch, inputs], feature weights [filters,
   * inputs], time weights [filters, memory], optional bias [filters / rank], state [batch, filters · memory] (a
   * variable). TFLite SVDF.
   */
  'nn.svdf': { readonly rank: number; readonly activation: Activation; readonly asymmetricQuantizeInputs: boolean };
}
declare module './attrs.ts' {
  interface OpAttrs extends SvdfFamily {}
}
type Kind = 'nn.svdf';

/** Operands by what they are. */
export const SVDF = { data: 0, feature: 1, time: 2, bias: 3, state: 4 } as const;

export type SvdfForm = 'float' | 'hybrid' | 'integer';
export const svdfForm = (op: OpView<Kind>): SvdfForm =>
  operand(op, SVDF.data).dtype === 'int8' ? 'integer' : operand(op, SVDF.feature).dtype === 'int8' ? 'hybrid' : 'float';

/** Extents of the operator. */
export function svdfShape(op: OpView<Kind>) {
  const [batch, inputs] = operand(op, SVDF.data).shape;
  const [filters, memory] = operand(op, SVDF.time).shape;
  return { batch, inputs, filters, memory, units: filters / op.attrs.rank };
}

/** Integer form: what takes feature sums to the state's scale, and sums over time to the output's. */
export function svdfMultipliers(op: OpView<Kind>): { readonly feature: Multiplier; readonly time: Multiplier } {
  const scale = (i: number): number => parameters(operand(op, i)).scale;
  const factor = (a: number, b: number, by: number): Multiplier =>
    quantizeMultiplier(Math.fround(Math.fround(a * b) / by));
  return {
    feature: factor(scale(SVDF.data), scale(SVDF.feature), scale(SVDF.state)),
    time: factor(scale(SVDF.state), scale(SVDF.time), parameters(op.outputs[0]).scale),
  };
}

/** The state moves by one step, over the ends of its filters; then each filter's newest entry is written. */
function evaluateInteger(op: EvalView<Kind>, out: Int8Array): Int16Array {
  const { batch, inputs, filters, memory, units } = svdfShape(op);
  const [x, w, t] = [op.data[0] as Int8Array, op.data[SVDF.feature] as Int8Array, op.data[SVDF.time] as Int16Array];
  const bias = op.data[SVDF.bias] as Int32Array | null;
  const state = (op.data[SVDF.state] as Int16Array).slice();
  const by = svdfMultipliers(op);
  const zero = parameters(operand(op, 0)).zeroPoint;
  const outZero = parameters(op.outputs[0]).zeroPoint;
  state.copyWithin(0, 1);
  for (let b = 0; b < batch; b++) {
    for (let r = 0; r < filters; r++) {
      let sum = 0;
      for (let k = 0; k < inputs; k++) sum = (sum + Math.imul(w[r * inputs + k], x[b * inputs + k] - zero)) | 0;
      state[(b * filters + r + 1) * memory - 1] = clamp(multiplyByMultiplier(sum, by.feature), -32768, 32767);
    }
    for (let u = 0; u < units; u++) {
      let sum = bias?.[u] ?? 0;
      for (let j = u * op.attrs.rank * memory; j < (u + 1) * op.attrs.rank * memory; j++) {
        sum = (sum + Math.imul(t[j], state[b * filters * memory + j])) | 0;
      }
      out[b * units + u] = clamp((multiplyByMultiplier(sum, by.time) + outZero) | 0, -128, 127);
    }
  }
  return state;
}

/** Float data, with int8 weights quantized while running. Source: EvalFloatSVDF, EvalHybridSVDF (reference/svdf.h). */
function evaluateFloat(op: EvalView<Kind>, out: Float32Array): Float32Array {
  const f = Math.fround;
  const { batch, inputs, filters, memory, units } = svdfShape(op);
  const state = (op.data[SVDF.state] as Float32Array).slice();
  const bias = op.data[SVDF.bias] as Float32Array | null;
  const isHybrid = svdfForm(op) === 'hybrid';
  const [w, t] = [op.data[SVDF.feature] as Float32Array, op.data[SVDF.time] as Float32Array];
  const x = op.data[0] as Float32Array;
  const q = isHybrid ? quantizeBatches(x, batch, op.attrs.asymmetricQuantizeInputs) : null;
  const values = q?.values ?? x;
  const weightScale = isHybrid ? operand(op, SVDF.feature).quantization!.scales[0] : 1;
  const timeScale = isHybrid ? operand(op, SVDF.time).quantization!.scales[0] : 1;
  const activate = activationOf(op.attrs.activation);
  state.copyWithin(0, 1);
  for (let b = 0; b < batch; b++) {
    const zero = q?.offsets[b] ?? 0;
    for (let r = 0; r < filters; r++) {
      let sum = 0;
      for (let k = 0; k < inputs; k++) sum = f(sum + f(w[r * inputs + k] * (values[b * inputs + k] - zero)));
      state[(b * filters + r + 1) * memory - 1] = q === null ? sum : f(sum * f(q.scales[b] * weightScale));
    }
    for (let u = 0; u < units; u++) {
      let sum = 0;
      for (let r = u * op.attrs.rank; r < (u + 1) * op.attrs.rank; r++) {
        let product = 0;
        for (let m = 0; m < memory; m++) {
          const weight = f(timeScale * t[r * memory + m]);
          product = f(product + f(weight * state[(b * filters + r) * memory + m]));
        }
        sum = f(sum + product);
      }
      out[b * units + u] = activate(f(sum + (bias?.[u] ?? 0)));
    }
  }
  return state;
}

const TYPES = {
  float: ['float32', 'float32', 'float32', 'float32', 'float32'],
  hybrid: ['float32', 'int8', 'int8', 'float32', 'float32'],
  integer: ['int8', 'int8', 'int16', 'int32', 'int16'],
} as const;
const NAMES = ['the input', 'the feature weights', 'the time weights', 'the bias', 'the state'] as const;

function checkShapes(op: OpView<Kind>): Problem[] {
  const { batch, inputs, filters, memory, units } = svdfShape(op);
  const is = (i: number, ...shape: readonly number[]): Problem =>
    op.inputs[i] != null &&
    !sameShape(op.inputs[i].shape, shape) &&
    `${NAMES[i]} have the shape ${showShape(op.inputs[i].shape)}, must have ${showShape(shape)}`;
  return [
    (filters < 1 || memory < 1 || inputs < 1) && `${filters} filters of ${inputs} inputs and ${memory} steps`,
    !(op.attrs.rank >= 1 && Number.isInteger(units)) &&
      `${filters} filters do not divide by a rank of ${op.attrs.rank}`,
    is(SVDF.feature, filters, inputs),
    is(SVDF.bias, units),
    is(SVDF.state, batch, filters * memory),
  ];
}

function checkTypes(op: OpView<Kind>): Problem[] {
  const form = svdfForm(op);
  const quantized = form === 'integer' ? [0, 1, 2, 4] : form === 'hybrid' ? [1, 2] : [];
  const symmetric = form === 'integer' ? [1, 2, 4] : quantized;
  return [
    ...TYPES[form].map((type, i) => op.inputs[i] != null && dtypeIs(operand(op, i), NAMES[i], type)),
    dtypeIs(op.outputs[0], 'the output', operand(op, 0).dtype),
    !operand(op, SVDF.state).variable && 'the state is not a variable',
    op.attrs.activation === 'SIGN_BIT' && 'the activation SIGN_BIT is not defined here',
    ...quantized.map((i) => perTensorQuantized(operand(op, i), NAMES[i])),
    ...symmetric.map(
      (i) =>
        operand(op, i).quantization?.zeroPoints.some((z) => z !== 0) && `${NAMES[i]} have a zero point other than 0`,
    ),
    form === 'integer' && perTensorQuantized(op.outputs[0], 'the output'),
  ];
}

export const svdfOps: OpTable<SvdfFamily> = {
  'nn.svdf': defineOp({
    arity: { inputs: [5, 5], outputs: [1, 1] },
    optional: [SVDF.bias],
    state: [SVDF.state],
    operandNames: ['input'],
    macs: (op) =>
      svdfShape(op).batch * (elements(operand(op, SVDF.feature).shape) + elements(operand(op, SVDF.time).shape)),
    check: (op) =>
      firstProblems(
        () => [0, 1, 2, 4].map((i) => rankIs(operand(op, i), NAMES[i], 2)),
        () => checkShapes(op),
        () => checkTypes(op),
      ),
    shapes: (op) => {
      const { batch, units } = svdfShape(op);
      return [[batch, units]];
    },
    evaluate: (op): TensorData[] => {
      const out = allocate(op.outputs[0].dtype, elements(op.outputs[0].shape));
      const state =
        svdfForm(op) === 'integer' ? evaluateInteger(op, out as Int8Array) : evaluateFloat(op, out as Float32Array);
      return [out, state];
    },
  }),
};
