import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactModel } from '../../../src/model/ir/compact.ts';
import type { Graph, Node } from '../../../src/model/ir/graph.ts';
import { macsOf, nodeMacs } from '../../../src/model/ir/macs.ts';
import { quoteName } from '../../../src/model/ir/names.ts';
import { schemeOf } from '../../../src/model/ir/scheme.ts';
import { inferShapes } from '../../../src/model/ir/shapes.ts';
import { verifyGraph } from '../../../src/model/ir/verify.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { good, goodModel } from '../../fixtures/model/index.ts';
import { models } from '../graphs.ts';

const float = (name: string, shape: number[], data: Float32Array | null = null): Tensor => ({
  name,
  dtype: 'float32',
  shape,
  quantization: null,
  data,
});
const relu = (input: number, output: number, source = 0): Node => ({
  kind: 'nn.relu',
  attrs: {},
  inputs: [input],
  outputs: [output],
  source,
});
const chain: Graph = {
  name: 'g',
  tensors: [float('x', [2, 3]), float('y', [2, 3]), float('z', [2, 3])],
  nodes: [relu(0, 1), relu(1, 2, 1)],
  inputs: [0],
  outputs: [2],
};

describe('verifyGraph', () => {
  it('accepts sound graphs', () => {
    expect(verifyGraph(chain)).toEqual([]);
    for (const { name } of good) expect(verifyGraph(importModel(goodModel(name), name).subgraphs[0])).toEqual([]);
  });

  const withTensor = (id: number, change: Partial<Tensor>): Graph => ({
    ...chain,
    tensors: chain.tensors.map((t, i) => (i === id ? { ...t, ...change } : t)),
  });
  it.each<[string, Graph, RegExp]>([
    [
      'operators out of order',
      { ...chain, nodes: [relu(1, 2, 1), relu(0, 1)] },
      /#1 nn\.relu → "z": reads tensor #1 "y", which is written only later, by .*: a cycle, or out of order/,
    ],
    ['a cycle', { ...chain, nodes: [relu(2, 1), relu(1, 2, 1)] }, /reads tensor #2 "z", which is written only later/],
    [
      'two writers',
      { ...chain, nodes: [relu(0, 1), relu(0, 2, 1), relu(0, 1, 2)] },
      /#2 .*writes tensor #1 "y", which #0 nn\.relu.*already wrote/,
    ],
    ['a written input', { ...chain, nodes: [relu(0, 1), relu(1, 0, 1)] }, /writes the graph input tensor #0 "x"/],
    ['a written constant', withTensor(1, { data: new Float32Array(6) }), /writes the constant tensor #1 "y"/],
    ['a variable as a result', withTensor(1, { variable: true }), /its result is the variable tensor #1 "y"/],
    ['an operand out of range', { ...chain, nodes: [relu(9, 1), relu(1, 2, 1)] }, /operand 9 is not a tensor/],
    ['a result out of range', { ...chain, nodes: [relu(0, 1), relu(1, -2, 1)] }, /result -2 is not a tensor/],
    ['an input out of range', { ...chain, inputs: [7] }, /graph input 7 is not a tensor/],
    ['the same input twice', { ...chain, inputs: [0, 0] }, /listed twice/],
    ['a constant as input', withTensor(0, { data: new Float32Array(6) }), /graph input but has constant data/],
    ['an output never computed', { ...chain, nodes: [relu(0, 1)] }, /graph output tensor #2 "z" is never computed/],
    ['no outputs', { ...chain, outputs: [] }, /no outputs/],
    ['an impossible shape', withTensor(1, { shape: [2, -3] }), /impossible shape \[2, -3\]/],
    ['an enormous shape', withTensor(1, { shape: [2 ** 20, 2 ** 20] }), /exceeds 2 GB/],
    [
      'too little data',
      { ...chain, tensors: [...chain.tensors, float('w', [4], new Float32Array(3))] },
      /3 elements of data for the shape \[4\]/,
    ],
    [
      'a quantized float',
      withTensor(1, { quantization: { scales: [1], zeroPoints: [0], axis: 0 } }),
      /float tensor cannot be quantized/,
    ],
    [
      'a scale of 0',
      withTensor(1, { dtype: 'int8', quantization: { scales: [0], zeroPoints: [0], axis: 0 } }),
      /not a positive number/,
    ],
    [
      'scales that fit no dimension',
      withTensor(1, { dtype: 'int8', quantization: { scales: [1, 1], zeroPoints: [0, 0], axis: 1 } }),
      /2 scales along dimension 1/,
    ],
    [
      'a wrong result shape',
      withTensor(1, { shape: [3, 2] }),
      /result 0 has the shape \[3, 2\], but the operator gives \[2, 3\]/,
    ],
    ['a missing operand', { ...chain, nodes: [{ ...relu(0, 1), inputs: [] }, relu(1, 2, 1)] }, /#0 nn\.relu/],
  ])('finds %s', (_, graph, message) => {
    expect(verifyGraph(graph).join('\n')).toMatch(message);
  });
});

describe('inferShapes', () => {
  it('gives every result the shape its operands give it', () => {
    fc.assert(
      fc.property(models, fc.integer({ min: 1, max: 9 }), (model, extent) => {
        const [graph] = model.subgraphs;
        const computed = new Set(graph.nodes.flatMap((n) => n.outputs));
        const wrong = graph.tensors.map((t, id) => (computed.has(id) ? { ...t, shape: t.shape.map(() => extent) } : t));
        expect(inferShapes({ ...graph, tensors: wrong })).toEqual(graph);
      }),
    );
  });
});

describe('compactModel', () => {
  it('drops what nothing uses and changes nothing else', () => {
    fc.assert(
      fc.property(models, (model) => {
        const [graph] = model.subgraphs;
        const dead = float('dead', [3], new Float32Array(3));
        const shifted: Graph = {
          ...graph,
          tensors: [dead, ...graph.tensors],
          nodes: graph.nodes.map((n) => ({
            ...n,
            inputs: n.inputs.map((i) => i + 1),
            outputs: n.outputs.map((i) => i + 1),
          })),
          inputs: graph.inputs.map((i) => i + 1),
          outputs: graph.outputs.map((i) => i + 1),
        };
        const move = (ports: (typeof model.signatures)[number]['inputs']) =>
          ports.map((p) => ({ ...p, tensor: p.tensor + 1 }));
        const signatures = model.signatures.map((s) => ({ ...s, inputs: move(s.inputs), outputs: move(s.outputs) }));
        expect(compactModel({ ...model, subgraphs: [shifted], signatures })).toEqual(compactModel(model));
        expect(compactModel({ ...model, subgraphs: [shifted], signatures }).subgraphs[0].tensors).not.toContainEqual(
          dead,
        );
      }),
    );
  });
});

describe('macsOf', () => {
  it('counts the products that make up a convolution and a dense layer', () => {
    const conv = importModel(goodModel('conv_2d-int8-06'), 'm').subgraphs[0];
    const [node] = conv.nodes;
    const [, kernel] = node.inputs.map((id) => conv.tensors[id].shape);
    const [batch, height, width, channels] = conv.tensors[node.outputs[0]].shape;
    expect(macsOf(conv)).toBe(batch * height * width * channels * kernel[1] * kernel[2] * kernel[3]);
    const dense = importModel(goodModel('fully_connected-int8-2'), 'm').subgraphs[0];
    const [units, depth] = dense.tensors[dense.nodes[0].inputs[1]].shape;
    const rows = dense.tensors[dense.inputs[0]].shape.slice(0, -1).reduce((a, b) => a * b, 1);
    expect(nodeMacs(dense, dense.nodes[0])).toBe(rows * units * depth);
  });

  it('counts nothing where there are no products', () => expect(macsOf(chain)).toBe(0));
});

describe('schemeOf', () => {
  it.each([
    ['depthwise_conv_2d-int8-00', /^int8 per-channel$/],
    ['conv_2d-int8-06', /^int8 per-tensor$/],
    ['conv_2d-uint8-05', /^uint8 per-tensor$/],
    ['conv_2d-int4-16', /^int8x4 per-channel$/],
    ['conv_2d-int16-10', /^int16x8 per-channel$/],
    ['conv_2d-hybrid-16', /^hybrid \(int8 weights, /],
    ['quantize-int8-to_uint8_5', /^int8$/],
  ])('calls %s %s', (name, scheme) => {
    const graph = importModel(goodModel(name), name).subgraphs[0];
    expect(schemeOf(graph, graph.nodes[0])).toMatch(scheme);
  });
});

describe('quoteName', () => {
  it('shows any name on one line without control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
        const shown = quoteName(name);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is the point
        expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
        expect(shown.length).toBeLessThan(600);
      }),
    );
  });
});
