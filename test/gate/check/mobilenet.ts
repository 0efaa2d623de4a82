import { interpret } from '../../../src/model/interpreter/index.ts';
import type { Graph, Model, Node, NodeOf } from '../../../src/model/ir/graph.ts';
import type { OpKind } from '../../../src/model/ops/attrs.ts';
import { perTensor, type Quantization } from '../../../src/model/tensor/quantization.ts';
import { elements, type Shape } from '../../../src/model/tensor/shape.ts';
import type { Tensor, TensorId } from '../../../src/model/tensor/tensor.ts';
import { writeModel } from '../../../src/model/tflite/writer.ts';
import { randomOf } from '../../model/graphs.ts';

/**
 * A small MobileNet V2 and its data, made as converters of 2018-19 made them: uint8 per tensor, and every ReLU6 written
 * as nothing but a range of [0, 6] behind a fused activation NONE. It tells eight patterns apart under noise: random
 * features, and a head that takes the nearest class mean.
 */
export const CLASSES = 8;
const SIZE = 16;
const SHAPE: Shape = [1, SIZE, SIZE, 3];

export interface Sample {
  readonly image: Float32Array;
  readonly label: number;
}

/** Noisy stripes of eight colours and directions, values within [−1, 1]; the same for a seed. */
export function patterns(count: number, seed: number): Sample[] {
  const random = randomOf(seed);
  return Array.from({ length: count }, (_, i) => {
    const label = i % CLASSES;
    const image = Float32Array.from({ length: elements(SHAPE) }, (_, k) => {
      const [y, x, c] = [Math.floor(k / 3 / SIZE), Math.floor(k / 3) % SIZE, k % 3];
      const wave = Math.sin(((label & 1 ? x : y) * 2 * Math.PI) / (label & 2 ? 4 : 8));
      const colour = (label & 4) === 0 ? c === 0 : c === 2;
      const value = 0.4 * wave + (colour ? 0.25 : -0.1) + NOISE * (random() + random() - 1);
      return Math.max(-1, Math.min(0.99, value));
    });
    return { image, label };
  });
}
const NOISE = 0.3;

/** A convolution of the network: its kernel and bias as floats. */
interface Layer {
  readonly name: string;
  readonly kind: 'nn.conv2d' | 'nn.depthwise_conv2d';
  readonly size: number;
  readonly channels: number;
  readonly stride: number;
  readonly relu6: boolean;
  /** The layer whose result is added to this one's. */
  readonly residual?: string;
}

const conv = (name: string, size: number, channels: number, stride: number, relu6 = true): Layer => ({
  ...{ name, kind: 'nn.conv2d', size, channels, stride, relu6 },
});
const block = (name: string, expanded: number, channels: number, stride: number, residual?: string): Layer[] => [
  conv(`${name}/expand`, 1, expanded, 1),
  { ...conv(`${name}/depthwise`, 3, expanded, stride), kind: 'nn.depthwise_conv2d' },
  { ...conv(`${name}/project`, 1, channels, 1, false), residual },
];
const LAYERS: readonly Layer[] = [
  conv('stem', 3, 12, 2),
  ...block('block1', 36, 12, 1, 'stem'),
  ...block('block2', 36, 16, 2),
  ...block('block3', 48, 16, 1, 'block2/project'),
  conv('last', 1, 64, 1),
];

interface Weights {
  readonly kernel: Float32Array;
  readonly shape: Shape;
  readonly bias: Float32Array;
}

/** How the network is quantized. */
export interface Damage {
  /** The end of the range that calibration gave this layer; 6 where it is a ReLU6. */
  readonly range?: { readonly layer: string; readonly high: number };
  /** A class 0 that stands for "none of these", as ImageNet models have it: labels need an offset of 1. */
  readonly background?: boolean;
  /** Fused activations are written where they belong, as newer converters do. */
  readonly fused?: boolean;
}

/** The network: as floats with its ReLU6, and quantized. */
export class MobileNet {
  private readonly weights = new Map<string, Weights>();
  private readonly ranges = new Map<string, readonly [number, number]>();

  constructor() {
    const random = randomOf(1);
    let channels = SHAPE[3];
    for (const { name, kind, size, channels: out } of LAYERS) {
      const depthwise = kind === 'nn.depthwise_conv2d';
      const shape = depthwise ? [1, size, size, channels] : [out, size, size, channels];
      const fan = size * size * (depthwise ? 1 : channels);
      // Wide enough that a fifth or so of what a ReLU6 sees lies above 6.
      const gain = (depthwise ? 2.4 : 2) / Math.sqrt(fan);
      const kernel = Float32Array.from({ length: elements(shape) }, () => gain * 3 * (random() - 0.5));
      this.weights.set(name, { kernel, shape, bias: Float32Array.from({ length: out }, () => 2 * random() + 0.5) });
      channels = out;
    }
    // The head is fitted by least squares: 4 for the right class, −4 for the others.
    const samples = patterns(400, 3);
    const rows = samples.map(({ image }) => [...this.run(image, ['pool'])[0], 1]);
    const fitted = Array.from({ length: CLASSES }, (_, c) =>
      leastSquares(
        rows,
        samples.map(({ label }) => (label === c ? 4 : -4)),
      ),
    );
    const width = rows[0].length - 1;
    this.weights.set('logits', {
      kernel: Float32Array.from(fitted.flatMap((row) => row.slice(0, width))),
      shape: [CLASSES, 1, 1, width],
      bias: Float32Array.from(fitted, (row) => row[width]),
    });
    const { kernel, bias } = this.weights.get('logits')!;
    this.weights.set('logits+1', {
      kernel: Float32Array.of(...new Float32Array(width), ...kernel),
      shape: [CLASSES + 1, 1, 1, width],
      bias: Float32Array.of(-10, ...bias),
    });
    // Calibration: the largest and smallest value of each tensor.
    const names = [
      ...LAYERS.flatMap(({ name, residual }) => (residual ? [name, `${name}/add`] : [name])),
      'pool',
      'logits',
    ];
    for (const { image } of patterns(64, 5)) {
      for (const [i, values] of this.run(image, names).entries()) {
        const [low, high] = this.ranges.get(names[i]) ?? [0, 0];
        this.ranges.set(names[i], [Math.min(low, ...values), Math.max(high, ...values)]);
      }
    }
  }

  /** Real values of the named tensors, computed in float. */
  private run(image: Float32Array, names: readonly string[]): Float32Array[] {
    const { graph, ids } = this.graph(null, this.weights.has('logits'));
    const outputs = names.map((name) => ids.get(name)!);
    return interpret(modelOf({ ...graph, outputs }), [image]) as Float32Array[];
  }

  /** As a .tflite file: float with its ReLU6 fused, or uint8 as quantized by `damage`. */
  file(damage: Damage | null): Uint8Array {
    return writeModel(modelOf(this.graph(damage, true).graph));
  }

  private graph(damage: Damage | null, whole: boolean): { graph: Graph; ids: Map<string, TensorId> } {
    const quantized = damage !== null;
    const tensors: Tensor[] = [];
    const nodes: Node[] = [];
    const ids = new Map<string, TensorId>();
    const add = (t: Omit<Tensor, 'data'> & Partial<Tensor>): TensorId => tensors.push({ data: null, ...t }) - 1;
    const activation = (name: string, shape: Shape, relu6 = false, quantization = this.range(name, relu6, damage)) => {
      const id = add({
        name,
        shape,
        dtype: quantized ? 'uint8' : 'float32',
        quantization: quantized ? quantization : null,
      });
      ids.set(name, id);
      return id;
    };
    const push = <K extends OpKind>(node: Omit<NodeOf<K>, 'source'>) =>
      nodes.push({ ...node, source: nodes.length } as Node);
    const input = activation('input', SHAPE, false, perTensor(1 / 128, 128));
    const convolve = (layer: Layer, from: TensorId): TensorId => {
      const { kernel, shape, bias } = this.weights.get(layer.name)!;
      const q = perTensorOf(kernel);
      const x = tensors[from];
      const [h, w] = [x.shape[1], x.shape[2]].map((extent) => Math.ceil(extent / layer.stride));
      const inputs = [
        from,
        add(
          quantized
            ? { name: `${layer.name}/w`, shape, dtype: 'uint8', quantization: q, data: quantize(kernel, q) }
            : { name: `${layer.name}/w`, shape, dtype: 'float32', quantization: null, data: kernel },
        ),
      ];
      if (quantized) {
        const scale = Math.fround(q.scales[0] * x.quantization!.scales[0]);
        const data = Int32Array.from(bias, (b) => Math.round(b / scale));
        inputs.push(
          add({
            name: `${layer.name}/b`,
            shape: [bias.length],
            dtype: 'int32',
            quantization: perTensor(scale, 0),
            data,
          }),
        );
      } else
        inputs.push(
          add({ name: `${layer.name}/b`, shape: [bias.length], dtype: 'float32', quantization: null, data: bias }),
        );
      const out = activation(layer.name, [1, h, w, layer.channels], layer.relu6);
      const clamp = layer.relu6 && (!quantized || damage.fused) ? 'RELU6' : 'NONE';
      const attrs = {
        ...({ padding: 'SAME', strides: [layer.stride, layer.stride], dilation: [1, 1], activation: clamp } as const),
        ...(layer.kind === 'nn.depthwise_conv2d' && { depthMultiplier: 1 }),
      };
      push({ kind: layer.kind, attrs, inputs, outputs: [out] } as Omit<NodeOf<'nn.conv2d'>, 'source'>);
      return out;
    };
    let current = input;
    for (const layer of LAYERS) {
      current = convolve(layer, current);
      if (layer.residual === undefined) continue;
      const sum = activation(`${layer.name}/add`, tensors[current].shape);
      push({
        kind: 'add',
        attrs: { activation: 'NONE' } as never,
        inputs: [ids.get(layer.residual)!, current],
        outputs: [sum],
      });
      current = sum;
    }
    const [, h, w, channels] = tensors[current].shape;
    const pooled = activation('pool', [1, 1, 1, channels], false, tensors[current].quantization);
    const pool = { padding: 'VALID', strides: [1, 1], pool: [h, w], activation: 'NONE' } as const;
    push({ kind: 'nn.avg_pool2d', attrs: pool, inputs: [current], outputs: [pooled] });
    if (!whole) return { graph: { name: 'main', tensors, nodes, inputs: [input], outputs: [pooled] }, ids };
    const classes = damage?.background ? CLASSES + 1 : CLASSES;
    const logits = convolve(conv(damage?.background ? 'logits+1' : 'logits', 1, classes, 1, false), pooled);
    const flat = activation('flat', [1, classes], false, tensors[logits].quantization!);
    push({ kind: 'reshape', attrs: { newShape: [1, classes] }, inputs: [logits], outputs: [flat] });
    const scores = activation('scores', [1, classes], false, perTensor(1 / 256, 0));
    push({ kind: 'nn.softmax', attrs: { beta: 1 } as never, inputs: [flat], outputs: [scores] });
    return { graph: { name: 'main', tensors, nodes, inputs: [input], outputs: [scores] }, ids };
  }

  private range(name: string, relu6: boolean, damage: Damage | null): Quantization | null {
    if (damage === null) return null;
    const { layer, high } = damage.range ?? {};
    const [low, most] = relu6 ? [0, 6] : (this.ranges.get(name.replace('+1', '')) ?? [0, 1]);
    const end = layer === name ? high! : most;
    const scale = (end - low) / 255;
    return perTensor(scale, Math.round(-low / scale));
  }
}

const modelOf = (graph: Graph): Model => ({ name: 'mobilenet', description: '', subgraphs: [graph], signatures: [] });

/** Coefficients w with the least Σ (row · w − target)² + 10·|w|², by Cholesky's way through the normal equations. */
function leastSquares(rows: readonly (readonly number[])[], targets: readonly number[]): number[] {
  const n = rows[0].length;
  const a = Array.from({ length: n }, (_, i) =>
    Float64Array.from({ length: n }, (_, j) => rows.reduce((sum, row) => sum + row[i] * row[j], i === j ? 10 : 0)),
  );
  const x = Array.from({ length: n }, (_, i) => rows.reduce((sum, row, k) => sum + row[i] * targets[k], 0));
  for (let j = 0; j < n; j++) {
    for (let k = 0; k < j; k++) for (let i = j; i < n; i++) a[i][j] -= a[i][k] * a[j][k];
    const pivot = Math.sqrt(a[j][j]);
    for (let i = j; i < n; i++) a[i][j] /= pivot;
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= a[i][k] * x[k];
    x[i] /= a[i][i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= a[k][i] * x[k];
    x[i] /= a[i][i];
  }
  return x;
}

/** uint8, asymmetric over the whole tensor, as then. */
function perTensorOf(values: Float32Array): Quantization {
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const scale = (high - low) / 255;
  return perTensor(scale, Math.round(-low / scale));
}

const quantize = (values: Float32Array, { scales: [scale], zeroPoints: [zero] }: Quantization): Uint8Array =>
  Uint8Array.from(values, (x) => Math.max(0, Math.min(255, Math.round(x / scale) + zero)));
