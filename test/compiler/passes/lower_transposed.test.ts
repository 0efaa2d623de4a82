import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lowerTransposed } from '../../../src/compiler/passes/lower_transposed.ts';
import { optimize } from '../../../src/compiler/passes/pipeline.ts';
import { interpret } from '../../../src/model/interpreter/index.ts';
import type { Graph } from '../../../src/model/ir/graph.ts';
import { verifyGraph } from '../../../src/model/ir/verify.ts';
import type { Padding } from '../../../src/model/ops/attrs.ts';
import type { DType } from '../../../src/model/tensor/dtype.ts';
import { perTensor, type Quantization } from '../../../src/model/tensor/quantization.ts';
import { elements } from '../../../src/model/tensor/shape.ts';
import { randomData, randomOf } from '../../model/graphs.ts';
import { activation } from '../draws.ts';
import { feed, graphOf, ints, tensor } from '../operators.ts';
import { modelOf } from '../run.ts';

const perChannel = (n: number): Quantization => ({
  scales: Array.from({ length: n }, (_, i) => Math.fround(0.004 + i / 300)),
  zeroPoints: Array.from({ length: n }, () => 0),
  axis: 0,
});
/** Data, weights and bias; `channels` and `hybrid`: a scale for each channel. */
const FORMS = {
  float32: { types: ['float32', 'float32', 'float32'] },
  hybrid: { types: ['float32', 'int8', 'float32'], weights: perChannel },
  int8: { types: ['int8', 'int8', 'int32'], weights: () => perTensor(0.01, 0) },
  channels: { types: ['int8', 'int8', 'int32'], weights: perChannel },
  uint8: { types: ['uint8', 'uint8', 'int32'], weights: () => perTensor(0.01, 151) },
} satisfies Record<string, { types: [DType, DType, DType]; weights?: (n: number) => Quantization }>;
type Form = keyof typeof FORMS;

interface Layer {
  readonly form?: Form;
  readonly batches?: number;
  readonly size: readonly [number, number];
  readonly channels?: number;
  readonly outs?: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding?: Padding;
  /** Outputs more (or fewer) than the least that the inputs reach. */
  readonly more?: readonly [number, number];
  readonly biased?: boolean;
  readonly activation?: string;
  readonly seed?: number;
  readonly fixed?: boolean;
}

function graph(layer: Layer): Graph {
  const { form = 'int8', batches = 1, size, channels = 3, outs = 4, kernel, strides, padding = 'SAME' } = layer;
  const { more = [strides[0] - 1, strides[1] - 1], biased = true, seed = 1, fixed = true } = layer;
  const [data, weights, bias] = FORMS[form].types;
  const float = data === 'float32';
  const random = randomOf(seed);
  const of = ([h, w]: readonly [number, number]): number[] => [outs, h, w, channels];
  const extent = (i: 0 | 1): number =>
    Math.max(1, (size[i] - 1) * strides[i] + (padding === 'SAME' ? 1 : kernel[i]) + more[i]);
  const own = FORMS[form] as { weights?: (n: number) => Quantization };
  return graphOf([
    {
      kind: 'nn.conv2d_transpose',
      attrs: { padding, strides, activation: layer.activation ?? 'NONE' },
      operands: [
        ints([batches, extent(0), extent(1), outs]),
        tensor(
          weights,
          of(kernel),
          own.weights?.(outs) ?? null,
          fixed ? randomData(weights, elements(of(kernel)), random) : null,
        ),
        tensor(data, [batches, ...size, channels], float ? null : perTensor(0.05, 7)),
        biased ? tensor(bias, [outs], null, randomData(bias, outs, random)) : null,
      ],
      dtype: data,
      quantization: float ? null : perTensor(0.3, 20),
    },
  ]);
}

/** The graph once lowered, sound and with the same results, bit for bit. */
function lowered(before: Graph, seed = 1): Graph {
  const after = lowerTransposed(before);
  expect(verifyGraph(before)).toEqual([]);
  expect(verifyGraph(after)).toEqual([]);
  const inputs = feed(before, seed, true);
  for (const profile of ['tflite', 'single', 'xnnpack'] as const) {
    expect(interpret(modelOf(after), inputs, { profile })).toEqual(interpret(modelOf(before), inputs, { profile }));
  }
  return after;
}
const count = (g: Graph, kind: string): number => g.nodes.filter((node) => node.kind === kind).length;
const kinds = (g: Graph): string[] => g.nodes.map((node) => node.kind).filter((kind) => kind !== 'reshape');

const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
const layers: fc.Arbitrary<Layer> = fc.record({
  form: fc.constantFrom<Form>('float32', 'hybrid', 'int8', 'channels', 'uint8'),
  batches: fc.integer({ min: 1, max: 2 }),
  size: pair(1, 6),
  channels: fc.integer({ min: 1, max: 5 }),
  outs: fc.integer({ min: 1, max: 6 }),
  kernel: pair(1, 7),
  strides: pair(1, 4),
  padding: fc.constantFrom<Padding>('SAME', 'VALID'),
  more: pair(-1, 3),
  biased: fc.boolean(),
  activation,
  seed: fc.nat(),
});

test('every transposed convolution keeps its results, bit for bit, and most are lowered', () => {
  let changed = 0;
  fc.assert(
    fc.property(layers, (layer) => {
      if (count(lowered(graph(layer), layer.seed), 'nn.conv2d_transpose') === 0) changed++;
    }),
    { numRuns: 400 },
  );
  expect(changed).toBeGreaterThan(200);
});

describe.each(['float32', 'hybrid', 'int8', 'channels', 'uint8'] as const)('%s', (form) => {
  const size = [4, 5] as const;
  test('a kernel as large as the stride is one convolution, then interleaved', () => {
    const result = lowered(graph({ form, size, batches: 2, kernel: [2, 2], strides: [2, 2] }));
    expect(kinds(result)).toEqual(['nn.conv2d', 'transpose']);
    expect(result.tensors[result.nodes[0].outputs[0]].shape).toEqual([2, 4, 5, 16]);
  });

  test('a stride of 1 is one convolution alone', () => {
    const result = lowered(graph({ form, size, kernel: [3, 2], strides: [1, 1] }));
    expect(result.nodes.map((node) => node.kind)).toEqual(['nn.conv2d']);
  });

  test('phases that meet different inputs are convolutions with as many taps as they meet', () => {
    const wide = { channels: 64, outs: 32 };
    const result = lowered(graph({ form, size, ...wide, kernel: [3, 3], strides: [2, 2] }));
    const taps = result.nodes.flatMap(({ kind, inputs }) =>
      kind === 'nn.conv2d' ? [result.tensors[inputs[1]].shape.slice(1, 3)] : [],
    );
    expect(taps.map(([h, w]) => h * w).reduce((a, b) => a + b)).toBe(9);
    expect(taps).toHaveLength(4);
  });

  test('one row of sound needs no interleaving', () => {
    const result = lowered(graph({ form, size: [1, 20], kernel: [1, 4], strides: [1, 4] }));
    expect(kinds(result)).toEqual(['nn.conv2d']);
  });

  test('an activation behind it becomes that of the convolutions', () => {
    const before = graph({ form, size, kernel: [2, 2], strides: [2, 2] });
    const [output] = before.outputs;
    const relu = { kind: 'nn.relu', attrs: {}, inputs: [output], outputs: [before.tensors.length], source: 1 } as const;
    const tensors = [...before.tensors, { ...before.tensors[output], name: 'relu' }];
    const after = optimize(modelOf({ ...before, tensors, nodes: [...before.nodes, relu], outputs: [...relu.outputs] }));
    expect(kinds(after.subgraphs[0])).toEqual(['nn.conv2d', 'transpose']);
    expect(after.subgraphs[0].nodes[0].attrs).toMatchObject({ activation: 'RELU' });
  });

  test('outputs that are no multiple of the strides are cut out', () => {
    const result = lowered(graph({ form, size, batches: 2, kernel: [2, 2], strides: [2, 2], more: [0, 0] }));
    expect(kinds(result)).toEqual(['nn.conv2d', 'transpose', 'slice']);
  });
});

describe('stays as it is', () => {
  const layer: Layer = { size: [4, 4], kernel: [2, 2], strides: [2, 2] };
  const unchanged = (given: Layer): void => {
    const before = graph(given);
    expect(lowered(before).nodes).toEqual(before.nodes);
  };

  test('with float data and integer weights of one scale', () => unchanged({ ...layer, form: 'hybrid', outs: 1 }));
  test('with weights that are computed', () => unchanged({ ...layer, fixed: false }));
  test('where most products would be with zeros', () =>
    unchanged({ ...layer, size: [1, 1], channels: 200, kernel: [4, 4], strides: [1, 1], padding: 'VALID' }));
  test('where most results are the bias', () =>
    unchanged({ ...layer, channels: 200, kernel: [1, 1], strides: [3, 3] }));
  test('a float one where a phase meets nothing', () =>
    unchanged({ ...layer, form: 'float32', kernel: [3, 3], strides: [4, 4] }));
});
