// A machine that does not exist: launches of the runner as the product would get them, on a virtual clock.
import { observe } from '../../build/js/runtime/timing/launch.js';
import { iterationsOf, MIN_BATCH_NS, SAMPLES, warmUpRounds } from '../../build/js/runtime/timing/plan.js';
import { BUDGET_MS } from '../../build/js/runtime/timing/sequential.js';
import { sources } from './random.mjs';

const START_MS = 40;
const LOOP_MS = 0.2;

/**
 * @param noise a model of noise.mjs
 * @param pair ms of one inference of INT8 and FP32, undisturbed
 * @returns a clock and a source of launches, as measureLaunches takes them
 */
export function simulate(noise, pair, seed, { budgetMs = BUDGET_MS, sampleSpread = 0.02 } = {}) {
  const random = sources(seed);
  const model = noise(pair, random);
  let now = 0;
  const clock = {
    now: () => now,
    async sleep(ms) {
      now += ms;
    },
  };
  const names = ['int8', 'fp32', 'copy'];
  const truth = [pair.int8, pair.fp32, pair.int8];
  const batches = truth.map((ms) => Math.max(1, 2 ** Math.ceil(Math.log2(MIN_BATCH_NS / 1e6 / ms))));
  const base = truth.map((ms, i) => ms * batches[i]);
  const roundMs = 2 * base.reduce((a, b) => a + b, 0);
  const rounds = iterationsOf(roundMs, budgetMs, SAMPLES);
  // The figure asked for is that of the samples that are timed.
  const timed = Math.min(SAMPLES, rounds);
  const spread = Array.from({ length: timed }, () => sampleSpread * random.normal());
  const stand = spread.reduce((a, b) => a + b, 0) / timed;
  const ofSample = spread.map((x) => Math.exp(x - stand));
  /** What the launch in work does to each slot. */
  let moved = [];

  const loop = (kind) => {
    const ms = LOOP_MS * (model.loop?.(kind, now, LOOP_MS) ?? 1);
    now += ms;
    return 1e6 * ms;
  };
  const batch = (slot, sample) => {
    const own = base[slot] * moved[slot] * (slot === 1 ? ofSample[sample] : 1);
    const busy = own * (model.rate?.(names[slot], now, own) ?? 1);
    const [taken, counted, switches] = model.taken?.(now, busy) ?? [0, 0, 0];
    now += busy + taken;
    return { ns: 1e6 * (busy + counted), switches };
  };
  const source = async (index) => {
    now += START_MS + warmUpRounds(roundMs) * roundMs;
    moved = names.map((name) => Math.exp(model.launch?.(name, index) ?? 0));
    const passes = [];
    const order = names.map((_, i) => i);
    for (let r = 0; r < rounds; r++) {
      for (let i = order.length - 1; i > 0; i--) {
        const j = Math.floor(random.uniform() * (i + 1));
        [order[i], order[j]] = [order[j], order[i]];
      }
      for (let k = 0; k < 2; k++) {
        const [alu, memory] = [loop('alu'), loop('memory')];
        const slots = [];
        for (const slot of order) slots[slot] = batch(slot, r % timed);
        passes.push({ sample: r % timed, alu, memory, slots });
        order.reverse();
      }
    }
    return observe({ passes, batches, waited: model.waited ?? 0 });
  };
  return { clock, source };
}
