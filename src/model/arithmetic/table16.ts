/** int16 functions by table and linear interpolation, as the INT16x8 forms of sigmoid, tanh and softmax use them. */
import { castInt32, clamp, roundAway } from './rounding.ts';

/**
 * sigmoid(i / 24) in Q0.16 for i = 0 … 255. Each entry is raised by half of what a chord to the next one lies too
 * low in its middle, so that interpolation errs to both sides alike. The last entry stands for all beyond it.
 */
export const sigmoidTable: Uint16Array = (() => {
  const f = (i: number) => 65536 / (1 + Math.exp(-i / 24));
  return Uint16Array.from({ length: 256 }, (_, i) => {
    const sag = f(i + 0.5) - (f(i) + f(i + 1)) / 2;
    return i === 255 ? 65535 : Math.round(f(i) + sag / 2);
  });
})();

/** How an input is brought to 3 · 2^12 steps a unit: (x · multiplier + rounding) >> shift. */
export interface Scaling16 {
  readonly multiplier: number;
  readonly shift: number;
}

/** log2 of a scale that is a power of two to one in a thousand, else null. Source: CheckedLog2. */
export function powerOfTwo(scale: number): number | null {
  const log = Math.fround(Math.fround(Math.log(scale)) * Math.fround(1 / Math.fround(Math.log(2))));
  const rounded = roundAway(log);
  return Math.abs(log - rounded) < 1e-3 ? rounded : null;
}

/**
 * @param highest how many more bits than 2^-12 a power-of-two scale may have to be taken as one: 0 for sigmoid, 1 for tanh
 * Source: SigmoidPrepare and TanhPrepare (activations.cc).
 */
export function scaling16(scale: number, highest: 0 | 1): Scaling16 {
  const log = powerOfTwo(scale);
  if (log !== null && log + 12 >= 0 && log + 12 <= highest) return { multiplier: 3 << (log + 12), shift: 0 };
  let multiplier = scale * 4096 * 3;
  let shift = 0;
  while (multiplier <= 32767 / 2 && shift <= 30) {
    shift++;
    multiplier *= 2;
  }
  return { multiplier: castInt32(Math.trunc(multiplier)), shift };
}

const scaled = (x: number, s: Scaling16): number =>
  ((Math.imul(x, s.multiplier) + (s.shift > 0 ? 1 << (s.shift - 1) : 0)) | 0) >> s.shift;

/** sigmoid in Q0.15 of an int16 input. Source: integer_ops/logistic.h. */
export function sigmoid16(x: number, s: Scaling16): number {
  const v = scaled(x, s);
  const magnitude = Math.abs(v);
  const at = magnitude >>> 9;
  const y =
    at >= 255
      ? 0x7fff << 10
      : (sigmoidTable[at] << 9) + (magnitude & 0x1ff) * (sigmoidTable[at + 1] - sigmoidTable[at]);
  return (v >= 0 ? y + 512 : 2 ** 25 - y + 511) >> 10;
}

/** tanh in Q0.15 of an int16 input, by tanh(x) = 2 · sigmoid(2x) − 1. Source: integer_ops/tanh.h. */
export function tanh16(x: number, s: Scaling16): number {
  const v = scaled(x, s);
  const magnitude = Math.abs(v);
  const at = magnitude >>> 8;
  const y =
    at >= 255 ? 0xffff << 8 : (sigmoidTable[at] << 8) + (magnitude & 0xff) * (sigmoidTable[at + 1] - sigmoidTable[at]);
  return (v >= 0 ? y - 2 ** 23 + 128 : 2 ** 23 - y + 127) >> 8;
}

/**
 * A function on [inputMin, inputMax] as 513 int16 entries for `lookUp16`, with the output interval spread over int16.
 * Each of the first 512 is lowered by half of the interpolation's error in the middle. Source: LUTPopulateInt16.
 * @param round Math.fround where the reference computes in float32; nothing where it computes in double
 */
export function table16(
  f: (x: number) => number,
  [inputMin, inputMax]: readonly [number, number],
  [outputMin, outputMax]: readonly [number, number],
  round: (x: number) => number = (x) => x,
): Int16Array {
  const step = round(round(inputMax - inputMin) / 512);
  const inverse = round(65536 / round(outputMax - outputMin));
  const at = (x: number) => round(round(f(x)) * inverse);
  // A NaN, as between infinite values, is stored as 0.
  const entry = (y: number) => clamp(y, -32768, 32767);
  return Int16Array.from({ length: 513 }, (_, i) => {
    if (i === 512) return entry(roundAway(at(inputMax)));
    const x = round(inputMin + round(i * step));
    const sample = roundAway(at(x));
    const next = at(round(inputMin + round((i + 1) * step)));
    const middle = roundAway(at(round(x + step / 2)));
    const error = round(roundAway(round(round(next + sample) / 2)) - middle);
    return entry(round(sample - roundAway(error / 2)));
  });
}

/** The table of an int16 operator on the whole range of its tensors, computed in float32. */
export function operatorTable16(f: (x: number) => number, input: number, output: number): Int16Array {
  const range = (scale: number) => [Math.fround(scale * -32768), Math.fround(scale * 32767)] as const;
  return table16(f, range(input), range(output), Math.fround);
}

export function lookUp16(value: number, table: Int16Array): number {
  const at = 256 + (value >> 7);
  const slope = ((table[at + 1] - table[at]) << 16) >> 16;
  return ((table[at] + ((slope * (value & 0x7f) + 64) >> 7)) << 16) >> 16;
}
