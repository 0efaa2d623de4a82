import { setTimeout } from 'node:timers/promises';
import { type Figures, figuresOf, preciseTo } from './figures.ts';
import { LOOKS } from './interval.ts';
import type { Observed } from './launch.ts';
import { quietOf } from './quiet.ts';

/** Starts the runner once and measures. */
export type LaunchSource = (index: number) => Promise<Observed>;

/** Milliseconds. */
export interface Clock {
  now(): number;
  sleep(ms: number): Promise<unknown>;
}

export interface SequentialOptions {
  /** Whether the figures decide what they are measured for. Without it, only their precision counts. */
  readonly decided?: (figures: Figures) => boolean;
  /** Half-width of the intervals, as a share, that is enough in any case. */
  readonly precision?: number;
  /** How long it may take, in ms. The first look is taken whenever it comes. */
  readonly budgetMs?: number;
  readonly onProgress?: (share: number) => void;
  readonly clock?: Clock;
}

/** Time that a measurement may take, where nobody says. */
export const BUDGET_MS = 40_000;
/** More launches than this are not made, usable or not. */
const MOST_LAUNCHES = 16;
/**
 * ms between the starts of launches. Neighbours come and go in seconds: launches in a row would fall into the same stretch,
 * and agree on a wrong figure.
 */
const PACE_MS = 2000;

const MONOTONIC: Clock = { now: () => performance.now(), sleep: (ms) => setTimeout(ms) };

/**
 * Launches the runner until the figures decide, are precise, or time is up. It looks after 5, 8 and 12 usable launches; the
 * intervals are wide enough to bear that choice (interval.ts). Where most are disturbed, it also looks after so many
 * launches of any kind: what they decide is far beyond what disturbs them.
 */
export async function measureLaunches(source: LaunchSource, options: SequentialOptions = {}): Promise<Figures> {
  const { decided = () => false, precision = 0.005, budgetMs = BUDGET_MS, clock = MONOTONIC } = options;
  const start = clock.now();
  const elapsed = () => clock.now() - start;
  const launches: Observed[] = [];
  let busy = 0;
  for (const look of LOOKS) {
    for (;;) {
      const usable = launches.length < LOOKS[0] ? launches.length : quietOf(launches).length;
      const missing = look - usable;
      if (missing <= 0) break;
      if (LOOKS.includes(launches.length) && 2 * usable <= launches.length) {
        const figures = figuresOf(launches);
        if (decided(figures)) return figures;
      }
      const each = Math.max(PACE_MS, busy / launches.length);
      const late = launches.length >= LOOKS[0] && elapsed() + missing * each > budgetMs;
      if (late || launches.length === MOST_LAUNCHES) return figuresOf(launches);
      await clock.sleep(Math.max(0, launches.length * PACE_MS - elapsed()));
      const began = clock.now();
      launches.push(await source(launches.length));
      busy += clock.now() - began;
      options.onProgress?.(Math.min(1, Math.max(launches.length / LOOKS[LOOKS.length - 1], elapsed() / budgetMs)));
    }
    const figures = figuresOf(launches);
    if (decided(figures) || preciseTo(figures, precision)) return figures;
  }
  return figuresOf(launches);
}
