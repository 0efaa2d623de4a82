import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatTwin } from '../../../src/compiler/passes/float_twin.ts';
import type { Dataset } from '../../../src/gate/data/dataset.ts';
import { encode } from '../../../src/gate/data/encode.ts';
import { measureDrift } from '../../../src/gate/drift/index.ts';
import { joinGraphs } from '../../../src/gate/drift/join.ts';
import { interpreterEngine } from '../../../src/gate/engines/interpreter.ts';
import { modelPorts } from '../../../src/gate/engines/ports.ts';
import { driftSchema } from '../../../src/gate/figures/drift.ts';
import type { Model, Node } from '../../../src/model/ir/graph.ts';
import { change, type Pair, pairOf } from './network.ts';

const engine = interpreterEngine;
const look = ({ int8, fp32, dataset }: Pair, twin = false) => measureDrift({ int8, fp32, dataset, twin, engine });

const weightsOf = (model: Model, node: number) => model.subgraphs[0].nodes[node].inputs[1];
const biasOf = (model: Model, node: number) => model.subgraphs[0].nodes[node].inputs[2];
const outputOf = (model: Model, node: number) => model.subgraphs[0].nodes[node].outputs[0];

/** What is done to a layer, and what it has to be called. Nodes 0, 1, 2 are convolutions of 8 channels, node 5 is dense. */
const DAMAGES: Record<string, (model: Model, node: number) => Model> = {
  scale: (model, node) =>
    change(model, weightsOf(model, node), ({ quantization: q }) => ({
      quantization: { ...q!, scales: q!.scales.map((s) => 1.5 * s) },
    })),
  channels: (model, node) =>
    change(model, weightsOf(model, node), ({ data, shape }) => {
      const size = data!.length / shape[0];
      const codes = Int8Array.from(data as Int8Array);
      codes.copyWithin(0, size, 2 * size);
      codes.set((data as Int8Array).subarray(0, size), size);
      return { data: codes };
    }),
  bias: (model, node) => change(model, biasOf(model, node), ({ data }) => ({ data: new Int32Array(data!.length) })),
  weights: (model, node) =>
    change(model, weightsOf(model, node), ({ data }) => ({
      data: Int8Array.from(data as Int8Array, (q) => 64 * Math.max(-1, Math.min(1, Math.round(q / 64)))),
    })),
};

describe('measureDrift', () => {
  it('accuses nobody in a healthy network, and joins all of it', async () => {
    const pair = pairOf(1);
    const drift = await look(pair);
    expect(driftSchema.parse(drift)).toEqual(drift);
    expect(drift.accused).toEqual([]);
    expect(drift.apart).toEqual([]);
    // The input and how it is quantized, too.
    expect(new Set(drift.layers.map(({ node }) => node))).toEqual(new Set([null, 0, 1, 2, 3, 4, 5]));
    expect(drift.samples).toBe(6);
  });

  it('finds the same on builds for this machine as in the interpreter', async () => {
    const { int8, fp32, dataset } = pairOf(2);
    const damaged = DAMAGES.bias(int8, 1);
    const built = await measureDrift({ int8: damaged, fp32, dataset, twin: false });
    expect(built.accused).toEqual((await look({ int8: damaged, fp32, dataset })).accused);
    expect(built.accused[0]).toMatchObject({ node: 1, kind: 'bias' });
  });

  it('tells two branches of one form apart by their weights', async () => {
    const { int8, fp32, dataset } = pairOf(3);
    // The branches change places in the file: nothing but weights says which is which.
    const [main] = fp32.subgraphs;
    const [stem, left, right, ...rest] = main.nodes;
    const moved = { ...fp32, subgraphs: [{ ...main, nodes: [stem, right, left, ...rest] }] };
    const drift = await look({ int8: DAMAGES.channels(int8, 2), fp32: moved, dataset });
    expect(drift.accused[0]).toMatchObject({ node: 2, kind: 'channels' });
    expect(drift.accused[0].reason).toContain('0 holds those of 1, 1 holds those of 0');
    expect(drift.accused).toHaveLength(1);
  });

  it('blames who makes a tensor for its scale, not who reads it', async () => {
    const { int8, fp32, dataset } = pairOf(4);
    const damaged = change(int8, outputOf(int8, 0), ({ quantization: q }) => ({
      quantization: { ...q!, scales: [2 * q!.scales[0]] },
    }));
    const { accused } = await look({ int8: damaged, fp32, dataset });
    expect(accused[0]).toMatchObject({ node: 0, kind: 'scale' });
    expect(accused[0].reason).toContain('2.00×');
  });

  it('blames the input where the data leave its range, not the layers behind it', async () => {
    const { int8, fp32, dataset } = pairOf(6);
    const [input] = modelPorts(int8, 'inputs');
    const louder: Dataset = {
      ...dataset,
      load(index) {
        const sample = dataset.load(index);
        const real = sample.real.map((x) => 8 * x);
        return { ...sample, real, inputs: { int8: [encode(real, input, 'test')], fp32: [real] } };
      },
    };
    const { accused } = await look({ int8, fp32, dataset: louder });
    expect(accused[0]).toMatchObject({ node: null, kind: 'range', label: expect.stringMatching(/^the input "/) });
    expect(accused[0].reason).toMatch(/^\d+ % of its values are saturated: its range is .* the data go from/);
  });

  it('sees a range that is cut beside the twin, too, and says that weights are believed', async () => {
    const { int8, dataset } = pairOf(5);
    const damaged = change(int8, outputOf(int8, 3), ({ quantization: q }) => ({
      quantization: { ...q!, scales: [0.2 * q!.scales[0]] },
    }));
    const drift = await look({ int8: damaged, fp32: floatTwin(int8), dataset }, true);
    expect(drift.accused[0]).toMatchObject({ node: 3, kind: 'range' });
    expect(drift.accused[0].reason).toMatch(/saturated/);
    expect(drift.notes.join()).toContain('twin');
  });

  it('names the damaged layer first, whichever it is and whatever is done to it', async () => {
    const kinds = fc.constantFrom(...Object.keys(DAMAGES));
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 1000 }), fc.constantFrom(0, 1, 2, 5), kinds, async (seed, node, kind) => {
        const { int8, fp32, dataset } = pairOf(seed);
        const { accused } = await look({ int8: DAMAGES[kind](int8, node), fp32, dataset });
        expect(accused[0]).toMatchObject({ node, kind });
      }),
      { numRuns: 25 },
    );
  });
});

describe('joinGraphs', () => {
  it('joins through activations and batch norms that one side has fused', () => {
    const { int8, fp32 } = pairOf(6);
    const [main] = fp32.subgraphs;
    const tensors = [...main.tensors];
    const shape = tensors[main.nodes[0].outputs[0]].shape;
    const add = (data: Float32Array | null) =>
      tensors.push({ name: 'x', dtype: 'float32', shape: data === null ? shape : [8], quantization: null, data }) - 1;
    const [stem, ...rest] = main.nodes;
    const [open, scaled, gain] = [add(null), add(null), add(new Float32Array(8).fill(1))];
    const apart = [
      { ...stem, attrs: { ...stem.attrs, activation: 'NONE' }, outputs: [open] },
      { kind: 'multiply', attrs: { activation: 'NONE' }, inputs: [open, gain], outputs: [scaled], source: 0 },
      { kind: 'nn.relu', attrs: {}, inputs: [scaled], outputs: stem.outputs, source: 0 },
    ] as Node[];
    const join = joinGraphs(int8.subgraphs[0], { ...main, tensors, nodes: [...apart, ...rest] });
    expect(join.apart).toEqual([]);
    expect(join.tensors.find(({ node }) => node === 0)).toMatchObject({ fp32: stem.outputs[0], folded: true });
  });

  it('says which operators have no counterpart', () => {
    const { int8, fp32 } = pairOf(7);
    const [main] = fp32.subgraphs;
    const shorter = { ...main, nodes: main.nodes.slice(0, 3), outputs: [main.nodes[2].outputs[0]] };
    const { apart } = joinGraphs(int8.subgraphs[0], shorter);
    expect(apart).toEqual(['#3 add → "sum"', '#4 mean → "mean"', '#5 nn.dense → "out"']);
  });
});
