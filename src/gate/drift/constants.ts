import type { Graph, Node } from '../../model/ir/graph.ts';
import type { Accused } from '../figures/drift.ts';
import type { JoinedTensor } from './join.ts';
import { type Weights, weightsOf } from './weights.ts';

/** What the constants of a layer show to be wrong with it. */
export interface Cause extends Pick<Accused, 'kind' | 'reason'> {
  /** The fault lies in the scale of the tensor that the layer reads: whoever makes that is to blame. */
  readonly ofInput?: true;
}

/** Least relative error of a scale that no rounding explains. */
const SCALE_OFF = 0.05;
/** Relative distance of a channel from its counterpart that no rounding explains. */
const CHANNEL_OFF = 0.3;
/** Error of the weights over what rounding to their scale explains, an rms; 1 is what uniform rounding gives. */
const WEIGHTS_OFF = 3;

/**
 * Compares the constants of a layer with its partner's, as real numbers and channel by channel. null where they are equal but for
 * rounding, or cannot be compared.
 *
 * @param step of the output, in real units
 */
export function causeInConstants(a: Graph, b: Graph, t: JoinedTensor, step: number): Cause | null {
  if (t.node === null || t.partner === null) return null;
  const [node, other] = [a.nodes[t.node], b.nodes[t.partner]];
  const [w8, w32] = [weightsOf(a, node), weightsOf(b, other)];
  const comparable = w8 !== null && w32 !== null && w8.channels === w32.channels && w8.depth === w32.depth;
  if (!comparable || (node.kind !== other.kind && w8.depth > 1 && node.kind !== 'nn.dense')) return null;
  const swapped = exchanged(w8, w32);
  if (swapped !== null) return swapped;
  const gains = t.folded ? [] : gainsOf(w8, w32);
  const stated = statedScale(a, node, w8);
  const shifted = meanShift(w8, w32, t.folded);
  if (shifted !== null) return shifted;
  const grid = t.folded ? null : coarse(w8, w32, gains);
  if (grid !== null) return grid;
  const gain = median(gains);
  if (gain !== null && Math.abs(gain - 1) > SCALE_OFF) return { kind: 'scale', reason: gainReason(gain) };
  if (stated !== null && Math.abs(stated - 1) > SCALE_OFF)
    return {
      ...{ kind: 'scale', ofInput: true },
      reason: `the scale of its output is ${share(stated)} of the one that the biases of the next layer were made for`,
    };
  return biasCause(w8, w32, t.folded, step);
}

const share = (x: number): string => `${x.toFixed(2)}×`;
const gainReason = (gain: number): string => `its weights are ${share(gain)} those of FP32: their scale is wrong`;

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return [...values].sort((x, y) => x - y)[values.length >> 1];
}

/** Regression of INT8's weights on FP32's, by channel, where the two point the same way. */
function gainsOf(w8: Weights, w32: Weights): number[] {
  const gains: number[] = [];
  for (let c = 0; c < w8.channels; c++) {
    let [ab, aa, bb] = [0, 0, 0];
    for (let i = c * w8.depth; i < (c + 1) * w8.depth; i++) {
      ab += w8.values[i] * w32.values[i];
      aa += w8.values[i] ** 2;
      bb += w32.values[i] ** 2;
    }
    if (aa > 0 && bb > 0 && ab / Math.sqrt(aa * bb) > 0.9) gains.push(ab / bb);
  }
  // Where few channels agree, their ratio says nothing about the layer.
  return gains.length * 2 > w8.channels ? gains : [];
}

/** Scales of input and weights over the scale that the file states for the biases; null where it states none. */
function statedScale(a: Graph, node: Node, { scales, biasScales }: Weights): number | null {
  const input = a.tensors[node.inputs[0]].quantization?.scales[0];
  if (input === undefined || scales.length === 0) return null;
  const ratios = biasScales.flatMap((s, i) => (s > 0 ? [(input * scales[i % scales.length]) / s] : []));
  return median(ratios);
}

/** Relative distance of channel i of the one from channel j of the other. */
function distance(w8: Weights, i: number, w32: Weights, j: number): number {
  let [d2, n2] = [0, 0];
  for (let k = 0; k < w8.depth; k++) {
    const [x, y] = [w8.values[i * w8.depth + k], w32.values[j * w8.depth + k]];
    d2 += (x - y) ** 2;
    n2 += y * y;
  }
  return n2 > 0 ? Math.sqrt(d2 / n2) : d2 > 0 ? Number.POSITIVE_INFINITY : 0;
}

/** Channels that hold each other's weights. */
function exchanged(w8: Weights, w32: Weights): Cause | null {
  const off = Array.from({ length: w8.channels }, (_, c) => c).filter((c) => distance(w8, c, w32, c) > CHANNEL_OFF);
  const near = (c: number, j: number) => distance(w8, c, w32, j) < distance(w8, c, w32, c) / 2;
  const moved = off.flatMap((c) => {
    const [best] = off
      .filter((j) => j !== c && near(c, j))
      .sort((i, j) => distance(w8, c, w32, i) - distance(w8, c, w32, j));
    return best === undefined ? [] : [{ c, from: best }];
  });
  // A permutation: what one channel holds is some other channel's own.
  const cycle = moved.filter(({ c }) => moved.some(({ from }) => from === c));
  if (cycle.length < 2) return null;
  const list = cycle.slice(0, 4).map(({ c, from }) => `${c} holds those of ${from}`);
  const more = cycle.length > 4 ? ` and ${cycle.length - 4} more` : '';
  return { kind: 'channels', reason: `weights of channels are exchanged: ${list.join(', ')}${more}` };
}

/** All weights moved by one amount: their zero point is wrong. */
function meanShift(w8: Weights, w32: Weights, folded: boolean): Cause | null {
  if (folded || w8.scales.length === 0) return null;
  let [sum, sum2] = [0, 0];
  const n = w8.values.length;
  for (let c = 0, i = 0; c < w8.channels; c++)
    for (let k = 0; k < w8.depth; k++, i++) {
      const d = (w8.values[i] - w32.values[i]) / w8.scales[c];
      sum += d;
      sum2 += d * d;
    }
  const [mean, rest] = [sum / n, Math.sqrt(Math.max(0, sum2 / n - (sum / n) ** 2))];
  if (Math.abs(mean) < 1.5 || rest > Math.abs(mean) / 2) return null;
  const reason = `all its weights are ${mean.toFixed(1)} steps off: their zero point is wrong`;
  return { kind: 'zero-point', reason };
}

function biasCause(w8: Weights, w32: Weights, folded: boolean, step: number): Cause | null {
  const [x, y] = [w8.bias, w32.bias];
  if (folded || y === null || step === 0) return null;
  const steps = (v: number) => (Math.abs(v) / step).toFixed(1);
  const rms = (values: Float64Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  const wanted = rms(y);
  if (wanted < step / 2) return null;
  if (x === null || x.every((v) => v === 0))
    return { kind: 'bias', reason: `its bias is zero: FP32's is worth ${steps(wanted)} steps of the output` };
  const off = x.map((v, c) => v - y[c]);
  const zeros = Array.from(x.keys()).filter((c) => x[c] === 0 && Math.abs(y[c]) > step);
  if (zeros.length > 0)
    return {
      kind: 'bias',
      reason: `the bias of channel ${zeros.slice(0, 4).join(', ')}${zeros.length > 4 ? ', …' : ''} is zero: off by up to ${steps(Math.max(...zeros.map((c) => Math.abs(y[c]))))} steps`,
    };
  if (rms(off) < Math.max(step, wanted / 4)) return null;
  return { kind: 'bias', reason: `its bias is not FP32's: off by ${steps(rms(off))} steps of the output` };
}

/** Weights on a coarser grid than their type allows, or far from FP32's. */
function coarse(w8: Weights, w32: Weights, gains: readonly number[]): Cause | null {
  if (w8.codes === null) return null;
  const gain = median(gains) ?? 1;
  let [d2, s2, most] = [0, 0, 0];
  for (let c = 0, i = 0; c < w8.channels; c++)
    for (let k = 0; k < w8.depth; k++, i++) {
      d2 += (w8.values[i] - gain * w32.values[i]) ** 2;
      s2 += w8.scales[c] ** 2 / 12;
      most = Math.max(most, Math.abs(w8.codes[i]));
    }
  const ratio = Math.sqrt(d2 / s2);
  const different = new Set(w8.codes).size;
  if (most < 32)
    return { kind: 'weights', reason: `its weights use codes up to ±${most} only: their scale is too coarse` };
  if (ratio < WEIGHTS_OFF) return null;
  const grid = different <= 40 ? `, which take ${different} different values only: the grid is too coarse` : '';
  return {
    kind: 'weights',
    reason: `its weights are ${ratio.toFixed(1)} times further from FP32's than rounding explains${grid}`,
  };
}
