import { type Graph, type Node, nodeLabel } from '../../model/ir/graph.ts';
import type { Shape } from '../../model/tensor/shape.ts';
import type { TensorId } from '../../model/tensor/tensor.ts';
import { dataInputs, endOf, type GraphView, isActivation, originOf, viewOf } from './view.ts';
import { cosine, isWeighted, weightsOf } from './weights.ts';

/** A tensor of the INT8 graph and the tensor of the FP32 graph that holds the same values but for quantization. */
export interface JoinedTensor {
  readonly int8: TensorId;
  readonly fp32: TensorId;
  /** The result of the INT8 operator itself, before what may be fused into it. */
  readonly origin: TensorId;
  /** Index of the operator in the INT8 graph whose result it is, with what is fused on either side; null for graph inputs. */
  readonly node: number | null;
  /** Index of its partner in the FP32 graph. */
  readonly partner: number | null;
  /** Whether constants stand after the partner that INT8 has folded into its weights. */
  readonly folded: boolean;
}

export interface Join {
  readonly tensors: readonly JoinedTensor[];
  /** Labels of INT8 operators without a partner. */
  readonly apart: readonly string[];
}

const core = (shape: Shape): string => shape.filter((extent) => extent !== 1).join();

/** Kinds that converters exchange. */
const familyOf = (node: Node): string => {
  if (isWeighted(node)) return 'weighted';
  return node.kind === 'mean' || node.kind === 'nn.avg_pool2d' ? 'average' : node.kind;
};

/** Least cosine between weights that are the same but for quantization. */
const SAME_WEIGHTS = 0.95;

/**
 * Joins two graphs of one network by structure: operators of a kind whose operands are joined and whose results have one
 * shape, extents of 1 aside, are the same. Names take no part: converters rename. Among several candidates the weights
 * decide. Where an operand could not be joined, weights that agree and are the only ones to do so begin anew.
 */
export function joinGraphs(int8: Graph, fp32: Graph): Join {
  const [a, b] = [viewOf(int8), viewOf(fp32)];
  const tensors: JoinedTensor[] = [];
  /** Origins in INT8 with their partners. */
  const origins = new Map<TensorId, TensorId>();
  const add = (ids: Pick<JoinedTensor, 'int8' | 'fp32' | 'origin'>, of: Omit<JoinedTensor, keyof typeof ids>) => {
    const { int8: from, fp32: to } = ids;
    if (core(int8.tensors[from].shape) !== core(fp32.tensors[to].shape)) return;
    if (!isActivation(int8.tensors[from]) || fp32.tensors[to].dtype !== 'float32') return;
    if (tensors.some((t) => t.int8 === from || t.fp32 === to)) return;
    tensors.push({ ...ids, ...of });
  };
  int8.inputs.forEach((id, i) => {
    origins.set(id, fp32.inputs[i]);
    add(
      { int8: quantizedInput(a, id), fp32: fp32.inputs[i], origin: id },
      { node: null, partner: null, folded: false },
    );
  });
  const candidates = candidatesOf(b);
  const apart: string[] = [];
  int8.nodes.forEach((node, i) => {
    if (a.roles[i] !== 'anchor') return;
    const partner = partnerOf(a, node, b, candidates.get(familyOf(node)) ?? [], origins);
    if (partner === null) {
      apart.push(nodeLabel(int8, node));
      return;
    }
    const list = candidates.get(familyOf(node))!;
    list.splice(list.indexOf(partner), 1);
    node.outputs.forEach((id, k) => {
      const other = fp32.nodes[partner].outputs[k];
      origins.set(id, other);
      const [from, to] = [endOf(a, id), endOf(b, other)];
      const folded = to.tails.some((t) => /multiply|divide/.test(fp32.nodes[t].kind));
      add({ int8: from.id, fp32: to.id, origin: id }, { node: i, partner, folded });
    });
  });
  return { tensors, apart };
}

/** What the first operators read of an input: a float one is quantized first. */
function quantizedInput({ graph, readers }: GraphView, id: TensorId): TensorId {
  const [reader, ...more] = readers.get(id) ?? [];
  const node = reader === undefined || more.length > 0 ? undefined : graph.nodes[reader];
  return node?.kind === 'qnn.quantize' ? node.outputs[0] : id;
}

function candidatesOf(view: GraphView): Map<string, number[]> {
  const found = new Map<string, number[]>();
  view.graph.nodes.forEach((node, i) => {
    if (view.roles[i] === 'anchor') found.set(familyOf(node), [...(found.get(familyOf(node)) ?? []), i]);
  });
  return found;
}

/** The operator of the other graph that computes what `node` does; null where there is none, or several might. */
function partnerOf(
  a: GraphView,
  node: Node,
  b: GraphView,
  candidates: readonly number[],
  origins: ReadonlyMap<TensorId, TensorId>,
): number | null {
  const alike = candidates.filter((i) => sameForm(a.graph, node, b.graph, b.graph.nodes[i]));
  const wanted = dataInputs(a.graph, node).map((id) => origins.get(originOf(a, id)));
  if (wanted.includes(undefined)) {
    const agreeing = alike.filter((i) => agreement(a.graph, node, b.graph, b.graph.nodes[i]) > SAME_WEIGHTS);
    return agreeing.length === 1 ? agreeing[0] : null;
  }
  const key = (ids: readonly (TensorId | undefined)[]) => [...ids].sort().join();
  const fed = alike.filter(
    (i) => key(dataInputs(b.graph, b.graph.nodes[i]).map((id) => originOf(b, id))) === key(wanted),
  );
  if (fed.length < 2 || !isWeighted(node)) return fed[0] ?? null;
  const scores = fed.map((i) => agreement(a.graph, node, b.graph, b.graph.nodes[i]));
  return fed[scores.indexOf(Math.max(...scores))];
}

/** Whether two operators have results of the same shape, and weights and strides of the same size. */
function sameForm(a: Graph, node: Node, b: Graph, other: Node): boolean {
  if (node.outputs.length !== other.outputs.length) return false;
  const shapes = node.outputs.every((id, k) => core(a.tensors[id].shape) === core(b.tensors[other.outputs[k]].shape));
  if (!shapes || !isWeighted(node)) return shapes;
  const size = (graph: Graph, n: Node) => core(graph.tensors[n.inputs[1]].shape);
  const stride = (n: Node) => ('strides' in n.attrs ? String(n.attrs.strides) : '1,1');
  const kinds = node.kind === other.kind || [node.kind, other.kind].includes('nn.dense');
  return kinds && size(a, node) === size(b, other) && (node.kind !== other.kind || stride(node) === stride(other));
}

/** Cosine of the weights of two operators; 0 without any. */
function agreement(a: Graph, node: Node, b: Graph, other: Node): number {
  const [x, y] = [weightsOf(a, node), weightsOf(b, other)];
  if (x === null || y === null || x.values.length !== y.values.length) return 0;
  return cosine(x.values, 0, y.values, 0, x.values.length);
}
