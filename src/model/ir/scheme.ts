import { isFloat, isQuantizable } from '../tensor/dtype.ts';
import { isPerAxis } from '../tensor/quantization.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Graph, type Node, operandsOf, resultsOf } from './graph.ts';

/**
 * How an operator computes, in the words of TFLite's users: `int8 per-channel`, `uint8 per-tensor`, `int16x8
 * per-channel`, `hybrid` (float activations, integer weights), `float32`, `float32 to int8` …
 */
export function schemeOf(graph: Graph, node: Node): string {
  const operands = operandsOf(graph, node).filter((t) => t !== null);
  const data = operands[0] ?? resultsOf(graph, node)[0];
  const out = resultsOf(graph, node)[0];
  if (out === undefined || data === undefined) return 'none';
  if (out.dtype !== data.dtype && (isFloat(out.dtype) || isFloat(data.dtype))) return `${data.dtype} to ${out.dtype}`;
  const weights = operands.find(
    (t) => t !== data && t.data !== null && isQuantizable(t.dtype) && t.quantization !== null,
  );
  if (weights === undefined) return data.dtype;
  const grain = isPerAxis(weights.quantization!) ? 'per-channel' : 'per-tensor';
  if (isFloat(data.dtype)) return `hybrid (${weights.dtype} weights, ${grain})`;
  return `${typeName(data, weights)} ${grain}`;
}

const typeName = (data: Tensor, weights: Tensor): string =>
  data.dtype === weights.dtype ? data.dtype : `${data.dtype}x${weights.dtype.replace(/\D+/, '')}`;

/** The schemes of a graph's operators with weights, the most frequent first; of all operators where none has weights. */
export function schemesOf(graph: Graph): string[] {
  const counts = new Map<string, number>();
  for (const node of graph.nodes) {
    const scheme = schemeOf(graph, node);
    counts.set(scheme, (counts.get(scheme) ?? 0) + 1);
  }
  const byCount = [...counts].sort((a, b) => b[1] - a[1]).map(([scheme]) => scheme);
  const weighted = byCount.filter((scheme) => / per-/.test(scheme) || scheme.startsWith('hybrid'));
  return weighted.length > 0 ? weighted : byCount;
}
