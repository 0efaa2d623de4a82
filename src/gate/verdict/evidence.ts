import type { Place } from '../../errors.ts';
import type { Accuracy } from '../figures/accuracy.ts';
import { formatCount, formatFigure, formatSqnr, nameOfFp32 } from '../figures/format.ts';
import { KINDS } from '../figures/kinds.ts';
import { aspectOf, rowOf } from '../thresholds/index.ts';
import type { Check } from './report.ts';

/** Why the figures of a check decide nothing, or less than they seem to. */
export interface Doubt {
  readonly id: `evidence-${string}`;
  readonly measured: number | null;
  readonly threshold: number | null;
  readonly unit: string;
  readonly reason: string;
  /**
   * What it takes the ground from: `samples`, every accuracy check; `reference`, checks that rest on FP32, not those
   * that hold INT8 against labels alone.
   */
  readonly about: 'samples' | 'reference';
  /** Whether failed checks stay failed, because labels vouch for FP32 or INT8 alone is at fault. */
  readonly sparesFails?: boolean;
}

/** Below this, a set says nothing: without one discordant pair the drop may still be 9.5 points (1 − 0.05^(1/30)). */
export const LEAST_SAMPLES = 30;
/** Most samples that may repeat earlier ones, as a share. */
const MOST_REPEATED = 1 / 5;
/** p above which a score counts as chance. */
const CHANCE = 0.01;
/** p below which INT8 counts as better than FP32, and by how much it has to be: in the unit of the drop, or a share of the error. */
const BETTER = { p: 0.01, share: 0.2, points: 2, r2: 0.02, ssim: 0.02, dB: 1 };
/** Least agreement (share of samples) and SQNR (dB) of a twin with its INT8 model; healthy pairs have 0.9 and 20 dB. */
const TWIN = { agreement: 0.75, sqnr: 3 };
/** Share of input values outside the INT8 input's range from which the input is no longer what it was. */
const MOST_CLIPPED = 1 / 2;

const SETUP = 'check data.labels, data.label-offset and data.preprocess';

/** What stands in the way of believing these figures; empty where nothing does. Pure. */
export function doubtsOf(accuracy: Accuracy): Doubt[] {
  return [few, repeated, twinLost, chance, unvaried, worse, twinApart, clipped].flatMap((look) => look(accuracy) ?? []);
}

function few({ samples }: Accuracy): Doubt | null {
  if (samples >= LEAST_SAMPLES) return null;
  const bound = formatFigure(100 * (1 - 0.05 ** (1 / samples)), 'points');
  return {
    ...{ id: 'evidence-samples', about: 'samples', measured: samples, threshold: LEAST_SAMPLES, unit: 'samples' },
    reason: `${count(samples, 'sample')}, at least ${LEAST_SAMPLES} needed: even if both models answer all of them alike, the true drop may be ${bound}`,
  };
}

function repeated({ samples, evidence: { distinct } }: Accuracy): Doubt | null {
  const again = samples - distinct;
  if (again <= MOST_REPEATED * samples) return null;
  return {
    ...{
      id: 'evidence-distinct',
      about: 'samples',
      measured: again / samples,
      threshold: MOST_REPEATED,
      unit: 'share',
    },
    reason: `${formatCount(again)} of ${formatCount(samples)} inputs repeat an earlier one; check data.inputs`,
  };
}

function chance({ metric, kind, int8, fp32, samples, evidence, twin }: Accuracy): Doubt | null {
  // Few samples show nothing, whatever is right or wrong: `few` says so.
  if (evidence.chance === null || evidence.chance.p < CHANCE || samples < LEAST_SAMPLES) return null;
  const { level, p, pInt8, by } = evidence.chance;
  const { unit, higherIsBetter } = KINDS[kind];
  const show = (x: number | null) => formatFigure(x, unit);
  const than = by === 'guessing' ? 'guessing' : `always answering ${by}`;
  const above = fp32 !== null && (higherIsBetter ? fp32 > level : fp32 < level);
  const relation = above ? `is not shown (p = ${significant(p)}) to be better than` : 'is no better than';
  // Where INT8 does know its classes, labels and data are right, and what it is compared with is not.
  const setup = twin ? `${SETUP}, or name fp32: a twin shares what its INT8 model lost` : SETUP;
  const suspects = pInt8 < CHANCE ? `, and INT8 ${show(int8)}; ${partnerAtFault(twin)}` : `; ${setup}`;
  return {
    ...{ id: 'evidence-chance', about: 'reference', measured: p, threshold: CHANCE, unit: 'p' },
    reason: `${nameOfFp32({ twin })} ${relation} ${than}: ${metric} ${show(fp32)} on ${count(samples, 'sample')}, where ${than} reaches ${show(level)}${suspects}`,
  };
}

const significant = (p: number): string => String(Number(p.toPrecision(2)));

const partnerAtFault = (twin: boolean): string =>
  twin
    ? 'the dequantized twin is not the network that INT8 computes; name the FP32 model as fp32'
    : 'check that fp32 is the network that was quantized';

function unvaried({ evidence: { constant, oneClass, chance: labels }, twin }: Accuracy): Doubt | null {
  if (!constant && !(oneClass && labels === null)) return null;
  const what = constant ? 'gives the same output for every sample' : 'chooses the same class for every sample';
  return {
    ...{ id: 'evidence-outputs', about: 'reference', measured: null, threshold: null, unit: 'samples' },
    reason: `${nameOfFp32({ twin })} ${what}, so that nothing can be compared; check data.inputs and data.preprocess`,
  };
}

function worse({ metric, kind, int8, fp32, drop, interval, discordant, twin }: Accuracy): Doubt | null {
  if (int8 === null || fp32 === null || drop === null || drop >= 0 || interval === null) return null;
  const { unit, dropUnit } = KINDS[kind];
  const least =
    dropUnit === 'error' ? BETTER.share * fp32 : dropUnit === 'cosine' ? Number.POSITIVE_INFINITY : BETTER[dropUnit];
  const large = -drop > least;
  const sure = discordant === null ? interval[1] < 0 : discordant.p < BETTER.p;
  if (!large || !sure) return null;
  return {
    ...{ id: 'evidence-order', about: 'reference', measured: drop, threshold: 0, unit: dropUnit },
    reason: `${nameOfFp32({ twin })} is much worse than INT8: ${metric} ${formatFigure(fp32, unit)} against ${formatFigure(int8, unit)}; ${partnerAtFault(twin)}`,
  };
}

const GIVE_FP32 = 'the twin proves nothing here; name the FP32 model as fp32';

function twinLost({ samples, evidence: { notFinite } }: Accuracy): Doubt | null {
  if (notFinite === 0) return null;
  return {
    ...{ id: 'evidence-twin', about: 'reference', measured: notFinite, threshold: 0, unit: 'samples' },
    reason: `the dequantized twin that stands for FP32 gives NaN or infinite values for ${formatCount(notFinite)} of ${count(samples, 'sample')}, where INT8 does not; ${GIVE_FP32}`,
  };
}

/** A twin that does not follow its INT8 model is wrong, or INT8 is: only labels that favour the twin can tell. */
function twinApart({
  twin,
  comparison: { agreement, sqnr, noSqnr },
  discordant,
  interval,
  evidence,
}: Accuracy): Doubt | null {
  if (!twin || evidence.notFinite > 0) return null;
  const parts = agreement !== null && agreement < TWIN.agreement;
  const drowned = noSqnr === 'no-signal' || (sqnr !== null && sqnr < TWIN.sqnr);
  if (!parts && !drowned) return null;
  const favoured =
    evidence.chance !== null &&
    (discordant === null
      ? interval !== null && interval[0] > 0
      : discordant.fp32Only > discordant.int8Only && discordant.p < BETTER.p);
  if (favoured) return null;
  const how = parts
    ? `it agrees on ${formatFigure(agreement, 'share')} of the samples`
    : `their SQNR is ${formatSqnr({ sqnr, noSqnr })}`;
  return {
    ...{ id: 'evidence-twin', about: 'reference' },
    ...(parts
      ? { measured: agreement, threshold: TWIN.agreement, unit: 'share' }
      : { measured: sqnr, threshold: TWIN.sqnr, unit: 'dB' }),
    reason: `the dequantized twin that stands for FP32 does not follow the INT8 model: ${how}, and no labels say which of the two is right; name the FP32 model as fp32`,
  };
}

function clipped({ evidence: { clipped: share, chance: labels } }: Accuracy): Doubt | null {
  if (share === null || share <= MOST_CLIPPED) return null;
  return {
    ...{ id: 'evidence-range', about: 'reference', measured: share, threshold: MOST_CLIPPED, unit: 'share' },
    reason: `${formatFigure(share, 'share')} of the input values lie outside the range of the INT8 input and are cut off; check data.preprocess, or what INT8 was calibrated with`,
    // Where labels say that FP32 sees the right data, INT8's range is at fault, and a failure is its own.
    sparesFails: labels !== null && labels.p < CHANCE,
  };
}

const count = (n: number, what: string): string => `${formatCount(n)} ${what}${n === 1 ? '' : 's'}`;

/**
 * What a reader should know of the data and of FP32 besides: notes, that take nothing from the verdict. Doubts are notes
 * where no check is there for them to bear on.
 */
export function evidenceNotes(accuracy: Accuracy, checks: readonly Check[]): string[] {
  const { samples, twin, evidence } = accuracy;
  const doubts = doubtsOf(accuracy);
  const notes = doubts
    .filter(({ id }) => !checks.some((check) => check.id === id))
    .map(({ reason }) => sentence(reason));
  if (twin) notes.push(TWIN_NOTE);
  for (const { id, status, narrow, accepted } of checks) {
    if (status === 'pass' && narrow !== undefined && accepted === undefined) notes.push(`${id} passed, but ${narrow}.`);
  }
  const again = samples - evidence.distinct;
  if (again > samples / 100 && again <= MOST_REPEATED * samples) {
    notes.push(`${formatCount(again)} of ${formatCount(samples)} inputs repeat an earlier one.`);
  }
  if (evidence.ties > 0) {
    const worth = formatFigure((100 * evidence.ties) / samples, 'points');
    notes.push(
      `On ${count(evidence.ties, 'sample')} INT8 scores the right class and another equally, and the first of them counts: up to ${worth} of its accuracy are a matter of order.`,
    );
  }
  const share = evidence.clipped ?? 0;
  if (share > 0.001 && share <= MOST_CLIPPED) {
    notes.push(
      `${formatFigure(share, 'share')} of the input values lie outside the range of the INT8 input and are cut off.`,
    );
  }
  return notes;
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

const TWIN_NOTE =
  'FP32 is a twin: the INT8 model itself with its weights dequantized. What the weights lost by quantization is in both and does not show; name the FP32 model as fp32 to see it.';

/**
 * The verdicts on accuracy in the light of the doubts: each doubt is a check of its own, inconclusive, and those that it
 * takes the ground from are inconclusive too. A limit on INT8 alone (min-accuracy, max-error on labels) that fails
 * does not rest on FP32 and stays failed; speed is left as it is.
 *
 * @param at the entry of the configuration that the doubts are about
 */
export function weigh(checks: readonly Check[], accuracy: Accuracy, at: Place | null): Check[] {
  const doubts = doubtsOf(accuracy);
  if (doubts.length === 0 || checks.every(({ id }) => aspectOf(id) === 'speed')) return [...checks];
  const labelled = accuracy.evidence.chance !== null;
  const rests = (id: string, on: Doubt['about']) => on === 'samples' || !labelled || !rowOf(id)?.onLabels;
  const weighed = checks.map((check): Check => {
    if (aspectOf(check.id) === 'speed' || check.status === 'inconclusive') return check;
    const against = doubts.filter(
      ({ about, sparesFails = false }) => rests(check.id, about) && !(sparesFails && check.status === 'fail'),
    );
    if (against.length === 0) return check;
    return {
      ...check,
      status: 'inconclusive',
      reason: `${check.reason}; undecided: ${against.map(({ id }) => id).join(', ')}`,
    };
  });
  const asChecks = doubts.map(
    ({ id, measured, threshold, unit, reason }): Check => ({
      ...{ id, status: 'inconclusive', measured, threshold, unit, reason, at },
    }),
  );
  return [...weighed, ...asChecks];
}
