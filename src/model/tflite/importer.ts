import { InputError } from '../../errors.ts';
import { verifyCalls } from '../ir/calls.ts';
import { compactModel } from '../ir/compact.ts';
import type { Graph, Model, Node, Signature } from '../ir/graph.ts';
import { quoteName } from '../ir/names.ts';
import { infer, openInputs } from '../ir/shapes.ts';
import { findWiring, type Label, verifyTensors } from '../ir/verify.ts';
import type { Tensor, TensorId } from '../tensor/tensor.ts';
import { inlineComposites } from './composites.ts';
import { readContainer } from './container.ts';
import {
  type OperatorEntry,
  operatorLabel,
  operatorTitle,
  portFaults,
  type ReadOperator,
  readOperator,
  showTensor,
} from './read_operator.ts';
import type { ModelRecord, OperatorRecord, SubGraphRecord } from './schema/model.ts';
import { type Constants, importTensor, openConstants } from './tensors.ts';

export type { OperatorEntry } from './read_operator.ts';

/** What a file holds. `model` is null where `problems` is not empty. */
export interface Reading {
  readonly model: Model | null;
  readonly problems: readonly string[];
  /** Whether the file itself is at fault: there is more to say than that operators are not supported. */
  readonly malformed: boolean;
  readonly operators: readonly OperatorEntry[];
}

/** A model's name from its file's: without folder and extension. */
export const modelName = (file: string): string => file.replace(/^.*[\\/]/, '').replace(/\.tflite$/i, '') || 'model';

/**
 * The model in the bytes of a .tflite file. Throws one InputError that lists everything that is wrong or unsupported,
 * operators by index, TFLite name, tensors and reason.
 * @param file what messages call the file: its path
 */
export function importModel(bytes: Uint8Array, file: string): Model {
  const { model, problems } = readModel(bytes, file);
  if (model === null) throw new InputError(listProblems(file, problems));
  return model;
}

const MOST_SHOWN = 40;
export function listProblems(file: string, problems: readonly string[]): string {
  if (problems.length === 1) return `${file}: ${problems[0]}`;
  const shown = problems.slice(0, MOST_SHOWN).map((p) => `\n  - ${p}`);
  const rest = problems.length - shown.length;
  return `${file}: ${problems.length} problems:${shown.join('')}${rest > 0 ? `\n  … and ${rest} more` : ''}`;
}

/**
 * As `importModel`, but lists what it cannot import instead of throwing. Throws InputError only where the bytes are no
 * .tflite file or its structure is broken, so that nothing could be listed.
 */
export function readModel(bytes: Uint8Array, file: string): Reading {
  const { record: stored, problems: structural } = readContainer(bytes, file);
  const { record, faults } = inlineComposites(stored);
  const records = record.subgraphs ?? [];
  if (records.length === 0) throw new InputError(`${file}: the model has no subgraphs, hence nothing to compute`);
  const constants = openConstants(record, bytes);
  const entries = new Set([0, ...(record.signatureDefs ?? []).map((def) => def.subgraphIndex)]);
  const parts = records.map((subgraph, i) => readSubgraph(record, subgraph, i, { constants, faults, entries }));
  const subgraphs = parts.map((p) => p.graph);
  const problems = [...structural, ...parts.flatMap((p) => p.problems)];
  // Operators that could not be read hide what graphs take and give.
  if (problems.length === 0) problems.push(...callFaults(parts));
  const signatures = readSignatures(record, subgraphs, problems);
  const model: Model = { name: modelName(file), description: record.description ?? '', subgraphs, signatures };
  return {
    // What intermediate tensors say has become attributes.
    model: problems.length === 0 ? compactModel(model, records.map(intermediatesOf)) : null,
    problems,
    malformed: parts.some((p) => p.malformed) || problems.length > parts.reduce((sum, p) => sum + p.problems.length, 0),
    operators: parts.flatMap((p) => p.operators),
  };
}

const intermediatesOf = (subgraph: SubGraphRecord): ReadonlySet<TensorId> =>
  new Set((subgraph.operators ?? []).flatMap((op) => op.intermediates ?? []));

interface Part {
  readonly graph: Graph;
  readonly operators: readonly OperatorEntry[];
  readonly problems: readonly string[];
  /** Whether there are other problems than operators that are not supported. */
  readonly malformed: boolean;
  readonly label: Label;
}

const inPart = (index: number, { operators }: Pick<Part, 'operators'>): string =>
  operators.length > 0 && index > 0 ? `subgraph ${index}: ` : '';

const callFaults = (parts: readonly Part[]): string[] =>
  verifyCalls(
    parts.map((p) => p.graph),
    parts.map((p) => p.label),
  ).flatMap((faults, i) => faults.map((fault) => inPart(i, parts[i]) + fault));

/** So many problems of operators are told in full, with the names of tensors. */
const MOST_TOLD = 1000;

/** What the subgraphs of a file share. */
interface Shared {
  readonly constants: Constants;
  /** Composites that could not be replaced, and why. */
  readonly faults: ReadonlyMap<OperatorRecord, string>;
  /** Subgraphs that callers of the model run; the others are run by its operators. */
  readonly entries: ReadonlySet<number>;
}

function readSubgraph(
  record: ModelRecord,
  subgraph: SubGraphRecord,
  index: number,
  { constants, faults, entries }: Shared,
): Part {
  const records = subgraph.operators ?? [];
  const fed = new Set([...(subgraph.inputs ?? []), ...records.flatMap((op) => op.outputs ?? [])]);
  const imported = (subgraph.tensors ?? []).map((t, i) => importTensor(t, i, constants, fed.has(i)));
  const { tensors, inputs } = portsOf(
    imported.map(({ tensor }) => tensor),
    subgraph.inputs ?? [],
    index === 0,
  );
  const shown = tensors.map(showTensor);
  const read = records.map((op, i) => readOperator(record, op, i, { tensors, shown, fault: faults.get(op) }));
  const bare: Graph = {
    name: subgraph.name || (index === 0 ? 'main' : `subgraph_${index}`),
    tensors,
    nodes: read.flatMap(({ node }) => (node === null ? [] : [node])),
    inputs,
    outputs: subgraph.outputs ?? [],
  };
  const label: Label = (_graph, node) => operatorLabel(read[node.source]);
  // A tensor or operator that could not be read must not make others look wrong that are not.
  const broken = new Set(imported.flatMap(({ problems }, id) => (problems.length > 0 ? [id] : [])));
  const lost = read.flatMap(({ node }, i) => (node === null ? (records[i].outputs ?? []) : []));
  const ends = portFaults([...bare.inputs, ...bare.outputs], 'input or output', () => true, tensors.length);
  const title = (node: Node): string => operatorTitle(read[node.source]);
  const wiring = ends.length > 0 ? [] : findWiring(bare, title, new Set([...broken, ...lost]));
  const inference = infer(bare, entries.has(index) ? [] : openInputs(bare));
  const graph = wiring.length === 0 ? inference.graph : bare;
  const own: string[][] = read.map((op) => [...op.problems]);
  for (const { node, what } of wiring) if (node !== null) own[node.source].push(what);
  bare.nodes.forEach((node, n) => {
    const judged = ![...node.inputs, ...node.outputs].some((id) => broken.has(id));
    if (judged) own[node.source].push(...inference.nodes[n].faults);
  });
  const problems = [
    ...imported.flatMap((t) => t.problems),
    ...verifyTensors(graph, broken),
    ...ends.map((fault) => `the graph: ${fault}`),
    ...wiring.flatMap(({ node, what }) => (node === null ? [what] : [])),
  ];
  const operators = read.map((op, i): OperatorEntry => {
    const { node, ...entry } = op;
    const ill = node === null ? [] : [...node.inputs, ...node.outputs].filter((id) => broken.has(id));
    return { ...entry, subgraph: index, problems: [...own[i], ...ill.map((id) => `tensor #${id} is at fault`)] };
  });
  const place = inPart(index, { operators });
  return {
    graph,
    operators,
    problems: toldProblems(problems, read, own).map((p) => place + p),
    malformed: problems.length > 0 || read.some((op, i) => own[i].length > 0 && !op.unsupported),
    label,
  };
}

/** The problems of a graph and, behind them, those of its operators: in full as long as they are few. */
function toldProblems(
  ofGraph: readonly string[],
  read: readonly ReadOperator[],
  own: readonly (readonly string[])[],
): string[] {
  const problems = [...ofGraph];
  for (const [i, op] of read.entries()) {
    if (own[i].length === 0) continue;
    if (problems.length < MOST_TOLD) problems.push(...own[i].map((problem) => `${operatorLabel(op)}: ${problem}`));
    else problems.push(`${operatorTitle(op)}: ${own[i][0]}`);
  }
  return problems;
}

/**
 * The inputs that can be fed. Of a tensor listed twice TFLite keeps what it is given last: the places before get tensors
 * that nothing reads. A constant has its value: it is no input of the main graph.
 */
function portsOf(
  read: readonly Tensor[],
  listed: readonly TensorId[],
  main: boolean,
): { readonly tensors: readonly Tensor[]; readonly inputs: readonly TensorId[] } {
  const tensors = [...read];
  const last = new Map(listed.map((id, i) => [id, i]));
  const inputs = listed.map((id, i) => {
    const isLast = last.get(id) === i || tensors[id] === undefined;
    return isLast ? id : tensors.push(tensors[id]) - 1;
  });
  return { tensors, inputs: main ? inputs.filter((id) => !tensors[id]?.data) : inputs };
}

function readSignatures(record: ModelRecord, graphs: readonly Graph[], problems: string[]): Signature[] {
  return (record.signatureDefs ?? []).flatMap((def, i) => {
    const key = def.signatureKey ?? `signature_${i}`;
    const graph = graphs[def.subgraphIndex];
    if (graph === undefined) {
      problems.push(`signature ${quoteName(key)}: subgraph ${def.subgraphIndex} does not exist`);
      return [];
    }
    const ports = (maps: typeof def.inputs): Signature['inputs'] =>
      (maps ?? []).map(({ name, tensorIndex }) => {
        if (graph.tensors[tensorIndex] === undefined)
          problems.push(`signature ${quoteName(key)}: tensor ${tensorIndex} does not exist`);
        return { name: name ?? '', tensor: tensorIndex };
      });
    return [{ key, subgraph: def.subgraphIndex, inputs: ports(def.inputs), outputs: ports(def.outputs) }];
  });
}
