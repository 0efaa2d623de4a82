/** Random layers that keep a state between runs: LSTM and SVDF in all their forms. */
import fc from 'fast-check';
import type { Tensor } from '../../src/model/ir/graph.ts';
import { GATES, LSTM } from '../../src/model/ops/lstm_layout.ts';
import type { DType, TensorData } from '../../src/model/tensor/dtype.ts';
import { perTensor, type Quantization } from '../../src/model/tensor/quantization.ts';
import { elements, type Shape } from '../../src/model/tensor/shape.ts';
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
const lstm: fc.Arbitrary<Case> = fc
  .record({
    form: fc.constantFrom(...FORMS),
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
  })
  .map((draw): Case => {
    const { form, batch, time, inputs, cells, projected, cifg, peephole, norm, seed } = draw;
    const random = randomOf(seed);
    const outputs = projected ?? cells;
    const [data, weights, vector, bias, hidden, cell] = TYPES[form];
    const integer = form === 'integer';
    const zero = (): number => Math.floor(random() * 40) - 20;
    const scaled = (least: number): Quantization => perTensor(Math.fround(least * (1 + random())), 0);
    const operands = new Array<Tensor | null>(norm ? 24 : 20).fill(null);
    const state = integer ? perTensor(Math.fround(0.005 + random() / 100), zero()) : null;
    operands[LSTM.data] = tensor(
      data,
      draw.timeMajor ? [time, batch, inputs] : [batch, time, inputs],
      integer ? perTensor(Math.fround(0.01 + random() / 50), zero()) : null,
    );
    for (const gate of GATES) {
      if (gate === 'input' && cifg) continue;
      const at = LSTM[gate];
      operands[at.weights] = constant(weights, [cells, inputs], random, scaled(0.003));
      operands[at.recurrent] = constant(weights, [cells, outputs], random, scaled(0.003));
      operands[at.bias] = constant(bias, [cells], random);
      if (peephole && gate !== 'cell') operands[at.peephole] = constant(vector, [cells], random, scaled(1e-5));
      if (norm) operands[at.norm] = constant(integer ? 'int16' : 'float32', [cells], random, scaled(2e-5));
    }
    if (projected !== null) {
      operands[LSTM.projection] = constant(weights, [outputs, cells], random, scaled(0.003));
      if (draw.projectionBias) operands[LSTM.projectionBias] = constant(bias, [outputs], random);
    }
    operands[LSTM.outputState] = variable(hidden, [batch, outputs], state);
    const log = 9 + Math.floor(random() * 7);
    operands[LSTM.cellState] = variable(cell, [batch, cells], integer ? perTensor(2 ** -log, 0) : null);
    const { cellClip, projectionClip, timeMajor, asymmetricQuantizeInputs } = draw;
    const gates = GATES.map(() => (norm ? { scale: scaled(5e-4).scales[0], zeroPoint: 0 } : null));
    const intermediates = [...gates, { scale: Math.fround(0.005 + random() / 100), zeroPoint: zero() }];
    return {
      kind: 'nn.lstm',
      attrs: {
        ...{ cellClip, projectionClip, timeMajor, asymmetricQuantizeInputs },
        activation: integer ? 'TANH' : draw.activation,
        ...(integer && { intermediates }),
      },
      operands,
      dtype: data,
      quantization: state,
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

export const recurrent = fc.oneof({ arbitrary: lstm, weight: 3 }, { arbitrary: svdf, weight: 2 });
