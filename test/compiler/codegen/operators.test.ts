import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interpret } from '../../../src/model/interpreter/index.ts';
import { verifyGraph } from '../../../src/model/ir/verify.ts';
import type { OpKind } from '../../../src/model/ops/attrs.ts';
import type { TensorData } from '../../../src/model/tensor/dtype.ts';
import { difference } from '../../property/compare.ts';
import { type Case, cases, feed, graphOf } from '../operators.ts';
import { expectSame, modelOf, runBuilds } from '../run.ts';

/**
 * Operators that tiles compute: they add up products of floats in an order of their own, beginning with the bias. Where
 * numbers that cancel are larger than all others by far, the result depends on it.
 */
const PRODUCTS: ReadonlySet<OpKind> = new Set(['nn.batch_matmul', 'nn.conv2d_transpose']);
const withoutHuge = (data: TensorData): TensorData =>
  data instanceof Float32Array ? data.map((v) => (Number.isFinite(v) && Math.abs(v) > 1e6 ? 1 : v)) : data;
const largestOf = (data: TensorData): number =>
  data instanceof Float32Array
    ? data.reduce((most, v) => (Math.abs(v) < 1e6 ? Math.max(most, Math.abs(v)) : most), 0)
    : 0;

async function check(list: readonly Case[], seed: number, target: string, family?: 'gcc' | 'clang') {
  const graph = graphOf(list);
  expect(verifyGraph(graph)).toEqual([]);
  const model = modelOf(graph);
  const inputs = feed(graph, seed, true).map((data, i) => {
    const reader = graph.nodes.find((node) => node.inputs.includes(graph.inputs[i]));
    return reader !== undefined && PRODUCTS.has(reader.kind) ? withoutHuge(data) : data;
  });
  const [actual] = await runBuilds([{ model, inputs }], target, { family });
  const expected = interpret(model, inputs);
  expected.forEach((data, i) => {
    const at = graph.nodes.findIndex(({ outputs }) => outputs.includes(graph.outputs[i]));
    const { kind, operands, dtype, attrs } = list[at];
    const name = `${graph.tensors[graph.outputs[i]].name} ${operands[0]?.dtype} ${JSON.stringify({ dtype, attrs, shapes: operands.map((o) => o?.shape) })} (${kind})`;
    if (PRODUCTS.has(kind)) expect(difference(actual[i], data, largestOf(data)), name).toBeNull();
    else expectSame(actual[i], data, name);
  });
}

describe.each([
  ['host', 'clang', 3],
  ['host', 'gcc', 2],
  ['aarch64', 'clang', 2],
  ['aarch64+dotprod+i8mm', 'gcc', 1],
] as const)('builds for %s by %s', (target, family, runs) => {
  test('compute what the operators define', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(cases, { minLength: 80, maxLength: 80 }), fc.nat(), (list, seed) =>
        check(list, seed, target, family),
      ),
      { numRuns: runs, endOnFailure: true },
    );
  });
});
