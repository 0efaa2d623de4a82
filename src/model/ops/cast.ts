import { clamp, roundAway } from '../arithmetic/rounding.ts';
import { allocate, type DType, integerRange, isFloat, type TensorData } from '../tensor/dtype.ts';
import { floatOfHalf, halfOfFloat } from '../tensor/half.ts';
import type { NoAttrs } from './attrs.ts';
import { defineOp, dtypeIs, firstProblems, operand, type Problem } from './checks.ts';
import type { OpDefinition, OpTable } from './definition.ts';

/** Operators that change how numbers are represented, without scales. */
export interface CastFamily {
  cast: NoAttrs;
  /** Rounds floats to what `bits` bits between `min` and `max` can hold. TFLite FAKE_QUANT. */
  fake_quant: { readonly min: number; readonly max: number; readonly bits: number; readonly narrowRange: boolean };
}
declare module './attrs.ts' {
  interface OpAttrs extends CastFamily {}
}

const CASTABLE: readonly DType[] = [
  ...(['float16', 'float32', 'float64', 'int8', 'uint8', 'int16', 'uint16'] as const),
  ...(['int32', 'uint32', 'int64', 'bool'] as const),
];

/**
 * What becomes of a float that the integer type cannot hold, NaN included.
 *
 * - `saturate`: the nearest limit; NaN becomes `nan`. TFLite 2.21 does this from float32 to int32, int16 and uint8.
 * - `wrap`: as int32 or int64 (`via`), where everything out of range becomes the least value; then the low bits. C leaves
 *   the other conversions open, and this is what they are for one element on x86; TFLite's own results there depend on
 *   an element's place in the tensor.
 */
export type Overflow =
  | { readonly rule: 'saturate'; readonly nan: number }
  | { readonly rule: 'wrap'; readonly via: 'int32' | 'int64' };

/** The rule for a cast from a float to an integer type. */
export function overflowOf(from: DType, to: DType): Overflow {
  if (from === 'float32' && to === 'int32') return { rule: 'saturate', nan: integerRange('int32')[1] };
  if (from === 'float32' && (to === 'int16' || to === 'uint8')) return { rule: 'saturate', nan: 0 };
  return { rule: 'wrap', via: to === 'int64' || to === 'uint32' ? 'int64' : 'int32' };
}

/** One element of a type that is neither half nor bool, from a float. */
function integerOf(x: number, from: DType, to: DType): number | bigint {
  const overflow = overflowOf(from, to);
  const whole = Math.trunc(x);
  if (overflow.rule === 'saturate') {
    const [lo, hi] = integerRange(to);
    return Number.isNaN(x) ? overflow.nan : clamp(whole, lo, hi);
  }
  const [lo, hi] = integerRange(overflow.via);
  const fits = overflow.via === 'int64' ? whole >= lo && whole < hi : whole >= lo && whole <= hi;
  const held = fits ? whole : lo;
  return to === 'int64' || to === 'uint32' ? BigInt(held) : held;
}

/** The float32 nearest to an integer: through a double, whose last bits are made to stand for all beyond. */
export function floatOfInt64(x: bigint): number {
  if (BigInt.asIntN(53, x) === x) return Math.fround(Number(x));
  return Math.fround(Number((x >> 11n) | ((x & 0x7ffn) === 0n ? 0n : 1n))) * 2048;
}

function convert(data: TensorData, from: DType, to: DType): TensorData {
  const out = allocate(to, data.length);
  const wide = out instanceof BigInt64Array;
  for (let i = 0; i < out.length; i++) {
    const raw = data[i];
    const x = from === 'float16' ? floatOfHalf(raw as number) : raw;
    if (to === 'bool') out[i] = x ? 1 : Number.isNaN(x) ? 1 : 0;
    else if (to === 'float64') out[i] = Number(x);
    else if (isFloat(to)) {
      const float = typeof x === 'bigint' ? floatOfInt64(x) : Math.fround(x);
      out[i] = to === 'float16' ? halfOfFloat(float) : float;
    } else {
      const whole = isFloat(from) ? integerOf(x as number, from, to) : x;
      if (wide) out[i] = BigInt(whole);
      // Storing keeps the low bits.
      else out[i] = typeof whole === 'bigint' ? Number(BigInt.asIntN(32, whole)) : whole;
    }
  }
  return out;
}

const cast: OpDefinition<'cast'> = defineOp<'cast'>({
  arity: { inputs: [1, 1], outputs: [1, 1] },
  check: (op) =>
    firstProblems(() => [
      dtypeIs(operand(op, 0), 'the input', ...CASTABLE),
      dtypeIs(op.outputs[0], 'the output', ...CASTABLE),
    ]),
  shapes: (op) => [operand(op, 0).shape],
  evaluate: (op) => [convert(op.data[0]!, operand(op, 0).dtype, op.outputs[0].dtype)],
});

/** What fake quantization computes with; all float32. */
export interface FakeScale {
  readonly min: number;
  readonly max: number;
  readonly scale: number;
  readonly inverse: number;
}

/** The given range moved so that zero is one of its steps. Source: NudgeQuantizationRange (quantization_util.cc). */
export function fakeScale({ min, max, bits }: CastFamily['fake_quant']): FakeScale {
  const most = 2 ** bits - 1;
  const f = Math.fround;
  const scale = f(f(f(max) - f(min)) / most);
  const exact = f(0 - f(f(min) / scale));
  const zero = exact < 0 ? 0 : exact > most ? most : roundAway(exact);
  return { min: f((0 - zero) * scale), max: f((most - zero) * scale), scale, inverse: f(1 / scale) };
}

const fakeQuant: OpDefinition<'fake_quant'> = defineOp<'fake_quant'>({
  arity: { inputs: [1, 1], outputs: [1, 1] },
  check(op) {
    const { min, max, bits, narrowRange } = op.attrs;
    return firstProblems((): Problem[] => [
      dtypeIs(operand(op, 0), 'the input', 'float32'),
      dtypeIs(op.outputs[0], 'the output', 'float32'),
      narrowRange && 'narrow ranges are for weights only',
      !(bits >= 2 && bits <= 16) && `${bits} bits are not supported`,
      !(min <= 0 && max >= 0 && min < max) && `the range ${min} … ${max} does not hold zero`,
    ]);
  },
  shapes: (op) => [operand(op, 0).shape],
  evaluate(op) {
    const { min, max, scale, inverse } = fakeScale(op.attrs);
    const f = Math.fround;
    return [
      (op.data[0] as Float32Array).map((x) => {
        const within = x > min ? Math.min(x, max) : min;
        const steps = roundAway(f(f(within - min) * inverse));
        return f(f(steps * scale) + min);
      }),
    ];
  },
});

export const castOps: OpTable<CastFamily> = { cast, fake_quant: fakeQuant };
