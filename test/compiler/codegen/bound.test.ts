import fc from 'fast-check';
import { expect, test } from 'vitest';
import { interpret } from '../../../src/model/interpreter/index.ts';
import { bindInputs, decidingInputs, undecided } from '../../../src/model/ir/bind.ts';
import type { Graph } from '../../../src/model/ir/graph.ts';
import { verifyGraph } from '../../../src/model/ir/verify.ts';
import type { TensorData } from '../../../src/model/tensor/dtype.ts';
import type { TensorId } from '../../../src/model/tensor/tensor.ts';
import { moving } from '../moving.ts';
import { type Case, feed, graphOf, isSound } from '../operators.ts';
import { modelOf, runBuilds } from '../run.ts';

/** The graph with all its constants fed, and what they held. */
function fed(graph: Graph): { readonly graph: Graph; readonly constants: ReadonlyMap<TensorId, TensorData> } {
  const constants = new Map(graph.tensors.flatMap((t, id) => (t.data === null ? [] : [[id, t.data] as const])));
  return {
    graph: {
      ...graph,
      tensors: graph.tensors.map((t) => ({ ...t, data: null })),
      inputs: [...graph.inputs, ...constants.keys()],
    },
    constants,
  };
}

/** Axes and sizes are fed as well as data; densify is a constant by nature. */
const cases: fc.Arbitrary<Case> = moving.filter((c) => isSound(c) && c.kind !== 'densify');

test('operators whose every operand is fed: builds bind what decides shapes and compute what the interpreter does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(cases, { minLength: 80, maxLength: 80 }), fc.nat(), async (list, seed) => {
      const plain = graphOf(list);
      const { graph, constants } = fed(plain);
      const inputs = [...feed(plain, seed), ...constants.values()];
      const bound = bindInputs(graph, decidingInputs(graph, new Map(graph.inputs.map((id, i) => [id, inputs[i]]))));
      expect(undecided(bound)).toEqual([]);
      expect(verifyGraph(bound)).toEqual([]);
      const expected = interpret(modelOf(graph), inputs);
      expect(expected).toEqual(interpret(modelOf(plain), feed(plain, seed)));
      const [actual] = await runBuilds([{ model: modelOf(bound), inputs }], 'host');
      expected.forEach((data, i) => {
        expect(actual[i], plain.tensors[plain.outputs[i]].name).toEqual(data);
      });
    }),
    { numRuns: 1, endOnFailure: true },
  );
});
