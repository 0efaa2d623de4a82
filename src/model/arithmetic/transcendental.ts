/**
 * exp, expm1, tanh and the logistic function on float32, for operators and builds: native/kernels/transcendental.h has the
 * same steps. Each rounds to float32, so the results have the same bits everywhere. What tables of quantized operators
 * hold is rounded from exact values instead, as TFLite's are.
 */
const f = Math.fround;

const LOG2_E = f(Math.LOG2E);
/** ln 2 in two parts: a multiple of the first, up to 2^14, is a float32. */
const LN2 = 355 / 512;
const LN2_REST = f(Math.LN2 - LN2);

/** (e^r − 1 − r) / r² for |r| <= ln 2 / 2, to 3e-9 of e^r: minimax, the highest power first. */
const EXP = [0.001381446490995586, 0.008368780836462975, 0.04166839271783829, 0.1666651964187622, 0.4999999403953552];
/** (tanh(t) − t) / t³ in t², for t <= 0.55, to 1.1e-9 of tanh. */
const TANH = [
  -0.006253535859286785, 0.021057846024632454, -0.05384916067123413, 0.13332557678222656, -0.33333316445350647,
];

const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduce((sum, c) => f(f(sum * x) + f(c)), 0);

/** x = n·ln 2 + r: n, and e^r − 1. */
function reduce(x: number): readonly [n: number, rest: number] {
  const within = Math.min(89, Math.max(-104, x));
  const shifted = f(f(within * LOG2_E) + 12582912);
  const n = shifted - 12582912;
  const r = f(f(within - f(n * LN2)) - f(n * LN2_REST));
  return [n, f(f(polynomial(EXP, r) * f(r * r)) + r)];
}

const scale = (x: number, n: number): number => f(f(x * 2 ** Math.floor(n / 2)) * 2 ** (n - Math.floor(n / 2)));

/** e^x, within one unit in the last place; subnormal below −87.4, infinite above 88.73. */
export function expF32(x: number): number {
  const [n, rest] = reduce(x);
  return scale(f(rest + 1), n);
}

/** e^x − 1, within 3.5 units in the last place. */
export function expm1F32(x: number): number {
  const [n, rest] = reduce(x);
  return n === 0 ? rest : f(scale(f(rest + 1), n) - 1);
}

/** tanh(x), within 1.5 units in the last place. */
export function tanhF32(x: number): number {
  const t = Math.abs(x);
  if (Number.isNaN(x) || x === 0) return x;
  if (t >= f(0.55)) {
    const e = expF32(-2 * t);
    return Math.sign(x) * f(f(1 - e) / f(1 + e));
  }
  const z = f(t * t);
  return Math.sign(x) * f(f(f(polynomial(TANH, z) * z) * t) + t);
}

/** 1 / (1 + e^−x), within 2.5 units in the last place; e^x below −9. Source: reference/logistic.h. */
export function sigmoidF32(x: number): number {
  const e = expF32(-Math.abs(x));
  return x < -9 ? e : f((x < 0 ? e : 1) / f(1 + e));
}
