import { expect, test } from 'vitest';
import type { Profile } from '../../src/model/arithmetic/multiplier.ts';
import { interpret } from '../../src/model/interpreter/index.ts';
import { difference, modelOfLayers, sampleLayers } from './layers.ts';
import { runLayers } from './run_layers.ts';

const LAYERS = sampleLayers(80, 3).filter(({ form, gain }) => form.includes('int8') && gain > 1e-3);

test.each([
  ['single', 'host'],
  ['single', 'aarch64'],
  ['xnnpack', 'host'],
  ['xnnpack', 'aarch64'],
] satisfies [Profile, string][])('profile %s on %s rounds as the interpreter does', async (profile, target) => {
  const { model, inputs } = modelOfLayers(LAYERS);
  const expected = interpret(model, inputs, { profile });
  const actual = await runLayers(model, inputs, target, { profile });
  const wrong = LAYERS.flatMap((layer, i) => {
    const off = difference(actual[i], expected[i]);
    return off === null ? [] : [`${off}: ${JSON.stringify(layer)}`];
  });
  expect(wrong).toEqual([]);
});
