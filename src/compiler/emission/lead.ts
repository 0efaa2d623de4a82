/**
 * In-place results. Lead: bytes by which the buffer of a result must start before the buffer of its data, so that no write reaches
 * data that is yet to be read.
 */

/** An outer step of an operator, in bytes. */
export interface Step {
  /** Start of the data that is yet to be read when the step first writes. */
  readonly unread: number;
  /** End of the results written after the step. */
  readonly written: number;
}

/** max over steps of (written − unread), at least 0. */
export const leadOf = (steps: Iterable<Step>): number => {
  let lead = 0;
  for (const { unread, written } of steps) lead = Math.max(lead, written - unread);
  return lead;
};

/** Starts of the steps of `size` over `total`; the last one overlaps the one before: min(i · size, total − size). */
export const starts = (total: number, size: number): number[] =>
  Array.from({ length: Math.ceil(total / size) }, (_, i) => Math.max(0, Math.min(i * size, total - size)));

/**
 * The lead if each image is read as a whole before its results are written; `data` and `results` in bytes per image.
 */
export const leadOfImages = (images: number, data: number, results: number): number =>
  images === 1 ? -Infinity : Math.max(0, (images - 1) * (results - data));
