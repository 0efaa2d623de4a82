import { InputError } from '../../errors.ts';
import { calleesOf } from '../../model/ir/callees.ts';
import { compactModel } from '../../model/ir/compact.ts';
import { type Graph, type Model, type Node, nodeLabel } from '../../model/ir/graph.ts';
import { verifyGraph } from '../../model/ir/verify.ts';
import { rulesOf } from '../../model/ops/index.ts';
import { isQuantizable } from '../../model/tensor/dtype.ts';
import { ABSENT, type Tensor, type TensorId } from '../../model/tensor/tensor.ts';
import { writeImpliedActivations } from './implied_activations.ts';

/** Numbers that some operators of a quantized graph are to compute in. */
export interface Form {
  /** In messages, and behind the names of tensors. */
  readonly name: string;
  /** An activation in this form. */
  activation(t: Tensor): Tensor;
  /** The constant operands of a node, by tensor; those that are missing stay as they are. */
  constants(graph: Graph, node: Node): ReadonlyMap<TensorId, Tensor>;
  attributes(node: Node): Node;
  /** Operators that make a value of this form of a quantized one, and the tensors between them. */
  enter(from: Tensor, to: Tensor): Conversion;
  leave(from: Tensor, to: Tensor): Conversion;
  /** Whether a change of scale has no meaning here. */
  readonly scaleless: boolean;
}

interface Conversion {
  readonly kinds: readonly ('qnn.quantize' | 'qnn.dequantize' | 'qnn.requantize')[];
  readonly between: readonly Tensor[];
}

/**
 * The model with some nodes of its main graph computed in another form. What lies between two of these nodes keeps that
 * form; other nodes, and the outputs of the graph, get what they got before, of the same type and parameters.
 * @param chosen indices of nodes; those that only convert between types are passed over
 * @throws InputError where an operator does not have the form
 */
export function recompute(model: Model, chosen: Iterable<number>, form: Form): Model {
  const [graph, ...others] = model.subgraphs;
  const changed = recomputeGraph(graph, new Set(chosen), form);
  const faults = verifyGraph(changed);
  if (faults.length > 0) throw new InputError(`${model.name}: cannot be computed in ${form.name}: ${faults[0]}`);
  return compactModel({ ...model, subgraphs: [changed, ...others] });
}

function recomputeGraph(graph: Graph, chosen: ReadonlySet<number>, form: Form): Graph {
  let tensors: Tensor[] = [...graph.tensors];
  const nodes: Node[] = [];
  /** Of quantized activations: their counterparts. */
  const counterparts = new Map<TensorId, TensorId>();
  const readOutside = outsideReaders(graph, chosen);
  const add = (t: Tensor): TensorId => tensors.push(t) - 1;
  const counterpart = (id: TensorId): TensorId => {
    const made = add(form.activation(tensors[id]));
    counterparts.set(id, made);
    return made;
  };
  const convert = (by: Form['enter'], from: TensorId, to: TensorId, { source }: Node): void => {
    const { kinds, between } = by(tensors[from], tensors[to]);
    const way = [from, ...between.map(add), to];
    for (const [i, kind] of kinds.entries())
      nodes.push({ kind, attrs: {}, inputs: [way[i]], outputs: [way[i + 1]], source });
  };
  const entered = (id: TensorId, node: Node): TensorId => {
    const known = counterparts.get(id);
    if (known !== undefined) return known;
    const made = counterpart(id);
    convert(form.enter, id, made, node);
    return made;
  };
  const give = (from: TensorId, to: TensorId, node: Node): void => {
    if (from !== to && readOutside.has(to)) convert(form.leave, from, to, node);
  };
  const compute = (part: Node): void => {
    const constants = form.constants({ ...graph, tensors }, part);
    const inputs = part.inputs.map((id) => {
      const constant = constants.get(id);
      if (constant !== undefined) return add(constant);
      const computed = id !== ABSENT && tensors[id].data === null && isScaled(tensors[id]);
      return computed ? entered(id, part) : id;
    });
    const outputs = part.outputs.map((id) => (isScaled(tensors[id]) ? counterpart(id) : id));
    nodes.push({ ...form.attributes(part), inputs, outputs });
    for (const [i, id] of part.outputs.entries()) give(outputs[i], id, part);
  };
  for (const [n, node] of graph.nodes.entries()) {
    if (!chosen.has(n) || isBoundary(node)) nodes.push(node);
    else if (node.kind === 'qnn.requantize' && form.scaleless) {
      const same = entered(node.inputs[0], node);
      counterparts.set(node.outputs[0], same);
      give(same, node.outputs[0], node);
    } else {
      mustBeFree(graph, node, form);
      const explicit = writeImpliedActivations({ ...graph, tensors, nodes: [node] });
      tensors = [...explicit.tensors];
      for (const part of explicit.nodes) compute(part);
    }
  }
  return { ...graph, tensors, nodes };
}

/** Between floats and integers; both sides are meant. */
const isBoundary = ({ kind }: Node): boolean => kind === 'qnn.quantize' || kind === 'qnn.dequantize';

const isScaled = ({ dtype, quantization }: Tensor): boolean => isQuantizable(dtype) && quantization !== null;

/** Tensors that nodes outside of the chosen ones read, or that leave the graph. */
function outsideReaders(graph: Graph, chosen: ReadonlySet<number>): Set<TensorId> {
  const outside = graph.nodes.flatMap((node, n) => (chosen.has(n) && !isBoundary(node) ? [] : node.inputs));
  return new Set([...graph.outputs, ...outside]);
}

/** @throws InputError for an operator whose type others rely on: it keeps a state, or runs other graphs */
function mustBeFree(graph: Graph, node: Node, form: Form): void {
  const { state = [], control } = rulesOf(node.kind);
  const why =
    state.length > 0 || node.inputs.some((id) => graph.tensors[id]?.variable)
      ? 'it keeps a state from one inference to the next'
      : control || calleesOf(node).length > 0
        ? 'it runs other graphs'
        : null;
  if (why === null) return;
  throw new InputError(`operator ${nodeLabel(graph, node)} cannot be computed in ${form.name}: ${why}`);
}
