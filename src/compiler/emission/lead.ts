/** How results come to lie over the data that they are computed from. */

/** An operator's outer step, in bytes of its data and of its result. */
export interface Step {
  /** Where the data begins that is yet to be read when the step first writes. */
  readonly unread: number;
  /** Where that ends which is written after the step. */
  readonly written: number;
}

/** How far before its data a result must begin if no step is to write what is yet to be read. */
export const leadOf = (steps: Iterable<Step>): number => {
  let lead = 0;
  for (const { unread, written } of steps) lead = Math.max(lead, written - unread);
  return lead;
};

/** Where the steps of a loop begin, each of `size` out of `total`: the last one early enough to be whole. */
export const starts = (total: number, size: number): number[] =>
  Array.from({ length: Math.ceil(total / size) }, (_, i) => Math.max(0, Math.min(i * size, total - size)));

/**
 * How far before its data a result must begin where each image is read as a whole before its results are written, in bytes
 * of an image's data and of its results.
 */
export const leadOfImages = (images: number, data: number, results: number): number =>
  images === 1 ? -Infinity : Math.max(0, (images - 1) * (results - data));
