import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/gate/config/load.ts';
import { openDataset } from '../../src/gate/data/dataset.ts';
import { openFiles } from '../../src/gate/data/files.ts';
import { interpret } from '../../src/model/interpreter/index.ts';
import { cases, expected, expectedOf, expectGolden, inputPorts, inputsOf, readExample, root } from './examples.ts';

const SHAPES = [
  ...['nn.conv2d', 'nn.depthwise_conv2d', 'nn.conv2d', 'nn.depthwise_conv2d', 'nn.conv2d', 'nn.depthwise_conv2d'],
  ...['nn.conv2d', 'add', 'nn.depthwise_conv2d', 'nn.conv2d', 'nn.avg_pool2d', 'nn.dense', 'nn.softmax'],
];

describe('import', () => {
  it.each(['shapes/shapes_int8.tflite', 'shapes/shapes_fp32.tflite', 'broken/shapes_int8.tflite'])('%s', (path) => {
    const [graph] = readExample(path).subgraphs;
    expect(graph.nodes.map((node) => node.kind)).toEqual(SHAPES);
    expect(graph.tensors[graph.inputs[0]].shape).toEqual([1, 32, 32, 3]);
    expect(graph.tensors[graph.outputs[0]].shape).toEqual([1, 8]);
  });

  it('keeps the dynamic batch of tones in the signature', () => {
    const [graph] = readExample('tones/tones_int8.tflite').subgraphs;
    const input = graph.tensors[graph.inputs[0]];
    expect(input).toMatchObject({ dtype: 'int8', shape: [1, 49, 10, 1], signature: [-1, 49, 10, 1] });
  });

  it('sees what is wrong with the broken model: the range of its input', () => {
    const range = (path: string) => {
      const [graph] = readExample(path).subgraphs;
      const { scales, zeroPoints } = graph.tensors[graph.inputs[0]].quantization!;
      return [-128, 127].map((q) => scales[0] * (q - zeroPoints[0]));
    };
    const good = range('shapes/shapes_int8.tflite');
    expect(good[0]).toBeCloseTo(-0.45 / 0.25, 1);
    expect(good[1]).toBeCloseTo((1 - 0.45) / 0.25, 1);
    expect(range('broken/shapes_int8.tflite')).toEqual([0, expect.closeTo(1, 5)]);
  });
});

describe('golden cases', () => {
  it('covers every example model', () => {
    expect(new Set(cases.map((golden) => golden.model))).toEqual(new Set(expected.map((entry) => entry.model)));
  });
  it.each(cases.map((golden) => [golden.name, golden] as const))('%s', (_name, golden) =>
    expectGolden(golden, interpret(readExample(golden.model), inputsOf(golden))),
  );
});

/** The interpreter over a whole data set, read as the gate reads it: the predicted class of every sample. */
function predict(config: string, name: string): { int8: number[]; fp32: number[]; labels: number[] } {
  const entry = parseConfig(readFileSync(join(root, config), 'utf8'), config).models.find((m) => m.name === name)!;
  const models = { int8: readModel(entry.int8), fp32: readModel(entry.fp32!) };
  const ports = { int8: inputPorts(models.int8), fp32: inputPorts(models.fp32) };
  const data = openDataset(entry.data, ports, openFiles(root));
  const classes = (form: 'int8' | 'fp32') =>
    Array.from({ length: data.size }, (_, index) => {
      const [scores] = interpret(models[form], data.load(index).inputs[form]);
      return first(Array.from(scores, Number));
    });
  return { int8: classes('int8'), fp32: classes('fp32'), labels: Array.from(data.labels!.values) };
}

const readModel = (path: string) => readExample(path.replace(/^examples\//, ''));
const first = (scores: readonly number[]): number => scores.indexOf(Math.max(...scores));

describe('accuracy equals that of TFLite, sample by sample', () => {
  it.each([
    ['examples/passing.yml', 'shapes', 'shapes/shapes_int8.tflite', 'shapes/shapes_fp32.tflite'],
    ['examples/passing.yml', 'tones', 'tones/tones_int8.tflite', 'tones/tones_fp32.tflite'],
    ['examples/failing.yml', 'shapes-wrong-calibration', 'broken/shapes_int8.tflite', 'shapes/shapes_fp32.tflite'],
  ])('%s: %s', (config, name, int8, fp32) => {
    const predicted = predict(config, name);
    for (const [form, path] of [
      ['int8', int8],
      ['fp32', fp32],
    ] as const) {
      const want = expectedOf(path);
      expect(predicted[form]).toEqual(want.predicted);
      const correct = predicted[form].filter((c, i) => c === predicted.labels[i]).length;
      expect(correct).toBe(want.correct);
      expect(predicted.labels).toHaveLength(want.samples);
    }
  });
});
