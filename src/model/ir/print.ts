import { createHash } from 'node:crypto';
import { isFloat, type TensorData, toBytes } from '../tensor/dtype.ts';
import type { Quantization } from '../tensor/quantization.ts';
import { ABSENT, type Tensor, type TensorId } from '../tensor/tensor.ts';
import type { Graph, Model, Node } from './graph.ts';
import { quantizationAttrs, textName } from './qnn.ts';

export interface PrintOptions {
  /**
   * How constants of more than a few elements are written: `digest` (default) names them by content, and parsing needs
   * them handed in; `inline` writes their bytes, so that the text alone is the model.
   */
  readonly constants?: 'digest' | 'inline';
}

/** Constants up to this many elements are written out as numbers. */
const SHORT = 16;

/**
 * The model as text: one line a tensor that nobody computes, one line an operator, with Relay's names. `parseModel`
 * reads it back, and prints the same text.
 */
export function printModel(model: Model, options: PrintOptions = {}): string {
  const lines = [
    `model ${JSON.stringify(model.name)}`,
    ...(model.description === '' ? [] : [`description ${JSON.stringify(model.description)}`]),
    ...model.subgraphs.flatMap((graph) => ['', ...graphLines(graph, options)]),
    ...(model.signatures.length === 0 ? [] : ['']),
    ...model.signatures.map((s) => {
      const ports = (list: typeof s.inputs): string =>
        list.map((p) => `${JSON.stringify(p.name)}: %${p.tensor}`).join(', ');
      return `signature ${JSON.stringify(s.key)} ${s.subgraph} (${ports(s.inputs)}) -> (${ports(s.outputs)})`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}

/** One graph of the text form, without the model around it. */
export const printGraph = (graph: Graph, options: PrintOptions = {}): string =>
  `${graphLines(graph, options).join('\n')}\n`;

function graphLines(graph: Graph, options: PrintOptions): string[] {
  const computed = new Set(graph.nodes.flatMap((node) => node.outputs));
  const declared = graph.tensors.flatMap((t, id) =>
    computed.has(id) ? [] : [`  %${id} = ${roleOf(graph, t, id)} ${tensorType(t)}${showData(t, options)}`],
  );
  return [
    `graph ${JSON.stringify(graph.name)} (${ids(graph.inputs)}) -> (${ids(graph.outputs)})`,
    ...declared,
    ...graph.nodes.map((node) => `  ${nodeLine(graph, node)}`),
  ];
}

const ids = (list: readonly TensorId[]): string => list.map((id) => (id === ABSENT ? '_' : `%${id}`)).join(', ');

function roleOf(graph: Graph, t: Tensor, id: TensorId): string {
  if (t.data !== null) return 'constant';
  if (t.variable) return 'variable';
  return graph.inputs.includes(id) ? 'input' : 'unused';
}

function nodeLine(graph: Graph, node: Node): string {
  const results = node.outputs.map((id) => `%${id} ${tensorType(graph.tensors[id])}`).join(', ');
  const attrs = [
    ...Object.entries(node.attrs).map(([key, value]) => [toSnake(key), showValue(value)] as const),
    ...quantizationAttrs(graph, node),
  ].map(([key, value]) => ` ${key}=${value}`);
  const left = node.outputs.length === 0 ? 'do' : `${results} =`;
  return `${left} ${textName(graph, node)}(${ids(node.inputs)})${attrs.join('')} @${node.source}`;
}

/** Name, type, shape and what else a tensor carries, but not its data. */
function tensorType(t: Tensor): string {
  const signature = t.signature === undefined ? '' : ` signature [${t.signature.join(', ')}]`;
  const kept = t.variable ? ' stateful' : '';
  return `${JSON.stringify(t.name)} ${t.dtype}[${t.shape.join(', ')}]${signature}${showQuantization(t.quantization)}${kept}`;
}

function showQuantization(q: Quantization | null): string {
  if (q === null) return '';
  if (q.scales.length === 1) return ` scale ${q.scales[0]} zero_point ${q.zeroPoints[0]}`;
  const zero = q.zeroPoints.every((z) => z === 0) ? '0' : `[${q.zeroPoints.join(', ')}]`;
  return ` axis ${q.axis} scale [${q.scales.join(', ')}] zero_point ${zero}`;
}

function showData(t: Tensor, options: PrintOptions): string {
  if (t.data === null) return '';
  const numbers: readonly (number | bigint)[] = t.data.length <= SHORT ? Array.from<number | bigint>(t.data) : [];
  if (t.data.length <= SHORT && (!isFloat(t.dtype) || numbers.every((x) => Number.isFinite(x))))
    return ` = [${numbers.map((x) => (Object.is(x, -0) ? '-0' : String(x))).join(', ')}]`;
  return options.constants === 'inline'
    ? ` = base64 "${Buffer.from(toBytes(t.data)).toString('base64')}"`
    : ` = sha256 "${digestOf(t.data)}"`;
}

/** What a constant is called by in a text without its bytes. */
export const digestOf = (data: TensorData): string =>
  createHash('sha256').update(toBytes(data)).digest('hex').slice(0, 32);

/** The constants of a model by digest, as `parseModel` wants them. */
export function constantsOf(model: Model): Map<string, TensorData> {
  const all = model.subgraphs.flatMap((graph) => graph.tensors.flatMap((t) => (t.data === null ? [] : [t.data])));
  return new Map(all.map((data) => [digestOf(data), data]));
}

const toSnake = (key: string): string => key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** An attribute: a number, a word, true, false, null, a list or a record of these. */
function showValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(showValue).join(', ')}]`;
  if (typeof value === 'string')
    return /^(?!true$|false$|null$)[A-Za-z]\w*$/.test(value) ? value : JSON.stringify(value);
  if (Object.is(value, -0)) return '-0';
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).map(([key, entry]) => `${toSnake(key)}: ${showValue(entry)}`);
  return `{${entries.join(', ')}}`;
}
