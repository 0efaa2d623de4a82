import type { OpKind } from '../ops/attrs.ts';
import { ops, rulesOf } from '../ops/index.ts';
import { isQuantizable } from '../tensor/dtype.ts';
import { isPerAxis, type Quantization } from '../tensor/quantization.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Graph, type Node, operandsOf, resultsOf } from './graph.ts';

/** Relay's name of a kind that computes on quantized tensors: `qnn.` for `nn.`, and multiply is its mul. */
const quantizedName = (kind: OpKind): string =>
  kind === 'multiply' ? 'qnn.mul' : `qnn.${kind.slice(kind.lastIndexOf('.') + 1)}`;

const KINDS = new Map<string, OpKind>();
for (const kind of Object.keys(ops) as OpKind[]) {
  KINDS.set(kind, kind);
  if (rulesOf(kind).operandNames !== undefined) KINDS.set(quantizedName(kind), kind);
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
  const named = rulesOf(node.kind).operandNames !== undefined && isQuantized(graph, node);
  return named ? quantizedName(node.kind) : node.kind;
}

/**
 * The parameters of a quantized node's operands and result as Relay's attributes (input_scale, kernel_zero_point …).
 * They repeat what stands on the tensors, for readers; long per-axis lists show their length.
 */
export function quantizationAttrs(graph: Graph, node: Node): readonly (readonly [key: string, value: string])[] {
  const names = rulesOf(node.kind).operandNames;
  if (names === undefined || !isQuantized(graph, node)) return [];
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
  return [...names.flatMap((role, i) => one(role, operands[i])), ...one('output', resultsOf(graph, node)[0])];
}
