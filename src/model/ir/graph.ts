import type { OpAttrs, OpKind } from '../ops/attrs.ts';
import { ABSENT, type Tensor, type TensorId } from '../tensor/tensor.ts';

/** One operator application. Attributes belong to the kind; quantization stands on the tensors. */
export interface NodeOf<K extends OpKind> {
  readonly kind: K;
  readonly attrs: OpAttrs[K];
  readonly inputs: readonly TensorId[];
  readonly outputs: readonly TensorId[];
  /** Index of the operator in the file's subgraph it came from, for messages; nodes made by passes keep their origin's. */
  readonly source: number;
}
export type Node = { [K in OpKind]: NodeOf<K> }[OpKind];

/**
 * A graph in topological order: every input of a node is a graph input, a constant, a variable, or an output of an
 * earlier node. Graphs are values: passes return new ones.
 */
export interface Graph {
  readonly name: string;
  readonly tensors: readonly Tensor[];
  readonly nodes: readonly Node[];
  readonly inputs: readonly TensorId[];
  readonly outputs: readonly TensorId[];
}

/** A named entry point: user-facing input and output names of one subgraph. */
export interface Signature {
  readonly key: string;
  readonly subgraph: number;
  readonly inputs: readonly { readonly name: string; readonly tensor: TensorId }[];
  readonly outputs: readonly { readonly name: string; readonly tensor: TensorId }[];
}

export interface Model {
  /** What messages call it: the file's name without folder and extension. */
  readonly name: string;
  readonly description: string;
  /** The first one is the main one; others are bodies of control flow. */
  readonly subgraphs: readonly Graph[];
  readonly signatures: readonly Signature[];
}

/** The tensors a node reads and writes; an absent operand is null. */
export const operandsOf = (graph: Graph, node: Node): (Tensor | null)[] =>
  node.inputs.map((id) => (id === ABSENT ? null : graph.tensors[id]));
export const resultsOf = (graph: Graph, node: Node): Tensor[] => node.outputs.map((id) => graph.tensors[id]);

/** How messages name a node: `#7 nn.conv2d → "MobilenetV1/Conv2d_0/Relu6"`. */
export function nodeLabel(graph: Graph, node: Node): string {
  const out = node.outputs.length > 0 ? graph.tensors[node.outputs[0]]?.name : undefined;
  return `#${node.source} ${node.kind}${out === undefined ? '' : ` → "${out}"`}`;
}
