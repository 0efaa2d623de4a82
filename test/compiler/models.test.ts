import fc from 'fast-check';
import { expect, test } from 'vitest';
import { interpret } from '../../src/model/interpreter/index.ts';
import { models } from '../model/graphs.ts';
import { feed } from './operators.ts';
import { runBuilds } from './run.ts';

/** Convolutions may add up in another order: what a float result may differ by, relative to the largest one. */
const TOLERANCE = 1e-5;

test.each([
  ['host', 8],
  ['aarch64', 5],
  ['aarch64+dotprod+i8mm', 5],
] as const)('random models built for %s compute what the interpreter computes', async (target, count) => {
  await fc.assert(
    fc.asyncProperty(fc.array(models, { minLength: count, maxLength: count }), fc.nat(), async (list, seed) => {
      const samples = list.map((model) => ({ model, inputs: feed(model.subgraphs[0], seed) }));
      const results = await runBuilds(samples, target);
      samples.forEach(({ model, inputs }, m) => {
        interpret(model, inputs).forEach((expected, i) => {
          const actual = results[m][i];
          if (!(expected instanceof Float32Array)) {
            expect(actual).toEqual(expected);
            return;
          }
          const largest = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
          expected.forEach((v, k) => {
            expect(Math.abs(Number(actual[k]) - v)).toBeLessThanOrEqual(TOLERANCE * largest);
          });
        });
      });
    }),
    { numRuns: 1 },
  );
});
