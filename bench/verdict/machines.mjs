// The machines on which verdicts are tried: docs/verdict.md prints the table.
import {
  bursts,
  drift,
  layouts,
  lognormal,
  neighbour,
  offsets,
  preempted,
  stolen,
  tails,
  throttling,
  together,
} from './noise.mjs';

/** ms of one inference. */
export const FAST = { int8: 0.3, fp32: 0.45 };
export const SLOW = { int8: 60, fp32: 90 };

const quiet = lognormal(0.01);
const loud = { int8: 1.05, fp32: 1.25, memory: 1.35 };
const unseen = { ...loud, memory: 1 };
/** What virtual machines of a cloud were seen to do: the walk through memory is disturbed, and builds hardly notice. */
const alone = { int8: 1, fp32: 1, memory: 1.4, on: 50, off: 33 };
/** What several jobs at once on a machine of few cores were seen to do. */
const shared = (on, off) =>
  together(quiet, preempted(100, 4, 0.1), bursts({ int8: 1.02, fp32: 1.04, memory: 1.4, on, off }), offsets(0.01));
const noisy = (sd, ...more) => together(lognormal(sd), ...more);

/** name, pair, noise; `harmless`: what hits both builds alike or differs from launch to launch, so that a verdict can be right. */
export const MACHINES = [
  ['log-normal 1 %', FAST, lognormal(0.01), 'harmless'],
  ['log-normal 3 %', FAST, lognormal(0.03), 'harmless'],
  ['log-normal 5 %', FAST, lognormal(0.05), 'harmless'],
  ['log-normal 10 %', FAST, lognormal(0.1), 'harmless'],
  ['slow, log-normal 1 %', SLOW, lognormal(0.01), 'harmless'],
  ['slow, log-normal 3 %', SLOW, lognormal(0.03), 'harmless'],
  ['slow, log-normal 10 %', SLOW, lognormal(0.1), 'harmless'],
  ['drift 5 %, 0.5 s', FAST, together(quiet, drift(0.05, 500)), 'harmless'],
  ['drift 5 %, 10 ms', FAST, together(quiet, drift(0.05, 10)), 'harmless'],
  ['slow, drift 5 %, 0.5 s', SLOW, together(quiet, drift(0.05, 500)), 'harmless'],
  ['tails: 10 % × (1 + Exp 0.3)', FAST, together(quiet, tails(0.1, 0.3)), 'harmless'],
  ['slow, tails', SLOW, together(quiet, tails(0.1, 0.3)), 'harmless'],
  ['throttling 20 %, 2 s in 7 s', FAST, together(quiet, throttling(1.2, 2000, 5000)), 'harmless'],
  ['slow, throttling 20 %', SLOW, together(quiet, throttling(1.2, 2000, 5000)), 'harmless'],
  ['launch offset 0.5 %', FAST, together(quiet, offsets(0.005)), 'harmless'],
  ['launch offset 1 %', FAST, together(quiet, offsets(0.01)), 'harmless'],
  ['launch offset 2 %', FAST, together(quiet, offsets(0.02)), 'harmless'],
  ['launch offset 3 %', FAST, together(quiet, offsets(0.03)), 'harmless'],
  ['slow, launch offset 1 %', SLOW, together(quiet, offsets(0.01)), 'harmless'],
  ['slow, launch offset 3 %', SLOW, together(quiet, offsets(0.03)), 'harmless'],
  ['offset 2 %, noise 3 %', FAST, noisy(0.03, offsets(0.02)), 'harmless'],
  ['three layouts for ever, 1 %', FAST, together(quiet, layouts(0.01, 3)), 'lasting'],
  ['preempted 100/s for 4 ms', FAST, together(quiet, preempted(100, 4, 0.1)), 'harmless'],
  ['slow, preempted 100/s for 4 ms', SLOW, together(quiet, preempted(100, 4, 0.1)), 'harmless'],
  ['stolen 5/s for 4 ms', FAST, together(quiet, stolen(5, 4)), 'harmless'],
  ['slow, stolen 5/s for 4 ms', SLOW, together(quiet, stolen(5, 4)), 'harmless'],
  ['stolen 50/s for 4 ms', FAST, together(quiet, stolen(50, 4)), 'busy'],
  ['slow, stolen 50/s for 4 ms', SLOW, together(quiet, stolen(50, 4)), 'busy'],
  ['shared: preempted, bursts 50 % of 2 %', FAST, shared(30, 30), 'busy'],
  ['slow, shared', SLOW, shared(30, 30), 'busy'],
  ['shared, in stretches of 3 s', FAST, shared(3000, 3000), 'busy'],
  ['bursts 60 %, of the memory alone', FAST, together(quiet, bursts(alone), offsets(0.01)), 'harmless'],
  ['slow, bursts 60 %, of the memory alone', SLOW, together(quiet, bursts(alone), offsets(0.01)), 'harmless'],
  ['bursts 25 %, 50 ms', FAST, together(quiet, bursts({ ...loud, on: 50, off: 150 })), 'burst'],
  ['bursts 60 %, 5 ms', FAST, together(quiet, bursts({ ...loud, on: 5, off: 3.3 })), 'burst'],
  ['bursts 60 %, 50 ms', FAST, together(quiet, bursts({ ...loud, on: 50, off: 33 })), 'burst'],
  ['bursts 60 %, 500 ms', FAST, together(quiet, bursts({ ...loud, on: 500, off: 333 })), 'burst'],
  ['bursts 60 %, 50 ms, unseen by loops', FAST, together(quiet, bursts({ ...unseen, on: 50, off: 33 })), 'burst'],
  ['bursts 25 %, 50 ms, unseen', FAST, together(quiet, bursts({ ...unseen, on: 50, off: 150 })), 'burst'],
  ['slow, bursts 60 %, 50 ms', SLOW, together(quiet, bursts({ ...loud, on: 50, off: 33 })), 'burst'],
  ['stretches of 8 s in 20 s', FAST, together(quiet, bursts({ ...loud, on: 8000, off: 12000, fixed: true })), 'burst'],
  [
    'stretches of 8 s in 20 s, unseen',
    FAST,
    together(quiet, bursts({ ...unseen, on: 8000, off: 12000, fixed: true })),
    'burst',
  ],
  [
    'INT8 alone 4 % slower, for minutes',
    FAST,
    together(quiet, neighbour({ int8: 1.04, fp32: 1, memory: 1 })),
    'lasting',
  ],
].map(([name, pair, noise, kind]) => ({ name, pair, noise, kind }));
