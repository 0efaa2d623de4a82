import { calleesOf, renumberCallees } from '../../model/ir/callees.ts';
import type { Graph, Model, Node, NodeOf } from '../../model/ir/graph.ts';
import type { TensorId } from '../../model/tensor/tensor.ts';
import { makersOf, renameInputs } from './view.ts';

type Maker = NodeOf<'var_handle'>;

/**
 * Specialises called graphs by the variables whose handles they get as arguments: a copy of the graph per set of variables, which creates
 * the handles itself. In a build every variable is then known by name.
 */
export function localHandles(model: Model): Model {
  const graphs = [...model.subgraphs];
  const copies = new Map<string, number>();

  /** Index of the copy of graph `index` that creates the handles at these inputs itself. */
  function copyOf(index: number, handles: ReadonlyMap<number, Maker>, loops: boolean): number {
    const key = `${index} ${loops} ${JSON.stringify([...handles].map(([i, { attrs }]) => [i, attrs]))}`;
    const known = copies.get(key);
    if (known !== undefined) return known;
    const graph = model.subgraphs[index];
    const others = (_: TensorId, i: number): boolean => !handles.has(i);
    const own = [...handles].map(([i, { attrs }]): Node => {
      return { kind: 'var_handle', attrs, inputs: [], outputs: [graph.inputs[i]], source: -1 };
    });
    // The copy is registered before its own calls are processed.
    const copy = graphs.push(graph) - 1;
    copies.set(key, copy);
    graphs[copy] = rewrite({
      ...graph,
      inputs: graph.inputs.filter(others),
      outputs: loops ? graph.outputs.filter(others) : graph.outputs,
      nodes: [...own, ...graph.nodes],
    });
    return copy;
  }

  function rewrite(graph: Graph): Graph {
    const makers = makersOf(graph);
    /** Results of loops that are handles, with their handles. */
    const same = new Map<TensorId, TensorId>();
    const original = (id: TensorId): TensorId => same.get(id) ?? id;
    const nodes = graph.nodes.map((given): Node => {
      const node = renameInputs(given, original);
      const callees = calleesOf(node);
      if (callees.length === 0) return node;
      const [{ from }] = callees;
      const operands = node.inputs.slice(from);
      const handles = handlesAmong(operands, makers);
      const loops = node.kind === 'while';
      if (handles.size === 0 || (loops && !passesOn(model.subgraphs[node.attrs.body], handles))) return node;
      if (loops) for (const i of handles.keys()) same.set(node.outputs[i], operands[i]);
      const moved = renumberCallees(node, (index) =>
        copyOf(index, handles, loops && index === node.attrs.body && index !== node.attrs.condition),
      );
      return {
        ...moved,
        inputs: [...node.inputs.slice(0, from), ...operands.filter((_, i) => !handles.has(i))],
        outputs: loops ? node.outputs.filter((_, i) => !handles.has(i)) : node.outputs,
      };
    });
    return { ...graph, nodes, outputs: graph.outputs.map(original) };
  }

  model.subgraphs.forEach((graph, index) => {
    graphs[index] = rewrite(graph);
  });
  return { ...model, subgraphs: graphs };
}

/** Operands that are handles, by position, with their producers. */
const handlesAmong = (operands: readonly TensorId[], makers: ReturnType<typeof makersOf>): Map<number, Maker> =>
  new Map(
    operands.flatMap((id, i) => {
      const maker = makers[id];
      return maker?.kind === 'var_handle' ? [[i, maker] as const] : [];
    }),
  );

/** Whether a loop's body returns the handles that it gets. */
const passesOn = (body: Graph, handles: ReadonlyMap<number, Maker>): boolean =>
  [...handles.keys()].every((i) => body.outputs[i] === body.inputs[i]);
