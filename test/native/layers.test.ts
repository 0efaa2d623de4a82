import { describe, expect, test } from 'vitest';
import { interpret } from '../../src/model/interpreter/index.ts';
import { difference, modelOfLayers, sampleLayers } from './layers.ts';
import { runLayers } from './run_layers.ts';

const LAYERS = sampleLayers(60, 20);

describe('ragged layers are what the interpreter computes', () => {
  const { model, inputs } = modelOfLayers(LAYERS);
  const expected = interpret(model, inputs);

  test.each([
    ['host', 'gcc'],
    ['host', 'clang'],
    ['aarch64', 'gcc'],
    ['aarch64', 'clang'],
    ['aarch64+dotprod', 'gcc'],
    ['aarch64+dotprod', 'clang'],
    ['aarch64+dotprod+i8mm', 'gcc'],
    ['aarch64+dotprod+i8mm', 'clang'],
  ] as const)('%s by %s', async (target, family) => {
    const actual = await runLayers(model, inputs, target, { family });
    const wrong = LAYERS.flatMap((layer, i) => {
      const off = difference(actual[i], expected[i]);
      return off === null ? [] : [`${off}: ${JSON.stringify(layer)}`];
    });
    expect(wrong).toEqual([]);
  });
});
