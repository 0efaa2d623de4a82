import { expect, test } from 'vitest';
import { generate } from '../../src/compiler/codegen/generate.ts';
import type { RecordSource } from '../../src/compiler/emission/context.ts';
import { LOWERINGS } from '../../src/compiler/lower/index.ts';
import type { DepthwiseLayer } from '../../src/compiler/lower/layers.ts';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import { depthwiseWorkload } from '../../src/compiler/templates/depthwise/from_layer.ts';
import { DEPTHWISE } from '../../src/compiler/templates/depthwise/index.ts';
import type { DepthwiseSchedule } from '../../src/compiler/templates/depthwise/space.ts';
import { tunedFor } from '../../src/compiler/templates/index.ts';
import { interpret } from '../../src/model/interpreter/index.ts';
import { operandsOf, resultsOf } from '../../src/model/ir/graph.ts';
import type { OpView } from '../../src/model/ops/definition.ts';
import { difference, type Layer, modelOfLayers } from './layers.ts';
import { runLayers } from './run_layers.ts';

const LAYER: Layer = {
  ...{ kind: 'nn.depthwise_conv2d', form: 'int8', input: [1, 7, 9, 17], outs: 1, groups: 1, kernel: [3, 3] },
  ...{ strides: [1, 1], dilation: [1, 1], padding: 'SAME', activation: 'RELU6', bias: true, perChannel: true },
  ...{ gain: 1, seed: 3 },
};

const CASES: readonly (readonly [target: string, layers: readonly Layer[]])[] = [
  ['host', [LAYER, { ...LAYER, form: 'float32', outs: 2 }]],
  ['aarch64', [LAYER, { ...LAYER, form: 'uint8-full' }, { ...LAYER, form: 'float32', input: [1, 5, 9, 9] }]],
  ['aarch64+dotprod', [{ ...LAYER, form: 'uint8-offset', strides: [2, 2] }]],
  ['cortex-a53', [LAYER, { ...LAYER, form: 'uint8-offset', strides: [1, 2], padding: 'VALID' }]],
];

/** The space of a layer. */
function spaceOf(layer: Layer, target: string): DepthwiseSchedule[] {
  const graph = modelOfLayers([layer]).model.subgraphs[0];
  const [{ kind, attrs }] = graph.nodes;
  const op = { kind, attrs, inputs: operandsOf(graph, graph.nodes[0]), outputs: resultsOf(graph, graph.nodes[0]) };
  const lowered = LOWERINGS['nn.depthwise_conv2d'](op as OpView<'nn.depthwise_conv2d'>, 'tflite');
  const build = { target: parseTarget(target), profile: 'tflite', threads: 1 } as const;
  return [...DEPTHWISE.space(depthwiseWorkload(lowered as DepthwiseLayer, build), build.target)];
}

/** Records that give one schedule after the other. */
function inTurn(schedules: readonly DepthwiseSchedule[], target: string): RecordSource {
  const { name: template, version } = DEPTHWISE;
  const turn = schedules[Symbol.iterator]();
  return (key) => ({ template, version, key, target: tunedFor(parseTarget(target)), schedule: turn.next().value });
}

/** Compilers take turns. */
const TURNS = CASES.flatMap(([target, layers]) =>
  layers.map((layer, i) => [target, layer.form, i % 2 === 0 ? 'gcc' : 'clang', layer] as const),
);

test.each(TURNS)('every schedule on %s of %s by %s', async (target, _, family, layer) => {
  const schedules = spaceOf(layer, target);
  const { model, inputs } = modelOfLayers(schedules.map(() => layer));
  const [expected] = interpret(modelOfLayers([layer]).model, [inputs[0]]);

  expect(schedules.length).toBeGreaterThan(target === 'host' ? 0 : 10);
  const actual = await runLayers(model, inputs, target, { family, schedules: inTurn(schedules, target) });
  const wrong = schedules.flatMap((schedule, i) => {
    const off = difference(actual[i], expected);
    return off === null ? [] : [`${off}: ${JSON.stringify(schedule)}`];
  });
  expect(wrong).toEqual([]);
});

test('what legal refuses, debug builds for tests stop at', async () => {
  const target = parseTarget('host');
  const { model, inputs } = modelOfLayers([LAYER]);
  const { source } = generate(model.subgraphs[0], { target, profile: 'tflite', name: 'layers', symbol: 'layers' });
  expect(source).toContain('.rows = 1,');
  const edit = (text: string): string => text.replace('.rows = 1,', '.rows = 64,');
  await expect(runLayers(model, inputs, 'host', { edit })).rejects.toThrow(/not d->rows >= 1/);
});
