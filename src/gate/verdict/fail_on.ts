import type { Status } from './report.ts';

/** Which verdicts a user wants to fail. */
export const FAIL_ON = ['fail', 'inconclusive', 'never'] as const;
export type FailOn = (typeof FAIL_ON)[number];

const FAILING: Readonly<Record<FailOn, readonly Status[]>> = {
  fail: ['fail'],
  inconclusive: ['fail', 'inconclusive'],
  never: [],
};

export const fails = (verdict: Status, failOn: FailOn): boolean => FAILING[failOn].includes(verdict);
