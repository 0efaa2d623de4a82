import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interpret } from '../../../src/model/interpreter/index.ts';
import { verifyGraph } from '../../../src/model/ir/verify.ts';
import { type Case, cases, feed, graphOf } from '../operators.ts';
import { expectSame, modelOf, runBuilds } from '../run.ts';

async function check(list: readonly Case[], seed: number, target: string, family?: 'gcc' | 'clang') {
  const graph = graphOf(list);
  expect(verifyGraph(graph)).toEqual([]);
  const model = modelOf(graph);
  const inputs = feed(graph, seed, true);
  const [actual] = await runBuilds([{ model, inputs }], target, { family });
  const expected = interpret(model, inputs);
  expected.forEach((data, i) => {
    const at = graph.nodes.findIndex(({ outputs }) => outputs.includes(graph.outputs[i]));
    const { kind, operands, dtype, attrs } = list[at];
    expectSame(
      actual[i],
      data,
      `${graph.tensors[graph.outputs[i]].name} ${operands[0]?.dtype} ${JSON.stringify({ dtype, attrs, shapes: operands.map((o) => o?.shape) })} (${kind})`,
    );
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
