import { z } from 'zod';
import { ROWS } from '../thresholds/index.ts';
import { mapping, path, want } from '../words/words.ts';

const DATE = 'a date such as 2027-01-31';

/** The last day on which something holds. */
const day = z
  .string(want(DATE))
  .regex(/^\d{4}-\d{2}-\d{2}$/, want(DATE))
  .refine((text) => !/^\d{4}-\d{2}-\d{2}$/.test(text) || isDay(text), want(`${DATE}: a day that there is`));

/** 2027-02-30 is none. */
const isDay = (text: string): boolean => {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
};

const words = (what: string) => path(what).regex(/\S/, want(what));

/** An acceptance of each threshold: the same mapping, but for what a figure may be. */
const [first, ...others] = [...ROWS.entries()].map(([id, row]) =>
  mapping({
    threshold: z.literal(id),
    worst: row.limit.describe('the worst figure that is accepted, in the unit of the threshold'),
    reason: words('a text: why it is accepted').describe('why it is accepted; reports show it'),
    by: words('a name: who accepts it').describe('who accepts it; reports show it'),
    until: day.describe('the last day, in UTC, on which it is accepted'),
    targets: z
      .array(z.string(want('a target')))
      .min(1, want('a list of at least one target'))
      .max(32)
      .optional()
      .describe('where it is accepted; on every target when absent'),
  }),
);

const ids = [...ROWS.keys()].join(', ');

/** Known regressions of a model that do not fail it for a while. */
export const accept = z
  .array(
    z.discriminatedUnion('threshold', [first, ...others], {
      error: (issue) =>
        issue.code === 'invalid_union'
          ? `must be one of ${ids}`
          : want('a mapping with threshold, worst, …').error(issue),
    }),
    want('a list'),
  )
  .min(1, want('a list of at least one acceptance'))
  .max(100);

export type AcceptConfig = z.infer<typeof accept>[number];
