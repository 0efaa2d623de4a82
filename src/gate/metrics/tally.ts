/** What an image adds to the intersections and unions of classes. */
export interface Tally {
  /** Classes that occur among its labels or answers. */
  readonly classes: readonly number[];
  /** Pixels that are of the class and were said to be. */
  readonly both: readonly number[];
  /** Pixels that are of the class or were said to be. */
  readonly either: readonly number[];
}

/**
 * Counts the pixels of an image by class: the diagonal of its confusion matrix, and rows plus columns less the diagonal.
 *
 * @param answers null for the labels' own
 * @param ignored pixels with this label do not count
 */
export function tallyOf(labels: ArrayLike<number>, answers: ArrayLike<number> | null, ignored: number): Tally {
  const places = new Map<number, number>();
  const both: number[] = [];
  const either: number[] = [];
  const placeOf = (kind: number): number => {
    const known = places.get(kind);
    if (known !== undefined) return known;
    both.push(0);
    either.push(0);
    places.set(kind, places.size);
    return places.size - 1;
  };
  /** Neighbours are mostly of one class: the map is asked where it changes. */
  let [label, answer, of, by] = [Number.NaN, Number.NaN, 0, 0];
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === ignored) continue;
    if (labels[i] !== label) {
      label = labels[i];
      of = placeOf(label);
    }
    const given = answers === null ? label : answers[i];
    if (given !== answer) {
      answer = given;
      by = placeOf(answer);
    }
    either[of]++;
    if (of === by) both[of]++;
    else either[by]++;
  }
  return { classes: [...places.keys()], both, either };
}

/**
 * What a model gets on an image that always answers the same class.
 *
 * @param own tally of the labels as their own answers
 */
export function alwaysOf({ classes, either }: Tally, answer: number): Tally {
  const all = either.reduce((a, b) => a + b, 0);
  const others = classes.flatMap((kind, k) => (kind === answer ? [] : [{ kind, pixels: either[k] }]));
  const own = all - others.reduce((sum, { pixels }) => sum + pixels, 0);
  return {
    classes: [...others.map(({ kind }) => kind), answer],
    both: [...others.map(() => 0), own],
    either: [...others.map(({ pixels }) => pixels), all],
  };
}
