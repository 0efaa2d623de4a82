/** The C of one node, before its tensors have addresses. */
import { InputError } from '../../errors.ts';
import { type Graph, type Node, nodeLabel, operandsOf, resultsOf } from '../../model/ir/graph.ts';
import type { OpKind } from '../../model/ops/attrs.ts';
import type { OpView } from '../../model/ops/definition.ts';
import type { Emission, EmitContext, Emitter } from '../emission/context.ts';
import { emitters } from './emitters/index.ts';
import type { ModelCode } from './model_code.ts';
import { type Needs, nodeContext } from './node_context.ts';

/** The function of a node and its requirements; operands in order. */
export interface NodeCode extends Readonly<Omit<Needs, 'reads' | 'states'>> {
  readonly node: Node;
  readonly name: string;
  readonly emission: Emission;
  readonly reads: readonly number[];
  readonly states: readonly number[];
}

/**
 * The C of a node; `name`: of its function.
 * @throws InputError if no code can be generated for it.
 */
export function emitNode(graph: Graph, node: Node, name: string, model: ModelCode): NodeCode {
  const [ctx, needs] = nodeContext(graph, node, name, model);
  const emission = emit(graph, node, ctx);
  const sorted = (operands: Set<number>): number[] => [...operands].sort((a, b) => a - b);
  return { ...needs, node, name, emission, reads: sorted(needs.reads), states: sorted(needs.states) };
}

function emit(graph: Graph, node: Node, ctx: EmitContext): Emission {
  const { kind, attrs } = node;
  const view: OpView<OpKind> = { kind, attrs, inputs: operandsOf(graph, node), outputs: resultsOf(graph, node) };
  try {
    return (emitters[kind] as Emitter<OpKind>)(view, ctx);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`operator ${nodeLabel(graph, node)} cannot be compiled: ${error.message}`);
  }
}
