/**
 * The integer arithmetic that TFLite's reference kernels compute with, on JavaScript numbers. Every function is exact:
 * 64-bit products are split so that each part fits the 53 bits of a double. The tests compare each with BigInt.
 */
import { castInt32, roundAway, roundEven } from './rounding.ts';

/**
 * Which integer rounding a quantized model is computed with; see docs/arithmetic.md.
 * `tflite`: TFLite's reference kernels, bit for bit.
 */
export const PROFILES = ['tflite', 'single', 'xnnpack'] as const;
export type Profile = (typeof PROFILES)[number];

/** A real factor as fixed point: multiplier · 2^(shift − 31), with multiplier in [2^30, 2^31) or 0. */
export interface Multiplier {
  readonly multiplier: number;
  readonly shift: number;
}

const bits = new DataView(new ArrayBuffer(8));

/** C's frexp: x = fraction · 2^exponent with |fraction| in [0.5, 1); 0 and non-finite values come back with exponent 0. */
export function frexp(x: number): readonly [fraction: number, exponent: number] {
  if (x === 0 || !Number.isFinite(x)) return [x, 0];
  if (Math.abs(x) < 2.2250738585072014e-308) {
    const [fraction, exponent] = frexp(x * 2 ** 54);
    return [fraction, exponent - 54];
  }
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  bits.setUint32(0, (high & 0x800fffff) | 0x3fe00000);
  return [bits.getFloat64(0), ((high >>> 20) & 0x7ff) - 1022];
}

/**
 * TFLite's QuantizeMultiplier (quantization_util.cc). Factors below 2^-32 become 0, and so does what is no factor: the
 * quotient of scales that a file does not give.
 */
export function quantizeMultiplier(real: number): Multiplier {
  if (real === 0 || !Number.isFinite(real)) return { multiplier: 0, shift: 0 };
  const [fraction, exponent] = frexp(real);
  let multiplier = roundAway(fraction * 2147483648);
  let shift = exponent;
  if (multiplier === 2147483648) {
    multiplier = 1073741824;
    shift += 1;
  }
  return shift < -31 ? { multiplier: 0, shift: 0 } : { multiplier, shift };
}

/**
 * gemmlowp's SaturatingRoundingDoublingHighMul: (a·b + 2^30) >> 31 in 64 bit, saturated where a = b = −2^31.
 * Both arguments are int32. The lower half of b is taken unsigned, so both partial products are exact doubles.
 */
export function doublingHighMul(a: number, b: number): number {
  const upper = a * (b >> 16);
  const lower = a * (b & 0xffff) + 1073741824;
  const r = Math.floor((upper + Math.floor(lower / 65536)) / 32768);
  return r === 2147483648 ? 2147483647 : r;
}

/** gemmlowp's RoundingDivideByPOT: x / 2^exponent, halves away from zero. x is int32, exponent in [0, 31]. */
export function roundingDivideByPOT(x: number, exponent: number): number {
  if (exponent === 0) return x;
  const mask = exponent === 31 ? 0x7fffffff : (1 << exponent) - 1;
  const threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
}

/**
 * RoundingDivideByPOT where callers in TFLite do not keep to [0, 31]: on x86 and on ARM64 alike the shift then takes
 * the exponent's lowest five bits, and the rounding adds 1 to what is not negative. Holds for −32 … 63.
 */
export const roundingDivideByAnyPOT = (x: number, exponent: number): number =>
  exponent >= 0 && exponent <= 31 ? roundingDivideByPOT(x, exponent) : (x >> (exponent & 31)) + (x >= 0 ? 1 : 0);

/** TFLite's MultiplyByQuantizedMultiplier with its double rounding; the left shift wraps around as int32. */
export function multiplyByMultiplier(x: number, m: Multiplier): number {
  return m.shift > 0
    ? doublingHighMul(m.shift > 31 ? 0 : Math.imul(x, 1 << m.shift), m.multiplier)
    : roundingDivideByPOT(doublingHighMul(x, m.multiplier), -m.shift);
}

/** Double rounding with both halves up, as SQRDMULH and SRSHL leave it: the GEMM library on int16 results. */
export function multiplyByMultiplierUp(x: number, m: Multiplier): number {
  const high = doublingHighMul(m.shift > 0 ? Math.imul(x, 2 ** Math.min(m.shift, 31)) : x, m.multiplier);
  return m.shift < 0 ? Math.floor((high + 2 ** (-m.shift - 1)) / 2 ** -m.shift) : high;
}

/** (x·m + 2^(t−1)) >> t for int32 x, a multiplier m and t in [1, 62]; the result as int32. */
function roundingShiftedProduct(x: number, m: number, t: number): number {
  if (t < 17) {
    const product = x * m;
    if (Math.abs(product) < 2 ** 52) return Math.floor((product + 2 ** (t - 1)) / 2 ** t) | 0;
    return Number(BigInt.asIntN(32, (BigInt(x) * BigInt(m) + (1n << BigInt(t - 1))) >> BigInt(t)));
  }
  const upper = x * (m >> 16);
  const lower = x * (m & 0xffff);
  return Math.floor((upper + Math.floor(lower / 65536) + 2 ** (t - 17)) / 2 ** (t - 16)) | 0;
}

/** One rounding in 64 bit: ruy's kernels and builds of TFLite with TFLITE_SINGLE_ROUNDING. */
export function multiplyByMultiplierSingle(x: number, m: Multiplier): number {
  return roundingShiftedProduct(x, m.multiplier, 31 - Math.min(m.shift, 30));
}

/**
 * TFLite's MultiplyByQuantizedMultiplier of an int64 accumulator (INT16x8 operators): the multiplier is reduced to
 * 16 bits first. x is an integer below 2^53 in magnitude; products that leave int64 and results that leave int32 wrap.
 */
export function multiplyByMultiplier64(x: number, m: Multiplier): number {
  const reduced = m.multiplier < 0x7fff0000 ? (m.multiplier + 32768) >> 16 : 0x7fff;
  const t = 15 - m.shift;
  if (t >= 17 && Math.abs(x) < 2 ** 47) {
    const upper = Math.floor(x / 65536);
    const lower = (x - upper * 65536) * reduced;
    return Math.floor((upper * reduced + Math.floor(lower / 65536) + 2 ** (t - 17)) / 2 ** (t - 16)) | 0;
  }
  const product = x * reduced;
  if (t >= 1 && t < 17 && Math.abs(product) < 2 ** 52) return Math.floor((product + 2 ** (t - 1)) / 2 ** t) | 0;
  const wide = BigInt(x) * BigInt(reduced);
  if (t < 1) return Number(BigInt.asIntN(32, wide << BigInt(-t)));
  return Number(BigInt.asIntN(32, BigInt.asIntN(64, wide + (1n << BigInt(t - 1))) >> BigInt(t)));
}

/** Scales an int32 accumulator of channel `c` to the output's scale, without zero point and clamp. */
export type Requantize = (accumulator: number, channel: number) => number;

/**
 * The requantization of one layer in the given profile. `factors`: input scale · weight scale / output scale, one
 * for all channels or one a channel.
 */
export function requantizer(profile: Profile, factors: readonly number[]): Requantize {
  const pick = factors.length === 1 ? () => 0 : (c: number) => c;
  if (profile === 'xnnpack') {
    const scales = factors.map(Math.fround);
    return (x, c) => castInt32(roundEven(Math.fround(Math.fround(x) * scales[pick(c)])));
  }
  const multipliers = factors.map(quantizeMultiplier);
  const multiply = profile === 'single' ? multiplyByMultiplierSingle : multiplyByMultiplier;
  return (x, c) => multiply(x, multipliers[pick(c)]);
}
