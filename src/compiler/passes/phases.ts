/**
 * One axis of a transposed convolution by phases. Output o = stride · q + r − ahead has phase r and position q. It reads inputs q + d,
 * where the d depend only on r: a convolution of stride 1 over the positions q.
 */
import type { Axis } from '../../model/ops/shared/direct.ts';

/** Adjacent phases computed by one convolution, from inputs q + offset … q + offset + taps − 1. */
export interface PhaseGroup {
  readonly first: number;
  readonly count: number;
  readonly offset: number;
  readonly taps: number;
}

/** The phases of an axis, in consecutive groups. */
export interface Phases {
  readonly axis: Axis;
  /** Results before the first output, which are dropped. */
  readonly ahead: number;
  /** Number of positions q. */
  readonly positions: number;
  readonly groups: readonly PhaseGroup[];
  /** Whether each phase of a group reads all inputs of the group. */
  readonly exact: boolean;
}

/** If stride / kernel exceeds this, nearly all results are the bias, and the operator stays. */
const SPARSEST = 4;

/**
 * Groupings of the phases of an axis: all in one group, or one group per set of inputs; starting at the first output, or at the start of
 * the kernel, where more phases read the same inputs. Groupings that need negative padding are excluded.
 */
export function phasesOf(axis: Axis): Phases[] {
  if (axis.stride > SPARSEST * axis.kernel) return [];
  const starts = [...new Set([0, axis.before % axis.stride])];
  const ways = starts.flatMap((ahead) => [grouped(axis, ahead, true), grouped(axis, ahead, false)]);
  return ways.filter((phases) => phases.groups.every((group) => padsOf(phases, group).every((pad) => pad >= 0)));
}

/** Padding of a group's convolution. */
export const padsOf = ({ axis, positions }: Phases, { offset, taps }: PhaseGroup): readonly [number, number] => [
  -offset,
  positions - 1 + offset + taps - axis.input,
];

/** By phase of a group: the kernel index at each tap; −1: the phase does not read that input. */
export const kernelIndices = ({ axis, ahead }: Phases, { first, count, offset, taps }: PhaseGroup): number[][] =>
  Array.from({ length: count }, (_, i) =>
    Array.from({ length: taps }, (_, tap) => {
      const k = first + i - ahead + axis.before - axis.stride * (offset + tap);
      return k >= 0 && k < axis.kernel ? k : -1;
    }),
  );

function grouped(axis: Axis, ahead: number, bySight: boolean): Phases {
  const { stride, before, kernel, output } = axis;
  const groups: PhaseGroup[] = [];
  let exact = true;
  for (let first = 0; first < stride; first++) {
    const last = Math.floor((first - ahead + before) / stride);
    const least = Math.ceil((first - ahead + before - kernel + 1) / stride);
    // A phase that reads no input gets one anyway: a convolution has at least one tap.
    const own = { first, count: 1, offset: Math.min(least, last), taps: Math.max(last - least, 0) + 1 };
    const group = groups.at(-1);
    const same = group === undefined || (group.offset === own.offset && group.taps === own.taps);
    exact &&= least <= last && (bySight || same);
    if (group === undefined || (bySight && !same)) groups.push(own);
    else groups[groups.length - 1] = joined(group, own);
  }
  return { axis, ahead, positions: Math.ceil((output + ahead) / stride), groups, exact };
}

function joined(a: PhaseGroup, b: PhaseGroup): PhaseGroup {
  const offset = Math.min(a.offset, b.offset);
  const taps = Math.max(a.offset + a.taps, b.offset + b.taps) - offset;
  return { first: a.first, count: a.count + b.count, offset, taps };
}
