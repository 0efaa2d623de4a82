/** Shared by the workloads of several templates. */
import type { Weights } from '../lower/layers.ts';

/**
 * Operand types, as far as they determine which kernels are exact; w: weight, zw: its zero point.
 * `float32`;
 * `int8`: 8-bit data (signed or not), w − zw in [-127, 127];
 * `int8-full`: int8 data, w − zw in [-128, 127];
 * `uint8-offset`: uint8 data, w in [1, 255], so that w − 128 is in [-127, 127];
 * `uint8-full`: uint8 data, any uint8 w;
 * `int8-wide`: int8 data, w − zw beyond int8 (FULLY_CONNECTED may have a zero point);
 * `int8-dynamic`: both operands int8 with zero points, known only at run time; `int8-dynamic-narrow`: the right one never -128.
 */
export type Operands =
  | 'float32'
  | 'int8'
  | 'int8-full'
  | 'uint8-offset'
  | 'uint8-full'
  | 'int8-wide'
  | 'int8-dynamic'
  | 'int8-dynamic-narrow';

/** The key of a workload: `NAME member=value …`; extents are joined by `x`. */
export const keyOf = (
  template: string,
  members: Readonly<Record<string, string | number | boolean | readonly number[]>>,
): string =>
  [template, ...Object.entries(members).map(([name, v]) => `${name}=${typeof v === 'object' ? v.join('x') : v}`)].join(
    ' ',
  );

/** The operand type of constant weights. */
export function operandsOf(weights: Weights['data'], zeroPoint: number): Operands {
  if (weights instanceof Float32Array) return 'float32';
  let low = weights[0] ?? zeroPoint;
  let high = low;
  for (const w of weights) {
    if (w < low) low = w;
    if (w > high) high = w;
  }
  const fits = (least: number): boolean => low - zeroPoint >= least && high - zeroPoint <= 127;
  if (fits(-127)) return 'int8';
  if (weights instanceof Uint8Array) return low >= 1 ? 'uint8-offset' : 'uint8-full';
  return fits(-128) ? 'int8-full' : 'int8-wide';
}
