import { doublingHighMul, type Profile } from '../../../../model/arithmetic/multiplier.ts';
import type { OpKind } from '../../../../model/ops/attrs.ts';
import { operand, parameters } from '../../../../model/ops/checks.ts';
import type { OpDefinition, OpView } from '../../../../model/ops/definition.ts';
import { sumOps } from '../../../../model/ops/sums.ts';
import { fromBytes } from '../../../../model/tensor/dtype.ts';

/** The constants of an `ig_linear` (native/kernels/linear.h) without the clamp. */
export interface LinearSum {
  readonly m1: number;
  readonly m2: number;
  readonly below: number;
  readonly offset: number;
}

/** Fixed-point unit of a result: the kernel shifts right by 16, later by 6. */
const UNIT = 2 ** 22;
/** Slope 1 as a multiplier of SQRDMULH on X · 2^24. */
const SLOPE = UNIT * 2 ** 7;
/**
 * Slightly steeper slopes are tried as well: if thousands of sums are halfway between two results, a steeper slope rounds positive ones
 * up and negative ones down, as TFLite does.
 */
const STEEPER = [0, 2 ** -16, 2 ** -18, 2 ** -14];
const TRIES = 4;
const PAIRS = 65536;

/** The kernel's operands X, Y, in the order of the tables below. */
const signedByte = (i: number): number => i - 128;

/** TFLite's result for every pair of operands, by the operator's semantics; the second operand varies fastest. */
function everyPair(op: OpView<'add' | 'subtract'>, profile: Profile): Int8Array | Uint8Array {
  const out = op.outputs[0];
  const codes = Uint8Array.from({ length: 256 }, (_, i) => (out.dtype === 'uint8' ? i : signedByte(i)));
  const shapes = [
    [256, 1],
    [1, 256],
  ];
  const [results] = (sumOps[op.kind] as OpDefinition<OpKind>).evaluate({
    ...op,
    inputs: op.inputs.map((tensor, i) => ({ ...tensor!, shape: shapes[i] })),
    outputs: [{ ...out, shape: [256, 256] }],
    data: op.inputs.map(() => fromBytes(out.dtype, codes)),
    profile,
  });
  return results as Int8Array | Uint8Array;
}

/** H(X · 2^24 + below, m) for every byte X. */
const highs = (m: number, below: number): Float64Array =>
  Float64Array.from({ length: 256 }, (_, i) => doublingHighMul((signedByte(i) << 24) + below, m));

/** Range [least, most) of the offset with which all results are equal, and the pairs that determine it. */
interface Demands {
  readonly least: number;
  readonly most: number;
  readonly pairs: readonly [number, number];
}

function demands(results: ArrayLike<number>, first: Float64Array, second: Float64Array, lo: number, hi: number) {
  let [least, most, from, to] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0];
  for (let at = 0; at < PAIRS; at++) {
    const short = results[at] * UNIT - first[at >> 8] - second[at & 255];
    if (short > least && results[at] > lo) [least, from] = [short, at];
    if (short + UNIT < most && results[at] < hi) [most, to] = [short + UNIT, at];
  }
  return { least, most, pairs: [from, to] } satisfies Demands;
}

/** The constants for given slopes and offset, if they are in range and all pairs are equal. */
function proven(
  results: ArrayLike<number>,
  [m1, m2]: readonly [number, number],
  raise: number,
  lo: number,
  hi: number,
): LinearSum | null {
  const offset = Math.floor(raise / 65536);
  const below = Math.round(((raise - offset * 65536) * 2 ** 31) / m1);
  if (!(below >= 0 && below < 2 ** 24) || Math.abs(offset) > 32767) return null;
  const [first, second] = [highs(m1, below), highs(m2, 0)];
  for (let at = 0; at < PAIRS; at++) {
    const value = (((first[at >> 8] + second[at & 255]) >> 16) + offset) >> 6;
    if ((value < lo ? lo : value > hi ? hi : value) !== results[at]) return null;
  }
  return { m1, m2, below, offset };
}

/**
 * The linear form that equals TFLite's 8-bit ADD or SUB with clamp [lo, hi] on all pairs of operands; null if none is found. Search: start
 * at the real slopes; while two pairs contradict each other, change the slopes by the least amount that resolves the contradiction.
 */
export function fitLinearSum(
  op: OpView<'add' | 'subtract'>,
  profile: Profile,
  lo: number,
  hi: number,
): LinearSum | null {
  const [a, b, out] = [operand(op, 0), operand(op, 1), op.outputs[0]].map((t) => parameters(t).scale);
  const real = [a / out, (op.kind === 'add' ? b : -b) / out];
  if (!real.every((slope) => Math.abs(slope) < 4)) return null;
  const results = everyPair(op, profile);
  for (const steeper of STEEPER) {
    const slopes = real.map((slope) => slope * SLOPE * (1 + steeper));
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const [m1, m2] = slopes.map(Math.round);
      if (Math.abs(m1) + Math.abs(m2) >= 2 ** 31 - 2 ** 17) return null;
      const { least, most, pairs } = demands(results, highs(m1, 0), highs(m2, 0), lo, hi);
      if (least < most) return proven(results, [m1, m2], Math.floor((least + most) / 2), lo, hi);
      const apart = [(pairs[0] >> 8) - (pairs[1] >> 8), (pairs[0] & 255) - (pairs[1] & 255)];
      const step = ((least - most + 2) * 2 ** 7) / (apart[0] ** 2 + apart[1] ** 2);
      apart.forEach((distance, i) => {
        slopes[i] += step * distance;
      });
    }
  }
  return null;
}
