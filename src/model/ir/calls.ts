import type { Tensor } from '../tensor/tensor.ts';
import { type Callee, calleesOf } from './callees.ts';
import { type Graph, type Node, nodeLabel, operandsOf, resultsOf } from './graph.ts';
import type { Label } from './verify.ts';

/** Graphs that run graphs that run graphs … deeper than any converter writes. */
const MAX_NESTING = 64;

/** A node that runs another graph. */
interface Call {
  readonly node: Node;
  readonly callee: Callee;
}

/**
 * What is wrong with the ways in which graphs of a model run one another: graphs that do not exist, recursion, operands
 * and results that do not fit. By graph.
 */
export function verifyCalls(graphs: readonly Graph[], labels: readonly Label[] = []): string[][] {
  const calls = graphs.map((graph): Call[] =>
    graph.nodes.flatMap((node) => calleesOf(node).map((callee) => ({ node, callee }))),
  );
  const depths = nestings(calls);
  return graphs.map((graph, index) =>
    calls[index].flatMap(({ node, callee }) => {
      const label = (labels[index] ?? nodeLabel)(graph, node);
      const target = graphs[callee.graph];
      if (target === undefined)
        return [
          `${label}: ${callee.role} is subgraph ${callee.graph}, which does not exist (there are ${graphs.length})`,
        ];
      const depth = depths[callee.graph];
      if (depth === Number.POSITIVE_INFINITY)
        return [`${label}: ${callee.role} is subgraph ${callee.graph}, which runs itself again: recursion without end`];
      if (depth >= MAX_NESTING) return [`${label}: graphs run one another more than ${MAX_NESTING} deep`];
      return misfits(graph, node, callee, target).map((fault) => `${label}: ${fault}`);
    }),
  );
}

/** How deep the calls of each graph go, at most a little over the limit; without end where it comes back to itself. */
function nestings(calls: readonly (readonly Call[])[]): number[] {
  const depths = new Map<number, number>();
  const visit = (graph: number, path: readonly number[]): number => {
    const known = depths.get(graph);
    if (known !== undefined || calls[graph] === undefined) return known ?? 0;
    if (path.includes(graph)) return Number.POSITIVE_INFINITY;
    if (path.length > MAX_NESTING) return MAX_NESTING;
    const below = [...path, graph];
    const depth = calls[graph].reduce((deepest, { callee }) => Math.max(deepest, 1 + visit(callee.graph, below)), 0);
    depths.set(graph, depth);
    return depth;
  };
  return calls.map((_, graph) => visit(graph, []));
}

/** Operands and results of a node beside those of the graph that it runs. Shapes may differ from run to run. */
function misfits(graph: Graph, node: Node, { role, from, returns, ...callee }: Callee, target: Graph): string[] {
  const what = `${role} (subgraph ${callee.graph})`;
  const given = operandsOf(graph, node).slice(from);
  const wanted = target.inputs.map((id) => target.tensors[id]);
  const results = target.outputs.map((id) => target.tensors[id]);
  return [
    ...compare(given, wanted, (n, m) => `${what} takes ${m} values, but ${n} are given`, `input`, what),
    ...(returns
      ? compare(resultsOf(graph, node), results, (n, m) => `${what} gives ${m} values, must give ${n}`, `output`, what)
      : []),
    ...(callee.decides && (results.length !== 1 || results[0].dtype !== 'bool') ? [`${what} must give one bool`] : []),
  ];
}

function compare(
  here: readonly (Tensor | null)[],
  there: readonly Tensor[],
  otherCount: (here: number, there: number) => string,
  port: string,
  what: string,
): string[] {
  if (here.length !== there.length) return [otherCount(here.length, there.length)];
  return there.flatMap((t, i) =>
    here[i]?.dtype === t.dtype ? [] : [`${port} ${i} of ${what} is ${t.dtype}, but ${here[i]?.dtype} where it is run`],
  );
}
