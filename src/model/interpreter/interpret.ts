import { InputError } from '../../errors.ts';
import { ABSENT, type Graph, type Model, type Node, nodeLabel, type Tensor, type TensorId } from '../ir/graph.ts';
import type { Profile } from '../ops/definition.ts';
import { rulesOf } from '../ops/index.ts';
import { allocate, type TensorData } from '../tensor/dtype.ts';
import { elements, type Shape, sameShape, showShape } from '../tensor/shape.ts';

/** A value while a graph runs: its elements and the shape they have in this run. */
export interface Value {
  readonly shape: Shape;
  readonly data: TensorData;
}

export interface InterpretOptions {
  /** Rounding of the integer operators; the default is `tflite`. */
  readonly profile?: Profile;
  /** Which subgraph to run; the default is the main one, 0. */
  readonly subgraph?: number;
  /** Shapes of the inputs where they differ from the model's (a larger batch, a longer sequence). */
  readonly inputShapes?: readonly (Shape | undefined)[];
  /** Variables of earlier runs; they are read and replaced. Without it every run starts from zeros. */
  readonly state?: Map<TensorId, Value>;
  /** Called with each computed tensor, in order. */
  readonly observe?: (tensor: TensorId, value: Value) => void;
}

/**
 * Runs one graph of `model` by its operators' rules: the exact arithmetic that every build is compared with.
 *
 * @param inputs the elements of each graph input, in order
 * @returns the elements of each graph output, in order
 * @throws InputError where an input has the wrong number of elements or a shape comes out impossible
 */
export function interpret(model: Model, inputs: readonly TensorData[], options: InterpretOptions = {}): TensorData[] {
  return interpretValues(model, inputs, options).map((v) => v.data);
}

/** As `interpret`; the outputs come with their shapes, which may depend on the inputs. */
export function interpretValues(model: Model, inputs: readonly TensorData[], options: InterpretOptions = {}): Value[] {
  const graph = model.subgraphs[options.subgraph ?? 0];
  const values = feed(model, graph, inputs, options);
  const lastUse = lastUses(graph);
  graph.nodes.forEach((node, i) => {
    const results = evaluateNode(model, graph, node, values, options);
    node.outputs.forEach((id, k) => {
      values.set(id, results[k]);
      if (graph.tensors[id].variable) options.state?.set(id, results[k]);
      options.observe?.(id, results[k]);
    });
    for (const id of lastUse[i]) values.delete(id);
  });
  return graph.outputs.map((id) => lookUp(graph, values, id));
}

/** The graph's inputs and variables as values. */
function feed(
  model: Model,
  graph: Graph,
  inputs: readonly TensorData[],
  options: InterpretOptions,
): Map<TensorId, Value> {
  if (inputs.length !== graph.inputs.length) {
    throw new InputError(`${model.name} has ${graph.inputs.length} inputs, but ${inputs.length} were given`);
  }
  const values = new Map<TensorId, Value>();
  graph.inputs.forEach((id, i) => {
    const tensor = graph.tensors[id];
    const shape = options.inputShapes?.[i] ?? tensor.shape;
    if (inputs[i].length !== elements(shape)) {
      throw new InputError(
        `${model.name}: input "${tensor.name}" takes ${elements(shape)} elements ${showShape(shape)}, not ${inputs[i].length}`,
      );
    }
    values.set(id, { shape, data: inputs[i] });
  });
  graph.tensors.forEach((tensor, id) => {
    if (!tensor.variable) return;
    values.set(
      id,
      options.state?.get(id) ?? { shape: tensor.shape, data: allocate(tensor.dtype, elements(tensor.shape)) },
    );
  });
  return values;
}

/** For each node, the computed tensors that nothing after it reads: their memory can go. */
function lastUses(graph: Graph): TensorId[][] {
  const keep = new Set<TensorId>(graph.outputs);
  const dead: TensorId[][] = graph.nodes.map(() => []);
  const seen = new Set<TensorId>();
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    for (const id of [...graph.nodes[i].inputs, ...graph.nodes[i].outputs]) {
      if (id === ABSENT || seen.has(id) || keep.has(id) || graph.tensors[id].variable) continue;
      seen.add(id);
      dead[i].push(id);
    }
  }
  return dead;
}

function lookUp(graph: Graph, values: ReadonlyMap<TensorId, Value>, id: TensorId): Value {
  const tensor = graph.tensors[id];
  const value = values.get(id) ?? (tensor.data === null ? undefined : { shape: tensor.shape, data: tensor.data });
  if (value === undefined) throw new Error(`tensor ${id} "${tensor.name}" is read before it is computed`);
  return value;
}

/** A tensor as it is in this run: with its elements at hand, so that shapes can follow from them. */
const inThisRun = (tensor: Tensor, value: Value): Tensor =>
  tensor.data === value.data && sameShape(tensor.shape, value.shape)
    ? tensor
    : { ...tensor, shape: value.shape, data: value.data };

function evaluateNode(
  model: Model,
  graph: Graph,
  node: Node,
  values: ReadonlyMap<TensorId, Value>,
  options: InterpretOptions,
): Value[] {
  const rules = rulesOf(node.kind);
  const operands = node.inputs.map((id) => (id === ABSENT ? null : lookUp(graph, values, id)));
  const inputs = node.inputs.map((id, i) => (id === ABSENT ? null : inThisRun(graph.tensors[id], operands[i]!)));
  const declared = node.outputs.map((id) => graph.tensors[id]);
  const view = { kind: node.kind, attrs: node.attrs, inputs, outputs: declared };
  // Fed values decide as much as shapes do: an index, an axis, the length of a range.
  const problems = rules.check(view);
  if (problems.length > 0) throw new InputError(`${model.name}: ${nodeLabel(graph, node)}: ${problems.join('; ')}`);
  const shapes = rules.shapes(view);
  const outputs = declared.map((tensor, k): Tensor => {
    const shape = shapes[k] ?? tensor.shape;
    return sameShape(shape, tensor.shape) ? tensor : { ...tensor, shape };
  });
  const data = rules.evaluate({
    ...view,
    outputs,
    data: operands.map((v) => v?.data ?? null),
    profile: options.profile ?? 'tflite',
  });
  return data.map((d, k) => ({ shape: outputs[k].shape, data: d }));
}
