import { formatAgainst, formatFigure } from '../figures/format.ts';
import { decide, type Held } from './decide.ts';
import { type Finding, inconclusive, type Measurements } from './finding.ts';
import { parseLatency } from './quantities.ts';
import { NO_BASE, unchangedSince } from './regression.ts';

/**
 * How far beyond its limit a figure of hardware fails: between limit and that, a measurement is trusted to find nothing.
 * Two builds side by side are compared more closely than machines of one kind are alike.
 */
const TOLERANCE = { 'min-speedup': 0.02, 'max-latency': 0.05, 'max-slowdown': 0.02 };

export function minSpeedup(
  least: number,
  { latency, doubt, tolerance = TOLERANCE['min-speedup'] }: Measurements,
): Finding {
  if (latency === null) return inconclusive(least, 'ratio', doubt ?? 'speed was not measured');
  const { speedup, interval, mode } = latency;
  const found = { measured: speedup, limit: least, unit: 'ratio', what: `${mode} speedup over FP32 is` };
  const beyond = mode === 'hardware' ? interval && tolerance * least : null;
  return timed(found, interval, { value: least, sense: 'at-least', tolerance: beyond }, doubt, RANGES[mode]);
}

export function maxLatency(
  text: string,
  { latency, doubt, tolerance = TOLERANCE['max-latency'] }: Measurements,
): Finding {
  const { unit, value } = parseLatency(text);
  if (latency === null) return inconclusive(value, unit, doubt ?? 'speed was not measured');
  const { int8, int8Interval = null, mode, estimate } = latency;
  if (unit === 'ns' && estimate !== undefined) {
    const found = {
      measured: estimate.int8,
      limit: value,
      unit,
      what: `estimated INT8 latency on ${estimate.title} is`,
    };
    const held = { value, sense: 'at-most', tolerance: null } as const;
    return timed(found, estimate.int8Interval, held, doubt, RANGES.estimate);
  }
  if (latency.unit !== unit) {
    const needs =
      unit === 'ns'
        ? 'a time needs hardware, or a board as target, and cycles were modelled'
        : 'cycles are modelled, and time was measured';
    return inconclusive(value, unit, `${text} cannot be judged here: ${needs}`);
  }
  const found = { measured: int8, limit: value, unit, what: `${mode} INT8 latency is` };
  const held = { value, sense: 'at-most', tolerance: int8Interval && tolerance * value } as const;
  return timed(found, int8Interval, held, doubt, RANGES[mode]);
}

/** @param most percent */
export function maxSlowdown(
  most: number,
  { latency, doubt, regression, tolerance = TOLERANCE['max-slowdown'] }: Measurements,
): Finding {
  const limit = 1 + most / 100;
  if (regression?.unchanged) return unchangedSince(1, limit, 'ratio', 'the slowdown is');
  const slowed = regression?.latency ?? null;
  if (latency === null || slowed === null)
    return inconclusive(limit, 'ratio', doubt ?? regression?.noLatency ?? NO_BASE);
  const { slowdown, interval } = slowed;
  const what = `${latency.mode} INT8 latency over the baseline's is`;
  const held = { value: limit, sense: 'at-most', tolerance: interval && tolerance } as const;
  return timed({ measured: slowdown, limit, unit: 'ratio', what }, interval, held, doubt, RANGES.hardware);
}

/** What the interval of a figure is, and what is to be done where it holds the limit. */
const RANGES = {
  hardware: { words: (range: string) => `95 % interval ${range}`, otherwise: 'the interval contains the threshold' },
  modelled: {
    words: (range: string) => `on hardware ${range}`,
    otherwise: 'the model cannot tell on which side of the threshold hardware is: measure on hardware',
  },
  estimate: {
    words: (range: string) => `on the board ${range}`,
    otherwise: 'the estimate cannot tell on which side of the threshold the board is: measure on it',
  },
};

/** A figure of speed by its interval; without one, as it is. */
function timed(
  { measured, limit, unit, what }: { measured: number; limit: number; unit: string; what: string },
  interval: readonly [number, number] | null,
  { tolerance, ...held }: Omit<Held, 'tolerance'> & { readonly tolerance: number | null },
  doubt: string | null,
  about: (typeof RANGES)[keyof typeof RANGES],
): Finding {
  const [low, high] = interval ?? [measured, measured];
  const status = decide({ low, high }, { ...held, tolerance: tolerance ?? 0 });
  const beyond = held.sense === 'at-least' ? limit - (tolerance ?? 0) : limit + (tolerance ?? 0);
  const [wanted, found, lower, upper] = formatAgainst(limit, [measured, low, high], unit);
  const range = interval === null ? '' : ` (${about.words(`${lower} to ${upper}`)})`;
  const role = held.sense === 'at-least' ? 'required' : 'allowed';
  const contains = low <= limit && limit <= high;
  const why =
    doubt ??
    (contains ? about.otherwise : `not shown to be beyond ${formatFigure(beyond, unit, 1)}, from where it fails`);
  const tail = status === 'inconclusive' ? `; ${why}` : '';
  return { status, measured, threshold: limit, unit, reason: `${what} ${found}${range}, ${wanted} ${role}${tail}` };
}
