/** Instances whose data are intermediate results, which die in the operator that reads them. */
import { calleesOf } from '../../src/model/ir/callees.ts';
import type { Graph, Node } from '../../src/model/ir/graph.ts';
import { infer } from '../../src/model/ir/shapes.ts';
import type { DType } from '../../src/model/tensor/dtype.ts';
import type { Tensor, TensorId } from '../../src/model/tensor/tensor.ts';
import { ints } from '../compiler/draws.ts';
import { type Instance, modelOf } from './instance.ts';

/** Types that `reverse` moves. */
const MOVED: readonly DType[] = ['int8', 'uint8', 'int16', 'int32', 'int64', 'float32', 'bool'];

const isMoved = ({ dtype, shape, bound }: Tensor): boolean =>
  shape.length > 0 && MOVED.includes(dtype) && bound === undefined;

/** Results whose sizes are data: a build takes them as outputs alone. What graphs run by others give is judged with those. */
function sizedByData(graph: Graph): ReadonlySet<TensorId> {
  const running = new Set(graph.nodes.filter((node) => calleesOf(node).length > 0).flatMap(({ outputs }) => outputs));
  return new Set([...infer(graph).open].filter((id) => !running.has(id)));
}

/**
 * The instance with an operator before each of its inputs and behind each of its outputs that turns the last axis round:
 * no buffer of the caller's is left beside it, and what an operator claims of overlaps is made use of.
 */
export function surrounded(instance: Instance): Instance {
  const [graph, ...others] = instance.model.subgraphs;
  const tensors: Tensor[] = [...graph.tensors];
  const before: Node[] = [];
  const behind: Node[] = [];
  const turned = (nodes: Node[], id: TensorId, isInput: boolean): TensorId => {
    if (!isMoved(graph.tensors[id])) return id;
    const { shape } = graph.tensors[id];
    const own = tensors.push({ ...graph.tensors[id], name: `${graph.tensors[id].name} turned` }) - 1;
    const axis = tensors.push({ ...ints([shape.length - 1]), name: `${graph.tensors[id].name} axis` }) - 1;
    const [from, to] = isInput ? [own, id] : [id, own];
    nodes.push({ kind: 'reverse', attrs: {}, inputs: [from, axis], outputs: [to], source: nodes.length } as Node);
    return own;
  };
  const made = new Set(graph.nodes.flatMap((node) => node.outputs));
  const open = sizedByData(graph);
  const inputs = graph.inputs.map((id) => turned(before, id, true));
  const outputs = graph.outputs.map((id) => (made.has(id) && !open.has(id) ? turned(behind, id, false) : id));
  const whole: Graph = { ...graph, tensors, nodes: [...before, ...graph.nodes, ...behind], inputs, outputs };
  return { ...instance, model: modelOf(whole, ...others) };
}
