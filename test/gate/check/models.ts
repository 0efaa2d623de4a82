import type { Graph, Node } from '../../../src/model/ir/graph.ts';
import { writeNpy } from '../../../src/model/tensor/npy.ts';
import { perTensor } from '../../../src/model/tensor/quantization.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';
import { writeModel } from '../../../src/model/tflite/writer.ts';
import { randomOf } from '../../model/graphs.ts';

/** Models of a layer or two, and data for them, for what a check says of special outputs. */
const WIDTH = 4;
type Form = 'int8' | 'float32' | 'hybrid';

const file = (graph: Omit<Graph, 'name'>, ...others: readonly Graph[]): Uint8Array =>
  writeModel({ name: 'm', description: '', subgraphs: [{ name: 'main', ...graph }, ...others], signatures: [] });

const tensor = (name: string, more: Partial<Tensor>): Tensor => ({
  ...{ name, dtype: 'float32', shape: [1, WIDTH], quantization: null, data: null },
  ...more,
});
const activation = (name: string, form: Form, scale: number): Tensor =>
  tensor(name, form === 'int8' ? { dtype: 'int8', quantization: perTensor(scale, 0) } : {});

/**
 * A fully connected layer of four values: `gain` times the identity, so that it answers with the largest one.
 *
 * @param mixed how much of each value goes to the next class instead
 * @param lame a class whose own value counts half
 */
export function denseModel(form: Form, gain: number, mixed = 0, lame = -1): Uint8Array {
  const weights = Float32Array.from({ length: WIDTH * WIDTH }, (_, i) => {
    const [row, column] = [Math.floor(i / WIDTH), i % WIDTH];
    const own = row === lame ? gain / 2 : gain;
    return own * (row === column ? 1 - mixed : row === (column + 1) % WIDTH ? mixed : 0);
  });
  const q = perTensor(1 / 127, 0);
  const kernel: Partial<Tensor> =
    form === 'float32'
      ? { data: weights }
      : { dtype: 'int8', quantization: q, data: Int8Array.from(weights, (w) => Math.round(w * 127)) };
  const tensors = [
    activation('x', form, 1 / 64),
    tensor('w', { shape: [WIDTH, WIDTH], ...kernel }),
    activation('y', form, 1 / 64),
  ];
  const attrs = { activation: 'NONE', keepNumDims: false, asymmetricQuantizeInputs: false, weightsFormat: 'DEFAULT' };
  const node = { kind: 'nn.dense', attrs, inputs: [0, 1], outputs: [2], source: 0 } as unknown as Node;
  return file({ tensors, nodes: [node], inputs: [0], outputs: [2] });
}

/** Two fully connected layers of one input: output "first" of gain 1 with all values mixed, output "second" of gain 1. */
export function twoOutputModel(form: Form, mixed = 0.45): Uint8Array {
  const weights = (share: number) =>
    Float32Array.from({ length: WIDTH * WIDTH }, (_, i) => {
      const [row, column] = [Math.floor(i / WIDTH), i % WIDTH];
      return row === column ? 1 - share : row === (column + 1) % WIDTH ? share : 0;
    });
  const kernel = (name: string, share: number) => {
    const data = weights(share);
    if (form === 'float32') return tensor(name, { shape: [WIDTH, WIDTH], data });
    const quantized = { dtype: 'int8', data: Int8Array.from(data, (w) => Math.round(w * 127)) } as const;
    return tensor(name, { shape: [WIDTH, WIDTH], quantization: perTensor(1 / 127, 0), ...quantized });
  };
  const tensors = [
    ...[activation('x', form, 1 / 64), kernel('v', mixed), kernel('w', 0)],
    ...[activation('first', form, 1 / 64), activation('second', form, 1 / 64)],
  ];
  const attrs = { activation: 'NONE', keepNumDims: false, asymmetricQuantizeInputs: false, weightsFormat: 'DEFAULT' };
  const node = (weight: number, output: number) =>
    ({ kind: 'nn.dense', attrs, inputs: [0, weight], outputs: [output], source: output - 3 }) as unknown as Node;
  return file({ tensors, nodes: [node(1, 3), node(2, 4)], inputs: [0], outputs: [3, 4] });
}

/** The number of the largest of four values. */
export function argmaxModel(form: 'int8' | 'float32'): Uint8Array {
  const tensors = [
    activation('x', form, 1 / 64),
    tensor('axis', { dtype: 'int32', shape: [1], data: Int32Array.of(1) }),
    tensor('y', { dtype: 'int64', shape: [1] }),
  ];
  const node = {
    kind: 'argmax',
    attrs: { dtype: 'int64' },
    inputs: [0, 1],
    outputs: [2],
    source: 0,
  } as unknown as Node;
  return file({ tensors, nodes: [node], inputs: [0], outputs: [2] });
}

/** exp of values up to 1000, which INT8 holds within its range by saturating and float32 cannot hold: the twin is infinite. */
export function overflowingModel(): Uint8Array {
  const tensors = [activation('x', 'int8', 8), activation('y', 'int8', 1)];
  const node = { kind: 'exp', attrs: {}, inputs: [0], outputs: [1], source: 0 } as Node;
  return file({ tensors, nodes: [node], inputs: [0], outputs: [1] });
}

/** exp of values from −2 to 2, element by element: what is largest stays largest. */
export function expModel(shape: readonly number[]): Uint8Array {
  const of = (name: string, scale: number, zeroPoint: number) =>
    tensor(name, { dtype: 'int8', shape, quantization: perTensor(scale, zeroPoint) });
  const node = { kind: 'exp', attrs: {}, inputs: [0], outputs: [1], source: 0 } as Node;
  return file({ tensors: [of('x', 1 / 64, 0), of('y', 1 / 32, -128)], nodes: [node], inputs: [0], outputs: [1] });
}

/** A running sum of INT8 values in a variable that starts at zero. */
export function runningSum(): Uint8Array {
  const of = (name: string) => tensor(name, { dtype: 'int8', quantization: perTensor(1 / 64, 0) });
  const handle = tensor('handle', { dtype: 'resource', shape: [1] });
  const node = (kind: string, inputs: readonly number[], outputs: readonly number[], attrs: object = {}): Node =>
    ({ kind, attrs, inputs, outputs, source: 0 }) as unknown as Node;
  const open = (output: number) => node('var_handle', [], [output], { container: '', sharedName: 'sum' });
  const zero: Graph = {
    ...{ name: 'zero', inputs: [], outputs: [] },
    tensors: [handle, { ...of('zeros'), data: new Int8Array(WIDTH) }],
    nodes: [open(0), node('assign_variable', [0, 1], [])],
  };
  const main = {
    ...{ inputs: [0], outputs: [2], tensors: [of('x'), handle, of('y'), of('before')] },
    nodes: [
      node('call_once', [], [], { init: 1 }),
      open(1),
      node('read_variable', [1], [3]),
      node('add', [0, 3], [2], { activation: 'NONE' }),
      node('assign_variable', [1, 2], []),
    ],
  };
  return file(main, zero);
}

/** `count` samples of `width` values within [−1, 1], as .npy. */
export function values(count: number, width: number, size = 1): Uint8Array {
  const random = randomOf(9);
  const data = Float32Array.from({ length: count * width }, () => size * (2 * random() - 1));
  return writeNpy({ dtype: 'float32', shape: [count, width], data });
}
