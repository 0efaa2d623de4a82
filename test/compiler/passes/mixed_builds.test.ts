import fc from 'fast-check';
import { expect, it } from 'vitest';
import { layersIn16x8 } from '../../../src/compiler/passes/layers_in_16x8.ts';
import { layersInFloat } from '../../../src/compiler/passes/layers_in_float.ts';
import { weighted, withReaders } from '../../../src/compiler/passes/regions.ts';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import { buildEngine } from '../../../src/gate/engines/build.ts';
import { runnerOrThrow } from '../../../src/gate/engines/engine.ts';
import { interpret } from '../../../src/model/interpreter/index.ts';
import { networks } from '../../property/networks.ts';
import { attempt, expectSound } from './mixed.ts';

// Random networks of int8, each layer with what reads it in other numbers, as builds for this machine.
it('networks with layers in other numbers come out of builds as out of the interpreter', async () => {
  const variants = fc
    .sample(
      networks.filter(({ model }) => {
        const [graph] = model.subgraphs;
        return graph.tensors[graph.inputs[0]].dtype === 'int8' && weighted(graph).length > 0;
      }),
      10,
    )
    .flatMap(({ model, runs }) => {
      const [graph] = model.subgraphs;
      const [first] = weighted(graph);
      return [layersIn16x8, layersInFloat].flatMap((change) =>
        [[first], withReaders(graph, first)].flatMap((nodes) => {
          const changed = attempt(() => change(model, nodes));
          if (changed === null) return [];
          expectSound(changed, model);
          return [{ changed, inputs: runs[0], exact: change === layersIn16x8 }];
        }),
      );
    });
  expect(variants.filter(({ exact }) => exact).length).toBeGreaterThan(8);
  const sources = variants.map(({ changed }, i) => ({ model: changed, name: `m${i}`, symbol: `m${i}` }));
  const runners = (await buildEngine(parseTarget('host')).prepare(sources)).map(runnerOrThrow);
  for (const [i, { changed, inputs, exact }] of variants.entries()) {
    const [outputs] = await runners[i].run([inputs]);
    const wanted = interpret(changed, inputs);
    // Floats are added up in another order: a value on the edge of two steps may fall to the other side, and its readers move.
    for (const [k, data] of outputs.entries())
      for (const [j, code] of (data as Int8Array).entries())
        expect(Math.abs(code - (wanted[k][j] as number))).toBeLessThanOrEqual(exact ? 0 : 2);
  }
}, 120_000);
