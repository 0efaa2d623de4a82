import { InputError } from '../../errors.ts';
import type { Labels } from './metric.ts';

/** @throws InputError where a label is no number of a class, 0 to `classes` − 1 */
export function checkClasses({ values, width }: Labels, classes: number): void {
  if (width !== 1) throw new InputError(`data.labels: ${width} values a sample, but a class label is one number`);
  for (const [i, label] of values.entries()) {
    if (Number.isInteger(label) && label >= 0 && label < classes) continue;
    const hint = label === classes || label === -1 ? '; see data.label-offset' : '';
    throw new InputError(
      `data.labels: sample ${i} has the label ${label}, but the model has ${classes} classes, 0 to ${classes - 1}${hint}`,
    );
  }
}
