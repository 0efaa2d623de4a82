/** One node of a graph as C, before its tensors have places. */
import { InputError } from '../../errors.ts';
import { type Graph, type Node, nodeLabel, operandsOf, resultsOf, type TensorId } from '../../model/ir/graph.ts';
import { nodeMacs } from '../../model/ir/macs.ts';
import { variableName } from '../../model/ops/control.ts';
import type { OpView } from '../../model/ops/definition.ts';
import type { OpKind } from '../../model/ops/kinds.ts';
import { C_TYPES } from '../emission/c.ts';
import type { Emission, EmitContext, Emitter } from '../emission/context.ts';
import { emitters } from './emitters/index.ts';
import { BLOB, type ModelCode } from './model_code.ts';
import { type Split, splitOf } from './parallel.ts';
import { alignUp } from './plan.ts';

/** Its function. */
export interface NodeCode {
  readonly node: Node;
  readonly name: string;
  readonly emission: Emission;
  /** What the body calls. */
  readonly functions: readonly string[];
  /** Operands that the body reads by pointer. */
  readonly reads: readonly number[];
  /** Operands that are variables which the body reads and writes. */
  readonly states: readonly number[];
  /** Whether the body needs the kept memory. */
  readonly usesMemory: boolean;
  /** Of one part, where the node has parts. */
  readonly scratchBytes: number;
  /** Into which parts threads may cut the node. */
  readonly split: Split | null;
  /** By result whose first extent changes: where that is kept. */
  readonly extents: ReadonlyMap<TensorId, number>;
}

/** Writes a node as C; `name`: of its function. @throws {InputError} where no code can be written for it */
export function emitNode(graph: Graph, node: Node, name: string, model: ModelCode): NodeCode {
  const { blob } = model;
  const inputs = operandsOf(graph, node);
  const reads = new Set<number>();
  const states = new Set<number>();
  const extents = new Map<TensorId, number>();
  const functions: string[] = [];
  let usesMemory = false;
  let scratchBytes = 0;
  let split: Split | null = null;
  const ctx: EmitContext = {
    target: model.target,
    profile: model.profile,
    schedules: model.schedules,
    refuse: (key, reason) => void model.refused.push({ label: nodeLabel(graph, node), key, reason }),
    threads: model.threads,
    input(i) {
      const tensor = inputs[i];
      if (tensor === undefined || tensor === null) throw new Error(`${nodeLabel(graph, node)} has no operand ${i}`);
      if (tensor.data !== null) return `((const ${C_TYPES[tensor.dtype]} *)(${BLOB} + ${blob.add(tensor.data)}))`;
      reads.add(i);
      return `in${i}`;
    },
    output: (i) => `out${i}`,
    state(i) {
      states.add(i);
      return `state${i}`;
    },
    constant: (data) => `((const ${elementType(data)} *)(${BLOB} + ${blob.add(data)}))`,
    define(write) {
      const own = `${name}_${functions.length}`;
      functions.push(write(own, `${name}.${functions.length}`));
      return own;
    },
    scratch(bytes) {
      if (bytes === 0) return 'NULL';
      const at = scratchBytes;
      scratchBytes += alignUp(bytes);
      return `((void *)(scratch + ${at}))`;
    },
    steps(count, groups, each = 1) {
      split = splitOf(model.threads, { count, groups, each }, nodeMacs(graph, node));
      return split === null ? ['0', String(count)] : ['from', 'to'];
    },
    graph(index) {
      usesMemory = true;
      const callee = model.graph(index);
      if (callee.extents.some((offset) => offset !== undefined))
        throw new InputError('a graph that it runs gives a result whose size changes from run to run');
      return {
        inputs: callee.graph.inputs.map((id) => callee.graph.tensors[id]),
        outputs: callee.graph.outputs.map((id) => callee.graph.tensors[id]),
        passes: callee.graph.outputs.map((id) => callee.graph.inputs.indexOf(id)),
        arenaBytes: callee.arenaBytes,
        call: (arena, given, results) =>
          `${callee.name}(memory, ${arena}, ${given}, ${results}${model.threads > 1 ? ', serial, NULL' : ''})`,
      };
    },
    initialise: model.initialise,
    resource(i, bytes) {
      usesMemory = true;
      return `((void *)(memory + ${model.kept.resource(handleName(graph, node.inputs[i]), bytes)}))`;
    },
    extent(i) {
      usesMemory = true;
      const offset = model.kept.extent();
      extents.set(node.outputs[i], offset);
      return `((int32_t *)(memory + ${offset}))`;
    },
  };
  const view: OpView<OpKind> = { kind: node.kind, attrs: node.attrs, inputs, outputs: resultsOf(graph, node) };
  let emission: Emission;
  try {
    emission = (emitters[node.kind] as Emitter<OpKind>)(view, ctx);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${model.name}: operator ${nodeLabel(graph, node)} cannot be compiled: ${error.message}`);
  }
  const inOrder = (operands: Set<number>): number[] => [...operands].sort((a, b) => a - b);
  return {
    node,
    name,
    emission,
    functions,
    reads: inOrder(reads),
    states: inOrder(states),
    usesMemory,
    scratchBytes,
    split,
    extents,
  };
}

/** The variable that a handle names. */
function handleName(graph: Graph, id: TensorId): string {
  const maker = graph.nodes.find((node) => node.outputs.includes(id));
  if (maker?.kind === 'var_handle') return variableName(maker.attrs);
  throw new InputError('its handle comes from outside of its graph, so that its variable is not known');
}

function elementType(data: Parameters<EmitContext['constant']>[0]): string {
  switch (data.constructor) {
    case Float32Array:
      return 'float';
    case Float64Array:
      return 'double';
    default: {
      const bits = data.BYTES_PER_ELEMENT * 8;
      return /^(Big)?Uint/.test(data.constructor.name) ? `uint${bits}_t` : `int${bits}_t`;
    }
  }
}
