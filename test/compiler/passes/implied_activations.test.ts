import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatTwin } from '../../../src/compiler/passes/float_twin.ts';
import { impliedClamp, writeImpliedActivations } from '../../../src/compiler/passes/implied_activations.ts';
import { interpret } from '../../../src/model/interpreter/index.ts';
import type { Graph, Model, Node } from '../../../src/model/ir/graph.ts';
import { verifyGraph } from '../../../src/model/ir/verify.ts';
import type { DType } from '../../../src/model/tensor/dtype.ts';
import { perTensor, type Quantization } from '../../../src/model/tensor/quantization.ts';
import { elements } from '../../../src/model/tensor/shape.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { MobileNet, patterns } from '../../gate/check/mobilenet.ts';
import { models, randomData, randomOf } from '../../model/graphs.ts';

const tensor = (dtype: DType, quantization: Quantization | null, name = 't'): Tensor => ({
  ...{ name, dtype, shape: [1, 4], quantization, data: null },
});

describe('the activation that a range amounts to', () => {
  it.each([
    ['uint8', 6 / 255, 0, 'RELU6'],
    ['int8', 6 / 255, -128, 'RELU6'],
    // FakeQuant of TensorFlow 1: 6 as an average that never quite gets there.
    ['uint8', 0.023528477177023888, 0, 'RELU6'],
    ['uint8', 4 / 255, 0, 'RELU6'],
    ['uint8', 6.5 / 255, 0, 'RELU'],
    ['int8', 20 / 255, -128, 'RELU'],
    ['uint8', 2 / 255, 128, 'RELU_N1_TO_1'],
    ['int8', 1 / 128, 0, 'RELU_N1_TO_1'],
    ['uint8', 12 / 255, 128, null],
    ['int8', 6 / 255, -127, null],
    ['int8', 6 / 255, 127, null],
    ['int16', 6 / 32767, 0, null],
  ] as const)('%s, scale %f, zero point %i: %s', (dtype, scale, zeroPoint, clamp) => {
    expect(impliedClamp(tensor(dtype, perTensor(scale, zeroPoint)))).toBe(clamp);
  });

  it('is none for floats', () => expect(impliedClamp(tensor('float32', null))).toBeNull());
});

const net = new MobileNet();
const images = patterns(16, 2).map(({ image }) => image);

describe('a network whose ReLU6 are ranges alone', () => {
  const ranges = importModel(net.file({}), 'ranges');
  const fused = importModel(net.file({ fused: true }), 'fused');

  it('has no activation in its file, and all of them afterwards', () => {
    const activations = (graph: Graph) =>
      graph.nodes.map((node) => ('activation' in node.attrs ? node.attrs.activation : '-')).join(' ');
    expect(activations(ranges.subgraphs[0])).not.toContain('RELU6');
    expect(activations(writeImpliedActivations(ranges.subgraphs[0]))).toBe(activations(fused.subgraphs[0]));
  });

  it('has the twin of the same network with fused activations', () => {
    for (const image of images) {
      expect(interpret(floatTwin(ranges), [image])).toEqual(interpret(floatTwin(fused), [image]));
    }
  });

  it('has a twin that a range too narrow does not touch', () => {
    const narrow = importModel(net.file({ range: { layer: 'block2/depthwise', high: 0.5 } }), 'narrow');
    for (const image of images) {
      const [wanted] = interpret(floatTwin(fused), [image]);
      const [found] = interpret(floatTwin(narrow), [image]);
      // Biases behind the layer are rounded with another scale.
      for (let i = 0; i < wanted.length; i++) expect(Math.abs(Number(found[i]) - Number(wanted[i]))).toBeLessThan(0.02);
    }
  });
});

/** One operator, data of a range about zero to a result of [0, 6]. */
function single(kind: Node['kind'], attrs: object, inputs: number): Graph {
  const from = perTensor(0.1, 0);
  const to = perTensor(6 / 255, -128);
  const tensors = Array.from({ length: inputs }, (_, i) => tensor('int8', from, `x${i}`));
  const shape = kind === 'concatenate' ? [1, 4 * inputs] : [1, 4];
  const node = { kind, attrs, inputs: tensors.map((_, i) => i), outputs: [inputs], source: 0 } as unknown as Node;
  return {
    ...{ name: 'g', tensors: [...tensors, { ...tensor('int8', to, 'y'), shape }], nodes: [node] },
    ...{ inputs: tensors.map((_, i) => i), outputs: [inputs] },
  };
}

describe('an operator without a fused activation', () => {
  it.each([
    ['qnn.requantize', {}, 1],
    ['maximum', {}, 2],
    ['nn.leaky_relu', { alpha: 0.5 }, 1],
  ] as const)('%s gets one behind it, and its name stays with the result', (kind, attrs, inputs) => {
    const graph = single(kind, attrs, inputs);
    const written = writeImpliedActivations(graph);
    expect(verifyGraph(written)).toEqual([]);
    expect(written.nodes.map((node) => node.kind)).toEqual([kind, 'nn.relu6']);
    const model = (g: Graph): Model => ({ name: 'm', description: '', subgraphs: [g], signatures: [] });
    const data = Array.from({ length: inputs }, () => Int8Array.of(-100, 20, 50, 100));
    expect(interpret(model(written), data)).toEqual(interpret(model(graph), data));
    const twin = floatTwin(model(graph));
    expect(twin.subgraphs[0].tensors[twin.subgraphs[0].outputs[0]].name).toBe('y');
    const [out] = interpret(
      twin,
      data.map((x) => Float32Array.from(x, (q) => 0.1 * q)),
    );
    expect([...(out as Float32Array)].slice(0, 4)).toEqual([0, expect.closeTo(2, 5), expect.closeTo(5, 5), 6]);
  });

  it('gets none where its operands are clamped already', () => {
    const graph = single('reshape', { newShape: [1, 4] }, 1);
    const clamped = { ...graph, tensors: graph.tensors.map((t) => ({ ...t, quantization: perTensor(6 / 255, -128) })) };
    expect(writeImpliedActivations(clamped)).toEqual(clamped);
  });
});

it('leaves what a quantized model computes as it is, bit for bit', () => {
  const ranges = [perTensor(6 / 255, -128), perTensor(11 / 255, -128), perTensor(1 / 128, 0)];
  fc.assert(
    fc.property(models, fc.constantFrom(...ranges), fc.nat(), (model, quantization, seed) => {
      const [graph] = model.subgraphs;
      const uniform: Graph = {
        ...graph,
        tensors: graph.tensors.map((t) => (t.quantization !== null && t.data === null ? { ...t, quantization } : t)),
      };
      const written = writeImpliedActivations(uniform);
      expect(verifyGraph(written)).toEqual(verifyGraph(uniform));
      if (verifyGraph(uniform).length > 0) return;
      const random = randomOf(seed);
      const data = graph.inputs.map((id) =>
        randomData(graph.tensors[id].dtype, elements(graph.tensors[id].shape), random),
      );
      expect(interpret({ ...model, subgraphs: [written] }, data)).toEqual(
        interpret({ ...model, subgraphs: [uniform] }, data),
      );
    }),
  );
});
