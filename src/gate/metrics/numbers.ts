import { InputError } from '../../errors.ts';

export const allFinite = (outputs: readonly Float32Array[]): boolean =>
  outputs.every((output) => output.every(Number.isFinite));

/**
 * @param form what the model is called: INT8, FP32
 * @throws InputError where an output is NaN or infinite
 */
export function checkFinite(outputs: readonly Float32Array[], form: string, index: number): void {
  for (const output of outputs) {
    const i = output.findIndex((x) => !Number.isFinite(x));
    if (i < 0) continue;
    throw new InputError(
      `the ${form} model's output for sample ${index} is ${output[i]} at element ${i}; check the model, and that data.preprocess is what it was trained with`,
    );
  }
}

/** JSON has neither infinities nor NaN. */
export const finiteOrNull = (x: number): number | null => (Number.isFinite(x) ? x : null);
