/** The `EmitContext` of a node, which records the requirements of its body. */
import { InputError } from '../../errors.ts';
import { type Graph, type Node, nodeLabel, operandsOf } from '../../model/ir/graph.ts';
import { nodeMacs } from '../../model/ir/macs.ts';
import { variableName } from '../../model/ops/control.ts';
import type { TensorId } from '../../model/tensor/tensor.ts';
import { alignUp } from '../emission/alignment.ts';
import { C_TYPES } from '../emission/c.ts';
import type { CalledGraph, Constant, EmitContext } from '../emission/context.ts';
import { BLOB, type GraphCode, type ModelCode } from './model_code.ts';
import { type Split, splitOf } from './parallel.ts';

/** Requirements of the body of a node's function, recorded while the emitter runs. */
export interface Needs {
  /** Functions that the body calls. */
  readonly functions: string[];
  /** Operands read by pointer. */
  readonly reads: Set<number>;
  /** Operands that are variables, read and written. */
  readonly states: Set<number>;
  /** By result whose first extent depends on data: its offset in persistent memory. */
  readonly extents: Map<TensorId, number>;
  /** Whether the body uses persistent memory. */
  usesMemory: boolean;
  /** Per part, if the node has parts. */
  scratchBytes: number;
  /** The parts of the node for threads. */
  split: Split | null;
}

/** The context of a node; `name`: of its function. Requirements are recorded in `needs`. */
export function nodeContext(graph: Graph, node: Node, name: string, model: ModelCode): [EmitContext, Needs] {
  const needs: Needs = {
    functions: [],
    reads: new Set(),
    states: new Set(),
    extents: new Map(),
    usesMemory: false,
    scratchBytes: 0,
    split: null,
  };
  const { target, profile, schedules, threads, blob, persistent, initialise, refused } = model;
  const inputs = operandsOf(graph, node);
  const constant = (data: Constant, type: string): string => `((const ${type} *)(${BLOB} + ${blob.add(data)}))`;
  const inMemory = (offset: number, type: string): string => {
    needs.usesMemory = true;
    return `((${type} *)(memory + ${offset}))`;
  };
  const ctx: EmitContext = {
    target,
    profile,
    schedules,
    threads,
    initialise,
    refuse: (key, reason) => void refused.push({ label: nodeLabel(graph, node), key, reason }),
    input(i) {
      const tensor = inputs[i];
      if (tensor === undefined || tensor === null) throw new Error(`${nodeLabel(graph, node)} has no operand ${i}`);
      if (tensor.data !== null) return constant(tensor.data, C_TYPES[tensor.dtype]);
      needs.reads.add(i);
      return `in${i}`;
    },
    output: (i) => `out${i}`,
    state(i) {
      needs.states.add(i);
      return `state${i}`;
    },
    constant: (data) => constant(data, elementType(data)),
    define(write) {
      const index = needs.functions.length;
      const own = `${name}_${index}`;
      needs.functions.push(write(own, `${name}.${index}`));
      return own;
    },
    scratch(bytes) {
      if (bytes === 0) return 'NULL';
      const at = needs.scratchBytes;
      needs.scratchBytes += alignUp(bytes);
      return `((void *)(scratch + ${at}))`;
    },
    steps(count, groups, each = 1) {
      needs.split = splitOf(threads, { count, groups, each }, nodeMacs(graph, node));
      return needs.split === null ? ['0', String(count)] : ['from', 'to'];
    },
    graph(index) {
      needs.usesMemory = true;
      return calledGraph(model.graph(index), threads);
    },
    resource: (i, bytes) => inMemory(persistent.resource(handleName(graph, node.inputs[i]), bytes), 'void'),
    extent(i) {
      const offset = persistent.extent();
      needs.extents.set(node.outputs[i], offset);
      return inMemory(offset, 'int32_t');
    },
  };
  return [ctx, needs];
}

function calledGraph({ graph, name, arenaBytes, extents }: GraphCode, threads: number): CalledGraph {
  if (extents.some((offset) => offset !== undefined))
    throw new InputError('a graph that it runs gives a result whose size depends on data');
  const serial = threads > 1 ? ', serial, NULL' : '';
  return {
    inputs: graph.inputs.map((id) => graph.tensors[id]),
    outputs: graph.outputs.map((id) => graph.tensors[id]),
    passes: graph.outputs.map((id) => graph.inputs.indexOf(id)),
    arenaBytes,
    call: (arena, inputs, outputs) => `${name}(memory, ${arena}, ${inputs}, ${outputs}${serial})`,
  };
}

/** The name of a handle's variable. */
function handleName(graph: Graph, id: TensorId): string {
  const maker = graph.nodes.find((node) => node.outputs.includes(id));
  if (maker?.kind === 'var_handle') return variableName(maker.attrs);
  throw new InputError('its handle comes from outside of its graph, so that its variable is not known');
}

function elementType(data: Constant): string {
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
