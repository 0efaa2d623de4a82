import type { Graph, Node } from '../../model/ir/graph.ts';
import type { Join } from './join.ts';
import { type Tally, total } from './tally.ts';
import { dataInputs, originOf, viewOf } from './view.ts';
import { weightsOf } from './weights.ts';

/**
 * Power of the error that rounding explains, per element of each joined tensor: step² / 12 of the output, and of the weights, for each
 * channel, input power · weights of a channel · scale² / 12, all taken as uniform and independent (Widrow's model of
 * quantization noise).
 */
export function expectedNoise(a: Graph, join: Join, tallies: readonly Tally[]): number[] {
  const view = viewOf(a);
  const byOrigin = new Map(join.tensors.map((t, i) => [t.origin, i]));
  return join.tensors.map(({ node, origin, int8 }, i) => {
    const inner = origin === int8 ? 0 : (a.tensors[origin].quantization?.scales[0] ?? 0);
    const rounding = (tallies[i].step ** 2 + inner ** 2) / 12;
    if (node === null) return rounding;
    const operator = a.nodes[node];
    const [input] = dataInputs(a, operator);
    const source = input === undefined ? undefined : byOrigin.get(originOf(view, input));
    return source === undefined ? rounding : rounding + ofWeights(a, operator, tallies[source]);
  });
}

/** What rounded weights add, the mean of the channels. */
function ofWeights(a: Graph, node: Node, input: Tally): number {
  const weights = weightsOf(a, node);
  if (weights === null || weights.scales.length === 0) return 0;
  const mean = total(input.r2) / (input.count * input.channels);
  const multiplier = weights.channels / input.channels;
  const power = (c: number) =>
    node.kind === 'nn.depthwise_conv2d' && Number.isInteger(multiplier)
      ? input.r2[Math.floor(c / multiplier)] / input.count
      : mean;
  const sum = weights.scales.reduce((all, scale, c) => all + power(c) * scale * scale, 0);
  return (weights.depth * sum) / weights.channels / 12;
}
