import { describe, expect, test } from 'vitest';
import { generate } from '../../src/compiler/codegen/generate.ts';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import { interpret } from '../../src/model/interpreter/index.ts';
import { difference, type Form, type Layer, modelOfLayers } from './layers.ts';
import { runLayers } from './run_layers.ts';

const FORMS: readonly Form[] = ['int8', 'int8', 'uint8-narrow', 'int8-full', 'uint8-offset'];
const PADDINGS: readonly Layer['padding'][] = [
  'SAME',
  'VALID',
  { top: 2, bottom: 1, left: 0, right: 2 },
  { top: 0, bottom: 2, left: 2, right: 1 },
];

/** Windows of 3 x 3 that the steps of four, three and fewer pixels meet, in images with and without edges. */
const LAYERS = [1, 2].flatMap((stride) =>
  Array.from({ length: 26 }, (_, i): Layer => {
    const padding = PADDINGS[i % 4];
    const smallest = padding === 'VALID' ? 3 : 1;
    return {
      ...{ kind: 'nn.depthwise_conv2d', form: FORMS[i % FORMS.length], outs: 1, groups: 1, kernel: [3, 3] },
      ...{ input: [1 + (i % 2), Math.max(smallest, (7 * i) % 12), smallest + i, [8, 9, 24, 37][i % 3]] },
      ...{ strides: [i % 7 === 0 ? 3 - stride : stride, stride], dilation: [1, i % 9 === 8 ? 2 : 1], padding },
      ...{
        activation: i % 5 === 4 ? 'NONE' : 'RELU6',
        bias: true,
        perChannel: i % 2 === 0,
        gain: i % 6 ? 1 : 0.3,
        seed: 3 * i + 1,
      },
    };
  }).filter(({ padding, input, dilation }) => padding !== 'VALID' || input[2] > 2 * dilation[1]),
);

describe('depthwise steps in issue order are what the interpreter computes', () => {
  const { model, inputs } = modelOfLayers(LAYERS);
  const expected = interpret(model, inputs);

  test('most of the layers have them', () => {
    const options = { target: parseTarget('cortex-a53'), profile: 'tflite', name: 'layers', symbol: 'layers' } as const;
    const steps = generate(model.subgraphs[0], options).source.match(/\.block_function = /g) ?? [];
    expect(steps.length).toBeGreaterThan(LAYERS.length / 2);
  });

  test.each(['gcc', 'clang'] as const)('by %s', async (family) => {
    const actual = await runLayers(model, inputs, 'cortex-a53', { family });
    const wrong = LAYERS.flatMap((layer, i) => {
      const off = difference(actual[i], expected[i]);
      return off === null ? [] : [`${off}: ${JSON.stringify(layer)}`];
    });
    expect(wrong).toEqual([]);
  });
});
