import type { Graph, Model } from '../../model/ir/graph.ts';
import type { Tensor, TensorId } from '../../model/tensor/tensor.ts';
import type { JoinedTensor } from './join.ts';

/** A model that gives tensors as its outputs. */
export interface Opened {
  readonly model: Model;
  /** The tensors that it takes, in the order of its inputs. */
  readonly inputs: readonly TensorId[];
  /** The tensors that it gives, in the order of its outputs. */
  readonly outputs: readonly TensorId[];
}

const withMain = (model: Model, main: Graph): Model => ({
  ...model,
  subgraphs: [main, ...model.subgraphs.slice(1)],
  signatures: [],
});

const computed = (graph: Graph, ids: readonly TensorId[]): TensorId[] => {
  const made = new Set(graph.nodes.flatMap((node) => node.outputs));
  return [...new Set(ids)].filter((id) => made.has(id));
};

/** The model with the given tensors as outputs, in place of its own. */
export function expose(model: Model, ids: readonly TensorId[]): Opened {
  const [main] = model.subgraphs;
  const outputs = computed(main, ids);
  return { model: withMain(model, { ...main, outputs }), inputs: main.inputs, outputs };
}

/**
 * The FP32 model cut at every joined tensor: each piece reads the tensor as an input of the graph and gives its own result
 * as an output, so that no error passes from one piece to the next.
 */
export function cutModel(model: Model, joined: readonly JoinedTensor[]): Opened {
  const [main] = model.subgraphs;
  const tensors: Tensor[] = [...main.tensors];
  const read = new Set(main.nodes.flatMap((node) => node.inputs));
  const fed = joined.map(({ fp32 }) => fp32).filter((id) => read.has(id));
  const fresh = new Map(fed.map((id, i) => [id, tensors.push({ ...main.tensors[id], name: `cut/${i}` }) - 1] as const));
  const nodes = main.nodes.map((node) => ({ ...node, inputs: node.inputs.map((id) => fresh.get(id) ?? id) }));
  const others = main.inputs.filter((id) => !fresh.has(id));
  const inputs = [...fed, ...others];
  const outputs = computed(
    main,
    joined.map(({ fp32 }) => fp32),
  );
  const graph = { ...main, tensors, nodes, inputs: [...fresh.values(), ...others], outputs };
  return { model: withMain(model, graph), inputs, outputs };
}
