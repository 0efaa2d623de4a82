import type { Graph, Node } from '../../model/ir/graph.ts';
import type { Pads } from '../../model/ops/attrs.ts';
import { integers } from '../../model/ops/checks.ts';
import { extent } from '../../model/ops/shared/window.ts';
import { sameQuantization } from '../../model/tensor/quantization.ts';
import { makersOf, type Pass, useCounts } from './view.ts';

type Conv = Extract<Node, { kind: 'nn.conv2d' | 'nn.depthwise_conv2d' }>;

/**
 * Fuses a PAD of height and width into the convolution that is its only reader. Exact: both pad with the zero point of the tensor that
 * the convolution reads.
 */
export const foldPadding: Pass = (graph) => {
  const makers = makersOf(graph);
  const uses = useCounts(graph);
  const gone = new Set<Node>();
  const nodes = graph.nodes.map((node) => {
    if (node.kind !== 'nn.conv2d' && node.kind !== 'nn.depthwise_conv2d') return node;
    const pad = makers[node.inputs[0]];
    if (pad?.kind !== 'nn.pad' || uses[node.inputs[0]] !== 1) return node;
    const outer = spatialPads(graph, pad);
    if (outer === null) return node;
    gone.add(pad);
    const own = explicitPads(graph, node);
    const padding: Pads = {
      top: own.top + outer.top,
      bottom: own.bottom + outer.bottom,
      left: own.left + outer.left,
      right: own.right + outer.right,
    };
    return { ...node, attrs: { ...node.attrs, padding }, inputs: [pad.inputs[0], ...node.inputs.slice(1)] } as Node;
  });
  return { ...graph, nodes: nodes.filter((node) => !gone.has(node)) };
};

/** The extents of a pad of height and width only that keeps the quantization; else null. */
function spatialPads(graph: Graph, pad: Node): Pads | null {
  const [from, amounts] = pad.inputs.map((id) => graph.tensors[id]);
  const to = graph.tensors[pad.outputs[0]];
  const pads = integers(amounts);
  if (from.variable || pads?.length !== 8 || !sameQuantization(from.quantization, to.quantization)) return null;
  const [n0, n1, top, bottom, left, right, c0, c1] = pads;
  return [n0, n1, c0, c1].every((amount) => amount === 0) ? { top, bottom, left, right } : null;
}

/** The convolution's own padding, as explicit extents. */
function explicitPads(graph: Graph, { attrs, inputs }: Conv): Pads {
  const { padding, strides, dilation } = attrs;
  if (typeof padding === 'object') return padding;
  const data = graph.tensors[inputs[0]].shape;
  const kernel = graph.tensors[inputs[1]].shape;
  const [top, bottom, left, right] = ([0, 1] as const).flatMap((d) => {
    const { out, before } = extent(data[d + 1], kernel[d + 1], strides[d], dilation[d], padding);
    const needed = (out - 1) * strides[d] + (kernel[d + 1] - 1) * dilation[d] + 1 - data[d + 1] - before;
    return [before, Math.max(needed, 0)];
  });
  return { top, bottom, left, right };
}
