import type { Node } from './graph.ts';

/** What a graph is run for, and which of the node's operands it is given. */
export interface Callee {
  readonly graph: number;
  readonly role: string;
  /** The node's first operand that is handed over. */
  readonly from: number;
  /** Whether the graph's results are the node's. */
  readonly returns: boolean;
  /** Whether the graph's one result says if a loop goes on. */
  readonly decides?: true;
}

/** The graphs that a node runs; empty for all other kinds. */
export function calleesOf(node: Node): readonly Callee[] {
  switch (node.kind) {
    case 'if':
      return [
        { graph: node.attrs.thenGraph, role: 'the branch taken', from: 1, returns: true },
        { graph: node.attrs.elseGraph, role: 'the other branch', from: 1, returns: true },
      ];
    case 'while':
      return [
        { graph: node.attrs.condition, role: 'the condition', from: 0, returns: false, decides: true },
        { graph: node.attrs.body, role: 'the body', from: 0, returns: true },
      ];
    case 'call_once':
      return [{ graph: node.attrs.init, role: 'the initialisation', from: 0, returns: false }];
    default:
      return [];
  }
}

/** The node with its graphs found by other numbers. */
export function renumberCallees(node: Node, to: (graph: number) => number): Node {
  switch (node.kind) {
    case 'if':
      return { ...node, attrs: { thenGraph: to(node.attrs.thenGraph), elseGraph: to(node.attrs.elseGraph) } };
    case 'while':
      return { ...node, attrs: { condition: to(node.attrs.condition), body: to(node.attrs.body) } };
    case 'call_once':
      return { ...node, attrs: { init: to(node.attrs.init) } };
    default:
      return node;
  }
}
