import type { Port } from '../../compiler/build.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { SampleRun, Side, Subscriber } from '../sides.ts';
import type { Metric } from './index.ts';
import type { Labels } from './metric.ts';
import { allFinite, finiteOrNull } from './numbers.ts';
import { argmax, holdsIndexes, meanOfInferences, OutputPair } from './outputs.ts';

/** What each side answered to each sample: for a person who wants to look at what changed. */

/** Values of an output, or of a label, that are listed. */
export const MOST_LISTED = 10;

/** A class, with its name where labels or configuration have names. */
interface ListedClass {
  readonly class: number;
  readonly name?: string;
}

/** What one model made of a sample. */
export interface ListedSide {
  /** The class chosen and its score, or what was recognized; null where the metric is not on classes or texts. */
  readonly answer: (ListedClass & { readonly score?: number | null }) | string | null;
  /** Whether that is what the label says; null where a sample alone is neither right nor wrong. */
  readonly right: boolean | null;
  /** What the sample contributes to the metric, where that is one number: an error, the score of auc; without labels, against FP32. */
  readonly value: number | null;
  /** Of the metric's output the first ten elements, the mean over a record's windows; null for a NaN or an infinity. */
  readonly scores: readonly (number | null)[];
}

/** A sample of the data set: one line of `--samples`. */
export interface ListedSample {
  /** Among the samples that were run, from 0. */
  readonly index: number;
  /** Where each of the model's inputs was read. */
  readonly files: readonly string[];
  /** A class, a text, the first ten values of a target; null without labels. */
  readonly label: ListedClass | string | readonly number[] | null;
  /** INT8 is right where FP32 is wrong or the other way round, or answers otherwise; null where there are no answers to tell. */
  readonly changed: boolean | null;
  /** The same of INT8 beside INT8 of the baseline; absent without one. */
  readonly changedFromBase?: boolean | null;
  readonly int8: ListedSide;
  readonly fp32: ListedSide;
  readonly base?: ListedSide;
}

/**
 * Lists every sample with answers and scores of every side that ran.
 *
 * @param outputs output ports of the INT8 model; those of the other sides have the same shapes
 */
export function startListing(
  metric: Metric,
  outputs: readonly Port[],
  labels: Labels | null,
): Subscriber<readonly ListedSample[]> {
  const listed: ListedSample[] = [];
  const onClasses = metric.definition.compares === 'classes';
  const side = (sample: SampleRun, name: Side) => sideOf(metric, outputs, labels, sample, name);
  return {
    add(sample) {
      const [int8, fp32] = [side(sample, 'int8'), side(sample, 'fp32')];
      const base = sample.outputs.base === undefined ? undefined : side(sample, 'base');
      listed.push({
        ...{ index: sample.index, files: sample.files },
        label: labels === null ? null : labelOf(labels, sample.index, onClasses),
        changed: differ(int8, fp32),
        ...(base !== undefined && { changedFromBase: differ(int8, base) }),
        ...{ int8, fp32 },
        ...(base !== undefined && { base }),
      });
    },
    finish: () => listed,
  };
}

function sideOf(
  { definition, labelled, against, arrange }: Metric,
  outputs: readonly Port[],
  labels: Labels | null,
  { index, real, outputs: of }: SampleRun,
  side: Side,
): ListedSide {
  const own = of[side] as readonly Float32Array[];
  const [port] = arrange(outputs);
  const means = meanOfInferences(arrange(own)[0], elements(port.shape));
  const scores = Array.from({ length: Math.min(means.length, MOST_LISTED) }, (_, i) => finiteOrNull(means[i]));
  // The dequantized twin may give no finite numbers, and what is held against it says nothing then.
  const finite = allFinite(own) && (labelled !== null || allFinite(of.fp32));
  if (!finite) return { answer: null, right: null, value: null, scores };
  const score =
    labelled === null
      ? against!.score(new OutputPair(arrange(own), arrange(of.fp32), arrange(outputs)))
      : labelled.score(own, real, index);
  const right = labelled?.right?.(score) ?? labelled?.classes?.right(score, index) ?? null;
  const said = labelled?.answer?.(score);
  const chosen = typeof said === 'number' ? said : definition.compares === 'classes' ? chosenOf(means, port) : null;
  const answer = typeof said === 'string' ? said : chosen === null ? null : classOf(chosen, labels, means);
  const counted = right !== null || answer !== null || typeof score !== 'number';
  return { answer, right, value: counted ? null : finiteOrNull(score), scores };
}

/** The class that an output with one row chooses; null for one with several, and for a single score. */
function chosenOf(means: ArrayLike<number>, port: Port): number | null {
  if (holdsIndexes(port)) return means.length === 1 ? means[0] : null;
  return means.length > 1 && means.length === port.shape.at(-1) ? argmax(means) : null;
}

function classOf(chosen: number, labels: Labels | null, means: ArrayLike<number>): ListedSide['answer'] {
  const score = means.length > 1 && chosen < means.length ? { score: finiteOrNull(means[chosen]) } : {};
  return { ...named(chosen, labels), ...score };
}

const named = (number: number, labels: Labels | null): ListedClass => {
  const name = labels?.names?.[number];
  return { class: number, ...(name !== undefined && { name }) };
};

function labelOf(labels: Labels, index: number, onClasses: boolean): ListedSample['label'] {
  const { values, width, texts } = labels;
  if (texts !== undefined) return texts[index];
  if (onClasses && width === 1) return named(values[index], labels);
  return [...values.subarray(index * width, index * width + Math.min(width, MOST_LISTED))];
}

function differ(one: ListedSide, other: ListedSide): boolean | null {
  const known = (key: 'right' | 'answer') => one[key] !== null && other[key] !== null;
  if (!known('right') && !known('answer')) return null;
  const key = ({ answer }: ListedSide) => (answer === null || typeof answer === 'string' ? answer : answer.class);
  return one.right !== other.right || key(one) !== key(other);
}
