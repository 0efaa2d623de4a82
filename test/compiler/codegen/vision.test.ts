import fc from 'fast-check';
import { test } from 'vitest';
import { interpret } from '../../../src/model/interpreter/index.ts';
import { feed, graphOf, isSound } from '../operators.ts';
import { expectSame, modelOf, runBuilds } from '../run.ts';
import { detection } from '../vision.ts';

test('detections by scores that are no numbers come out as the operator defines', async () => {
  const sound = fc.array(detection.filter(isSound), { minLength: 60, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(sound, fc.nat(), async (list, seed) => {
      const graph = graphOf(list);
      const model = modelOf(graph);
      const scores = new Set(graph.nodes.map(({ inputs }) => inputs[1]));
      const inputs = feed(graph, seed).map((data, i) =>
        data instanceof Float32Array && scores.has(graph.inputs[i])
          ? data.map((v, k) => ((k + seed) % 5 === 0 ? Number.NaN : v))
          : data,
      );
      const [actual] = await runBuilds([{ model, inputs }], 'host');
      for (const [i, data] of interpret(model, inputs).entries()) expectSame(actual[i], data, `output ${i}`);
    }),
    { numRuns: 1, endOnFailure: true },
  );
});
