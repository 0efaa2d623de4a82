import type { OpKind } from '../ops/kinds.ts';
import { isQuantizable } from '../tensor/dtype.ts';
import { isPerAxis, type Quantization } from '../tensor/quantization.ts';
import { type Graph, type Node, operandsOf, resultsOf, type Tensor } from './graph.ts';

/**
 * How the text form names a kind when it computes on quantized tensors, in Relay's manner: the name with `qnn.`, and
 * what its operands are called in the attributes that repeat their parameters. null: the kind only moves values, and
 * keeps its plain name.
 */
const QUANTIZED_FORM: {
  readonly [K in OpKind]: { readonly name: string; readonly operands: readonly string[] } | null;
} = {
  'nn.conv2d': { name: 'qnn.conv2d', operands: ['input', 'kernel'] },
  'nn.depthwise_conv2d': { name: 'qnn.depthwise_conv2d', operands: ['input', 'kernel'] },
  'nn.dense': { name: 'qnn.dense', operands: ['input', 'kernel'] },
  'nn.avg_pool2d': { name: 'qnn.avg_pool2d', operands: ['input'] },
  'nn.max_pool2d': null,
  add: { name: 'qnn.add', operands: ['lhs', 'rhs'] },
  subtract: { name: 'qnn.subtract', operands: ['lhs', 'rhs'] },
  multiply: { name: 'qnn.mul', operands: ['lhs', 'rhs'] },
  'nn.relu': { name: 'qnn.relu', operands: ['input'] },
  'nn.relu6': { name: 'qnn.relu6', operands: ['input'] },
  sigmoid: { name: 'qnn.sigmoid', operands: ['input'] },
  tanh: { name: 'qnn.tanh', operands: ['input'] },
  mean: { name: 'qnn.mean', operands: ['input'] },
  'nn.softmax': { name: 'qnn.softmax', operands: ['input'] },
  reshape: null,
  squeeze: null,
  shape_of: null,
  strided_slice: null,
  stack: null,
  concatenate: { name: 'qnn.concatenate', operands: [] },
  'nn.pad': null,
  transpose: null,
  'qnn.quantize': { name: 'qnn.quantize', operands: [] },
  'qnn.dequantize': { name: 'qnn.dequantize', operands: ['input'] },
  'qnn.requantize': { name: 'qnn.requantize', operands: ['input'] },
};

const KINDS = new Map<string, OpKind>();
for (const kind of Object.keys(QUANTIZED_FORM) as OpKind[]) {
  KINDS.set(kind, kind);
  const form = QUANTIZED_FORM[kind];
  if (form !== null) KINDS.set(form.name, kind);
}

/** The kind that a name of the text form stands for. */
export const kindNamed = (name: string): OpKind | undefined => KINDS.get(name);

const parametersOf = (t: Tensor | null | undefined): Quantization | null =>
  t != null && isQuantizable(t.dtype) ? t.quantization : null;

/** Whether the node computes on quantized values: then it has the `qnn.` name. */
const isQuantized = (graph: Graph, node: Node): boolean =>
  parametersOf(operandsOf(graph, node)[0]) !== null || parametersOf(resultsOf(graph, node)[0]) !== null;

/** The name of the node in the text form. */
export function textName(graph: Graph, node: Node): string {
  const form = QUANTIZED_FORM[node.kind];
  return form !== null && isQuantized(graph, node) ? form.name : node.kind;
}

/**
 * The parameters of a quantized node's operands and result as Relay's attributes (input_scale, kernel_zero_point …).
 * They repeat what stands on the tensors, for readers; long per-axis lists show their length.
 */
export function quantizationAttrs(graph: Graph, node: Node): readonly (readonly [key: string, value: string])[] {
  const form = QUANTIZED_FORM[node.kind];
  if (form === null || !isQuantized(graph, node)) return [];
  const operands = operandsOf(graph, node);
  const one = (role: string, t: Tensor | null | undefined): (readonly [string, string])[] => {
    const q = parametersOf(t);
    if (q === null) return [];
    const show = (values: readonly number[]): string =>
      isPerAxis(q) ? `per_axis_${values.length}` : String(values[0]);
    return [
      [`${role}_scale`, show(q.scales)],
      [`${role}_zero_point`, show(q.zeroPoints)],
    ];
  };
  return [...form.operands.flatMap((role, i) => one(role, operands[i])), ...one('output', resultsOf(graph, node)[0])];
}
