/** Models side by side in one, so that one compilation covers many, and what each of them is. */
import fc from 'fast-check';
import { calleesOf } from '../../src/model/ir/callees.ts';
import type { Graph, Model, Node } from '../../src/model/ir/graph.ts';
import type { OpKind } from '../../src/model/ops/attrs.ts';
import type { TensorData } from '../../src/model/tensor/dtype.ts';
import { elements } from '../../src/model/tensor/shape.ts';
import { ABSENT, type TensorId } from '../../src/model/tensor/tensor.ts';
import { type Case, feed, graphOf, problemsOf } from '../compiler/operators.ts';

/** A random model with what it is fed: a run each, in order, state kept. */
export interface Instance {
  readonly model: Model;
  readonly runs: readonly (readonly TensorData[])[];
  /** Whether results are as exact as their operands' elements; else as the largest result, as sums of products are. */
  readonly elementwise: boolean;
}

export const modelOf = (...subgraphs: readonly Graph[]): Model => ({
  name: 'property',
  description: '',
  subgraphs,
  signatures: [],
});

/** State that is kept needs several runs to show. */
const RUNS = 2;

/** `model` fed with random elements; with `special`, now and then NaN, infinities and the like. */
export const fedWith = (model: Model, seed: number, special = false): Instance => ({
  model,
  runs: Array.from({ length: RUNS }, (_, run) => feed(model.subgraphs[0], seed + run, special)),
  elementwise: special,
});

/** Instances of one kind from a family's cases. */
export const only = (family: fc.Arbitrary<Case>, kind: OpKind, special = true): fc.Arbitrary<Instance> =>
  fc
    .tuple(
      family.filter((c) => c.kind === kind && problemsOf(c).length === 0),
      fc.nat(),
    )
    .map(([c, seed]) => fedWith(modelOf(graphOf([c])), seed, special));

export const kindsOf = (model: Model): OpKind[] => model.subgraphs.flatMap((graph) => graph.nodes.map((n) => n.kind));

/** Where an instance's part of a merged model is. */
export interface Merged {
  readonly model: Model;
  readonly runs: readonly (readonly TensorData[])[];
  /** The instance that each output of the model belongs to, and its own index there. */
  readonly outputs: readonly { readonly instance: number; readonly output: number }[];
  /** The instance that each tensor of the main graph belongs to. */
  readonly owners: readonly number[];
}

/** All instances in one model: their main graphs beside each other, the graphs that these run behind. */
export function merge(instances: readonly Instance[]): Merged {
  const main = { tensors: [], nodes: [], inputs: [], outputs: [] } as {
    [K in 'tensors' | 'nodes' | 'inputs' | 'outputs']: Graph[K][number][];
  };
  const others: Graph[] = [];
  const owners: number[] = [];
  const outputs = instances.flatMap(({ model }, instance) => {
    const [graph, ...called] = model.subgraphs;
    const [first, graphs] = [main.tensors.length, others.length];
    const moved = (id: TensorId): TensorId => (id === ABSENT ? ABSENT : id + first);
    owners.push(...graph.tensors.map(() => instance));
    main.tensors.push(...graph.tensors.map((t) => ({ ...t, name: `${instance} ${t.name}` })));
    main.nodes.push(
      ...graph.nodes.map((n): Node => {
        const node = { ...n, inputs: n.inputs.map(moved), outputs: n.outputs.map(moved), source: main.nodes.length };
        return renumbered(node as Node, graphs, instance);
      }),
    );
    others.push(...called.map((g) => ({ ...g, nodes: g.nodes.map((n) => renumbered(n, graphs, instance)) })));
    main.inputs.push(...graph.inputs.map(moved));
    main.outputs.push(...graph.outputs.map(moved));
    return graph.outputs.map((_, output) => ({ instance, output }));
  });
  const runs = instances[0].runs.map((_, run) => instances.flatMap((i) => i.runs[run]));
  return { model: modelOf({ name: 'main', ...main }, ...others), runs, outputs, owners };
}

/** A node whose instance's graphs begin `by` later, and whose variables are its instance's own. */
function renumbered(node: Node, by: number, instance: number): Node {
  const attrs = Object.entries(node.attrs).map(([key, value]) => {
    const names = calleesOf(node).length > 0 && typeof value === 'number';
    return [key, names ? value + by : key === 'container' ? `${instance}` : value];
  });
  return { ...node, attrs: Object.fromEntries(attrs) } as Node;
}

/** Instance `i` in words: its operators, types and shapes. */
export function describe({ model }: Instance): string {
  const [graph] = model.subgraphs;
  return graph.nodes
    .map((node) => {
      const shown = (ids: readonly TensorId[]): string =>
        ids.map((id) => (id === ABSENT ? '-' : `${graph.tensors[id].dtype}[${graph.tensors[id].shape}]`)).join(' ');
      return `${node.kind} ${JSON.stringify(node.attrs)} (${shown(node.inputs)} → ${shown(node.outputs)})`;
    })
    .join('; ');
}

/** Elements that all runs of an instance compute. */
export const resultElements = ({ model, runs }: Instance): number => {
  const [graph] = model.subgraphs;
  return runs.length * graph.outputs.reduce((sum, id) => sum + elements(graph.tensors[id].shape), 0);
};
