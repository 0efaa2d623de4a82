import { type Graph, type Model, type Node, operandsOf } from '../ir/graph.ts';
import type { OpKind } from '../ops/attrs.ts';
import { type DType, toBytes } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { tensorTypeOf } from './dtypes.ts';
import { type Table, writeRoot } from './flatbuffer.ts';
import { builtinCode, operators } from './operators.ts';
import type { OperatorRow } from './rows.ts';
import {
  Buffer,
  IDENTIFIER,
  ModelTable,
  Operator,
  OperatorCode,
  type OperatorRecord,
  QuantizationParameters,
  SCHEMA_VERSION,
  SignatureDef,
  SubGraph,
  type SubGraphRecord,
  type TensorRecord,
  Tensor as TensorTable,
} from './schema/model.ts';
import { builtinOptions, builtinOptions2 } from './schema/options.ts';

/** What the parts of a file are numbered by while it is written: each value once, in order of first use. */
interface Pools {
  readonly codes: Map<
    string,
    { readonly index: number; readonly code: number; readonly version: number; readonly custom?: string }
  >;
  readonly buffers: Uint8Array[];
}

/**
 * `model` as a .tflite file; the same model gives the same bytes, and importing them gives the model back. Throws
 * where an attribute has no TFLite form: only what comes from the importer or a pass that says so can be written.
 */
export function writeModel(model: Model): Uint8Array {
  // Buffer 0 is empty by convention: tensors without data refer to it.
  const pools: Pools = { codes: new Map(), buffers: [new Uint8Array()] };
  const subgraphs = model.subgraphs.map((graph) => writeSubgraph(graph, pools));
  const ports = (list: Model['signatures'][number]['inputs']) =>
    list.map(({ name, tensor }) => ({ name, tensorIndex: tensor }));
  return writeRoot(
    ModelTable,
    ModelTable.of({
      version: SCHEMA_VERSION,
      description: model.description,
      operatorCodes: [...pools.codes.values()].map(({ code, version, custom }) =>
        OperatorCode.of({
          ...{ builtinCode: code, deprecatedBuiltinCode: Math.min(code, 127), version },
          customCode: custom ?? null,
        }),
      ),
      subgraphs,
      buffers: pools.buffers.map((data, i) => Buffer.of(i === 0 ? {} : { data })),
      signatureDefs:
        model.signatures.length === 0
          ? null
          : model.signatures.map((s) =>
              SignatureDef.of({
                signatureKey: s.key,
                subgraphIndex: s.subgraph,
                inputs: ports(s.inputs),
                outputs: ports(s.outputs),
              }),
            ),
    }),
    IDENTIFIER,
  );
}

function writeSubgraph(graph: Graph, pools: Pools): SubGraphRecord {
  const tensors = [...graph.tensors];
  const operators = graph.nodes.map((node) => {
    const row = operatorRow(node);
    const own = row.intermediates?.write(node.attrs) ?? [];
    const intermediates = own.map((t) => tensors.push(t) - 1);
    return writeOperator(graph, node, intermediates, pools);
  });
  return SubGraph.of({
    name: graph.name,
    tensors: tensors.map((t) => writeTensor(t, pools)),
    inputs: graph.inputs,
    outputs: graph.outputs,
    operators,
  });
}

// The row belongs to the node's kind; TypeScript cannot follow that through the table.
const operatorRow = (node: Node): OperatorRow<OpKind> => operators[node.kind] as OperatorRow<OpKind>;

function writeTensor(t: Tensor, pools: Pools): TensorRecord {
  const constant = t.data !== null;
  if (constant) pools.buffers.push(storedForm(t));
  const q = t.quantization;
  return TensorTable.of({
    name: t.name,
    type: tensorTypeOf(t.dtype),
    shape: t.shape,
    shapeSignature: t.signature ?? null,
    hasRank: true,
    buffer: constant ? pools.buffers.length - 1 : 0,
    isVariable: t.variable ?? false,
    quantization:
      q === null
        ? null
        : QuantizationParameters.of({ scale: q.scales, zeroPoint: q.zeroPoints, quantizedDimension: q.axis }),
  });
}

/** A constant's bytes as a file holds them: int4 two to a byte, the low half first. */
function storedForm(t: Tensor): Uint8Array {
  const bytes = toBytes(t.data!);
  if (t.dtype !== 'int4') return bytes;
  const packed = new Uint8Array(Math.ceil(bytes.length / 2));
  for (let i = 0; i < bytes.length; i++) packed[i >> 1] |= (bytes[i] & 15) << (4 * (i & 1));
  return packed;
}

function writeOperator(graph: Graph, node: Node, intermediates: readonly number[], pools: Pools): OperatorRecord {
  const row = operatorRow(node);
  const version = versionOf(row, operandsOf(graph, node));
  const code = builtinCode(row.builtin);
  const key = `${code} ${version} ${row.custom ?? ''}`;
  if (!pools.codes.has(key)) pools.codes.set(key, { index: pools.codes.size, code, version, custom: row.custom });
  const options = row.options;
  const table = options === null ? null : (builtinOptions[options] as unknown as Table<object>);
  const second = row.options2 && (builtinOptions2[row.options2] as unknown as Table<object>);
  return Operator.of({
    opcodeIndex: pools.codes.get(key)!.index,
    inputs: node.inputs,
    outputs: node.outputs,
    ...(intermediates.length > 0 && { intermediates }),
    customOptions: row.writeCustom?.(node.attrs) ?? null,
    builtinOptions:
      table === null
        ? null
        : ({
            type: options,
            value: table.of(row.write(node.attrs, node.inputs.length)),
          } as OperatorRecord['builtinOptions']),
    ...(second && {
      builtinOptions2: {
        type: row.options2,
        value: second.of(row.write(node.attrs, node.inputs.length)),
      } as OperatorRecord['builtinOptions2'],
    }),
  });
}

/** Operators name the version of the first operand that has one of its own; constant weights count as well. */
function versionOf(row: OperatorRow<OpKind>, inputs: readonly (Tensor | null)[]): number {
  const dtypes = new Set<DType>(inputs.flatMap((t) => (t === null ? [] : [t.dtype])));
  return Math.max(1, ...[...dtypes].map((dtype) => row.versions[dtype] ?? 1));
}
