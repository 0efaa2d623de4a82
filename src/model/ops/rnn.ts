import type { Activation } from '../arithmetic/activation.ts';
import { allocate, type TensorData } from '../tensor/dtype.ts';
import { elements, type Shape, sameShape, showShape } from '../tensor/shape.ts';
import { defineOp, dtypeIs, firstProblems, operand, type Problem, perTensorQuantized, rankIs } from './checks.ts';
import type { EvalView, OpTable, OpView } from './definition.ts';
import { activationOf, eachStep, preparing, recurrentMacs, type Sequence, sequenceOf } from './shared/recurrent.ts';

interface CellAttrs {
  readonly activation: Activation;
  readonly asymmetricQuantizeInputs: boolean;
}

/** h = activation(W x + R h + b): data, W, R, b, h; h is a variable, read and replaced. */
export interface RnnFamily {
  /** One step: data [batch, inputs]. TFLite RNN. */
  'nn.rnn_cell': CellAttrs;
  /** Data [batch, time, inputs], or time first. TFLite UNIDIRECTIONAL_SEQUENCE_RNN. */
  'nn.rnn': CellAttrs & { readonly timeMajor: boolean };
  /**
   * The same forward and backward. After the data W, R, b and h of either way; auxiliary data and their weights of either
   * way may follow. The results of both ways, or one result with the columns of both. TFLite BIDIRECTIONAL_SEQUENCE_RNN.
   */
  'nn.bidirectional_rnn': CellAttrs & { readonly timeMajor: boolean; readonly mergeOutputs: boolean };
}
declare module './attrs.ts' {
  interface OpAttrs extends RnnFamily {}
}
type Kind = keyof RnnFamily;

/** One way through the sequence. Operands by number; -1: none. */
export interface RnnPass {
  readonly data: number;
  readonly weights: number;
  readonly recurrent: number;
  readonly bias: number;
  readonly state: number;
  readonly aux: number;
  readonly auxWeights: number;
  readonly timeMajor: boolean;
  readonly reversed: boolean;
  /** The result that is written, and from which column of its rows. */
  readonly output: number;
  readonly column: number;
}

const AUX = 9;
const unitsOf = (op: OpView<Kind>, weights: number): number => operand(op, weights).shape[0];

export function rnnPasses(op: OpView<Kind>): RnnPass[] {
  const timeMajor = op.kind !== 'nn.rnn_cell' && (op.attrs as RnnFamily['nn.rnn']).timeMajor;
  const cell = (first: number) => ({ weights: first, recurrent: first + 1, bias: first + 2, state: first + 3 });
  const none = { data: 0, aux: -1, auxWeights: -1, timeMajor, reversed: false, output: 0, column: 0 };
  if (op.kind !== 'nn.bidirectional_rnn') return [{ ...none, ...cell(1) }];
  const { mergeOutputs } = op.attrs as RnnFamily['nn.bidirectional_rnn'];
  const crossed = op.inputs[AUX + 1] != null;
  // Without weights of their own, auxiliary data are the backward way's; TFLite forgets them where the batch comes first.
  const apart = !crossed && op.inputs[AUX] != null && timeMajor;
  const own = (at: number) => (crossed ? { aux: AUX, auxWeights: at } : {});
  return [
    { ...none, ...cell(1), ...own(AUX + 1) },
    {
      ...{ ...none, ...cell(5), ...own(AUX + 2), reversed: true, data: apart ? AUX : 0 },
      ...(mergeOutputs ? { column: unitsOf(op, 1) } : { output: 1 }),
    },
  ];
}

export interface RnnShape extends Sequence {
  readonly inputs: number;
  readonly units: number;
  /** Width of the auxiliary data; 0: there are none. */
  readonly aux: number;
  /** What TFLite takes for that width when it goes from step to step. */
  readonly auxStride: number;
  /** Columns of the result. */
  readonly row: number;
}
export function rnnShape(op: OpView<Kind>, pass: RnnPass): RnnShape {
  const data = operand(op, pass.data).shape;
  const inputs = data.at(-1)!;
  const aux = pass.aux < 0 ? 0 : operand(op, pass.aux).shape.at(-1)!;
  return {
    ...sequenceOf(data, pass.timeMajor),
    ...{ inputs, units: unitsOf(op, pass.weights), aux },
    auxStride: pass.timeMajor || isHybridRnn(op) ? inputs : aux,
    row: op.outputs[pass.output].shape.at(-1)!,
  };
}

/** Whether data are quantized while running. */
export const isHybridRnn = (op: OpView<Kind>): boolean => operand(op, 1).dtype === 'int8';

/** How often TFLite goes through the sequence: once too often for each step but the first in one of its loops. */
export function rnnRounds(op: OpView<Kind>, pass: RnnPass): number {
  const again = op.kind === 'nn.bidirectional_rnn' && isHybridRnn(op) && pass.timeMajor;
  return again ? rnnShape(op, pass).time : 1;
}

/** Source: RnnBatchStep (kernel_utils.cc). */
function runPass(op: EvalView<Kind>, pass: RnnPass, out: Float32Array): Float32Array {
  const f = Math.fround;
  const shape = rnnShape(op, pass);
  const { inputs, units, aux, auxStride, row } = shape;
  const floats = (i: number): Float32Array => op.data[i] as Float32Array;
  const [x, bias, hidden] = [floats(pass.data), floats(pass.bias), floats(pass.state).slice()];
  const prepare = preparing(op, isHybridRnn(op));
  const activate = activationOf(op.attrs.activation);
  for (let round = 0; round < rnnRounds(op, pass); round++)
    eachStep(shape, pass, { aux, stride: auxStride }, (b, at, auxAt) => {
      const h = hidden.subarray(b * units, (b + 1) * units);
      const fromData = prepare(x.subarray(at * inputs, (at + 1) * inputs));
      const fromAux = pass.aux < 0 ? null : prepare(floats(pass.aux).subarray(auxAt, auxAt + aux));
      const fromState = prepare(h);
      const next = Float32Array.from(h, (_, i) => {
        const sum = f(bias[i] + fromData(pass.weights, i));
        const both = fromAux === null ? sum : f(sum + fromAux(pass.auxWeights, i));
        return activate(f(both + fromState(pass.recurrent, i)));
      });
      h.set(next);
      out.set(next, at * row + pass.column);
    });
  return hidden;
}

function evaluate(op: EvalView<Kind>): TensorData[] {
  const out = op.outputs.map((t) => allocate(t.dtype, elements(t.shape)) as Float32Array);
  return [...out, ...rnnPasses(op).map((pass) => runPass(op, pass, out[pass.output]))];
}

function checkPass(op: OpView<Kind>, pass: RnnPass): string[] {
  const named = (['weights', 'recurrent', 'bias', 'state', 'auxWeights'] as const).filter((part) => pass[part] >= 0);
  const words = { weights: 'weights', recurrent: 'recurrent weights', bias: 'biases', state: 'state' };
  const name = (part: (typeof named)[number]): string => ({ ...words, auxWeights: 'auxiliary weights' })[part];
  const isWeights = (part: string): boolean => /weights|recurrent/i.test(part);
  const weights = named.filter(isWeights);
  const type = operand(op, 1).dtype;
  return firstProblems(
    () => [
      ...weights.map((part) => rankIs(operand(op, pass[part]), `the ${name(part)}`, 2)),
      ...[pass.data, pass.aux].map((i) => i > 0 && rankIs(operand(op, i), 'the auxiliary data', 3)),
    ],
    () => {
      const { batch, inputs, units, aux } = rnnShape(op, pass);
      const shapes: Readonly<Record<(typeof named)[number], Shape>> = {
        ...{ weights: [units, inputs], recurrent: [units, units], bias: [units] },
        ...{ state: [batch, units], auxWeights: [units, aux] },
      };
      const data = operand(op, 0).shape;
      return [
        (units < 1 || inputs < 1) && `${inputs} inputs, ${units} units`,
        ...named.map((part) => {
          const { shape } = operand(op, pass[part]);
          const wanted = shapes[part];
          return (
            !sameShape(shape, wanted) &&
            `the ${name(part)} have the shape ${showShape(shape)}, must have ${showShape(wanted)}`
          );
        }),
        ...[pass.data, pass.aux].map(
          (i) =>
            i > 0 &&
            !sameShape(operand(op, i).shape.slice(0, 2), data.slice(0, 2)) &&
            'the auxiliary data have other steps or batch entries than the input',
        ),
        aux > 0 && aux < inputs && `the auxiliary data have ${aux} columns, fewer than the ${inputs} of the input`,
      ];
    },
    () => [
      ...named.map((part) => dtypeIs(operand(op, pass[part]), `the ${name(part)}`, isWeights(part) ? type : 'float32')),
      ...[pass.data, pass.aux].map((i) => i > 0 && dtypeIs(operand(op, i), 'the auxiliary data', 'float32')),
      !operand(op, pass.state).variable && 'the state is not a variable',
      ...weights.map(
        (part): Problem =>
          type === 'int8' &&
          (perTensorQuantized(operand(op, pass[part]), `the ${name(part)}`) ||
            (operand(op, pass[part]).quantization!.zeroPoints[0] !== 0 &&
              `the ${name(part)} have a zero point other than 0`)),
      ),
    ],
  );
}

const check = (op: OpView<Kind>, rank: number): string[] =>
  firstProblems(
    () => [
      rankIs(operand(op, 0), 'the input', rank),
      dtypeIs(operand(op, 0), 'the input', 'float32'),
      dtypeIs(operand(op, 1), 'the weights', 'float32', 'int8'),
      rankIs(operand(op, 1), 'the weights', 2),
      ...op.outputs.map((t) => dtypeIs(t, 'the output', 'float32')),
      op.attrs.activation === 'SIGN_BIT' && 'the activation SIGN_BIT is not defined here',
    ],
    () => rnnPasses(op).flatMap((pass) => checkPass(op, pass)),
  );

const rules = (rank: number) => ({
  arity: { inputs: [5, 5], outputs: [1, 1] } as const,
  state: [4],
  macs: recurrentMacs,
  check: (op: OpView<Kind>) => check(op, rank),
  shapes: (op: OpView<Kind>) => [operand(op, 0).shape.with(-1, unitsOf(op, 1))],
  evaluate,
});

function checkBidirectional(op: OpView<'nn.bidirectional_rnn'>): string[] {
  const results = op.attrs.mergeOutputs ? 1 : 2;
  const [aux, forward, backward] = op.inputs.slice(AUX);
  return firstProblems(
    () => [
      op.outputs.length !== results && `it has ${op.outputs.length} results, must have ${results}`,
      (forward === null) !== (backward === null) && 'auxiliary weights for one of the two ways only',
      forward !== null && aux === null && 'auxiliary weights without auxiliary data',
    ],
    () => check(op, 3),
  );
}

export const rnnOps: OpTable<RnnFamily> = {
  'nn.rnn_cell': defineOp<'nn.rnn_cell'>(rules(2)),
  'nn.rnn': defineOp<'nn.rnn'>(rules(3)),
  'nn.bidirectional_rnn': defineOp<'nn.bidirectional_rnn'>({
    arity: { inputs: [12, 12], outputs: [1, 2] },
    optional: [AUX, AUX + 1, AUX + 2],
    state: [4, 8],
    macs: recurrentMacs,
    check: checkBidirectional,
    shapes: (op) => {
      const [forward, backward] = [unitsOf(op, 1), unitsOf(op, 5)];
      const columns = op.attrs.mergeOutputs ? [forward + backward] : [forward, backward];
      return columns.map((n) => operand(op, 0).shape.with(-1, n));
    },
    evaluate,
  }),
};
