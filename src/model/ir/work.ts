import type { OpKind } from '../ops/attrs.ts';
import { integers } from '../ops/checks.ts';
import type { OpView } from '../ops/definition.ts';
import { elements, type Shape } from '../tensor/shape.ts';
import { type Graph, type Node, operandsOf } from './graph.ts';
import { nodeMacs } from './macs.ts';
import { viewOf } from './shapes.ts';

type Visits<K extends OpKind> = (op: OpView<K>) => number;

const windows: Visits<'nn.avg_pool2d' | 'nn.max_pool2d' | 'nn.l2_pool2d'> = ({ attrs, outputs: [out] }) =>
  elements(out.shape) * attrs.pool[0] * attrs.pool[1];
const sizeOf = (op: OpView<OpKind>, i: number): number => elements(op.inputs[i]?.shape ?? []);
/** Every box may be compared with every other. */
const pairs = (boxes: Shape): number => elements(boxes.slice(0, -1)) ** 2;
/** Steps a number in sorting or in a Fourier transform: the logarithm of any size that there is. */
const LOG = 31;

/** Steps of kinds that visit elements more than once and are not made of dot products. */
const VISITS: { readonly [K in OpKind]?: Visits<K> } = {
  'nn.avg_pool2d': windows,
  'nn.max_pool2d': windows,
  'nn.l2_pool2d': windows,
  'nn.lrn': ({ attrs, outputs: [out] }) => elements(out.shape) * (2 * attrs.radius + 1),
  'hlo.reduce_window': (op) => elements(op.outputs[0].shape) * elements(integers(op.inputs[2]) ?? []),
  'vision.non_max_suppression': (op) => pairs(op.inputs[0]!.shape),
  'vision.soft_non_max_suppression': (op) => pairs(op.inputs[0]!.shape),
  'vision.detection_postprocess': (op) => pairs(op.inputs[0]!.shape) * op.inputs[1]!.shape[2],
  'signal.rfft2d': (op) => LOG * elements(op.outputs[0].shape),
  topk: (op) => LOG * sizeOf(op, 0),
};

/** Steps of one application of `node`: elements read and written, multiply-accumulates, visits to windows and pairs. */
export function stepsOf(graph: Graph, node: Node): number {
  const view = viewOf(graph, node);
  const touched = [...operandsOf(graph, node), ...view.outputs].reduce((sum, t) => sum + elements(t?.shape ?? []), 0);
  return touched + nodeMacs(graph, node) + ((VISITS[node.kind] as Visits<OpKind> | undefined)?.(view) ?? 0);
}
