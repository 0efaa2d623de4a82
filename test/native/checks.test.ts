import { expect, test } from 'vitest';
import { type Layer, modelOfLayers } from './layers.ts';
import { runLayers } from './run_layers.ts';

const layer: Layer = {
  ...{ kind: 'nn.conv2d', form: 'int8', input: [1, 6, 6, 16], outs: 24, groups: 1, kernel: [1, 1], strides: [1, 1] },
  ...{ dilation: [1, 1], padding: 'SAME', activation: 'NONE', bias: true, perChannel: true, gain: 1, seed: 1 },
};
const set = (member: string, value: number) => (source: string) => {
  const edited = source.replace(new RegExp(`\\.${member} = \\d+`), `.${member} = ${value}`);
  expect(edited).not.toBe(source);
  return edited;
};

test.each([
  ['host', {}, 'mr', 9],
  ['host', {}, 'm', 2],
  ['host', {}, 'nr', 6],
  ['host', {}, 'nr', 32],
  ['aarch64+dotprod', { outs: 3 }, 'nr', 16],
  ['aarch64+dotprod', {}, 'packed_k', 18],
  ['aarch64+dotprod+i8mm', {}, 'mr', 3],
  ['aarch64+dotprod', { kernel: [3, 3] }, 'weights_first', 1],
  ['aarch64+dotprod', { kernel: [3, 3] }, 'band', 7],
] as const)('on %s, a layer of %o with %s = %i stops before it computes', async (target, more, member, value) => {
  const { model, inputs } = modelOfLayers([{ ...layer, ...more }]);
  await expect(runLayers(model, inputs, target)).resolves.toHaveLength(1);
  const told = new RegExp(`\\.h:\\d+: not .*${member === 'm' ? 'mr' : member}`);
  await expect(runLayers(model, inputs, target, { edit: set(member, value) })).rejects.toThrow(told);
});
