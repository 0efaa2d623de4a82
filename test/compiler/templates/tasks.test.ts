import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generate } from '../../../src/compiler/codegen/generate.ts';
import { optimize } from '../../../src/compiler/passes/pipeline.ts';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import { GEMM, oneLayer, sourceOf, tasksOf, tasksOfGraph } from '../../../src/compiler/templates/index.ts';
import type { Graph, Model } from '../../../src/model/ir/graph.ts';
import type { TensorData } from '../../../src/model/tensor/dtype.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { gemmWorkload } from './gemm/workloads.ts';

const SETTINGS = { profile: 'tflite', threads: 1 } as const;
const build = (name: string) => ({ ...SETTINGS, target: parseTarget(name) });
const example = (path: string): Model => {
  const file = join(import.meta.dirname, '..', '..', '..', 'examples', path);
  return importModel(readFileSync(file), file);
};
const shapes = example('shapes/shapes_int8.tflite');

/** The model with other weights: every byte of theirs negated, the largest magnitudes among them. */
function retrained(model: Model): Model {
  const other = (data: TensorData): TensorData =>
    data instanceof Int8Array ? data.map((v, i) => (i === 0 ? -128 : -v)) : data;
  const tensors = (graph: Graph) =>
    graph.tensors.map((tensor) => (tensor.data === null ? tensor : { ...tensor, data: other(tensor.data) }));
  return { ...model, subgraphs: model.subgraphs.map((graph) => ({ ...graph, tensors: tensors(graph) })) };
}

describe.each(['cortex-a53', 'cortex-a72', 'neoverse-n1', 'neoverse-n2', 'host'])(
  'the tasks of a model on %s',
  (name) => {
    const tasks = tasksOf(shapes, build(name));

    test('are its operators with weights, each with a space and the default in it', () => {
      const nodes = optimize(shapes).subgraphs[0].nodes;
      const weighted = nodes.filter(({ kind }) => /conv2d|dense/.test(kind));
      expect(weighted.length).toBeGreaterThan(2);
      expect(tasks.map(({ node }) => nodes[node])).toEqual(weighted);
      for (const { size, schedule, candidates } of tasks) {
        const schedules = [...candidates()].map(({ record }) => record.schedule);
        expect(schedules).toHaveLength(size);
        expect(schedules).toContainEqual(schedule);
      }
    });

    test('have keys without data', () => {
      expect(tasksOf(retrained(shapes), build(name)).map(({ key }) => key)).toEqual(tasks.map(({ key }) => key));
    });

    test('are compiled with a record each', () => {
      const graphs = optimize(shapes).subgraphs;
      const options = { ...build(name), name: 'shapes', symbol: 'shapes' };
      const plain = generate(graphs[0], options);
      // The first of each space, hardly ever the default.
      const records = tasks.map(({ candidates }) => [...candidates()][0].record);
      const tuned = generate(graphs[0], { ...options, schedules: sourceOf(records) });
      expect(tuned.refused).toEqual([]);
      expect(tuned.source).not.toBe(plain.source);
      const old = records.map((record) => ({ ...record, version: 0 }));
      const refused = generate(graphs[0], { ...options, schedules: sourceOf(old) });
      expect(refused.source).toBe(plain.source);
      expect(refused.refused.map(({ key }) => key)).toEqual(tasks.map(({ key }) => key));
      expect(refused.refused[0]).toMatchObject({ label: tasks[0].name, reason: expect.stringContaining('version 0') });
    });
  },
);

test('threads, profile and window are in the key', () => {
  const key = (settings: object) => tasksOf(shapes, { ...build('neoverse-n1'), ...settings })[0].key;
  expect(new Set([key({}), key({ threads: 4 }), key({ profile: 'xnnpack' })]).size).toBe(3);
  expect(key({})).toMatch(/^gemm op=nn\.conv2d data=int8 right=constant images=1 input=\d+x\d+ .*strides=\d+x\d+/);
});

const keysOf = (graph: Graph, name: string): string[] => tasksOfGraph(graph, build(name)).map(({ key }) => key);

describe('one layer has the workload that it is made for', () => {
  test.each(['cortex-a53', 'neoverse-n1', 'host'])('of a model, on %s', (name) => {
    for (const task of tasksOf(shapes, build(name))) expect(keysOf(task.oneLayer()!, name)).toEqual([task.key]);
  });

  const conv = { input: [9, 7], output: [4, 4], kernel: [3, 2], strides: [2, 2], padding: [0, 1] } as const;
  test.each([
    gemmWorkload({ data: 'float32', operands: 'float32', m: 12, n: 5, k: 7 }, conv),
    gemmWorkload({ data: 'uint8', operands: 'uint8-offset', m: 12, n: 5, k: 8 }, { ...conv, images: 3, groups: 2 }),
    gemmWorkload({ data: 'uint8', operands: 'uint8-full', m: 12, n: 5, k: 8 }),
    gemmWorkload({ data: 'uint8', operands: 'int8', m: 12, n: 5, k: 8 }),
    gemmWorkload({ data: 'int8', operands: 'int8-full', m: 12, n: 5, k: 8 }, { op: 'nn.dense', epilogue: 'double' }),
    gemmWorkload({ data: 'int8', operands: 'int8-wide', m: 12, n: 5, k: 8 }, { op: 'nn.dense', epilogue: 'double' }),
    gemmWorkload({ data: 'int8', operands: 'int8', m: 12, n: 5, k: 8 }, { op: 'nn.dense' }),
    gemmWorkload({ data: 'int8', operands: 'int8', m: 9, n: 5, k: 8 }, { ...conv, epilogue: 'sums' }),
    gemmWorkload(
      { data: 'int8', operands: 'int8', m: 1, n: 5, k: 8 },
      { op: 'nn.dense', images: 6, epilogue: 'sums', paddedRows: true },
    ),
    gemmWorkload(
      { data: 'int8', operands: 'int8-dynamic-narrow', m: 12, n: 5, k: 8 },
      { op: 'nn.batch_matmul', right: 'narrow', paddedRows: true },
    ),
    gemmWorkload(
      { data: 'float32', operands: 'float32', m: 12, n: 5, k: 8 },
      { op: 'nn.batch_matmul', right: 'any', paddedRows: true },
    ),
  ])('made up: $op of $weights.operands, $epilogue', (workload) => {
    expect(keysOf(oneLayer(workload), 'aarch64')).toContain(GEMM.key(workload));
  });
});
