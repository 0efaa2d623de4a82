import { foldConstants } from '../../compiler/passes/fold_constants.ts';
import type { Profile } from '../../model/arithmetic/multiplier.ts';
import { interpretValues } from '../../model/interpreter/index.ts';
import { type Graph, type Model, type Node, nodeLabel } from '../../model/ir/graph.ts';
import type { DType, TensorData } from '../../model/tensor/dtype.ts';
import { elements } from '../../model/tensor/shape.ts';
import { ABSENT, type TensorId } from '../../model/tensor/tensor.ts';
import { type Engine, runnerOrThrow, type Tensors } from '../engines/engine.ts';
import { sameOutputs, sameTensor } from './compare.ts';
import type { ReferenceRunner } from './index.ts';

/** Operators that, given the values of another runtime, give others than it does. */
export interface Parting {
  /** How messages name them, in order. */
  readonly operators: readonly string[];
  /** Their kinds. */
  readonly kinds: readonly string[];
  /** How many operators were compared. */
  readonly comparable: number;
}

/** Elements of the tensors of one inference that are looked at. */
const MOST_VALUES = 64 << 20;

/** Types that every runtime gives out. */
const PLAIN: readonly DType[] = ['float32', 'int8', 'uint8', 'int16', 'int32', 'int64', 'bool'];

/** The model with every tensor that its main graph computes as an output, after its own. */
function withAllOutputs(model: Model): Model {
  const [main, ...others] = model.subgraphs;
  let room = MOST_VALUES;
  const added = main.nodes
    .flatMap((node) => node.outputs)
    .filter((id) => {
      const { dtype, shape, variable } = main.tensors[id];
      if (variable || !PLAIN.includes(dtype) || main.outputs.includes(id)) return false;
      room -= elements(shape);
      return room >= 0;
    });
  const opened: Graph = { ...main, outputs: [...main.outputs, ...added] };
  return { ...model, subgraphs: [opened, ...others], signatures: [] };
}

/**
 * Operators that compute shapes folded away: tensors whose shape a runtime learns as it runs are none that it gives out.
 */
const fixed = ({ subgraphs: [main, ...others], ...model }: Model): Model => ({
  ...model,
  subgraphs: [foldConstants(main), ...others],
});

/** What another runtime computes for every tensor of a model's main graph. */
export interface Trace {
  readonly model: Model;
  readonly values: ReadonlyMap<TensorId, TensorData>;
}

/**
 * Runs one inference with all tensors as outputs.
 * @param outputs what the runtime gave for these inputs
 * @returns null where it gives others now: it computes otherwise where it cannot keep tensors to itself
 */
export async function traceOf(
  model: Model,
  inputs: Tensors,
  outputs: Tensors,
  engine: Engine<ReferenceRunner>,
): Promise<Trace | null> {
  const folded = fixed(model);
  const opened = withAllOutputs(folded);
  const runner = runnerOrThrow((await engine.prepare([{ model: opened, name: model.name, symbol: 'opened' }]))[0]);
  try {
    const [found] = await runner.run([inputs]);
    if (!sameOutputs(outputs, found, runner.outputs.slice(0, outputs.length))) return null;
    const [graph] = opened.subgraphs;
    return {
      model: folded,
      values: new Map([
        ...graph.inputs.map((id, i) => [id, inputs[i]] as const),
        ...graph.outputs.map((id, k) => [id, found[k]] as const),
      ]),
    };
  } finally {
    runner.close();
  }
}

/**
 * Feeds each operator of the main graph what the other runtime gave to it, and compares what comes out in the interpreter's
 * arithmetic under a profile: what an operator inherits is none of its own.
 */
export function partingOf(trace: Trace, profile: Profile): Parting {
  const [graph] = trace.model.subgraphs;
  const judged = graph.nodes.filter(
    (node) =>
      node.outputs.every((id) => trace.values.has(id)) && fedOf(graph, node).every((id) => trace.values.has(id)),
  );
  const parting = judged.filter((node) => parts(trace, graph, node, profile));
  return {
    operators: parting.map((node) => nodeLabel(graph, node)),
    kinds: parting.map(({ kind }) => kind),
    comparable: judged.length,
  };
}

/** The operands of a node that are no constants, each once. */
const fedOf = (graph: Graph, node: Node): TensorId[] => [
  ...new Set(node.inputs.filter((id) => id !== ABSENT && graph.tensors[id].data === null)),
];

function parts({ model, values }: Trace, graph: Graph, node: Node, profile: Profile): boolean {
  const inputs = fedOf(graph, node);
  const alone: Graph = { ...graph, nodes: [node], inputs, outputs: node.outputs };
  const results = interpretValues(
    { ...model, subgraphs: [alone, ...model.subgraphs.slice(1)] },
    inputs.map((id) => values.get(id)!),
    { profile },
  );
  return node.outputs.some((id, k) => !sameTensor(results[k].data, values.get(id)!, graph.tensors[id].dtype));
}
