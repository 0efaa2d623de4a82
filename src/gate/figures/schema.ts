import { z } from 'zod';

/** Numbers of a report. */

export const finite = z.number();
/** JSON has no infinities: a figure without a finite value (SQNR of equal outputs) is null. */
export const figure = finite.nullable();
export const interval = z
  .tuple([finite, finite])
  .nullable()
  .describe('95 % confidence interval [low, high]; null where there is none to give');
