/** Random layers that keep a state between runs: LSTM, RNN and SVDF in all their forms. */
import fc from 'fast-check';
import { GATES, LSTM } from '../../src/model/ops/lstm/layout.ts';
import { BIDIRECTIONAL } from '../../src/model/ops/lstm/passes.ts';
import type { DType, TensorData } from '../../src/model/tensor/dtype.ts';
import { perTensor, type Quantization } from '../../src/model/tensor/quantization.ts';
import { elements, type Shape } from '../../src/model/tensor/shape.ts';
import type { Tensor } from '../../src/model/tensor/tensor.ts';
import { randomData, randomOf } from '../model/graphs.ts';
import { type Case, tensor } from './draws.ts';

const FORMS = ['float', 'hybrid', 'integer'] as const;
type Form = (typeof FORMS)[number];

/** Types of data, weights, vectors by cell, biases, the two states. */
const TYPES: Readonly<Record<Form, readonly [DType, DType, DType, DType, DType, DType]>> = {
  float: ['float32', 'float32', 'float32', 'float32', 'float32', 'float32'],
  hybrid: ['float32', 'int8', 'int8', 'float32', 'float32', 'float32'],
  integer: ['int8', 'int8', 'int16', 'int32', 'int8', 'int16'],
};

/** Floats are small, so that the order of a sum shows in its last bits only. */
function constant(dtype: DType, shape: Shape, random: () => number, q: Quantization | null = null): Tensor {
  const data = randomData(dtype, elements(shape), random);
  const small = dtype === 'float32' ? (data as Float32Array).map((v) => v / 4) : (data as TensorData);
  return tensor(dtype, shape, /^float|32$/.test(dtype) ? null : q, small);
}
const variable = (dtype: DType, shape: Shape, q: Quantization | null): Tensor => ({
  ...tensor(dtype, shape, q),
  variable: true,
});

const extent = fc.integer({ min: 1, max: 20 });

/** What any LSTM is drawn from. */
const cells = {
  batch: fc.integer({ min: 1, max: 3 }),
  time: fc.integer({ min: 1, max: 4 }),
  inputs: extent,
  cells: extent,
  projected: fc.option(extent, { nil: null }),
  projectionBias: fc.boolean(),
  cifg: fc.boolean(),
  peephole: fc.boolean(),
  norm: fc.boolean(),
  timeMajor: fc.boolean(),
  asymmetricQuantizeInputs: fc.boolean(),
  cellClip: fc.constantFrom(0, 0, 0.7),
  projectionClip: fc.constantFrom(0, 0, 0.4),
  activation: fc.constantFrom('TANH', 'TANH', 'RELU', 'RELU6'),
  seed: fc.nat(),
};
type Draws<T> = { readonly [K in keyof T]: T[K] extends fc.Arbitrary<infer V> ? V : never };
type Cells = Draws<typeof cells>;

const scaled = (least: number, random: () => number): Quantization => perTensor(Math.fround(least * (1 + random())), 0);
const steps = ({ batch, time, timeMajor }: Pick<Cells, 'batch' | 'time' | 'timeMajor'>): Shape =>
  timeMajor ? [time, batch] : [batch, time];

/** Weights, peepholes, biases and normalization of the gates, and the projection, by number. */
function gateOperands(draw: Cells, form: Form, random: () => number): Map<number, Tensor> {
  const { inputs, cells, projected, cifg, peephole, norm } = draw;
  const outputs = projected ?? cells;
  const [, weights, vector, bias] = TYPES[form];
  const operands = new Map<number, Tensor>();
  for (const gate of GATES) {
    if (gate === 'input' && cifg) continue;
    const at = LSTM[gate];
    operands.set(at.weights, constant(weights, [cells, inputs], random, scaled(0.003, random)));
    operands.set(at.recurrent, constant(weights, [cells, outputs], random, scaled(0.003, random)));
    operands.set(at.bias, constant(bias, [cells], random));
    if (peephole && gate !== 'cell') operands.set(at.peephole, constant(vector, [cells], random, scaled(1e-5, random)));
    const norms = form === 'integer' ? 'int16' : 'float32';
    if (norm) operands.set(at.norm, constant(norms, [cells], random, scaled(2e-5, random)));
  }
  if (projected !== null) {
    operands.set(LSTM.projection, constant(weights, [outputs, cells], random, scaled(0.003, random)));
    if (draw.projectionBias) operands.set(LSTM.projectionBias, constant(bias, [outputs], random));
  }
  return operands;
}

/** Operands in their places. */
function placed(count: number, operands: ReadonlyMap<number, Tensor>): (Tensor | null)[] {
  return Array.from({ length: count }, (_, i) => operands.get(i) ?? null);
}

const lstm: fc.Arbitrary<Case> = fc
  .record({ kind: fc.constantFrom('nn.lstm', 'nn.lstm_cell'), form: fc.constantFrom(...FORMS), ...cells })
  .map((draw): Case => {
    const { kind, form, batch, inputs, projected, norm } = draw;
    const random = randomOf(draw.seed);
    const [data, , , , hidden, cell] = TYPES[form];
    const integer = form === 'integer';
    const zero = (): number => Math.floor(random() * 40) - 20;
    const state = integer ? perTensor(Math.fround(0.005 + random() / 100), zero()) : null;
    const operands = gateOperands(draw, form, random);
    const shape = kind === 'nn.lstm' ? [...steps(draw), inputs] : [batch, inputs];
    const scale = integer ? perTensor(Math.fround(0.01 + random() / 50), zero()) : null;
    operands.set(LSTM.data, tensor(data, shape, scale));
    operands.set(LSTM.outputState, variable(hidden, [batch, projected ?? draw.cells], state));
    const log = 9 + Math.floor(random() * 7);
    const cellScale = integer ? perTensor(2 ** -log, 0) : null;
    operands.set(LSTM.cellState, variable(cell, [batch, draw.cells], cellScale));
    const { cellClip, projectionClip, timeMajor, asymmetricQuantizeInputs } = draw;
    const gates = GATES.map(() => (norm ? { scale: scaled(5e-4, random).scales[0], zeroPoint: 0 } : null));
    const intermediates = [...gates, { scale: Math.fround(0.005 + random() / 100), zeroPoint: zero() }];
    return {
      kind,
      attrs: {
        ...{ cellClip, projectionClip, asymmetricQuantizeInputs },
        ...(kind === 'nn.lstm' && { timeMajor }),
        activation: integer ? 'TANH' : draw.activation,
        ...(integer && { intermediates }),
      },
      operands: placed(norm ? 24 : 20, operands),
      dtype: data,
      quantization: state,
    };
  });

/** How auxiliary data come in: not at all, as the data of the way back, or with weights of their own. */
const AUX = ['none', 'none', 'apart', 'crossed'] as const;
const floatForm = fc.constantFrom('float', 'hybrid') as fc.Arbitrary<'float' | 'hybrid'>;
/** Results of both ways, side by side in one or not. */
const both = (merged: boolean): Partial<Case> => (merged ? {} : { more: ['float32'] });

const bidirectionalLstm: fc.Arbitrary<Case> = fc
  .record({
    ...cells,
    form: floatForm,
    norm: fc.constant(false),
    mergeOutputs: fc.boolean(),
    aux: fc.constantFrom(...AUX),
    more: fc.nat(4),
    /** Cells of the way back. */
    back: extent,
  })
  .map((draw): Case => {
    const { form, batch, inputs, aux, mergeOutputs, timeMajor, cifg } = draw;
    const random = randomOf(draw.seed);
    const operands = new Map([[0, tensor('float32', [...steps(draw), inputs], null)]]);
    const width = aux === 'crossed' ? inputs + draw.more : inputs;
    if (aux !== 'none') operands.set(BIDIRECTIONAL.aux, tensor('float32', [...steps(draw), width], null));
    for (const [way, n] of [
      ['forward', draw.cells],
      ['backward', draw.back],
    ] as const) {
      const at = BIDIRECTIONAL[way];
      for (const [i, t] of gateOperands({ ...draw, cells: n }, form, random)) operands.set(at.cells - 1 + i, t);
      operands.set(at.states, variable('float32', [batch, draw.projected ?? n], null));
      operands.set(at.states + 1, variable('float32', [batch, n], null));
      if (aux !== 'crossed') continue;
      GATES.forEach((gate, i) => {
        const weights = constant(TYPES[form][1], [n, width], random, scaled(0.003, random));
        if (gate !== 'input' || !cifg) operands.set(at.aux + i, weights);
      });
    }
    const { activation, cellClip, projectionClip, asymmetricQuantizeInputs } = draw;
    return {
      kind: 'nn.bidirectional_lstm',
      attrs: { activation, cellClip, projectionClip, asymmetricQuantizeInputs, timeMajor, mergeOutputs },
      operands: placed(48, operands),
      ...{ dtype: 'float32', quantization: null, ...both(mergeOutputs) },
    };
  });

const rnns: fc.Arbitrary<Case> = fc
  .record({
    kind: fc.constantFrom('nn.rnn_cell', 'nn.rnn', 'nn.bidirectional_rnn', 'nn.bidirectional_rnn'),
    form: floatForm,
    ...{ batch: cells.batch, time: cells.time, inputs: extent, units: fc.tuple(extent, extent), seed: fc.nat() },
    activation: fc.constantFrom('TANH', 'TANH', 'RELU6', 'RELU_N1_TO_1'),
    ...{ timeMajor: fc.boolean(), asymmetricQuantizeInputs: fc.boolean(), mergeOutputs: fc.boolean() },
    ...{ aux: fc.constantFrom(...AUX), more: fc.nat(4) },
  })
  .map((draw): Case => {
    const { kind, form, batch, inputs, units, aux, activation, asymmetricQuantizeInputs, mergeOutputs } = draw;
    const random = randomOf(draw.seed);
    const weights = (...shape: number[]) => constant(TYPES[form][1], shape, random, scaled(0.003, random));
    const data = (width: number) => tensor('float32', [...steps(draw), width], null);
    const cell = (n: number) => [
      ...[weights(n, inputs), weights(n, n), constant('float32', [n], random)],
      variable('float32', [batch, n], null),
    ];
    const first = kind === 'nn.rnn_cell' ? tensor('float32', [batch, inputs], null) : data(inputs);
    const one = { kind, operands: [first, ...cell(units[0])], dtype: 'float32', quantization: null } as const;
    const attrs = { activation, asymmetricQuantizeInputs };
    if (kind === 'nn.rnn_cell') return { ...one, attrs };
    if (kind === 'nn.rnn') return { ...one, attrs: { ...attrs, timeMajor: draw.timeMajor } };
    const width = inputs + (aux === 'crossed' ? draw.more : 0);
    const crossed = units.map((n) => (aux === 'crossed' ? weights(n, width) : null));
    return {
      ...one,
      attrs: { ...attrs, timeMajor: draw.timeMajor, mergeOutputs },
      operands: [...one.operands, ...cell(units[1]), aux === 'none' ? null : data(width), ...crossed],
      ...both(mergeOutputs),
    };
  });

/** With variables or without. */
const basic: fc.Arbitrary<Case> = fc
  .record({
    bytes: fc.boolean(),
    keeps: fc.boolean(),
    batch: cells.batch,
    inputs: extent,
    units: extent,
    seed: fc.nat(),
  })
  .map(({ bytes, keeps, batch, inputs, units, seed }): Case => {
    const random = randomOf(seed);
    const unit = bytes ? perTensor(1 / 128, 128) : null;
    const state = bytes ? perTensor(2 ** -11, 0) : null;
    const [byte, word]: DType[] = bytes ? ['uint8', 'int16'] : ['float32', 'float32'];
    const before = keeps ? variable : tensor;
    const zero = Math.floor(random() * 256);
    const scale = Math.fround(0.005 + random() / 100);
    const bias = bytes
      ? tensor('int32', [4 * units], perTensor(scale / 128, 0), randomData('int32', 4 * units, random))
      : constant('float32', [4 * units], random);
    return {
      kind: 'nn.basic_lstm_cell',
      attrs: {},
      operands: [
        ...[tensor(byte, [batch, inputs], unit), before(byte, [batch, units], unit)],
        ...[constant(byte, [4 * units, inputs + units], random, perTensor(scale, zero)), bias],
        before(word, [batch, units], state),
      ],
      ...{ dtype: byte, quantization: unit, more: [word, byte, word], parameters: [state, unit, null] },
    };
  });

const svdf: fc.Arbitrary<Case> = fc
  .record({
    form: fc.constantFrom(...FORMS),
    batch: fc.integer({ min: 1, max: 3 }),
    inputs: extent,
    units: fc.integer({ min: 1, max: 6 }),
    memory: fc.integer({ min: 1, max: 9 }),
    rank: fc.integer({ min: 1, max: 3 }),
    withBias: fc.boolean(),
    activation: fc.constantFrom('NONE', 'RELU', 'RELU6'),
    asymmetricQuantizeInputs: fc.boolean(),
    seed: fc.nat(),
  })
  .map(({ form, batch, inputs, units, memory, rank, withBias, activation, asymmetricQuantizeInputs, seed }): Case => {
    const random = randomOf(seed);
    const filters = units * rank;
    const integer = form === 'integer';
    const [data, weights, time, bias, , state] = TYPES[form];
    const zero = (): number => Math.floor(random() * 40) - 20;
    const q = (least: number): Quantization => perTensor(Math.fround(least * (1 + random())), 0);
    return {
      kind: 'nn.svdf',
      attrs: { rank, activation, asymmetricQuantizeInputs },
      operands: [
        tensor(data, [batch, inputs], integer ? perTensor(Math.fround(0.01 + random() / 50), zero()) : null),
        constant(weights, [filters, inputs], random, q(0.003)),
        constant(time, [filters, memory], random, q(integer ? 1e-5 : 0.003)),
        withBias ? constant(bias, [units], random) : null,
        variable(state, [batch, filters * memory], integer ? q(2e-4) : null),
      ],
      dtype: data,
      quantization: integer ? perTensor(Math.fround(0.01 + random() / 50), zero()) : null,
    };
  });

/** By family, for those who look for one kind. */
export const recurrentFamilies = { lstm, svdf, bidirectionalLstm, rnns, basic };

export const recurrent = fc.oneof(
  { arbitrary: lstm, weight: 4 },
  { arbitrary: svdf, weight: 2 },
  { arbitrary: bidirectionalLstm, weight: 3 },
  { arbitrary: rnns, weight: 3 },
  { arbitrary: basic, weight: 1 },
);
