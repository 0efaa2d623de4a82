import { InputError } from '../../../errors.ts';

/** What a build needs to know when it is made: a plan, a shape, an axis. */
export function known<T>(value: T | null): T {
  if (value === null)
    throw new InputError(
      'its result has a shape that depends on values: bind the inputs that decide it (build --bind NAME=VALUE)',
    );
  return value;
}
