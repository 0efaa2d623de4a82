/** Random recurrent operators, with state that lives between runs. */
import fc from 'fast-check';
import { ABSENT, type Node, type Tensor } from '../../src/model/ir/graph.ts';
import { rulesOf } from '../../src/model/ir/shapes.ts';
import type { Activation } from '../../src/model/ops/attrs.ts';
import { GATES, LSTM, type LstmForm } from '../../src/model/ops/lstm_layout.ts';
import type { DType } from '../../src/model/tensor/dtype.ts';
import { perTensor, type Quantization } from '../../src/model/tensor/quantization.ts';
import { elements, type Shape } from '../../src/model/tensor/shape.ts';
import { tensor } from '../compiler/draws.ts';
import { randomData, randomOf } from '../model/graphs.ts';
import { fedWith, type Instance, modelOf } from './instance.ts';

/** What the operands of a form are made of. */
const TYPES = {
  float: { data: 'float32', weights: 'float32', vector: 'float32', bias: 'float32', norm: 'float32', cell: 'float32' },
  hybrid: { data: 'float32', weights: 'int8', vector: 'int8', bias: 'float32', norm: 'float32', cell: 'float32' },
  integer: { data: 'int8', weights: 'int8', vector: 'int16', bias: 'int32', norm: 'int16', cell: 'int16' },
} as const satisfies Record<LstmForm, Record<string, DType>>;

const forms = fc.constantFrom<LstmForm>('float', 'hybrid', 'integer');
const size = fc.integer({ min: 1, max: 20 });
const clip = fc.constantFrom(0, 0, 0.5, 2);

/** Constants of an operator from one source of numbers. */
function constants(seed: number) {
  const random = randomOf(seed);
  const scale = (): Quantization => perTensor(0.002 + 0.01 * random(), 0);
  const constant = (dtype: DType, shape: Shape): Tensor => {
    const data = randomData(dtype, elements(shape), random);
    if (data instanceof Float32Array) for (let i = 0; i < data.length; i++) data[i] /= 2;
    return tensor(dtype, shape, /^int(8|16)$/.test(dtype) ? scale() : null, data);
  };
  const point = (): number => Math.floor(random() * 256) - 128;
  return { random, constant, data: (): Quantization => perTensor(0.01 + 0.03 * random(), point()) };
}

/** One node on its operands; null: left out. */
function instanceOf(
  kind: 'nn.lstm' | 'nn.svdf',
  attrs: object,
  operands: readonly (Tensor | null)[],
  result: Tensor,
  seed: number,
): Instance {
  const node = { kind, attrs, inputs: [], outputs: [], source: 0 } as unknown as Node;
  const rules = rulesOf(node);
  const view = { kind, attrs, inputs: operands, outputs: [result] } as Parameters<typeof rules.check>[0];
  const problems = rules.check(view);
  if (problems.length > 0) throw new Error(`${kind}: ${problems.join('; ')}`);
  const tensors: Tensor[] = [];
  const inputs = operands.map((t, i) => (t === null ? ABSENT : tensors.push({ ...t, name: `operand ${i}` }) - 1));
  const output = tensors.push({ ...result, name: kind, shape: rules.shapes(view)[0]! }) - 1;
  const whole = { ...node, inputs, outputs: [output] } as Node;
  return fedWith(modelOf({ name: kind, tensors, nodes: [whole], inputs: [0], outputs: [output] }), seed);
}

const variable = (dtype: DType, shape: Shape, q: Quantization | null): Tensor => ({
  ...tensor(dtype, shape, q),
  variable: true,
});

export const lstms: fc.Arbitrary<Instance> = fc
  .record({
    form: forms,
    extents: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }), size, size, size),
    flags: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    clips: fc.tuple(clip, clip),
    seed: fc.nat(),
  })
  .map(({ form, extents, flags, clips: [cellClip, projectionClip], seed }) => {
    const [batch, time, inputs, cells, projected] = extents;
    const [cifg, peephole, projection, norm, timeMajor, asymmetricQuantizeInputs] = flags;
    const types = TYPES[form];
    const outputs = projection ? projected : cells;
    const { random, constant, data } = constants(seed);
    const integer = form === 'integer';
    const q = integer ? data() : null;
    const operands: (Tensor | null)[] = new Array(norm ? 24 : 20).fill(null);
    operands[LSTM.data] = tensor(types.data, timeMajor ? [time, batch, inputs] : [batch, time, inputs], q);
    for (const gate of GATES) {
      if (gate === 'input' && cifg) continue;
      const own = LSTM[gate];
      operands[own.weights] = constant(types.weights, [cells, inputs]);
      operands[own.recurrent] = constant(types.weights, [cells, outputs]);
      operands[own.bias] = constant(types.bias, [cells]);
      if (peephole && gate !== 'cell') operands[own.peephole] = constant(types.vector, [cells]);
      if (norm) operands[own.norm] = constant(types.norm, [cells]);
    }
    if (projection) operands[LSTM.projection] = constant(types.weights, [outputs, cells]);
    if (projection && asymmetricQuantizeInputs) operands[LSTM.projectionBias] = constant(types.bias, [outputs]);
    const hidden = integer ? data() : null;
    operands[LSTM.outputState] = variable(types.data, [batch, outputs], hidden);
    operands[LSTM.cellState] = variable(types.cell, [batch, cells], integer ? perTensor(2 ** -11, 0) : null);
    const intermediate = () => ({ scale: Math.fround(0.0002 + 0.001 * random()), zeroPoint: 0 });
    const attrs = {
      ...{ activation: 'TANH' satisfies Activation, cellClip, projectionClip, timeMajor, asymmetricQuantizeInputs },
      ...(integer && {
        intermediates: [
          ...GATES.map(() => (norm ? intermediate() : null)),
          { scale: Math.fround(0.005 + 0.005 * random()), zeroPoint: Math.floor(random() * 20) - 10 },
        ],
      }),
    };
    return instanceOf('nn.lstm', attrs, operands, tensor(types.data, [], hidden), seed);
  });

export const svdfs: fc.Arbitrary<Instance> = fc
  .record({
    form: forms,
    extents: fc.tuple(fc.integer({ min: 1, max: 3 }), size, size, fc.integer({ min: 1, max: 9 })),
    rank: fc.integer({ min: 1, max: 3 }),
    activation: fc.constantFrom<Activation>('NONE', 'RELU', 'RELU6', 'RELU_N1_TO_1'),
    flags: fc.tuple(fc.boolean(), fc.boolean()),
    seed: fc.nat(),
  })
  .map(({ form, extents, rank, activation, flags: [biased, asymmetricQuantizeInputs], seed }) => {
    const [batch, inputs, units, memory] = extents;
    const types = TYPES[form];
    const filters = units * rank;
    const { random, constant, data } = constants(seed);
    const integer = form === 'integer';
    const operands = [
      tensor(types.data, [batch, inputs], integer ? data() : null),
      constant(types.weights, [filters, inputs]),
      constant(integer ? 'int16' : types.weights, [filters, memory]),
      biased ? constant(types.bias, [units]) : null,
      variable(types.cell, [batch, filters * memory], integer ? perTensor(0.001 + 0.01 * random(), 0) : null),
    ];
    const attrs = { rank, activation: integer ? 'RELU' : activation, asymmetricQuantizeInputs };
    return instanceOf('nn.svdf', attrs, operands, tensor(types.data, [], integer ? data() : null), seed);
  });
