import { type Graph, nodeLabel } from '../../model/ir/graph.ts';
import { quoteName } from '../../model/ir/names.ts';
import type { OpKind } from '../../model/ops/attrs.ts';
import { integerRange, isFloat } from '../../model/tensor/dtype.ts';
import { sameQuantization } from '../../model/tensor/quantization.ts';
import type { Tensor } from '../../model/tensor/tensor.ts';
import type { Accused, Drift, DriftLayer } from '../figures/drift.ts';
import { type Cause, causeInConstants } from './constants.ts';
import { expectedNoise } from './expected.ts';
import type { Join, JoinedTensor } from './join.ts';
import { noiseOf, realRange, type Tally, total } from './tally.ts';
import { dataInputs, originOf, viewOf } from './view.ts';

/** Introduced error over what rounding explains from which a layer is suspect; healthy layers have up to 2. */
const EXCESS = 4;
/** Noise over signal below which a layer's error does not matter: 40 dB. */
const LEAST_NOISE = 1e-4;
/** Noise over signal that clipping has to add: 30 dB. */
const LEAST_CLIPPED = 1e-3;
/** Share of the codes in use below which the step is too coarse. */
const LEAST_USED = 1 / 6;
/** Median excess from which FP32 is not the network that was quantized. */
const OTHER_NETWORK = 4;

/** Operators whose output has the parameters of the input, or those that TFLite prescribes. */
const BOUND: ReadonlySet<OpKind> = new Set<OpKind>(['nn.softmax', 'sigmoid', 'tanh', 'nn.log_softmax', 'nn.lstm']);

/** What is known about a layer, or about an input and its quantization, when it is judged. */
interface Case {
  readonly t: JoinedTensor;
  readonly node: number | null;
  readonly tally: Tally;
  readonly layer: DriftLayer;
  /** Introduced noise over signal, powers. */
  readonly ratio: number;
}

/**
 * Names the layers in which error arises that quantization does not explain, and why. Facts of the constants come before
 * figures: an exchanged channel is wrong however little it costs. Pure.
 */
export function judgeDrift(
  a: Graph,
  b: Graph,
  join: Join,
  tallies: readonly Tally[],
  twin: boolean,
): Pick<Drift, 'accused' | 'layers' | 'apart' | 'notes'> {
  const expected = expectedNoise(a, join, tallies);
  const cases = join.tensors.flatMap((t, i): Case[] => {
    const tally = tallies[i];
    const [noise, signal] = [noiseOf(tally), total(tally.r2)];
    const layer = layerOf(a, t, tally, expected[i]);
    return [{ t, node: t.node, tally, layer, ratio: noiseToSignal(noise, signal) }];
  });
  const excesses = cases.flatMap(({ layer }) => layer.excess ?? []).sort((x, y) => x - y);
  const other = !twin && excesses.length >= 4 && excesses[excesses.length >> 1] > OTHER_NETWORK;
  const ranked = [...cases].sort((x, y) => y.ratio - x.ratio);
  const accused = new Map<JoinedTensor, Accused>();
  for (const one of ranked) {
    const found = causeOf(a, b, one, other);
    if (found === null) continue;
    const t = found.ofInput && one.node !== null ? makerOf(a, join, one.node) : one.t;
    if (t === null || accused.has(t)) continue;
    const { kind, reason } = found;
    accused.set(t, { node: t.node, label: labelOf(a, t), kind, reason });
  }
  return {
    accused: [...accused.values()],
    layers: ranked.map(({ layer }) => layer),
    apart: [...join.apart],
    notes: notesOf(join, other, twin),
  };
}

/** Infinities and NaN count as noise that is as large as the signal. */
function noiseToSignal(noise: number, signal: number): number {
  if (noise === 0) return 0;
  const ratio = noise / signal;
  return Number.isFinite(ratio) ? ratio : 1;
}

/** The joined tensor that a node reads. */
function makerOf(a: Graph, join: Join, node: number): JoinedTensor | null {
  const origin = originOf(viewOf(a), dataInputs(a, a.nodes[node])[0]);
  return join.tensors.find((t) => t.origin === origin) ?? null;
}

const labelOf = (a: Graph, { node, origin }: JoinedTensor): string =>
  node === null ? `the input ${quoteName(a.tensors[origin].name)}` : nodeLabel(a, a.nodes[node]);

function causeOf(a: Graph, b: Graph, one: Case, other: boolean): Cause | null {
  const { t, node, tally, layer, ratio } = one;
  if (ratio < LEAST_NOISE) return null;
  if (node === null) return rangeCause(a, one);
  const suspect = (layer.excess ?? 0) > EXCESS;
  const constants = other ? null : causeInConstants(a, b, t, tally.step);
  if (constants !== null && (suspect || constants.kind === 'channels' || constants.ofInput)) return constants;
  const range = rangeCause(a, one);
  if (range !== null) return range;
  // Rounding explains what constants add by an eighth of a step or less.
  if (constants !== null && ratio > LEAST_CLIPPED && (layer.excess ?? 0) > EXCESS / 2) return constants;
  if (!suspect || other || BOUND.has(a.nodes[node].kind)) return null;
  const times = (layer.excess ?? 0).toFixed(0);
  const [bias, rmse] = [layer.bias ?? 0, layer.rmse ?? 0];
  const mean = Math.abs(bias) > rmse / 2 ? `, and its mean is off by ${bias.toFixed(1)} steps` : '';
  return { kind: 'rounding', reason: `its error has ${times} times the power that rounding explains${mean}` };
}

/** Results outside of the output's range, or a range that is hardly used. */
function rangeCause(a: Graph, { t, node, tally, layer, ratio }: Case): Cause | null {
  const operator = node === null ? null : a.nodes[node];
  const output = a.tensors[t.int8];
  if (isFloat(output.dtype) || (operator !== null && BOUND.has(operator.kind))) return null;
  const [low, high] = realRange(output);
  const [least, most] = tally.reals;
  const percent = (x: number) => `${(100 * x).toFixed(x < 0.01 ? 2 : 0)} %`;
  const signal = total(tally.r2);
  if (tally.clipped2 > LEAST_CLIPPED * signal && tally.clipped2 > noiseOf(tally) / 2) {
    const whose = operator === null ? 'the data go' : 'FP32 goes';
    const where = `its range is ${show(low)} to ${show(high)}, ${whose} from ${show(least)} to ${show(most)}`;
    // Every range holds zero.
    const fits = high - low >= 0.9 * (Math.max(most, 0) - Math.min(least, 0));
    const reason = `${percent(layer.clippedLow + layer.clippedHigh)} of its ${operator === null ? 'values' : 'outputs'} are saturated: ${where}`;
    return { kind: fits ? 'zero-point' : 'range', reason };
  }
  const own =
    operator === null ||
    dataInputs(a, operator).every((id) => !sameQuantization(a.tensors[id].quantization, output.quantization));
  const used = (Math.min(most, high) - Math.max(least, low)) / (high - low);
  if (own && used < LEAST_USED && ratio > LEAST_CLIPPED)
    return {
      kind: 'scale',
      reason: `its ${operator === null ? 'values' : 'outputs'} use ${percent(Math.max(0, used))} of its range of ${show(low)} to ${show(high)}: the step is too coarse`,
    };
  return null;
}

const show = (x: number): string => String(Number(x.toPrecision(3)));

function notesOf({ apart, tensors }: Join, other: boolean, twin: boolean): string[] {
  const notes: string[] = [];
  if (apart.length > 0)
    notes.push(
      `${apart.length} of ${apart.length + tensors.length} operators have no counterpart in FP32 and are judged with the next one that has.`,
    );
  if (other)
    notes.push(
      'FP32 is not the network that INT8 was quantized from, or was trained further: weights differ in most layers by more than rounding, and are not judged.',
    );
  if (twin)
    notes.push(
      'FP32 is the dequantized twin: it has the weights of INT8, so that what is wrong with them does not show; name fp32.',
    );
  return notes;
}

const decibels = (signal: number, noise: number): number | null =>
  signal > 0 && noise > 0 ? 10 * Math.log10(signal / noise) : null;

const MOST_CHANNELS = 3;

function layerOf(a: Graph, t: JoinedTensor, tally: Tally, expected: number): DriftLayer {
  const n = tally.count * tally.channels;
  const [noise, signal] = [noiseOf(tally), total(tally.r2)];
  const steps = (x: number) => (tally.step > 0 && Number.isFinite(x) ? x / tally.step : null);
  const channels = Array.from(tally.e2, (e2, channel) => ({
    channel,
    bias: steps(tally.e[channel] / tally.count),
    rmse: steps(Math.sqrt(e2 / tally.count)),
  }));
  return {
    ...{ node: t.node, label: labelOf(a, t) },
    inherited: decibels(tally.own2, tally.inherited2),
    introduced: decibels(signal, noise),
    excess: expected > 0 && Number.isFinite(noise / n / expected) ? noise / n / expected : null,
    rmse: steps(Math.sqrt(noise / n)),
    bias: steps(total(tally.e) / n),
    ...{ clippedLow: tally.low / Math.max(n, 1), clippedHigh: tally.high / Math.max(n, 1) },
    used: usedShare(a.tensors[t.int8], tally),
    channels: channels.sort((x, y) => (y.rmse ?? 0) - (x.rmse ?? 0)).slice(0, MOST_CHANNELS),
  };
}

function usedShare({ dtype }: Tensor, { codes: [least, most] }: Tally): number | null {
  if (isFloat(dtype) || most < least) return null;
  const [lo, hi] = integerRange(dtype);
  return (most - least + 1) / (hi - lo + 1);
}
