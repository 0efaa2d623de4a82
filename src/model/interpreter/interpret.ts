import { InputError } from '../../errors.ts';
import type { Profile } from '../arithmetic/multiplier.ts';
import { type Graph, type Model, type Node, type NodeOf, nodeLabel } from '../ir/graph.ts';
import type { ControlKind } from '../ops/control.ts';
import { rulesOf } from '../ops/index.ts';
import { allocate, type TensorData } from '../tensor/dtype.ts';
import { elements, type Shape, sameShape, showShape } from '../tensor/shape.ts';
import { ABSENT, type Tensor, type TensorId } from '../tensor/tensor.ts';
import { runControl, variableNames } from './control.ts';
import type { Value } from './value.ts';

/** The values of a model's variables, by names of the interpreter's own. Empty before the first run. */
export type State = Map<string, Value>;

export interface InterpretOptions {
  /** Rounding of the integer operators; the default is `tflite`. */
  readonly profile?: Profile;
  /** Which subgraph to run; the default is the main one, 0. */
  readonly subgraph?: number;
  /** Shapes of the inputs where they differ from the model's (a larger batch, a longer sequence). */
  readonly inputShapes?: readonly (Shape | undefined)[];
  /** What earlier runs left in variables; read and replaced. Without it every run starts afresh. */
  readonly state?: State;
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
  const index = options.subgraph ?? 0;
  const graph = model.subgraphs[index];
  const run: Run = { model, options, state: options.state ?? new Map(), names: variableNames(model) };
  return runGraph(run, index, feed(model, graph, inputs, options));
}

/** What stays the same while a model runs, whichever of its graphs is at work. */
interface Run {
  readonly model: Model;
  readonly options: InterpretOptions;
  readonly state: State;
  readonly names: readonly string[];
}

const variableKey = (index: number, id: TensorId): string => `variable ${index} ${id}`;

function runGraph(run: Run, index: number, inputs: readonly Value[]): Value[] {
  const graph = run.model.subgraphs[index];
  const values = new Map(graph.inputs.map((id, i) => [id, inputs[i]]));
  graph.tensors.forEach((tensor, id) => {
    if (tensor.variable) values.set(id, run.state.get(variableKey(index, id)) ?? freshVariable(tensor));
  });
  const lastUse = lastUses(graph);
  const set = (id: TensorId, value: Value): void => {
    values.set(id, value);
    if (graph.tensors[id].variable) run.state.set(variableKey(index, id), value);
  };
  graph.nodes.forEach((node, i) => {
    const results = evaluateNode(run, index, node, values);
    node.outputs.forEach((id, k) => {
      set(id, results[k]);
      if (index === (run.options.subgraph ?? 0)) run.options.observe?.(id, results[k]);
    });
    rulesOf(node.kind).state?.forEach((operand, k) => {
      const id = node.inputs[operand];
      if (id !== ABSENT && graph.tensors[id].variable) set(id, results[node.outputs.length + k]);
    });
    for (const id of lastUse[i]) values.delete(id);
  });
  return graph.outputs.map((id) => lookUp(graph, values, id));
}

/** Variables start as zeros; int8 ones at their zero point, as TFLite resets them. */
export function freshVariable(tensor: Tensor): Value {
  const data = allocate(tensor.dtype, elements(tensor.shape));
  if (tensor.dtype === 'int8') (data as Int8Array).fill(tensor.quantization?.zeroPoints[0] ?? 0);
  return { shape: tensor.shape, data };
}

/** The graph's inputs as values. */
function feed(model: Model, graph: Graph, inputs: readonly TensorData[], options: InterpretOptions): Value[] {
  if (inputs.length !== graph.inputs.length) {
    throw new InputError(`${model.name} has ${graph.inputs.length} inputs, but ${inputs.length} were given`);
  }
  return graph.inputs.map((id, i) => {
    const tensor = graph.tensors[id];
    const shape = options.inputShapes?.[i] ?? tensor.shape;
    if (inputs[i].length !== elements(shape)) {
      throw new InputError(
        `${model.name}: input "${tensor.name}" takes ${elements(shape)} elements ${showShape(shape)}, not ${inputs[i].length}`,
      );
    }
    if (tensor.bound?.some((x, k) => x !== inputs[i][k])) {
      throw new InputError(`${model.name}: input "${tensor.name}" has another value than the one it is bound to`);
    }
    return { shape, data: inputs[i] };
  });
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

/** The node's results, and the new values of the variables among its operands. */
function evaluateNode(run: Run, index: number, node: Node, values: ReadonlyMap<TensorId, Value>): Value[] {
  const { model, options } = run;
  const graph = model.subgraphs[index];
  const rules = rulesOf(node.kind);
  const operands = node.inputs.map((id) => (id === ABSENT ? null : lookUp(graph, values, id)));
  const inputs = node.inputs.map((id, i) => (id === ABSENT ? null : inThisRun(graph.tensors[id], operands[i]!)));
  const declared = node.outputs.map((id) => graph.tensors[id]);
  const view = { kind: node.kind, attrs: node.attrs, inputs, outputs: declared };
  // Fed values decide as much as shapes do: an index, an axis, the length of a range.
  const problems = rules.check(view);
  if (problems.length > 0) throw new InputError(`${model.name}: ${nodeLabel(graph, node)}: ${problems.join('; ')}`);
  if (rules.control) {
    const machine = { ...run, run: (callee: number, inputs: readonly Value[]) => runGraph(run, callee, inputs) };
    return runControl(node as NodeOf<ControlKind>, operands as Value[], declared, machine);
  }
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
  const kept = (rules.state ?? []).map((operand) => inputs[operand]!);
  return data.map((d, k) => ({ shape: [...outputs, ...kept][k].shape, data: d }));
}
