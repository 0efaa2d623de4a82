/** What unary operators compute of real values, each step in float32 as the reference kernels do. */
import { clamp, roundEven } from './arithmetic.ts';
import { erfc } from './erfc.ts';
import type { OpAttrs } from './kinds.ts';
import { expF32, expm1F32, sigmoidF32, tanhF32 } from './transcendental.ts';
import type { UnaryFamily } from './unary.ts';

const f = Math.fround;

/** √(2/π) and 1/√2 in float32. */
const ROOT_2_PI = f(Math.sqrt(2 / Math.PI));
const ROOT_HALF = f(Math.SQRT1_2);
const SIXTH = f(1 / 6);

/** x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))), or x/2 · erfc(−x/√2), which does not cancel. Source: reference/gelu.h. */
export function gelu(x: number, approximate: boolean, tanh: (x: number) => number): number {
  const half = f(0.5 * x);
  if (!approximate) return f(half * f(erfc(f(x * -ROOT_HALF))));
  const cube = f(f(f(f(0.044715) * x) * x) * x);
  return f(half * f(1 + f(tanh(f(ROOT_2_PI * f(x + cube))))));
}

export type FloatFunctions = { readonly [K in keyof UnaryFamily]: (x: number, attrs: OpAttrs[K]) => number };

export const unaryFunctions: FloatFunctions = {
  'nn.relu': (x) => clamp(x, 0, Number.POSITIVE_INFINITY),
  'nn.relu6': (x) => clamp(x, 0, 6),
  'nn.relu_n1_to_1': (x) => clamp(x, -1, 1),
  'nn.relu_0_to_1': (x) => clamp(x, 0, 1),
  'nn.leaky_relu': (x, { alpha }) => (x > 0 ? x : x * f(alpha)),
  'nn.elu': (x) => (x < 0 ? expm1F32(x) : x),
  'nn.gelu': (x, { approximate }) => gelu(x, approximate, tanhF32),
  // A NaN counts as 0 in the clamp and comes back in the product.
  'nn.hard_swish': (x) => f(f(x * Math.min(6, Math.max(0, f(x + 3)) || 0)) * SIXTH),
  sigmoid: sigmoidF32,
  tanh: tanhF32,
  abs: Math.abs,
  negative: (x) => -x,
  ceil: Math.ceil,
  floor: Math.floor,
  round: roundEven,
  cos: Math.cos,
  sin: Math.sin,
  exp: expF32,
  log: Math.log,
  sqrt: Math.sqrt,
  rsqrt: (x) => f(1 / f(Math.sqrt(x))),
  square: (x) => x * x,
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
  logical_not: (x) => (x === 0 ? 1 : 0),
};
