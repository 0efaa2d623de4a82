import type { Node } from '../ir/graph.ts';
import { quoteName } from '../ir/names.ts';
import type { OpAttrs, OpKind } from '../ops/attrs.ts';
import { showShape } from '../tensor/shape.ts';
import { ABSENT, type Tensor } from '../tensor/tensor.ts';
import { kindOf, operators } from './operators.ts';
import { refusal } from './refusals.ts';
import type { OperatorRow } from './rows.ts';
import { BUILTIN_OPERATORS, type BuiltinOperator } from './schema/enums.ts';
import { type ModelRecord, OperatorCode, type OperatorRecord } from './schema/model.ts';
import { builtinOptions, builtinOptions2, type OptionsName } from './schema/options.ts';

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
  /** Whether the one problem is that the project does not know this operator. */
  readonly unsupported: boolean;
}

/** A version beyond this one is no operator of today's TFLite: its options could mean anything. */
const NEWEST_VERSION = 20;

/** An operator of the file; `node` is null where there are problems. */
export interface ReadOperator extends Omit<OperatorEntry, 'subgraph'> {
  readonly node: Node | null;
}

/** Where an operator is read. */
interface Place {
  readonly tensors: readonly Tensor[];
  /** The same in words. */
  readonly shown: readonly string[];
  /** What is known to be wrong with it. */
  readonly fault: string | undefined;
}

/** Reads operator `index` of a subgraph. */
export function readOperator(
  model: ModelRecord,
  op: OperatorRecord,
  index: number,
  { tensors, shown, fault }: Place,
): ReadOperator {
  const problems: string[] = fault === undefined ? [] : [fault];
  const listed = model.operatorCodes?.[op.opcodeIndex];
  const code = listed ?? OperatorCode.of({ builtinCode: -1 });
  const number = code.builtinCode < 0 ? code.builtinCode : Math.max(code.builtinCode, code.deprecatedBuiltinCode);
  const builtin: BuiltinOperator | undefined = BUILTIN_OPERATORS[number];
  const name = listed === undefined ? '(unknown)' : nameOf(builtin, number, code.customCode);
  const inputs = (op.inputs ?? []).slice(0, MOST_PORTS);
  const outputs = (op.outputs ?? []).slice(0, MOST_PORTS);
  problems.push(
    ...portFaults(op.inputs ?? [], 'operand', (id) => id === ABSENT || tensors[id] !== undefined, tensors.length),
    ...portFaults(op.outputs ?? [], 'result', (id) => tensors[id] !== undefined, tensors.length),
  );
  const operands = inputs.map((id) => tensors[id] ?? null);
  const entry = {
    index,
    name,
    version: code.version,
    inputs: inputs.map((id) => shown[id] ?? '(none)'),
    outputs: outputs.flatMap((id) => shown[id] ?? []),
  };
  const kind = builtin === undefined ? null : kindOf(builtin, operands, code.customCode);
  const meaningless = builtin === undefined || builtin === 'PLACEHOLDER_FOR_GREATER_OP_CODES';
  const nameless = builtin === 'CUSTOM' && !code.customCode;
  const unsupported = kind === null && !meaningless && !nameless && problems.length === 0;
  if (listed === undefined)
    problems.push(`operator code #${op.opcodeIndex} is not in the file (it has ${model.operatorCodes?.length ?? 0})`);
  else if (meaningless) problems.push(`${number} is the code of no operator`);
  else if (nameless) problems.push('a custom operator without a name');
  else if (kind === null) {
    if (fault === undefined) problems.push(refusal(builtin, code.customCode));
  } else if (code.version < 1 || code.version > NEWEST_VERSION)
    problems.push(`version ${code.version} is not known (1 to ${NEWEST_VERSION} are)`);
  if (kind === null || problems.length > 0) return { ...entry, kind, problems, unsupported, node: null };
  const attrs = readAttrs(kind, op, tensors);
  if (typeof attrs === 'string') return { ...entry, kind, problems: [attrs], unsupported, node: null };
  return { ...entry, kind, problems, unsupported, node: { kind, attrs, inputs, outputs, source: index } as Node };
}

function nameOf(builtin: BuiltinOperator | undefined, number: number, customCode: string | null): string {
  if (builtin === undefined) return `operator code ${number}`;
  return builtin === 'CUSTOM' ? `CUSTOM (${customCode === null ? 'no name' : quoteName(customCode)})` : builtin;
}

/** More operands or results than any operator has. */
export const MOST_PORTS = 10_000;

/** What is wrong with a list of tensors: however long it is, in few words. */
export function portFaults(
  ids: readonly number[],
  role: string,
  exists: (id: number) => boolean,
  tensors: number,
): string[] {
  if (ids.length > MOST_PORTS) return [`it has ${ids.length} ${role}s, at most ${MOST_PORTS} are supported`];
  const [first, ...others] = ids.filter((id) => !exists(id));
  if (first === undefined) return [];
  const more = others.length > 0 ? `; ${others.length} other ${role}s do not exist either` : '';
  return [`its ${role} is tensor ${first}, which does not exist (there are ${tensors})${more}`];
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
  if (row.options2 !== undefined) {
    const { options2 } = row;
    const given = op.builtinOptions2;
    if (given === null) return row.read(builtinOptions2[options2].of({}));
    return given.type === options2 ? row.read(given.value) : `it carries ${given.type} where ${options2} belong`;
  }
  if (row.options === null) return row.read(undefined);
  const declared = builtinOptions[row.options];
  const given = op.builtinOptions;
  // TFLite takes zeros where options are left out; where that makes no sense the operator's own rules say so.
  if (given === null) return row.read(declared.of({}));
  if (given.type === (row.options as OptionsName)) return row.read(given.value);
  return declared.fieldCount === 0 ? row.read({}) : `it carries ${given.type} where ${row.options} belong`;
}

export const showTensor = (t: Tensor): string => `${quoteName(t.name)} ${t.dtype}${showShape(t.shape)}`;

/** An operator in a few words. */
export const operatorTitle = (op: Pick<OperatorEntry, 'index' | 'name'>): string => `operator #${op.index} ${op.name}`;

const MOST_NAMED = 6;
/** How messages name an operator of the file. */
export function operatorLabel(op: Omit<OperatorEntry, 'subgraph'>): string {
  const list = (names: readonly string[]): string =>
    names.length > MOST_NAMED ? `${names.slice(0, MOST_NAMED).join(', ')}, …` : names.join(', ');
  return `${operatorTitle(op)} (${list(op.inputs)} → ${list(op.outputs)})`;
}
