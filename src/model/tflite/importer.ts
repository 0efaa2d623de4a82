import { InputError } from '../../errors.ts';
import { verifyCalls } from '../ir/calls.ts';
import { compactModel } from '../ir/compact.ts';
import { ABSENT, type Graph, type Model, type Node, type Signature, type Tensor, type TensorId } from '../ir/graph.ts';
import { quoteName } from '../ir/names.ts';
import { inferShapes } from '../ir/shapes.ts';
import { type Label, verifyOperators, verifyTensors, verifyWiring } from '../ir/verify.ts';
import type { OpAttrs, OpKind } from '../ops/kinds.ts';
import { showShape } from '../tensor/shape.ts';
import { readContainer } from './container.ts';
import { kindOf, operators } from './operators.ts';
import type { OperatorRow } from './rows.ts';
import { BUILTIN_OPERATORS, type BuiltinOperator } from './schema/enums.ts';
import { type ModelRecord, OperatorCode, type OperatorRecord, type SubGraphRecord } from './schema/model.ts';
import { builtinOptions, type OptionsName } from './schema/options.ts';
import { type Constants, importTensor, openConstants } from './tensors.ts';

/** An operator of the file as `inspect` lists it, supported or not. */
export interface OperatorEntry {
  readonly subgraph: number;
  readonly index: number;
  /** TFLite's name; custom operators carry their own in brackets. */
  readonly name: string;
  readonly version: number;
  /** null: the project does not know the operator. */
  readonly kind: OpKind | null;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly problems: readonly string[];
}

/** What a file holds. `model` is null where `problems` is not empty. */
export interface Reading {
  readonly model: Model | null;
  readonly problems: readonly string[];
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
  const { record, problems: structural } = readContainer(bytes, file);
  const records = record.subgraphs ?? [];
  if (records.length === 0) throw new InputError(`${file}: the model has no subgraphs, hence nothing to compute`);
  const constants = openConstants(record, bytes);
  const parts = records.map((subgraph, i) => readSubgraph(record, subgraph, i, constants));
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
    operators: parts.flatMap((p) => p.operators),
  };
}

const intermediatesOf = (subgraph: SubGraphRecord): ReadonlySet<TensorId> =>
  new Set((subgraph.operators ?? []).flatMap((op) => op.intermediates ?? []));

interface Part {
  readonly graph: Graph;
  readonly operators: readonly OperatorEntry[];
  readonly problems: readonly string[];
  readonly label: Label;
}

const inPart = (index: number, { operators }: Pick<Part, 'operators'>): string =>
  operators.length > 0 && index > 0 ? `subgraph ${index}: ` : '';

const callFaults = (parts: readonly Part[]): string[] =>
  verifyCalls(
    parts.map((p) => p.graph),
    parts.map((p) => p.label),
  ).flatMap((faults, i) => faults.map((fault) => inPart(i, parts[i]) + fault));

function readSubgraph(record: ModelRecord, subgraph: SubGraphRecord, index: number, constants: Constants): Part {
  const problems: string[] = [];
  const records = subgraph.operators ?? [];
  const fed = new Set([...(subgraph.inputs ?? []), ...records.flatMap((op) => op.outputs ?? [])]);
  const tensors = (subgraph.tensors ?? []).map((t, i) => importTensor(t, i, constants, fed.has(i), problems));
  const shown = tensors.map(showTensor);
  const read = records.map((op, i) => readOperator(record, op, i, tensors, shown));
  const bare: Graph = {
    name: subgraph.name || (index === 0 ? 'main' : `subgraph_${index}`),
    tensors,
    nodes: read.flatMap(({ node }) => (node === null ? [] : [node])),
    inputs: subgraph.inputs ?? [],
    outputs: subgraph.outputs ?? [],
  };
  const label: Label = (_graph, node) => operatorLabel(read[node.source]);
  const unread = read.flatMap((op) => op.problems.map((problem) => `${operatorLabel(op)}: ${problem}`));
  const sound = problems.length === 0;
  // A tensor or operator that could not be read makes others look wrong that are not: they are told of first.
  const wiring = sound && unread.length === 0 ? verifyWiring(bare, label) : [];
  const graph = sound && wiring.length === 0 ? inferShapes(bare) : bare;
  const faults = sound ? [...verifyTensors(graph), ...verifyOperators(graph, label)] : [];
  const operators = read.map(({ node: _, ...entry }) => ({ ...entry, subgraph: index }));
  const place = inPart(index, { operators });
  return {
    graph,
    operators,
    problems: [...problems, ...unread, ...wiring, ...faults].map((p) => place + p),
    label,
  };
}

/** A version beyond this one is no operator of today's TFLite: its options could mean anything. */
const NEWEST_VERSION = 20;

interface ReadOperator extends Omit<OperatorEntry, 'subgraph'> {
  readonly node: Node | null;
}

function readOperator(
  model: ModelRecord,
  op: OperatorRecord,
  index: number,
  tensors: readonly Tensor[],
  shown: readonly string[],
): ReadOperator {
  const problems: string[] = [];
  const code = model.operatorCodes?.[op.opcodeIndex] ?? OperatorCode.of({ builtinCode: -1 });
  const number = code.builtinCode < 0 ? code.builtinCode : Math.max(code.builtinCode, code.deprecatedBuiltinCode);
  const builtin: BuiltinOperator | undefined = BUILTIN_OPERATORS[number];
  const name =
    builtin === undefined
      ? `operator code ${number}`
      : builtin === 'CUSTOM'
        ? `CUSTOM (${code.customCode === null ? 'no name' : quoteName(code.customCode)})`
        : builtin;
  const inputs = (op.inputs ?? []).map((id) => (id === ABSENT ? ABSENT : tensorId(id, 'operand', tensors, problems)));
  const outputs = (op.outputs ?? []).map((id) => tensorId(id, 'result', tensors, problems));
  const operands = inputs.map((id) => tensors[id] ?? null);
  const entry = {
    index,
    name,
    version: code.version,
    inputs: inputs.map((id) => shown[id] ?? '(none)'),
    outputs: outputs.flatMap((id) => shown[id] ?? []),
  };
  const kind = builtin === undefined ? null : kindOf(builtin, operands, code.customCode);
  if (model.operatorCodes?.[op.opcodeIndex] === undefined)
    problems.push(`operator code #${op.opcodeIndex} is not in the file (it has ${model.operatorCodes?.length ?? 0})`);
  else if (kind === null) problems.push(unsupported(name));
  else if (code.version < 1 || code.version > NEWEST_VERSION)
    problems.push(`version ${code.version} is not known (1 to ${NEWEST_VERSION} are)`);
  if (kind === null || problems.length > 0) return { ...entry, kind, problems, node: null };
  const attrs = readAttrs(kind, op, tensors);
  if (typeof attrs === 'string') return { ...entry, kind, problems: [attrs], node: null };
  return { ...entry, kind, problems, node: { kind, attrs, inputs, outputs, source: index } as Node };
}

const unsupported = (name: string): string =>
  name.startsWith('CUSTOM ("Flex')
    ? 'TensorFlow operators are not supported: convert with built-in operators only'
    : 'this operator is not supported';

function tensorId(id: number, role: string, tensors: readonly Tensor[], problems: string[]): number {
  if (tensors[id] === undefined)
    problems.push(`its ${role} is tensor ${id}, which does not exist (there are ${tensors.length})`);
  return id;
}

/** The attributes of a kind from an operator's options, or why they cannot be read. */
function readAttrs(kind: OpKind, op: OperatorRecord, tensors: readonly Tensor[]): object | string {
  const row = operators[kind] as OperatorRow<OpKind>;
  const attrs = readOptions(row, op);
  const intermediates = op.intermediates ?? [];
  if (typeof attrs === 'string' || row.intermediates === undefined || intermediates.length === 0) return attrs;
  const missing = intermediates.find((id) => tensors[id] === undefined);
  if (missing !== undefined) return `its intermediate tensor ${missing} does not exist`;
  return row.intermediates.read(
    attrs,
    intermediates.map((id) => tensors[id]),
  );
}

function readOptions(row: OperatorRow<OpKind>, op: OperatorRecord): OpAttrs[OpKind] | string {
  if (row.custom !== undefined) {
    if (op.customOptions === null) return 'its options are missing';
    return row.read(op.customOptions);
  }
  if (row.options === null) return row.read(undefined);
  const declared = builtinOptions[row.options];
  const given = op.builtinOptions;
  // TFLite takes zeros where options are left out; where that makes no sense the operator's own rules say so.
  if (given === null) return row.read(declared.of({}));
  if (given.type === (row.options as OptionsName)) return row.read(given.value);
  return declared.fieldCount === 0 ? row.read({}) : `it carries ${given.type} where ${row.options} belong`;
}

const showTensor = (t: Tensor): string => `${quoteName(t.name)} ${t.dtype}${showShape(t.shape)}`;

const MOST_NAMED = 6;
function operatorLabel(op: Omit<OperatorEntry, 'subgraph'>): string {
  const list = (names: readonly string[]): string =>
    names.length > MOST_NAMED ? `${names.slice(0, MOST_NAMED).join(', ')}, …` : names.join(', ');
  return `operator #${op.index} ${op.name} (${list(op.inputs)} → ${list(op.outputs)})`;
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
