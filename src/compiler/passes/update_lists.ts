import type { Graph, Node, NodeOf } from '../../model/ir/graph.ts';
import { integers } from '../../model/ops/checks.ts';
import { sameShape } from '../../model/tensor/shape.ts';
import type { Tensor, TensorId } from '../../model/tensor/tensor.ts';
import { makersOf, type Pass } from './view.ts';

/** Replacement of one entry of a list. */
interface Update {
  readonly list: TensorId;
  readonly entry: TensorId;
  /** The entry's index, shape [1], and zeros for the other dimensions. */
  readonly index: TensorId;
  readonly zeros: TensorId;
}

/**
 * Replaces concatenate(entries before, entry, entries after), by which converters write a list's entry in a loop, by one update. The
 * lengths of the parts change with each iteration, but the whole keeps its shape.
 */
export const updateLists: Pass = (graph) => {
  const makers = makersOf(graph);
  const tensors: Tensor[] = [...graph.tensors];
  const nodes = graph.nodes.flatMap((node): Node[] => {
    const update = node.kind === 'concatenate' ? updateOf(graph, makers, node) : null;
    if (update === null) return [node];
    const { list, entry, index, zeros } = update;
    const rank = tensors[list].shape.length;
    const start = tensors.push({
      name: `${tensors[node.outputs[0]].name}/start`,
      dtype: 'int32',
      shape: [rank],
      quantization: null,
      data: null,
    });
    const { source, outputs } = node;
    return [
      {
        kind: 'concatenate',
        attrs: { axis: 0, activation: 'NONE' },
        inputs: [index, zeros],
        outputs: [start - 1],
        source,
      },
      { kind: 'dynamic_update_slice', attrs: {}, inputs: [list, entry, start - 1], outputs, source },
    ];
  });
  return { ...graph, tensors, nodes };
};

type Makers = readonly (Node | undefined)[];

/** concatenate(slice(list, 0…, [i, …]), entry, slice(list, [i + 1, 0…], …)) along the first dimension. */
function updateOf(graph: Graph, makers: Makers, node: NodeOf<'concatenate'>): Update | null {
  const [before, entry, after] = node.inputs;
  const [head, tail] = [makers[before], makers[after]];
  if (node.inputs.length !== 3 || node.attrs.axis !== 0 || node.attrs.activation !== 'NONE') return null;
  if (head?.kind !== 'slice' || tail?.kind !== 'slice' || head.inputs[0] !== tail.inputs[0]) return null;
  const list = head.inputs[0];
  const [whole, one, out] = [list, entry, node.outputs[0]].map((id) => graph.tensors[id]);
  if (!sameShape(one.shape, [1, ...whole.shape.slice(1)]) || !sameShape(out.shape, whole.shape)) return null;
  const values = (id: TensorId): number[] => integers(graph.tensors[id]) ?? [];
  if (!isAll(values(head.inputs[1]), 0, whole.shape.length) || !isAll(values(tail.inputs[2]), -1, whole.shape.length))
    return null;
  const size = firstAndRest(graph, makers, head.inputs[2]);
  const begin = firstAndRest(graph, makers, tail.inputs[1]);
  if (size === null || begin === null || !isSuccessor(graph, makers, begin.scalar, size.scalar)) return null;
  const rest = whole.shape.slice(1);
  const isWhole = values(size.rest).every((n, k) => n === -1 || n === rest[k]);
  if (!isWhole || !isAll(values(begin.rest), 0, rest.length) || graph.tensors[size.first].dtype !== 'int32')
    return null;
  return { list, entry, index: size.first, zeros: begin.rest };
}

const isAll = (values: readonly number[], value: number, length: number): boolean =>
  values.length === length && values.every((v) => v === value);

/** A concatenation of a scalar, reshaped to [1], and a vector. */
function firstAndRest(graph: Graph, makers: Makers, id: TensorId) {
  const join = makers[id];
  if (join?.kind !== 'concatenate' || join.inputs.length !== 2) return null;
  const [first, rest] = join.inputs;
  const lift = makers[first];
  const lifted = lift?.kind === 'reshape' || lift?.kind === 'expand_dims';
  if (!lifted || !sameShape(graph.tensors[first].shape, [1])) return null;
  return { first, rest, scalar: lift.inputs[0] };
}

/** Whether `next` is `value` + 1. */
function isSuccessor(graph: Graph, makers: Makers, next: TensorId, value: TensorId): boolean {
  const add = makers[next];
  if (add?.kind !== 'add' || add.attrs.activation !== 'NONE' || !add.inputs.includes(value)) return false;
  const other = add.inputs.find((id) => id !== value) ?? value;
  return isAll(integers(graph.tensors[other]) ?? [], 1, 1);
}
