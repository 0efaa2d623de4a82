// Verdicts on a speedup, many times over, by the product's own sampling and judging.
import { onHardware } from '../../build/js/gate/check/speed.js';
import { confirm, judge } from '../../build/js/gate/verdict/judge.js';
import { measureLaunches } from '../../build/js/runtime/timing/sequential.js';
import { simulate } from './machine.mjs';

/** What the gate makes of figures: the check of `min-speedup`. */
export const checkOf = (figures, limit) =>
  judge({ 'min-speedup': limit }, {}, { accuracy: null, ...onHardware(figures, null, null) })[0];

/** One measurement against a limit; the launches are drawn once, whatever the limit. */
function measurement(noise, pair, seed) {
  const launches = [];
  const { clock, source } = simulate(noise, pair, seed);
  return async (limit) => {
    let at = 0;
    const replayed = {
      now: () => at,
      async sleep(ms) {
        at += ms;
      },
    };
    const figures = await measureLaunches(
      async (index) => {
        if (launches.length === index) {
          if (clock.now() < at) await clock.sleep(at - clock.now());
          const began = clock.now();
          const launch = await source(index);
          launches.push({ launch, ms: clock.now() - began });
        }
        at += launches[index].ms;
        return launches[index].launch;
      },
      { clock: replayed, decided: (figures) => checkOf(figures, limit).status !== 'inconclusive' },
    );
    return { figures, check: checkOf(figures, limit), seconds: at / 1000 };
  };
}

/**
 * Shares of verdicts, coverage of the interval and seconds, for true ratios beside the limit.
 *
 * @param margins how far the true ratio lies above the limit: -0.05 is a breach of 5 %
 */
export async function judgeSpeed(noise, pair, margins, trials, seed = 1) {
  const truth = pair.fp32 / pair.int8;
  const rows = margins.map((margin) => ({
    ...{ margin, pass: 0, fail: 0, inconclusive: 0, failedOnce: 0, unfit: 0 },
    ...{ covered: 0, seconds: 0, launches: 0, halfWidth: 0, bias: 0 },
  }));
  for (let trial = 0; trial < trials; trial++) {
    const [first, second] = [0, 1].map((k) => measurement(noise, pair, seed + 2 * trial + k));
    for (const row of rows) {
      const limit = truth / (1 + row.margin);
      const one = await first(limit);
      let { check, seconds } = one;
      if (check.status === 'fail') {
        row.failedOnce++;
        const again = await second(limit);
        seconds += again.seconds;
        [check] = confirm([check], [again.check]);
      }
      const { interval, launches, unfit, speedup } = one.figures;
      row[check.status]++;
      row.seconds += seconds / trials;
      row.launches += launches / trials;
      row.halfWidth += (interval[1] - interval[0]) / 2 / speedup / trials;
      row.bias += Math.log(speedup / truth) / trials;
      if (interval[0] <= truth && truth <= interval[1]) row.covered++;
      if (unfit !== null) row.unfit++;
    }
  }
  const shares = ['pass', 'fail', 'inconclusive', 'failedOnce', 'unfit', 'covered'];
  return rows.map((row) => ({ ...row, ...Object.fromEntries(shares.map((name) => [name, row[name] / trials])) }));
}
