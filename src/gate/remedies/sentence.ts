import { formatFigure } from '../figures/format.ts';
import type { Remedy } from './remedy.ts';
import type { How } from './variants.ts';

/** `layer 12 in int16x8: +0.90 points, 2 % slower`. */
export function sentenceOf(name: string, remedy: Omit<Remedy, 'sentence'>): string {
  const parts = [gained(remedy), ...(remedy.slowerBy === null ? [] : [slower(remedy.slowerBy)])];
  return `${done(name, remedy.how)}: ${parts.join(', ')}`;
}

/** What is done to layers of that name. */
export const done = (name: string, how: How): string =>
  how === 'per-channel' ? `${name} with weights per channel` : `${name} in ${how}`;

/** A gain has a sign, and says where the samples leave it open whether there is one. */
function gained({ gain, unit, interval }: Omit<Remedy, 'sentence'>): string {
  if (gain === null) return 'no figure';
  if (gain === 0) return 'no gain';
  const figure = `${gain > 0 ? '+' : ''}${formatFigure(gain, unit)}`;
  return interval !== null && interval[0] <= 0 && interval[1] >= 0 ? `${figure} (may be chance)` : figure;
}

/** Whole percents; tenths below one. */
function slower(by: number): string {
  const percent = Math.abs(100 * by);
  const figure = percent.toFixed(percent < 1 ? 1 : 0);
  return Number(figure) === 0 ? 'as fast' : `${figure} % ${by > 0 ? 'slower' : 'faster'}`;
}
