import { InputError } from '../../errors.ts';
import { showShape } from '../../model/tensor/shape.ts';
import { type Alphabet, alphabetOf } from './alphabet.ts';
import { type ChanceTest, gainChance } from './chance.ts';
import { greedy } from './ctc.ts';
import { editDistance } from './edit_distance.ts';
import type { Labelled, Labels, MetricOptions } from './metric.ts';
import { classesOf, holdsIndexes } from './outputs.ts';
import type { Statistic } from './statistics.ts';

/** What one sample adds to a rate of errors. */
interface Transcript {
  /** What the model recognized, in units. */
  readonly answer: readonly string[];
  readonly errors: number;
}

/** Words, or characters. */
export type Unit = 'words' | 'characters';

/**
 * Errors for each unit there should be: insertions, deletions and replacements over all samples, by the units of all labels.
 * @throws InputError where outputs are no scores of tokens, or labels no texts
 */
export function errorRate(options: MetricOptions, labels: Labels, unit: Unit): Labelled<Transcript> {
  const { name } = options;
  const [port] = options.outputs;
  const texts = labels.texts ?? [];
  const { classes, blank } = tokensOf(options);
  const alphabet: Alphabet = alphabetOf(labels.names ?? null, classes, blank, texts);
  const wanted = texts.map((text) => alphabet[unit](alphabet.readLabel(text)));
  const lengths = wanted.map(({ length }) => length);
  if (lengths.every((length) => length === 0))
    throw new InputError(`data.labels: metric ${name} needs texts, and all labels are empty`);
  return {
    score([output], _real, index) {
      const answer = alphabet[unit](alphabet.textOf(greedy(classesOf(output, port), blank)));
      return { answer, errors: editDistance(wanted[index], answer) };
    },
    answer: ({ answer }) => answer.join(unit === 'words' ? ' ' : ''),
    statistic: (scores) =>
      rateOf(
        scores.map(({ errors }) => errors),
        lengths,
      ),
    chance: (scores) => transcriptChance(scores, wanted),
  };
}

/** How many classes a step chooses from, and the one that stands for none. */
function tokensOf({ name, settings, outputs: [port] }: MetricOptions) {
  const { shape } = port;
  if (holdsIndexes(port)) {
    if (settings?.blank === undefined)
      throw new InputError(
        `metric ${name}: the output holds class numbers; say which is the blank: metric: { name: ${name}, blank: … }`,
      );
    return { classes: null, blank: settings.blank };
  }
  const classes = shape.at(-1) ?? 1;
  const steps = shape.slice(0, -1).filter((extent) => extent !== 1);
  if (shape.length < 2 || classes < 2 || steps.length > 1)
    throw new InputError(
      `metric ${name} needs scores [steps, classes] or [1, steps, classes], but output "${port.name}" is ${showShape(shape)}`,
    );
  const blank = settings?.blank ?? classes - 1;
  if (blank >= classes)
    throw new InputError(`metric.blank: ${blank}, but the model has ${classes} classes, 0 to ${classes - 1}`);
  return { classes, blank };
}

function rateOf(errors: readonly number[], lengths: readonly number[]): Statistic {
  return (weights) => {
    let [wrong, all] = [0, 0];
    for (let i = 0; i < errors.length; i++) {
      wrong += weights[i] * errors[i];
      all += weights[i] * lengths[i];
    }
    return wrong / all;
  };
}

/**
 * Against a model that never listens: it says nothing, or what it said of the sample before, whichever is nearer. A z test on the
 * paired differences.
 */
function transcriptChance(scores: readonly Transcript[], wanted: readonly (readonly string[])[]): ChanceTest {
  const deaf = wanted.map((label, i) => {
    const { answer } = scores[(i + scores.length - 1) % scores.length];
    return Math.min(label.length, editDistance(label, answer));
  });
  const length = wanted.reduce((sum, label) => sum + label.length, 0);
  const gains = deaf.map((errors, i) => errors - scores[i].errors);
  return { level: deaf.reduce((a, b) => a + b, 0) / length, p: gainChance(gains), by: 'guessing' };
}
