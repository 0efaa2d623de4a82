import { InputError } from '../../errors.ts';
import { type Graph, type Node, nodeLabel, operandsOf, resultsOf } from '../../model/ir/graph.ts';
import { nodeMacs } from '../../model/ir/macs.ts';
import { isFloat, isQuantizable } from '../../model/tensor/dtype.ts';
import type { Tensor, TensorId } from '../../model/tensor/tensor.ts';
import type { Numbers } from '../build.ts';
import { C_TYPES, cComment } from '../emission/c.ts';
import { SIZE_REMEDY } from '../emission/context.ts';
import type { Blob } from './blob.ts';
import { BLOB, type GraphCode, type ModelCode } from './model_code.ts';
import { emitNode, type NodeCode } from './node_code.ts';
import { partCall, partTask } from './parallel.ts';
import { isAlias, type Place, planStorage, type Storage, tensorBytes } from './storage.ts';

/** The C of `graph`: one function per node, named `prefix`…, and one that calls them. */
export function emitGraph(graph: Graph, name: string, prefix: string, model: ModelCode): GraphCode {
  const codes = graph.nodes.map((node, step) =>
    isAlias(graph, node) ? null : emitNode(graph, node, `${prefix}_node_${step}`, model),
  );
  const storage = planStorage(
    graph,
    codes.map((code) => {
      // A part could overwrite data that another has yet to read.
      const { inPlace = [], scratchInPlace = [] } = code === null || code.split !== null ? {} : code.emission;
      return { scratchBytes: allScratch(code), inPlace, scratchInPlace };
    }),
    model.persistent,
    model.planner,
  );
  const written = codes.filter((code) => code !== null);
  const extents = new Map(written.flatMap((code) => [...code.extents]));
  checkReaders(graph, extents);
  return {
    graph,
    name,
    source: [
      ...codes.flatMap((code, step) => (code === null ? [] : [nodeFunction(graph, code, step, storage)])),
      runFunction(graph, name, codes, storage, model),
    ].join('\n'),
    includes: written.flatMap((code) => code.emission.includes),
    functions: written.flatMap(({ emission }) => emission.functions ?? []),
    arenaBytes: storage.arenaBytes,
    nodes: written.map((code) => ({
      symbol: code.name,
      kind: code.node.kind,
      label: nodeLabel(graph, code.node),
      macs: nodeMacs(graph, code.node),
      numbers: numbersOf(graph, code.node),
      kernels: code.emission.includes,
      ...(code.node.outputs.length > 0 && { result: graph.tensors[code.node.outputs[0]].shape }),
    })),
    extents: graph.outputs.map((id) => extents.get(id)),
  };
}

/** By the types of what a node reads, constants aside, and of what it writes. */
function numbersOf(graph: Graph, node: Node): Numbers {
  const [operands, results] = [operandsOf(graph, node), resultsOf(graph, node)];
  const [computed, constant] = [[], []] as [Tensor[], Tensor[]];
  for (const t of operands) if (t !== null) (t.data === null ? computed : constant).push(t);
  const kinds = new Set([...computed, ...results].map(({ dtype }) => isFloat(dtype)));
  if (kinds.size > 1) return 'mixed';
  if (!kinds.has(true)) return 'integer';
  return constant.some((t) => isQuantizable(t.dtype) && t.quantization !== null) ? 'hybrid' : 'float';
}

const allScratch = (code: NodeCode | null): number => (code?.scratchBytes ?? 0) * (code?.split?.parts ?? 1);

/** Refuses operators that read a result whose size depends on data. */
function checkReaders(graph: Graph, extents: ReadonlyMap<TensorId, number>): void {
  for (const node of graph.nodes) {
    const id = node.inputs.find((input) => extents.has(input));
    if (id !== undefined)
      throw new InputError(
        `operator ${nodeLabel(graph, node)} cannot be compiled: the size of "${graph.tensors[id].name}", which it reads, depends on data: ${SIZE_REMEDY}`,
      );
  }
}

/** The parameters of a node's function: `restrict`, except those that share memory with a result. */
function parameters(graph: Graph, code: NodeCode, step: number, { places, scratch }: Storage): string[] {
  const { node, reads, states, usesMemory, scratchBytes } = code;
  const rangeOf = (id: TensorId): Range | null => {
    const place = places[id];
    return place?.at === 'arena' ? [place.offset, place.offset + tensorBytes(graph, id)] : null;
  };
  const working: Range | null = scratchBytes > 0 ? [scratch[step], scratch[step] + allScratch(code)] : null;
  const operands = reads.map((i) => rangeOf(node.inputs[i]));
  const written = [...node.outputs.map(rangeOf), working];
  const apart = (range: Range | null, from: readonly (Range | null)[]): string =>
    from.some((other) => other !== range && meet(range, other)) ? '' : 'restrict ';
  const pointer = (id: TensorId, restrict: string): string => `${C_TYPES[graph.tensors[id].dtype]} *${restrict}`;
  return [
    ...(usesMemory ? ['uint8_t *restrict memory'] : []),
    ...reads.map((i, at) => `const ${pointer(node.inputs[i], apart(operands[at], written))}in${i}`),
    ...states.map((i) => `${pointer(node.inputs[i], 'restrict ')}state${i}`),
    ...node.outputs.map((id, i) => `${pointer(id, apart(written[i], [...operands, ...written]))}out${i}`),
    ...(scratchBytes > 0 ? [`uint8_t *${apart(working, [...operands, ...written])}scratch`] : []),
  ];
}

/** Byte range of the arena. */
type Range = readonly [from: number, to: number];

const meet = (a: Range | null, b: Range | null): boolean => a !== null && b !== null && a[0] < b[1] && b[0] < a[1];

function nodeFunction(graph: Graph, code: NodeCode, step: number, storage: Storage): string {
  const label = cComment(nodeLabel(graph, code.node));
  const body = code.emission.body.trimEnd().replace(/^(?=.)/gm, '  ');
  const { emission, split, name, functions } = code;
  const given = parameters(graph, code, step, storage);
  const all = split === null ? given : [...given, 'int from', 'int to'];
  const head = `IG_NODE ${emission.fallible ? 'int' : 'void'} ${name}(${all.join(', ') || 'void'})`;
  const task = split === null ? '' : partTask(name, given, code.scratchBytes, split);
  return `/* ${label} */\n${functions.join('\n')}${head} {\n${body}\n${emission.fallible ? '  return 0;\n' : ''}}\n${task}`;
}

function address(place: Place | undefined, graph: Graph, id: TensorId, blob: Blob, write: boolean): string {
  const type = `${write ? '' : 'const '}${C_TYPES[graph.tensors[id].dtype]} *`;
  if (place === undefined) throw new Error(`tensor "${graph.tensors[id].name}" has no place`);
  switch (place.at) {
    case 'input':
      return `(${type})inputs[${place.index}]`;
    case 'output':
      return `(${type})outputs[${place.index}]`;
    case 'arena':
      return `(${type})(arena + ${place.offset})`;
    case 'persistent':
      return `(${type})(memory + ${place.offset})`;
    case 'constant':
      return `(${type})(${BLOB} + ${blob.add(graph.tensors[id].data!)})`;
  }
}

function runFunction(
  graph: Graph,
  name: string,
  codes: readonly (NodeCode | null)[],
  storage: Storage,
  { blob, threads }: ModelCode,
): string {
  const at = (id: TensorId, write: boolean): string => address(storage.places[id], graph, id, blob, write);
  const calls = codes.flatMap((code, step) => {
    if (code === null) return [];
    const { node } = code;
    const args = [
      ...(code.usesMemory ? ['memory'] : []),
      ...code.reads.map((i) => at(node.inputs[i], false)),
      ...code.states.map((i) => at(node.inputs[i], true)),
      ...node.outputs.map((id) => at(id, true)),
      ...(code.scratchBytes > 0 ? [`arena + ${storage.scratch[step]}`] : []),
    ];
    if (code.split !== null) return [`  ${partCall(code.name, args, code.split)}`];
    const call = `${code.name}(${args.join(', ')})`;
    return [code.emission.fallible ? `  if ((status = ${call}) != 0) return status;` : `  ${call};`];
  });
  // For values that its body passes through, a loop uses the same buffer as input and output.
  const copies = storage.copies.map(({ output, from }) => {
    const source = at(from, false);
    const copy = `memcpy(outputs[${output}], ${source}, ${tensorBytes(graph, from)});`;
    return storage.places[from]?.at === 'input' ? `  if (outputs[${output}] != ${source}) ${copy}` : `  ${copy}`;
  });
  const shared = threads > 1 ? ', int8_gate_parallel_for parallel_for, void *context' : '';
  return `static int ${name}(uint8_t *memory, uint8_t *arena, const void *const *inputs, void *const *outputs${shared}) {
  int status = 0;
  (void)memory, (void)arena, (void)inputs, (void)outputs, (void)status;${threads > 1 ? '\n  (void)parallel_for, (void)context;' : ''}
${[...calls, ...copies].join('\n')}
  return 0;
}
`;
}
