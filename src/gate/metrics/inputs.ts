import { createHash } from 'node:crypto';
import type { Port } from '../../compiler/build.ts';
import { integerRange, isQuantizable, toBytes } from '../../model/tensor/dtype.ts';
import type { Evidence } from '../figures/accuracy.ts';
import type { BySide, Subscriber } from '../sides.ts';

/**
 * Looks at what is fed, as the FP32 model takes it: how many samples are repeated, and what INT8 inputs cut off.
 *
 * @param ports input ports of each side's model, one for one
 */
export function countInputs({
  int8,
  fp32,
}: BySide<readonly Port[]>): Subscriber<Pick<Evidence, 'distinct' | 'clipped'>> {
  const seen = new Set<string>();
  const ranges = int8.map((port, i) => (fp32[i].dtype === 'float32' ? representable(port) : null));
  const outside = int8.map(() => 0);
  const fed = int8.map(() => 0);
  return {
    add({ inputs }) {
      const hash = createHash('sha256');
      for (const [i, values] of inputs.fp32.entries()) {
        hash.update(toBytes(values));
        const range = ranges[i];
        if (range === null) continue;
        fed[i] += values.length;
        for (const x of values) if (x < range.low || x > range.high) outside[i]++;
      }
      seen.add(hash.digest('base64'));
    },
    finish() {
      const shares = outside.flatMap((count, i) => (fed[i] === 0 ? [] : [count / fed[i]]));
      return { distinct: seen.size, clipped: shares.length === 0 ? null : Math.max(...shares) };
    },
  };
}

/**
 * The real values that a quantized input can hold, and a step more on either side: white pixels of [0, 1] lie a step
 * above a range that ends at 255/256, and nothing is lost.
 */
function representable({ dtype, quantization }: Port): { readonly low: number; readonly high: number } | null {
  if (quantization === null || !isQuantizable(dtype)) return null;
  const [least, most] = integerRange(dtype);
  const [step] = quantization.scales;
  const [zeroPoint] = quantization.zeroPoints;
  return { low: step * (least - zeroPoint - 1.001), high: step * (most - zeroPoint + 1.001) };
}
