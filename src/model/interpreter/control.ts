import { InputError } from '../../errors.ts';
import type { Model, NodeOf } from '../ir/graph.ts';
import { type ControlFamily, type ControlKind, MOST_ITERATIONS, variableName } from '../ops/control.ts';
import { allocate } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Value } from './value.ts';

/** What operators on the model work with while one of its graphs runs. */
export interface ModelRun {
  /** Runs another graph of the model on these values. */
  run(graph: number, inputs: readonly Value[]): Value[];
  /** Variables of the model by name, and which graphs CALL_ONCE has run: they outlive the run. */
  readonly state: Map<string, Value>;
  /** Names of the model's variables: a handle is an index into them. */
  readonly names: readonly string[];
}

type ControlRunner<K extends ControlKind> = (
  node: NodeOf<K>,
  operands: readonly Value[],
  outputs: readonly Tensor[],
  whole: ModelRun,
) => Value[];

const isTrue = (value: Value): boolean => value.data.length > 0 && Boolean(value.data[0]);

function nameOf(handle: Value, { names }: ModelRun): string {
  const name = names[Number(handle.data[0])];
  if (name === undefined) throw new InputError('the handle names no variable');
  return name;
}

const runners: { readonly [K in keyof ControlFamily]: ControlRunner<K> } = {
  if: ({ attrs }, [condition, ...operands], _, { run }) =>
    run(isTrue(condition) ? attrs.thenGraph : attrs.elseGraph, operands),
  while: ({ attrs }, operands, _, { run }) => {
    let values: readonly Value[] = operands;
    for (let i = 0; isTrue(run(attrs.condition, values)[0]); i++) {
      if (i >= MOST_ITERATIONS) throw new InputError(`the loop does not end within ${MOST_ITERATIONS} iterations`);
      values = run(attrs.body, values);
    }
    return [...values];
  },
  call_once: ({ attrs }, _operands, _outputs, { run, state }) => {
    const done = `once ${attrs.init}`;
    if (!state.has(done)) run(attrs.init, []);
    state.set(done, { shape: [], data: new Uint8Array(1) });
    return [];
  },
  var_handle: ({ attrs }, _operands, [out], { names }) => [
    { shape: out.shape, data: Int32Array.of(names.indexOf(variableName(attrs))) },
  ],
  read_variable: (_node, [handle], [out], whole) => {
    const name = nameOf(handle, whole);
    const value = whole.state.get(`resource ${name}`);
    if (value === undefined) throw new InputError(`the variable "${name}" is read before it is assigned`);
    if (value.data.constructor !== allocate(out.dtype, 0).constructor)
      throw new InputError(`the variable "${name}" has another type`);
    return [value];
  },
  assign_variable: (_node, [handle, value], _outputs, whole) => {
    whole.state.set(`resource ${nameOf(handle, whole)}`, value);
    return [];
  },
};

/** Runs a node whose rules say `control`. */
export const runControl = (
  node: NodeOf<ControlKind>,
  operands: readonly Value[],
  outputs: readonly Tensor[],
  whole: ModelRun,
): Value[] => (runners[node.kind] as ControlRunner<ControlKind>)(node, operands, outputs, whole);

/** Names of all variables that the model's graphs have handles for. */
export function variableNames(model: Model): string[] {
  const nodes = model.subgraphs.flatMap((graph) => graph.nodes);
  return [...new Set(nodes.flatMap((node) => (node.kind === 'var_handle' ? [variableName(node.attrs)] : [])))];
}
