/**
 * Random networks of several operators on images: convolutions with paddings before and activations behind them,
 * residual sums, concatenations, splits, rescalings and a head, in the order in which passes meet and fuse them.
 */
import fc from 'fast-check';
import type { Activation } from '../../src/model/arithmetic/activation.ts';
import type { Node } from '../../src/model/ir/graph.ts';
import type { OpKind } from '../../src/model/ops/attrs.ts';
import type { OpView } from '../../src/model/ops/definition.ts';
import { rulesOf } from '../../src/model/ops/index.ts';
import type { DType } from '../../src/model/tensor/dtype.ts';
import { perTensor, type Quantization } from '../../src/model/tensor/quantization.ts';
import { elements, type Shape, sameShape } from '../../src/model/tensor/shape.ts';
import type { Tensor, TensorId } from '../../src/model/tensor/tensor.ts';
import { ints, tensor } from '../compiler/draws.ts';
import { randomData, randomOf } from '../model/graphs.ts';
import { fedWith, type Instance, modelOf } from './instance.ts';

/** Types of data; `hybrid`: floats, with integer weights. */
type Form = DType | 'hybrid';

interface Recipe {
  readonly form: Form;
  readonly shape: Shape;
  readonly steps: readonly number[];
  readonly seed: number;
}

const ACTIVATIONS: readonly Activation[] = ['NONE', 'NONE', 'RELU', 'RELU6', 'RELU_N1_TO_1'];
/** Floats are not cut off: what is seen of them must show how exact they can be. */
const activationOf = (n: Network): Activation => n.choose(n.quantized ? ACTIVATIONS : ACTIVATIONS.slice(0, 3));

/** What a step works with. */
class Network {
  readonly tensors: Tensor[] = [];
  readonly nodes: Node[] = [];
  readonly images: TensorId[] = [];
  readonly dtype: DType;
  readonly hybrid: boolean;
  readonly random: () => number;
  constructor(form: Form, shape: Shape, seed: number) {
    this.hybrid = form === 'hybrid';
    this.dtype = form === 'hybrid' ? 'float32' : form;
    this.random = randomOf(seed);
    this.images.push(this.add(tensor(this.dtype, shape, this.parameters())));
  }
  get current(): TensorId {
    return this.images.at(-1)!;
  }
  get quantized(): boolean {
    return this.dtype !== 'float32';
  }
  add(t: Tensor): TensorId {
    return this.tensors.push({ ...t, name: `t${this.tensors.length}` }) - 1;
  }
  pick(below: number): number {
    return Math.floor(this.random() * below);
  }
  choose<T>(list: readonly T[]): T {
    return list[this.pick(list.length)];
  }
  parameters(): Quantization | null {
    const zero = { int8: this.pick(200) - 100, uint8: 20 + this.pick(200) }[this.dtype as string] ?? 0;
    return this.quantized ? perTensor(0.01 + 0.05 * this.random(), zero) : null;
  }
  shapeOf(id: TensorId): Shape {
    return this.tensors[id].shape;
  }
  /** Applies an operator; its results have `q`, or parameters of their own. */
  apply(
    kind: OpKind,
    attrs: object,
    inputs: readonly TensorId[],
    results: readonly (Quantization | null)[],
  ): TensorId[] {
    const node = { kind, attrs, inputs, outputs: [], source: this.nodes.length } as unknown as Node;
    const outputs = results.map((q) => tensor(this.dtype, [1], q));
    const view = { kind, attrs, inputs: inputs.map((id) => this.tensors[id]), outputs } as unknown as OpView<OpKind>;
    const rules = rulesOf(node.kind);
    const problems = rules.check(view);
    if (problems.length > 0) throw new Error(`${kind}: ${problems.join('; ')}`);
    const shapes = rules.shapes(view);
    const ids = outputs.map((t, i) => this.add({ ...t, shape: shapes[i]! }));
    this.nodes.push({ ...node, outputs: ids } as Node);
    return ids;
  }
  /** As `apply`, and the result becomes the current image. */
  push(kind: OpKind, attrs: object, inputs: readonly TensorId[], q = this.parameters()): void {
    this.images.push(this.apply(kind, attrs, inputs, [q])[0]);
  }
  same(): Quantization | null {
    return this.tensors[this.current].quantization;
  }
  constant(dtype: DType, shape: Shape, q: Quantization | null): TensorId {
    return this.add(tensor(dtype, shape, q, randomData(dtype, elements(shape), this.random)));
  }
  /** Weights with a scale, or one a channel, and now and then a bias. */
  weights(shape: Shape, axis: number): TensorId[] {
    const channels = shape[axis];
    const integer = this.quantized || this.hybrid;
    const many = channels > 1 && this.dtype !== 'uint8' && this.pick(2) === 0;
    const scales = Array.from({ length: many ? channels : 1 }, () => Math.fround(0.002 + 0.02 * this.random()));
    const zero = this.dtype === 'uint8' ? 100 + this.pick(60) : 0;
    const q = integer ? { scales, zeroPoints: scales.map(() => zero), axis: many ? axis : 0 } : null;
    const kernel = this.constant(this.hybrid || this.dtype === 'int16' ? 'int8' : this.dtype, shape, q);
    const bias: DType = this.dtype === 'float32' ? 'float32' : this.dtype === 'int16' ? 'int64' : 'int32';
    if (this.pick(4) === 0) return [kernel];
    const data = randomData('int32', channels, this.random);
    const values =
      bias === 'int64'
        ? BigInt64Array.from(data as Int32Array, BigInt)
        : bias === 'int32'
          ? data
          : Float32Array.from(data as Int32Array, (v) => v / 1000);
    return [kernel, this.add(tensor(bias, [channels], null, values))];
  }
}

const window = (n: Network, kernel: readonly [number, number]) => {
  const [, h, w] = n.shapeOf(n.current);
  const fits = kernel[0] <= h && kernel[1] <= w;
  return {
    padding: fits ? n.choose(['SAME', 'VALID']) : 'SAME',
    strides: n.choose([
      [1, 1],
      [1, 1],
      [2, 2],
      [2, 1],
    ]),
    dilation: [1, 1],
    activation: activationOf(n),
  };
};
const kernelOf = (n: Network): readonly [number, number] =>
  n.choose<readonly [number, number]>([
    [1, 1],
    [3, 3],
    [3, 3],
    [1 + n.pick(4), 1 + n.pick(4)],
  ]);

const conv = (n: Network): void => {
  const channels = n.choose([1 + n.pick(24), 8, 16]);
  const kernel = kernelOf(n);
  const inputs = [n.current, ...n.weights([channels, ...kernel, n.shapeOf(n.current)[3]], 0)];
  n.push('nn.conv2d', window(n, kernel), inputs);
};
const depthwise = (n: Network): void => {
  const kernel = kernelOf(n);
  const inputs = [n.current, ...n.weights([1, ...kernel, n.shapeOf(n.current)[3]], 3)];
  n.push('nn.depthwise_conv2d', { ...window(n, kernel), depthMultiplier: 1 }, inputs);
};
const pad = (n: Network): void => {
  const amounts = [0, 0, ...Array.from({ length: 4 }, () => n.pick(3)), 0, 0];
  const operand = n.add({ ...ints(amounts), shape: [4, 2] });
  n.push('nn.pad', {}, [n.current, operand], n.same());
};
const pool = (n: Network): void => {
  const size = [1 + n.pick(3), 1 + n.pick(3)];
  const attrs = { padding: 'SAME', strides: [1 + n.pick(2), 1 + n.pick(2)], pool: size, activation: activationOf(n) };
  n.push(n.choose(n.hybrid ? ['nn.max_pool2d'] : ['nn.max_pool2d', 'nn.avg_pool2d']), attrs, [n.current], n.same());
};
/** The current image with an earlier one of its shape, or with itself. */
const merged = (n: Network): void => {
  const alike = n.images.filter((id) => sameShape(n.shapeOf(id), n.shapeOf(n.current)));
  const kind = n.choose(['add', 'add', 'subtract', 'multiply'] as const);
  n.push(kind, { activation: activationOf(n) }, [n.current, n.choose(alike)]);
};
const activated = (n: Network): void => {
  const kind = n.choose(
    n.quantized ? (['nn.relu', 'nn.relu6', 'nn.leaky_relu', 'nn.hard_swish'] as const) : (['nn.relu'] as const),
  );
  // int16 has no hard_swish.
  const known = n.dtype === 'int16' && kind === 'nn.hard_swish' ? 'nn.relu' : kind;
  n.push(known, known === 'nn.leaky_relu' ? { alpha: 0.125 } : {}, [n.current], n.pick(2) ? n.same() : n.parameters());
};
const rescaled = (n: Network): void => {
  if (n.quantized) n.push('qnn.requantize', {}, [n.current]);
};
const joined = (n: Network): void => {
  const q = n.same();
  const alike = n.images.filter(
    (id) => sameShape(n.shapeOf(id).slice(0, 3), n.shapeOf(n.current).slice(0, 3)) && n.tensors[id].quantization === q,
  );
  n.push('concatenate', { axis: 3, activation: 'NONE' }, [n.current, n.choose(alike), n.current], q);
};
const halved = (n: Network): void => {
  if (n.shapeOf(n.current)[3] % 2 !== 0) return;
  const q = n.same();
  const halves = n.apply('split', { parts: 2 }, [n.add({ ...ints([3]), shape: [] }), n.current], [q, q]);
  n.images.push(...halves);
  n.push('concatenate', { axis: 3, activation: 'NONE' }, halves.toReversed(), q);
};
const turned = (n: Network): void => {
  n.push('transpose', {}, [n.current, n.add(ints([0, 2, 1, 3]))], n.same());
  if (n.pick(2)) n.push('transpose', {}, [n.current, n.add(ints([0, 2, 1, 3]))], n.same());
};
const reshaped = (n: Network): void => {
  const [b, h, w, c] = n.shapeOf(n.current);
  n.push('reshape', { newShape: [b, w, h, c] }, [n.current], n.same());
};

const STEPS: readonly ((n: Network) => void)[] = [
  ...[conv, conv, conv, depthwise, depthwise, pad, pool, merged, merged, activated],
  ...[rescaled, joined, halved, turned, reshaped],
  (n) => {
    pad(n);
    (n.pick(2) ? conv : depthwise)(n);
  },
];

/** Mean over the image, or all of it, through a fully connected layer; sometimes softmax. */
function head(n: Network): void {
  const [b, h, w, c] = n.shapeOf(n.current);
  // A hybrid layer makes a level's difference of another order of float sums: there, all before it is exact.
  if (!n.hybrid && n.pick(2)) n.push('mean', { keepDims: false }, [n.current, n.add(ints([1, 2]))], n.parameters());
  else n.push('reshape', { newShape: [b, h * w * c] }, [n.current], n.same());
  const depth = n.shapeOf(n.current)[1];
  const attrs = { activation: 'NONE', keepNumDims: false, asymmetricQuantizeInputs: n.hybrid && n.pick(2) === 0 };
  n.push('nn.dense', attrs, [n.current, ...n.weights([1 + n.pick(12), depth], 0)]);
  const fixed = { int8: perTensor(1 / 256, -128), uint8: perTensor(1 / 256, 0), int16: perTensor(1 / 32768, 0) };
  if (n.pick(2)) n.push('nn.softmax', { beta: 1 }, [n.current], fixed[n.dtype as 'int8'] ?? null);
}

function build({ form, shape, steps, seed }: Recipe): Instance {
  const n = new Network(form, shape, seed);
  for (const step of steps) if (elements(n.shapeOf(n.current)) < 20_000) STEPS[step % STEPS.length](n);
  if (n.pick(2)) head(n);
  // An image in the middle is a result too now and then: passes must leave it.
  const outputs = n.pick(3) === 0 ? [n.current, n.choose(n.images.slice(1).concat(n.current))] : [n.current];
  const graph = { name: 'network', tensors: n.tensors, nodes: n.nodes, inputs: [0], outputs };
  return fedWith(modelOf(graph), seed);
}

const side = fc.integer({ min: 3, max: 9 });
export const networks: fc.Arbitrary<Instance> = fc
  .record({
    form: fc.constantFrom<Form>('int8', 'int8', 'int8', 'uint8', 'int16', 'float32', 'hybrid', 'hybrid'),
    shape: fc.tuple(fc.constantFrom(1, 1, 2), side, side, fc.integer({ min: 1, max: 12 })),
    steps: fc.array(fc.nat(), { minLength: 2, maxLength: 9 }),
    seed: fc.nat(),
  })
  .map(build)
  .filter(({ model }) => model.subgraphs[0].nodes.length > 1);
