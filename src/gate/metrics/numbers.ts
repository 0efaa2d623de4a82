import { InputError } from '../../errors.ts';
import { SIDE_NAMES, type Side } from '../sides.ts';

export const allFinite = (outputs: readonly Float32Array[]): boolean =>
  outputs.every((output) => output.every(Number.isFinite));

/**
 * @throws InputError where an output is NaN or infinite
 */
export function checkFinite(outputs: readonly Float32Array[], side: Side, index: number): void {
  for (const output of outputs) {
    const i = output.findIndex((x) => !Number.isFinite(x));
    if (i < 0) continue;
    throw new InputError(
      `the ${SIDE_NAMES[side]} model's output for sample ${index} is ${output[i]} at element ${i}; check the model, and that data.preprocess is what it was trained with`,
    );
  }
}

/** JSON has neither infinities nor NaN. */
export const finiteOrNull = (x: number): number | null => (Number.isFinite(x) ? x : null);
