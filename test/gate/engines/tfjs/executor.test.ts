import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { InputError } from '../../../../src/errors.ts';
import { runnerOrThrow } from '../../../../src/gate/engines/engine.ts';
import { tfjsEngine, translate } from '../../../../src/gate/engines/tfjs/executor.ts';
import { TRANSLATIONS } from '../../../../src/gate/engines/tfjs/operators.ts';
import { interpret } from '../../../../src/model/interpreter/index.ts';
import type { Graph, Model, Node } from '../../../../src/model/ir/graph.ts';
import { verifyGraph } from '../../../../src/model/ir/verify.ts';
import type { OpKind } from '../../../../src/model/ops/attrs.ts';
import { rulesOf } from '../../../../src/model/ops/index.ts';
import { elements, type Shape } from '../../../../src/model/tensor/shape.ts';
import type { Tensor, TensorId } from '../../../../src/model/tensor/tensor.ts';
import { importModel } from '../../../../src/model/tflite/importer.ts';
import { randomOf } from '../../../model/graphs.ts';

const SHAPE: Shape = [1, 5, 6, 4];
const random = randomOf(11);
const reals = (shape: Shape): Float32Array => Float32Array.from({ length: elements(shape) }, () => 2 * random() - 1);

/** One input, and many operators on it, each of which is an output. */
class Fan {
  readonly tensors: Tensor[] = [tensor('x', SHAPE)];
  readonly nodes: Node[] = [];

  constant(shape: Shape, data: Float32Array | Int32Array = reals(shape)): TensorId {
    const dtype = data instanceof Float32Array ? 'float32' : 'int32';
    return this.tensors.push({ ...tensor(`c${this.tensors.length}`, shape), dtype, data }) - 1;
  }
  vector(...values: number[]): TensorId {
    return this.constant([values.length], Int32Array.from(values));
  }
  on(kind: string, attrs: object = {}, inputs: readonly TensorId[] = [0]): TensorId {
    const result = tensor(`${kind} ${this.tensors.length}`, []);
    const operands = inputs.map((input) => this.tensors[input]);
    const [shape] = rulesOf(kind as OpKind).shapes({ kind, attrs, inputs: operands, outputs: [result] } as never);
    const id = this.tensors.push({ ...result, shape: shape! }) - 1;
    this.nodes.push({ kind, attrs, inputs, outputs: [id], source: this.nodes.length } as unknown as Node);
    return id;
  }
  get model(): Model {
    const outputs = this.nodes.map((node) => node.outputs[0]);
    const graph: Graph = { name: 'main', tensors: this.tensors, nodes: this.nodes, inputs: [0], outputs };
    expect(verifyGraph(graph)).toEqual([]);
    return { name: 'm', description: '', subgraphs: [graph], signatures: [] };
  }
}
const tensor = (name: string, shape: Shape): Tensor => ({
  name,
  shape,
  dtype: 'float32',
  quantization: null,
  data: null,
});

/** Every operator that is translated, with its attributes. */
function everything(): Model {
  const fan = new Fan();
  const window = { strides: [1, 2], dilation: [1, 1], padding: 'SAME', biasType: null };
  const image = (kind: string, kernel: Shape, channels: number, attrs: object) =>
    fan.on(kind, { ...window, activation: 'NONE', ...attrs }, [0, fan.constant(kernel), fan.constant([channels])]);
  image('nn.conv2d', [3, 3, 2, 4], 3, {});
  image('nn.conv2d', [3, 3, 2, 4], 3, { padding: 'VALID', activation: 'RELU' });
  image('nn.conv2d', [2, 3, 3, 4], 2, { padding: { top: 1, bottom: 0, left: 2, right: 1 }, activation: 'RELU6' });
  image('nn.conv2d', [2, 2, 2, 4], 2, { strides: [1, 1], dilation: [2, 2] });
  image('nn.depthwise_conv2d', [1, 3, 3, 8], 8, { strides: [2, 2], depthMultiplier: 2, activation: 'RELU_N1_TO_1' });
  fan.on('nn.conv2d', { ...window, activation: 'NONE' }, [0, fan.constant([3, 1, 1, 4])]);
  const dense = { activation: 'NONE', asymmetricQuantizeInputs: false, biasType: null };
  fan.on('nn.dense', { ...dense, keepNumDims: true }, [0, fan.constant([7, 4]), fan.constant([7])]);
  fan.on('nn.dense', { ...dense, keepNumDims: false, activation: 'RELU' }, [0, fan.constant([2, 20])]);
  for (const kind of ['nn.avg_pool2d', 'nn.max_pool2d']) {
    fan.on(kind, { padding: 'SAME', strides: [2, 2], pool: [3, 3], activation: 'NONE' });
    fan.on(kind, { padding: 'VALID', strides: [1, 2], pool: [2, 3], activation: 'RELU' });
  }
  const same = fan.constant(SHAPE);
  const row = fan.constant([4]);
  const positive = fan.on('add', { activation: 'NONE' }, [fan.on('square'), fan.constant([1], Float32Array.of(0.5))]);
  for (const kind of ['add', 'subtract', 'multiply']) {
    fan.on(kind, { activation: 'NONE' }, [0, same]);
    fan.on(kind, { activation: 'RELU6' }, [row, 0]);
  }
  fan.on('divide', { activation: 'NONE' }, [0, positive]);
  for (const kind of ['maximum', 'minimum', 'squared_difference']) fan.on(kind, {}, [0, same]);
  fan.on('nn.prelu', {}, [0, fan.constant([1, 1, 4])]);
  for (const kind of ['nn.relu', 'nn.relu6', 'nn.elu', 'nn.hard_swish', 'sigmoid', 'tanh', 'abs', 'negative'])
    fan.on(kind);
  for (const kind of ['ceil', 'floor', 'cos', 'sin', 'exp', 'nn.log_softmax']) fan.on(kind);
  for (const kind of ['log', 'sqrt', 'rsqrt']) fan.on(kind, {}, [positive]);
  fan.on('nn.leaky_relu', { alpha: 0.3 });
  for (const beta of [1, 2]) fan.on('nn.softmax', { beta });
  for (const kind of ['mean', 'sum', 'max', 'min']) {
    fan.on(kind, { keepDims: false }, [0, fan.vector(1, 2)]);
    fan.on(kind, { keepDims: true }, [0, fan.vector(-1)]);
  }
  fan.on('reshape', { newShape: null }, [0, fan.vector(2, -1)]);
  fan.on('squeeze', { axes: [0] });
  fan.on('expand_dims', {}, [0, fan.vector(1)]);
  fan.on('transpose', {}, [0, fan.vector(0, 3, 1, 2)]);
  fan.on('concatenate', { axis: -1, activation: 'NONE' }, [0, same, 0]);
  fan.on('nn.pad', {}, [0, fan.constant([4, 2], Int32Array.of(0, 0, 1, 2, 0, 1, 0, 0))]);
  fan.on('nn.mirror_pad', { mode: 'REFLECT' }, [0, fan.constant([4, 2], Int32Array.of(0, 0, 1, 2, 0, 1, 0, 0))]);
  for (const kind of ['image.resize_bilinear', 'image.resize_nearest']) {
    fan.on(kind, { alignCorners: false, halfPixelCenters: true }, [0, fan.vector(9, 7)]);
    fan.on(kind, { alignCorners: false, halfPixelCenters: false }, [0, fan.vector(10, 12)]);
  }
  return fan.model;
}

it('computes every operator of the table as the interpreter does', async () => {
  const model = everything();
  const [graph] = model.subgraphs;
  expect(new Set(graph.nodes.map(({ kind }) => kind))).toEqual(new Set(Object.keys(TRANSLATIONS)));
  const [prepared] = await tfjsEngine.prepare([{ model, name: 'm', symbol: 'm' }]);
  const runner = runnerOrThrow(prepared);
  const inputs = [reals(SHAPE)];
  const [found] = await runner.run([inputs]);
  runner.close();
  // The interpreter's rules are TFLite's, which conformance tests hold them to; sums of floats have no fixed order.
  for (const [k, wanted] of interpret(model, inputs).entries()) {
    const label = graph.tensors[graph.outputs[k]].name;
    expect(found[k].length, label).toBe(wanted.length);
    for (const [i, value] of (wanted as Float32Array).entries())
      expect(Number(found[k][i]), label).toBeCloseTo(value, 4);
  }
});

it('computes a real network', async () => {
  const model = importModel(readFileSync('examples/shapes/shapes_fp32.tflite'), 'shapes');
  const [prepared] = await tfjsEngine.prepare([{ model, name: 'shapes', symbol: 'm' }]);
  const runner = runnerOrThrow(prepared);
  const inferences = [1, 2, 3].map(() => runner.inputs.map(({ shape }) => reals(shape)));
  const found = await runner.run(inferences);
  runner.close();
  for (const [n, inputs] of inferences.entries())
    for (const [k, wanted] of interpret(model, inputs).entries())
      for (const [i, value] of (wanted as Float32Array).entries()) expect(Number(found[n][k][i])).toBeCloseTo(value, 5);
});

it('names the operators that it has no translation of, those after them aside', () => {
  const fan = new Fan();
  fan.on('nn.relu', {}, [fan.on('round', {}, [0])]);
  fan.on('sign');
  const fault = translate(fan.model, 'm') as InputError;
  expect(fault).toBeInstanceOf(InputError);
  expect(fault.message).toContain('m: TF.js is given no graph with round, sign;');
});
