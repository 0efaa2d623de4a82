import { ABSENT } from '../tensor/tensor.ts';
import { BUILTIN_OPERATORS } from './schema/enums.ts';
import { type ModelRecord, Operator, OperatorCode, type OperatorRecord, type SubGraphRecord } from './schema/model.ts';
import { builtinOptions } from './schema/options.ts';

/** Operators and tensors that decompositions may add to a file's own: nested ones double with every level. */
const MOST_ADDED = 200_000;
const CODES = {
  composite: BUILTIN_OPERATORS.indexOf('STABLEHLO_COMPOSITE'),
  copy: BUILTIN_OPERATORS.indexOf('RESHAPE'),
};

/** The subgraphs that an operator's options name. */
const calledBy = ({ builtinOptions: options }: OperatorRecord): number[] =>
  Object.entries(options?.value ?? {}).flatMap(([key, value]) => (/subgraph/i.test(key) ? [Number(value)] : []));

/**
 * The file with every STABLEHLO_COMPOSITE replaced by the operators of the subgraph that it names, as TFLite does before it
 * runs a model; operators are numbered afterwards. What cannot be replaced stays, and `faults` says why, by operator.
 */
export function inlineComposites(record: ModelRecord): {
  readonly record: ModelRecord;
  readonly faults: ReadonlyMap<OperatorRecord, string>;
} {
  const subgraphs = record.subgraphs ?? [];
  const codes = record.operatorCodes ?? [];
  const isComposite = (op: OperatorRecord): boolean => codes[op.opcodeIndex]?.builtinCode === CODES.composite;
  const faults = new Map<OperatorRecord, string>();
  if (!subgraphs.some((graph) => graph.operators?.some(isComposite))) return { record, faults };
  const done = new Map<number, SubGraphRecord>();
  const inlined = new Set<number>();
  let added = 0;

  /** Subgraph `index` without composites; `path`: those that are being made so. */
  const flat = (index: number, path: readonly number[]): SubGraphRecord => {
    const known = done.get(index);
    if (known !== undefined) return known;
    const graph = subgraphs[index];
    const tensors = [...(graph.tensors ?? [])];
    const operators = (graph.operators ?? []).flatMap((op) => {
      if (!isComposite(op)) return [op];
      const parts = decomposed(op, tensors, [...path, index]);
      if (typeof parts !== 'string') return parts;
      faults.set(op, parts);
      return [op];
    });
    const result = { ...graph, tensors, operators };
    done.set(index, result);
    return result;
  };

  /** The operators that stand for a composite, whose tensors are added to `tensors`; or why there are none. */
  function decomposed(op: OperatorRecord, tensors: unknown[], path: readonly number[]): OperatorRecord[] | string {
    const options = op.builtinOptions2;
    if (options?.type !== 'StableHLOCompositeOptions') return 'its options, which name its decomposition, are missing';
    const index = options.value.decompositionSubgraphIndex;
    if (subgraphs[index] === undefined)
      return `its decomposition is subgraph ${index}, which does not exist (there are ${subgraphs.length})`;
    if (path.includes(index)) return `its decomposition, subgraph ${index}, contains it again`;
    const body = flat(index, path);
    const [taken, given] = [body.inputs ?? [], body.outputs ?? []];
    const [operands, results] = [op.inputs ?? [], op.outputs ?? []];
    if (taken.length !== operands.length || given.length !== results.length)
      return `its decomposition, subgraph ${index}, has ${taken.length} inputs and ${given.length} outputs for ${operands.length} and ${results.length}`;
    inlined.add(index);
    added += (body.tensors?.length ?? 0) + (body.operators?.length ?? 0);
    if (added > MOST_ADDED) return `decompositions add more than ${MOST_ADDED} operators and tensors`;
    return inPlaceOf(op, body, { tensors, faults, copyCode: codes.length });
  }

  const flattened = subgraphs.map((_, index) => flat(index, []));
  dropUnnamed(flattened, record, inlined);
  const copy = OperatorCode.of({ builtinCode: CODES.copy, deprecatedBuiltinCode: CODES.copy });
  return { record: { ...record, subgraphs: flattened, operatorCodes: [...codes, copy] }, faults };
}

/** Where the operators of a decomposition go. */
interface Place {
  /** The tensors of the graph, to which the decomposition's own are added. */
  readonly tensors: unknown[];
  readonly faults: Map<OperatorRecord, string>;
  /** The operator code of a copy. */
  readonly copyCode: number;
}

/** The operators of `body` on the operands and results of `op`. */
function inPlaceOf(op: OperatorRecord, body: SubGraphRecord, { tensors, faults, copyCode }: Place): OperatorRecord[] {
  const results = op.outputs ?? [];
  const ids = new Map<number, number>((body.inputs ?? []).map((id, i) => [id, op.inputs![i]]));
  const fed = new Set(body.operators?.flatMap((inner) => inner.outputs ?? []));
  const copies = (body.outputs ?? []).flatMap((id, i) => {
    // An output that is an input, a constant or listed before is a copy.
    if (fed.has(id) && !ids.has(id)) ids.set(id, results[i]);
    else return [{ from: id, to: results[i] }];
    return [];
  });
  const own = (id: number): number => {
    if (id === ABSENT || body.tensors?.[id] === undefined) return id === ABSENT ? ABSENT : Number.MAX_SAFE_INTEGER;
    const named = ids.get(id) ?? tensors.push(body.tensors[id]) - 1;
    ids.set(id, named);
    return named;
  };
  const renamed = (body.operators ?? []).map((inner): OperatorRecord => {
    const [inputs, outputs] = [(inner.inputs ?? []).map(own), (inner.outputs ?? []).map(own)];
    const made = { ...inner, inputs, outputs, intermediates: inner.intermediates?.map(own) ?? null };
    const fault = faults.get(inner);
    if (fault !== undefined) faults.set(made, fault);
    return made;
  });
  const copyOf = (from: number, to: number, newShape: readonly number[]): OperatorRecord =>
    Operator.of({
      opcodeIndex: copyCode,
      inputs: [from],
      outputs: [to],
      builtinOptions: { type: 'ReshapeOptions', value: builtinOptions.ReshapeOptions.of({ newShape }) },
    });
  return [...renamed, ...copies.map(({ from, to }) => copyOf(own(from), to, body.tensors?.[from]?.shape ?? []))];
}

/** Takes away the last subgraphs that only composites named: they have no more part in the model. */
function dropUnnamed(graphs: SubGraphRecord[], record: ModelRecord, inlined: ReadonlySet<number>): void {
  const named = new Set([0, ...(record.signatureDefs ?? []).map((def) => def.subgraphIndex)]);
  for (const { operators } of graphs) for (const op of operators ?? []) for (const i of calledBy(op)) named.add(i);
  while (inlined.has(graphs.length - 1) && !named.has(graphs.length - 1)) graphs.pop();
}
