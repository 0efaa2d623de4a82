import { InvalidArgumentError } from 'commander';

/** Reads an option that is a whole number. @throws {InvalidArgumentError} for anything else */
export function whole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Give a whole number.');
  return Number(text);
}
