import type { Port } from '../../compiler/build.ts';
import { InputError } from '../../errors.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { Labelled, MetricOptions, Windows } from './metric.ts';

/** What a metric sees of a model's outputs. All pure. */

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

/** A metric that gets outputs in the model's order, and sees them arranged, and of a record's windows what `windows` says. */
export function arranged(labelled: Labelled, arrange: Arrange, { windows = 'mean', inputs, outputs }: Seen): Labelled {
  const ports = arrange(outputs);
  const see = (all: readonly Float32Array[]) => arrange(all).map((values, i) => reduced(values, ports[i], windows));
  const fed = (real: Float32Array) => (windows === 'last' ? reduced(real, inputs[0], windows) : real);
  const { tied } = labelled;
  return {
    ...labelled,
    score: (all, real, index) => labelled.score(see(all), fed(real), index),
    ...(tied && { tied: (all, index) => tied(see(all), index) }),
  };
}

type Seen = Pick<MetricOptions, 'windows' | 'inputs' | 'outputs'>;

/** The values of one window: the last one's, or the largest of each element; for `mean` those of all. */
export function reduced(values: Float32Array, { shape }: Pick<Port, 'shape'>, windows: Windows): Float32Array {
  const size = elements(shape);
  if (windows === 'mean' || values.length === size) return values;
  if (windows === 'last') return values.subarray(values.length - size);
  const most = values.slice(0, size);
  for (let i = size; i < values.length; i++) most[i % size] = Math.max(most[i % size], values[i]);
  return most;
}
