import { type Model, operandsOf, resultsOf } from '../model/ir/graph.ts';
import type { OpKind } from '../model/ops/attrs.ts';
import { isFloat } from '../model/tensor/dtype.ts';

/**
 * Between reals and integers, element by element: one correctly rounded division, or one product. All other operators on
 * floats add up in an order that is the target's, or call functions whose last bit is.
 */
const ROUNDED: ReadonlySet<OpKind> = new Set(['qnn.quantize', 'qnn.dequantize']);

/**
 * Whether all builds of a model give the same bits, whatever their target, schedules and threads: where no operator of any
 * graph reads or writes floats, but to quantize and to dequantize. Integer sums are exact in every order, and what is done to
 * them afterwards has one definition for all (docs/arithmetic.md), in integers, or in IEEE operations one by one on each
 * element: compilers may not contract or reorder them. Pure.
 */
export const givesEqualBits = ({ subgraphs }: Model): boolean =>
  subgraphs.every((graph) =>
    graph.nodes.every(
      (node) =>
        ROUNDED.has(node.kind) ||
        [...operandsOf(graph, node), ...resultsOf(graph, node)].every(
          (tensor) => tensor === null || !(isFloat(tensor.dtype) || tensor.dtype === 'complex64'),
        ),
    ),
  );
