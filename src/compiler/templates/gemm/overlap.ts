/** In-place results: how far a result may overlap the data that it is computed from. */
import { type Step, starts } from '../../emission/lead.ts';
import { paddedCopy } from './bands.ts';
import type { GemmSchedule } from './space.ts';
import { depthOf, type GemmWorkload, itemOf, pixelsOf, rowsOf } from './workload.ts';

/**
 * The outer steps of a schedule, with their unread and written bytes; null: the data is read more than once.
 */
export const overlapSteps = (w: GemmWorkload, s: GemmSchedule): readonly Step[] | null =>
  s.band > 0 ? windowSteps(w, s) : s.weightsFirst ? null : tileSteps(w, s);

/** A in place: one step per tile. */
const tileSteps = (w: GemmWorkload, { mr }: GemmSchedule): Step[] =>
  starts(rowsOf(w), mr).map((at) => ({
    unread: at * depthOf(w) * itemOf(w),
    written: (at + mr) * w.n * w.groups * itemOf(w),
  }));

/**
 * A gathered: one step per band with padding, else per tile. The data under the next step is unread. null: each group reads all
 * of the data.
 */
function windowSteps(w: GemmWorkload, { mr, band }: GemmSchedule): readonly Step[] | null {
  const padded = paddedCopy(w, band).elements > 0;
  if (!padded && w.groups > 1) return null;
  const [pixels, width, item] = [pixelsOf(w), w.output[1], itemOf(w)];
  const size = padded ? band * width : mr;
  const rowBytes = w.input[1] * w.channels * item;
  const seen = (pixel: number): number =>
    Math.max(0, Math.floor(pixel / width) * w.strides[0] - w.padding[0]) * rowBytes +
    (padded ? 0 : (pixel % width) * w.strides[1] * w.channels * item);
  const all = Array.from({ length: w.images }, (_, image) =>
    starts(pixels, size).map((at) => ({
      from: image * w.input[0] * rowBytes + seen(at),
      written: (image * pixels + at + size) * w.n * w.groups * item,
    })),
  ).flat();
  return all.map(({ written }, i): Step => ({ written, unread: all[i + 1]?.from ?? Infinity }));
}
