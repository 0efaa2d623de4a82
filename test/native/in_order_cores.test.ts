import { describe, expect, test } from 'vitest';
import { CPUS, parseTarget } from '../../src/compiler/targets/index.ts';
import { interpret } from '../../src/model/interpreter/index.ts';
import { difference, modelOfLayers, sampleLayers } from './layers.ts';
import { runLayers } from './run_layers.ts';

/** A core of no CPU in the table: it alone, and no name, says which kernels are built. */
const core = { ...CPUS['cortex-a55'].core, width: 3, loads: 1 };

describe.each(['aarch64', 'aarch64+dotprod', 'aarch64+dotprod+i8mm'])('an in-order core of %s', (level) => {
  const layers = sampleLayers(24, 20);
  const { model, inputs } = modelOfLayers(layers);
  const expected = interpret(model, inputs);

  test.each(['gcc', 'clang'] as const)('builds and is right by %s', async (family) => {
    const actual = await runLayers(model, inputs, { ...parseTarget(level), core }, { family });
    const wrong = layers.flatMap((layer, i) => {
      const off = difference(actual[i], expected[i]);
      return off === null ? [] : [`${layer.kind} ${layer.form}: ${off}`];
    });
    expect(wrong).toEqual([]);
  });
});
