import { expect, test } from 'vitest';
import { interpret } from '../../src/model/interpreter/index.ts';
import { difference, type Layer, modelOfLayers } from './layers.ts';
import { runLayers } from './run_layers.ts';

/** Results of layers whose scales are far apart: requantized sums end at the ends of int32, where a zero point wraps. */
const LAYERS = (['nn.dense', 'nn.conv2d', 'nn.depthwise_conv2d'] as const).flatMap((kind) =>
  (['int8', 'int8-full', 'uint8-offset'] as const).flatMap((form) =>
    [1e-7, 1e-9].flatMap((gain) =>
      [1, 2, 3].map(
        (seed): Layer => ({
          ...{
            kind,
            form,
            input: [3, 2, 2, 24],
            outs: kind === 'nn.depthwise_conv2d' ? 1 : 21,
            groups: 1,
            kernel: [1, 1],
          },
          ...{ strides: [1, 1], dilation: [1, 1], padding: 'VALID', activation: 'RELU6', bias: true, perChannel: true },
          ...{ gain, seed },
        }),
      ),
    ),
  ),
);

test.each(['host', 'aarch64', 'aarch64+dotprod', 'aarch64+dotprod+i8mm', 'cortex-a53'])(
  'sums that overflow on %s',
  async (target) => {
    const { model, inputs } = modelOfLayers(LAYERS);
    const expected = interpret(model, inputs);
    const actual = await runLayers(model, inputs, target);
    const wrong = LAYERS.flatMap((layer, i) => {
      const off = difference(actual[i], expected[i]);
      return off === null ? [] : [`${off}: ${JSON.stringify(layer)}`];
    });
    expect(wrong).toEqual([]);
  },
);

test('rows of more blocks than 16 bits number, on cortex-a53', async () => {
  const { model, inputs } = modelOfLayers([{ ...LAYERS[0], input: [1, 1, 1, 8 * 65536 + 24], outs: 2, gain: 1 }]);
  const [actual] = await runLayers(model, inputs, 'cortex-a53');
  expect(difference(actual, interpret(model, inputs)[0])).toBeNull();
});
