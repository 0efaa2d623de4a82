import type { Port } from '../../compiler/build.ts';
import { InputError } from '../../errors.ts';
import type { Labelled, MetricOptions } from './metric.ts';

/** Which of a model's outputs a metric is on. All pure. */

/** Puts one of several things, one an output, before the others, which keep their order. */
export type Arrange = <T>(ofOutputs: readonly T[]) => readonly T[];

/**
 * Puts the output that a metric is on first.
 * @throws InputError where the model has no such output, or several of that name
 */
export function arrangeBy({ name, settings, outputs }: MetricOptions): Arrange {
  const chosen = indexOf(settings?.output ?? 0, name, outputs);
  if (chosen === 0) return (all) => all;
  return (all) => [all[chosen], ...all.filter((_, i) => i !== chosen)];
}

function indexOf(asked: number | string, metric: string, outputs: readonly Port[]): number {
  const fitting = outputs.flatMap((port, i) => ((typeof asked === 'number' ? i : port.name) === asked ? [i] : []));
  if (fitting.length === 1) return fitting[0];
  const known = outputs.map((port, i) => `${i} "${port.name}"`).join(', ');
  if (fitting.length > 1)
    throw new InputError(`metric ${metric}: output: several are called "${asked}"; give a position: ${known}`);
  const shown = typeof asked === 'number' ? asked : `"${asked}"`;
  throw new InputError(`metric ${metric}: output: ${shown} is none of the model's; write one of ${known}`);
}

/** A metric that gets outputs in the model's order, and sees them arranged. */
export function arranged(labelled: Labelled, arrange: Arrange): Labelled {
  const { tied } = labelled;
  return {
    ...labelled,
    score: (outputs, real, index) => labelled.score(arrange(outputs), real, index),
    ...(tied && { tied: (outputs, index) => tied(arrange(outputs), index) }),
  };
}
