import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interpret, type State } from '../../../src/model/interpreter/index.ts';
import { verifyGraph } from '../../../src/model/ir/verify.ts';
import { feed, graphOf, isSound } from '../operators.ts';
import { recurrent } from '../recurrent.ts';
import { expectSame, modelOf, runSequence } from '../run.ts';

const STEPS = 3;
/** An operand that is weights in every layer here but SVDF. */
const WEIGHTS = 2;

describe.each([
  ['host', 'clang'],
  ['host', 'gcc'],
  ['aarch64', 'clang'],
] as const)('layers with a state, built for %s by %s', (target, family) => {
  test('compute what the interpreter does, run after run', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(recurrent.filter(isSound), { minLength: 40, maxLength: 40 }),
        fc.nat(),
        async (list, seed) => {
          const graph = graphOf(list);
          expect(verifyGraph(graph)).toEqual([]);
          const model = modelOf(graph);
          const makers = graph.nodes.flatMap((node) => node.outputs.map(() => node.source));
          const samples = Array.from({ length: STEPS }, (_, i) => feed(graph, seed + i));
          const state: State = new Map();
          const expected = samples.map((inputs) => interpret(model, inputs, { state }));
          const actual = await runSequence(model, samples, target, { family });
          for (const [step, outputs] of expected.entries())
            for (const [i, data] of outputs.entries()) {
              const { kind, attrs, operands } = list[makers[i]];
              const shapes = operands.map((o) => o && `${o.dtype} ${o.shape}`);
              // Sums of int8 products are exact, and so is what follows from them.
              const hybrid = kind !== 'nn.svdf' && operands[WEIGHTS]?.dtype === 'int8';
              const slack = hybrid ? 0 : 4;
              expectSame(actual[step][i], data, `step ${step}: ${kind} ${JSON.stringify({ attrs, shapes })}`, slack);
            }
        },
      ),
      { numRuns: 1, endOnFailure: true },
    );
  });
});
