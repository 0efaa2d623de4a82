import type { Graph, Node, NodeOf } from '../../model/ir/graph.ts';
import { viewOf } from '../../model/ir/shapes.ts';
import type { OpKind } from '../../model/ops/attrs.ts';
import { scalesDiffer } from '../../model/ops/conv.ts';
import { asWeighted, transposeGeometry } from '../../model/ops/conv_transpose.ts';
import type { OpView } from '../../model/ops/definition.ts';
import { type WeightedForm, weightedForm } from '../../model/ops/shared/weights.ts';
import { elements, type Shape, sameShape } from '../../model/tensor/shape.ts';
import type { Tensor, TensorId } from '../../model/tensor/tensor.ts';
import { repeatedBias, weightsOf } from './phase_weights.ts';
import { type PhaseGroup, type Phases, padsOf, phasesOf } from './phases.ts';
import type { Pass } from './view.ts';

type Kind = 'nn.conv2d_transpose';
/** A tensor as if it had another shape. */
interface Seen {
  readonly id: TensorId;
  readonly shape: Shape;
}
/** Groups of phases, of rows and of columns. */
type Plan = readonly [rows: Phases, columns: Phases];

/** Multiplications of a convolution in the time of one of a transposed convolution, lower bound. */
const GAIN = { float: 2, hybrid: 3, integer: 3 };
/** Output channels are rounded up to a multiple of this. */
const COLUMNS = 4;
/** Cost of moving one result, in multiplications of a convolution. */
const MOVE = 4;
/** Cost of quantizing one element of float data, which every hybrid convolution repeats. */
const QUANTIZE = 32;
/** Cost of the epilogue of one result of a transposed convolution. */
const FINISH = 64;

/**
 * Lowers transposed convolutions with constant weights to convolutions of stride 1, which the GEMM template computes: one per group of
 * phases, whose results are interleaved (docs/adr/0008). Exact: each result is a sum of the same products in the same order, with the same
 * requantization. Weights at inputs that a phase of the group does not read are the zero point. Floats have no such groups: ∞ · 0 ≠ 0.
 */
export const lowerTransposed: Pass = (graph) => {
  const tensors = [...graph.tensors];
  const nodes = graph.nodes.flatMap((node) => {
    const plan = node.kind === 'nn.conv2d_transpose' ? planOf(graph, node) : null;
    return plan === null ? [node] : lowered(tensors, node as NodeOf<Kind>, plan);
  });
  return { ...graph, tensors, nodes };
};

/** The cheapest plan; null if the operator must stay, or is cheaper. */
function planOf(graph: Graph, node: NodeOf<Kind>): Plan | null {
  const view = asWeighted(viewOf(graph, node) as OpView<Kind>);
  const [data, weights] = view.inputs;
  const form = weightedForm(data!, weights!)!;
  if (!isPlain(view, form) || elements(data!.shape) === 0 || elements(view.outputs[0].shape) === 0) return null;
  const { axes, channels, outChannels } = transposeGeometry(view);
  const [, height, width] = axes;
  const [rows, columns] = [height, width].map((axis) => phasesOf(axis).filter((p) => p.exact || form !== 'float'));
  const plans = rows.flatMap((y) => columns.map((x): Plan => [y, x]));
  const costs = plans.map((plan) => costOf(plan, form, channels, outChannels));
  const least = Math.min(...costs);
  const products = height.input * height.kernel * width.input * width.kernel * channels * padded(outChannels);
  const direct = GAIN[form] * products + FINISH * height.output * width.output * outChannels;
  return least <= direct ? plans[costs.indexOf(least)] : null;
}

/** Whether the convolutions give the same results and have fast kernels. Hybrid with one weight scale differs: CONV_2D is then symmetric. */
function isPlain({ inputs: [data, weights, bias] }: OpView<Kind>, form: WeightedForm): boolean {
  if (weights!.data === null || (bias !== null && bias.data === null)) return false;
  return form === 'hybrid' ? scalesDiffer(weights!) : data!.dtype !== 'int16';
}

const padded = (columns: number): number => Math.ceil(columns / COLUMNS) * COLUMNS;
const isCut = ({ axis, positions }: Phases): boolean => positions * axis.stride !== axis.output;
const isJoined = ({ count }: PhaseGroup): boolean => count > 1;

/** Cost of a plan per image, in multiplications of a convolution. */
function costOf([y, x]: Plan, form: WeightedForm, channels: number, outChannels: number): number {
  // With fewer positions than inputs the weights grow instead of the work; the same limit applies.
  const pixels = Math.max(y.positions, y.axis.input) * Math.max(x.positions, x.axis.input);
  const taps = y.groups.flatMap((a) => x.groups.map((b) => a.taps * b.taps * padded(a.count * b.count * outChannels)));
  const each = form === 'hybrid' ? QUANTIZE : 0;
  const work = pixels * channels * taps.reduce((sum, n) => sum + n + each, 0);
  const moves = [x.groups.length > 1, y.groups.some(isJoined), y.groups.length > 1, isCut(y) || isCut(x)];
  const results = pixels * y.axis.stride * x.axis.stride * outChannels;
  return work + moves.filter(Boolean).length * MOVE * results;
}

/** The nodes that replace `node`; their tensors are appended to `tensors`. */
function lowered(tensors: Tensor[], node: NodeOf<Kind>, [y, x]: Plan): Node[] {
  const nodes: Node[] = [];
  const [, kernel, data, bias] = node.inputs;
  const { name, dtype, quantization, shape: final } = tensors[node.outputs[0]];
  const [batches, , , outs] = final;

  const constant = (tensor: Tensor): TensorId => tensors.push(tensor) - 1;
  const indices = (values: Shape): TensorId =>
    constant({ name, dtype: 'int32', shape: [values.length], quantization: null, data: Int32Array.from(values) });
  const add = (kind: OpKind, attrs: object, inputs: readonly TensorId[], shape: Shape): TensorId => {
    const result = tensors.push({ name, dtype, shape, quantization, data: null }) - 1;
    nodes.push({ kind, attrs, inputs, outputs: [result], source: node.source } as unknown as Node);
    return result;
  };
  const made = ({ id, shape }: Seen): TensorId =>
    sameShape(tensors[id].shape, shape) ? id : add('reshape', { newShape: shape }, [id], shape);
  const concatenate = (parts: readonly Seen[], axis: number, shape: Shape): Seen =>
    parts.length === 1
      ? parts[0]
      : { id: add('concatenate', { axis, activation: 'NONE' }, parts.map(made), shape), shape };

  /** Results are [batch, positions of rows, positions of columns, phases of rows · phases of columns · channels]. */
  const convolve = (a: PhaseGroup, b: PhaseGroup): TensorId => {
    const [[top, bottom], [left, right]] = [padsOf(y, a), padsOf(x, b)];
    const { activation } = node.attrs;
    const attrs = { padding: { top, bottom, left, right }, strides: [1, 1], dilation: [1, 1], activation };
    const phases = a.count * b.count;
    const operands = [data, constant(weightsOf(tensors[kernel], [y, x], a, b))];
    if (tensors[bias] !== undefined) operands.push(constant(repeatedBias(tensors[bias], phases)));
    return add('nn.conv2d', attrs, operands, [batches, y.positions, x.positions, phases * outs]);
  };

  // A line is a row of a batch entry; the phases of one position of a line are adjacent.
  const [lines, width] = [batches * y.positions, x.positions];
  const each = x.axis.stride * outs;
  const rows = y.groups.map((a): Seen => {
    const parts = x.groups.map((b): Seen => ({ id: convolve(a, b), shape: [lines, width, a.count, b.count * outs] }));
    const whole = concatenate(parts, 3, [lines, width, a.count, each]);
    const shape = [lines, a.count, width, each];
    const inOrder = a.count === 1 || width === 1;
    return { id: inOrder ? whole.id : add('transpose', {}, [made(whole), indices([0, 2, 1, 3])], shape), shape };
  });
  const joined = concatenate(rows, 1, [lines, y.axis.stride, width, each]);
  const whole = made({ ...joined, shape: [batches, y.positions * y.axis.stride, width * x.axis.stride, outs] });
  if (isCut(y) || isCut(x)) add('slice', {}, [whole, indices([0, y.ahead, x.ahead, 0]), indices(final)], final);
  // The last node writes the result.
  return [...nodes.slice(0, -1), { ...nodes.at(-1)!, outputs: node.outputs }];
}
