import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Graph, Model, Node } from '../../../src/model/ir/graph.ts';
import { verifyGraph } from '../../../src/model/ir/verify.ts';
import { BIDIRECTIONAL } from '../../../src/model/ops/lstm/passes.ts';
import { ABSENT, type Tensor } from '../../../src/model/tensor/tensor.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { writeModel } from '../../../src/model/tflite/writer.ts';

const folder = join(import.meta.dirname, '../../fixtures/cases/files');
const files = (await readdir(folder)).filter((name) => /(lstm|rnn)-.*\.tflite$/.test(name));
const load = (name: string): Model => importModel(readFileSync(join(folder, name)), name);

/** A fixture's graph whose one node is changed, and its tensors. */
function changed(name: string, node: (n: Node) => object, tensor: (t: Tensor) => Tensor = (t) => t): Graph {
  const [graph] = load(`${name}.tflite`).subgraphs;
  const nodes = [{ ...graph.nodes[0], ...node(graph.nodes[0]) } as Node];
  return { ...graph, nodes, tensors: graph.tensors.map(tensor) };
}
const without = (n: Node, ...operands: readonly number[]) => ({
  inputs: n.inputs.map((id, i) => (operands.includes(i) ? ABSENT : id)),
});
const problems = (graph: Graph): string => verifyGraph(graph).join('\n');

describe('recurrent operators', () => {
  it.each(files)('%s is written as it was read', (name) => {
    const model = load(name);
    expect(importModel(writeModel(model), name)).toEqual(model);
  });

  it('say what is missing', () => {
    const aux = 'bidirectional_sequence_lstm-float32-aux';
    expect(problems(changed(aux, (n) => without(n, BIDIRECTIONAL.aux)))).toMatch(/weights without auxiliary data/);
    expect(problems(changed(aux, (n) => without(n, BIDIRECTIONAL.backward.aux)))).toMatch(
      /backward: the input gate's auxiliary weights are missing/,
    );
    const rnn = 'bidirectional_sequence_rnn-float32-aux';
    expect(problems(changed(rnn, (n) => without(n, 11)))).toMatch(/auxiliary weights for one of the two ways/);
    expect(problems(changed('lstm-float32-old', (n) => without(n, 15)))).toMatch(/input 15 is missing/);
  });

  it('refuse what TFLite computes from memory that is not theirs', () => {
    const narrow = (t: Tensor): Tensor => {
      if (t.name === 'aux') return { ...t, shape: t.shape.with(-1, 2) };
      return t.name.endsWith('_aux') ? { ...t, shape: [t.shape[0], 2], data: new Float32Array(t.shape[0] * 2) } : t;
    };
    for (const name of ['bidirectional_sequence_lstm-float32-aux', 'bidirectional_sequence_rnn-float32-aux'])
      expect(problems(changed(name, () => ({}), narrow))).toMatch(/2 columns, fewer than the 5 of the input/);
    const longer = (t: Tensor): Tensor => (t.name === 'aux' ? { ...t, shape: t.shape.with(1, t.shape[1] + 1) } : t);
    const shorter = (t: Tensor): Tensor => (t.name === 'aux' ? { ...t, shape: t.shape.with(1, t.shape[1] - 1) } : t);
    for (const name of [
      'bidirectional_sequence_lstm-float32-stacked',
      'bidirectional_sequence_rnn-float32-stacked_timemajor',
    ])
      for (const other of [longer, shorter])
        expect(problems(changed(name, () => ({}), other)), name).toMatch(/auxiliary data have other steps/);
    const twelve = Array.from({ length: 12 }, () => ({ scale: 0.01, zeroPoint: 0 }));
    const attrs = (n: Node) => ({ attrs: { ...n.attrs, intermediates: twelve } });
    expect(problems(changed('lstm-int8-plain', attrs))).toMatch(/12 intermediate results/);
  });

  it('refuse a state that is read after it was replaced', () => {
    const [graph] = load('lstm-float32-basic_fed.tflite').subgraphs;
    const [, before] = graph.nodes[0].inputs;
    expect(problems(graph)).toBe('');
    expect(problems({ ...graph, outputs: [...graph.outputs, before] })).toMatch(/writes its new state over/);
    const result = graph.tensors.length;
    const tensors = [...graph.tensors, { ...graph.tensors[before], name: 'later' }];
    const later = { kind: 'tanh', attrs: {}, inputs: [before], outputs: [result], source: 1 } as Node;
    expect(problems({ ...graph, tensors, nodes: [...graph.nodes, later] })).toMatch(
      /over which .* has written its new state/,
    );
    const constant = (t: Tensor): Tensor =>
      t.name === 'previous_state' ? { ...t, data: new Float32Array(21), variable: false } : t;
    expect(problems({ ...changed('lstm-float32-basic_fed', () => ({}), constant), inputs: [0, 1] })).toMatch(
      /its state is the constant/,
    );
  });
});
