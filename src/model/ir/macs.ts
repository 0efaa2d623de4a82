import { rulesOf } from '../ops/index.ts';
import type { Graph, Node } from './graph.ts';
import { viewOf } from './shapes.ts';

/** Multiply-accumulates of one application of `node`: only operators made of dot products count. */
export const nodeMacs = (graph: Graph, node: Node): number => rulesOf(node.kind).macs?.(viewOf(graph, node)) ?? 0;

/** Multiply-accumulates of one run of `graph`. */
export const macsOf = (graph: Graph): number => graph.nodes.reduce((sum, node) => sum + nodeMacs(graph, node), 0);
