import { InputError } from '../../errors.ts';
import type { DataConfig } from '../config/data_schema.ts';

/** Windows over a record, in elements. */
export interface Window {
  readonly length: number;
  readonly step: number;
}

/**
 * The windows of a model input of `n` elements: as configured, else as MLPerf Tiny's labels give them in bytes, else none.
 */
export function windowOf(
  config: DataConfig,
  label: { readonly bytes: number; readonly step: number } | undefined,
  n: number,
): Window | null {
  const length = config.window?.length ?? n;
  if (length !== n) throw new InputError(`data.window.length is ${length}, but the model's input has ${n} elements`);
  if (config.window !== undefined) return { length, step: config.window.step };
  if (label === undefined) return null;
  const step = (label.step * n) / label.bytes;
  if (!Number.isInteger(step) || step < 1 || label.bytes % n !== 0) {
    throw new InputError(
      `${config.labels}: windows of ${label.bytes} bytes every ${label.step} bytes do not fit the model's input of ${n} elements; set data.window`,
    );
  }
  return { length, step };
}

const MOST_WINDOWS = 1_000_000;

/** The windows of a record, one after another. */
export function cutWindows(record: Float32Array, { length, step }: Window, what: string): Float32Array {
  const count = Math.floor((record.length - length) / step) + 1;
  if (count < 1) throw new InputError(`${what}: ${record.length} elements, too short for one window of ${length}`);
  if (count > MOST_WINDOWS || count * length > 2 ** 28)
    throw new InputError(`${what}: ${count} windows are too many; raise data.window.step`);
  const out = new Float32Array(count * length);
  for (let k = 0; k < count; k++) out.set(record.subarray(k * step, k * step + length), k * length);
  return out;
}
