import type { Evidence } from '../figures/accuracy.ts';
import type { OutputPair } from './outputs.ts';

/** Whether FP32 outputs vary at all: what never does is nothing to compare with. */
export interface Variation {
  add(fp32: readonly Float32Array[], pair: OutputPair): void;
  finish(samples: number): Pick<Evidence, 'constant' | 'oneClass'>;
}

/** `classes`: whether outputs answer by the class they choose. */
export function watchVariation(classes: boolean): Variation {
  const chosen = new Set<number>();
  let first: readonly Float32Array[] | null = null;
  let constant = true;
  return {
    add(fp32, pair) {
      first ??= fp32;
      constant &&= first.every((output, k) => output.every((x, i) => i >= fp32[k].length || x === fp32[k][i]));
      if (!classes || chosen.size > 1) return;
      for (const answer of Array.from(pair.classes.fp32)) chosen.add(answer);
    },
    finish: (samples) => ({ constant: samples > 1 && constant, oneClass: chosen.size === 1 }),
  };
}
