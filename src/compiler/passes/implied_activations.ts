import type { Activation } from '../../model/arithmetic/activation.ts';
import { activationRange } from '../../model/arithmetic/activation.ts';
import type { Graph, Node } from '../../model/ir/graph.ts';
import { operandsOf } from '../../model/ir/graph.ts';
import type { OpKind } from '../../model/ops/attrs.ts';
import { integerRange } from '../../model/tensor/dtype.ts';
import type { Tensor } from '../../model/tensor/tensor.ts';

/** Clamping activations, and their operators. */
const CLAMPS = { RELU: 'nn.relu', RELU6: 'nn.relu6', RELU_N1_TO_1: 'nn.relu_n1_to_1' } as const;
type Clamp = keyof typeof CLAMPS;

/** Operators that take a fused activation. */
const FUSING: ReadonlySet<OpKind> = new Set<OpKind>([
  ...(['nn.conv2d', 'nn.depthwise_conv2d', 'nn.conv2d_transpose', 'nn.conv3d', 'nn.dense'] as const),
  ...(['add', 'subtract', 'multiply', 'divide', 'nn.avg_pool2d', 'nn.max_pool2d', 'nn.svdf'] as const),
]);

/** Operators whose results may leave the common range of their operands. */
const LEAVING: ReadonlySet<OpKind> = new Set<OpKind>([
  ...(['nn.conv2d', 'nn.depthwise_conv2d', 'nn.conv2d_transpose', 'nn.conv3d', 'nn.dense', 'nn.svdf'] as const),
  ...(['add', 'subtract', 'multiply', 'divide', 'add_n', 'sum', 'prod', 'cumsum', 'nn.batch_matmul'] as const),
  ...(['negative', 'square', 'squared_difference', 'power', 'exp', 'log', 'rsqrt'] as const),
]);

/** Operators with bounded results: a clamp would change nothing. */
const BOUNDED: ReadonlySet<OpKind> = new Set<OpKind>([
  ...(['nn.softmax', 'sigmoid', 'tanh', 'nn.relu', 'nn.relu6', 'nn.relu_n1_to_1', 'nn.relu_0_to_1'] as const),
]);

/**
 * Makes activations explicit that a quantized graph holds only as a range. Converters drop a ReLU6 if the representable range of the
 * result is within [0, 6], since saturation has the same effect (MobileNets of 2018-19). An operator whose result
 *
 * * starts at 0 (its zero point is the type's smallest value) and ends at 6 or below has a RELU6,
 * * starts at 0 and ends above 6 a RELU,
 * * goes from −1 to 1, to within a step, a RELU_N1_TO_1.
 *
 * The clamp is the activation's bound, not the range's: a range that calibration made too narrow is an error, not an activation. The
 * graph computes the same integers as before, except for the last value of a range that ends half a step beyond −1 or 1.
 * Source: IsArrayQuantizedRangeSubset and remove_trivial_quantized_activation_func.cc of TensorFlow's TOCO, which drops
 * an activation exactly where the representable range is a subset of the activation's.
 */
export function writeImpliedActivations(graph: Graph): Graph {
  const tensors = [...graph.tensors];
  const nodes = graph.nodes.flatMap((node): Node[] => {
    if (!saturates(graph, node)) return [node];
    const [first] = node.outputs;
    const clamp = impliedClamp(graph.tensors[first]);
    if (clamp !== null && FUSING.has(node.kind) && 'activation' in node.attrs) {
      return [{ ...node, attrs: { ...node.attrs, activation: clamp } } as Node];
    }
    // The operator has no fused activation: a separate node follows it.
    const clamps: Node[] = [];
    const outputs = node.outputs.map((id) => {
      const kind = impliedClamp(graph.tensors[id]);
      if (kind === null) return id;
      const open = tensors.push({ ...graph.tensors[id], name: `${graph.tensors[id].name}/open` }) - 1;
      clamps.push({ kind: CLAMPS[kind], attrs: {}, inputs: [open], outputs: [id], source: node.source });
      return open;
    });
    return [{ ...node, outputs }, ...clamps];
  });
  return { ...graph, tensors, nodes };
}

/** Whether the node's results can exceed the range of its result tensor. */
function saturates(graph: Graph, node: Node): boolean {
  const results = node.outputs.map((id) => impliedClamp(graph.tensors[id]));
  if (results.every((clamp) => clamp === null) || BOUNDED.has(node.kind)) return false;
  const fused: Activation = 'activation' in node.attrs ? node.attrs.activation : 'NONE';
  if (fused !== 'NONE') return false;
  const data = operandsOf(graph, node).filter((t) => t !== null && t.data === null && t.quantization !== null);
  if (data.length === 0) return false;
  return LEAVING.has(node.kind) || !results.every((clamp) => data.every((t) => within(impliedClamp(t!), clamp)));
}

/** Whether outer(inner(x)) = inner(x). */
const within = (inner: Clamp | null, outer: Clamp | null): boolean =>
  outer === null || inner === outer || (inner === 'RELU6' && outer === 'RELU');

/** The activation implied by the representable range of a quantized tensor. */
export function impliedClamp({ dtype, quantization }: Tensor): Clamp | null {
  if (quantization === null || quantization.scales.length !== 1 || (dtype !== 'int8' && dtype !== 'uint8')) return null;
  const [scale] = quantization.scales;
  const [zeroPoint] = quantization.zeroPoints;
  const [least, most] = integerRange(dtype);
  // Number of values of the type that the activation would clamp, if fused.
  const cuts = (clamp: Clamp) => {
    const { min, max } = activationRange(clamp, scale, zeroPoint, dtype);
    return min - least + (most - max);
  };
  if (zeroPoint === least) return cuts('RELU6') === 0 ? 'RELU6' : 'RELU';
  const reaches = (end: number) => end > 1 - 1.5 * scale;
  const symmetric = reaches(scale * (zeroPoint - least)) && reaches(scale * (most - zeroPoint));
  // 256 evenly spaced values over [−1, 1] do not include zero; shifted to include it, the range exceeds one side by half a step.
  return symmetric && cuts('RELU_N1_TO_1') <= 1 ? 'RELU_N1_TO_1' : null;
}
