// What machines do to times, as functions of virtual time. A model gives, for one trial, any of
//   rate(slot, from, ms)   factor of a batch of the slot that starts at `from` and takes ms undisturbed
//   launch(slot, index)    ln of a factor of the slot during the whole launch
//   taken(from, ms)        [ms that others had the core, ms of them that the builds' clock counts, how often it was seen]
//   loop(kind, from, ms)   factor of the "alu" or the "memory" loop
//   waited                 share of the time that the system says others had

/** Independent log-normal noise of every batch; the loops have it, too. */
export const lognormal =
  (sd) =>
  (_, { normal }) => ({
    rate: () => Math.exp(sd * normal()),
    loop: () => Math.exp(sd * normal()),
  });

/** A speed of the whole machine that wanders: Ornstein and Uhlenbeck's process of correlation time tau ms. */
export const drift =
  (sd, tau) =>
  (_, { normal }) => {
    let [at, x] = [0, sd * normal()];
    const step = (from) => {
      const keep = Math.exp(-Math.max(0, from - at) / tau);
      x = keep * x + sd * Math.sqrt(1 - keep * keep) * normal();
      at = Math.max(at, from);
      return Math.exp(x);
    };
    return { rate: (_slot, from) => step(from), loop: (_kind, from) => step(from) };
  };

/** A share of all batches takes longer, by an exponential share of mean `mean`. */
export const tails =
  (share, mean) =>
  (_, { uniform, exponential }) => {
    const hit = () => (uniform() < share ? 1 + mean * exponential() : 1);
    return { rate: hit, loop: hit };
  };

/** Stretches of on and off, and what share of a span is on. Lengths in ms: exponential, or fixed with a random start. */
function stretches({ uniform, exponential }, on, off, fixed) {
  const ends = [];
  let isOn = uniform() < on / (on + off);
  const length = (mean) => (fixed ? mean : mean * exponential());
  let end = (fixed ? uniform() : 1) * length(isOn ? on : off);
  ends.push([isOn, end]);
  return (from, ms) => {
    while (end < from + ms) {
      isOn = !isOn;
      end += length(isOn ? on : off);
      ends.push([isOn, end]);
    }
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle][1] < from) low = middle + 1;
      else high = middle;
    }
    let covered = 0;
    let start = from;
    for (let i = low; start < from + ms; i++) {
      const until = Math.min(ends[i][1], from + ms);
      if (ends[i][0]) covered += until - start;
      start = until;
    }
    return ms > 0 ? covered / ms : 0;
  };
}

/** While on, everything takes `factor` times as long. */
export const throttling = (factor, on, off) => (_, random) => {
  const share = stretches(random, on, off, true);
  const rate = (_what, from, ms) => 1 + (factor - 1) * share(from, ms);
  return { rate, loop: rate };
};

/** Poisson's distribution, by inversion. */
function poisson(expected, { uniform }) {
  let n = 0;
  for (let p = Math.exp(-expected), u = uniform(), sum = p; u > sum; sum += p) p *= expected / ++n;
  return n;
}

/**
 * Another process has the core so often a second, for so many ms. The builds' own clock stands still meanwhile; then caches
 * are cold, for so many ms.
 */
export const preempted = (perSecond, ms, cold) => (_, random) => ({
  taken(_from, length) {
    const n = poisson((perSecond * length) / 1000, random);
    return [n * (ms + cold), n * cold, n];
  },
});

/** Another guest has the processor so often a second, for so many ms, and the builds' clock counts that. */
export const stolen = (perSecond, ms) => (_, random) => ({
  taken(_from, length) {
    const n = poisson((perSecond * length) / 1000, random);
    return [n * ms, n * ms, 0];
  },
  waited: (perSecond * ms) / (1000 + perSecond * ms),
});

/** Where a launch's code and data lie: the ratio of two slots has standard deviation sd. */
export const offsets =
  (sd) =>
  (_, { normal }) => {
    const known = new Map();
    return {
      launch(slot, index) {
        const key = `${slot} ${index}`;
        if (!known.has(key)) known.set(key, (sd / Math.SQRT2) * normal());
        return known.get(key);
      },
    };
  };

/** The same, but of only so many layouts, in turn: what linking in a few orders would give. */
export const layouts = (sd, count) => (machine, random) => {
  const { launch } = offsets(sd)(machine, random);
  return { launch: (slot, index) => launch(slot, index % count) };
};

/** A neighbour that slows the builds differently while it is there; `memory` is what it does to the memory loop. */
export const bursts =
  ({ int8, fp32, memory, on, off, fixed = false }) =>
  (_, random) => {
    const share = stretches(random, on, off, fixed);
    return {
      rate: (slot, from, ms) => 1 + ((slot === 'fp32' ? fp32 : int8) - 1) * share(from, ms),
      loop: (kind, from, ms) => (kind === 'memory' ? 1 + (memory - 1) * share(from, ms) : 1),
    };
  };

/** A neighbour that stays for the whole measurement. */
export const neighbour =
  ({ int8, fp32, memory }) =>
  () => ({
    rate: (slot) => (slot === 'fp32' ? fp32 : int8),
    loop: (kind) => (kind === 'memory' ? memory : 1),
  });

/** Several at once. */
export const together =
  (...models) =>
  (machine, random) => {
    const parts = models.map((model) => model(machine, random));
    const all = (name) => parts.flatMap((part) => part[name] ?? []);
    const [rates, loops, launches, takers] = ['rate', 'loop', 'launch', 'taken'].map(all);
    const product = (factors) => (what, from, ms) => {
      let x = 1;
      for (const factor of factors) x *= factor(what, from, ms);
      return x;
    };
    const taken = (from, ms) => {
      const sum = [0, 0, 0];
      for (const taker of takers) for (const [i, x] of taker(from, ms).entries()) sum[i] += x;
      return sum;
    };
    return {
      ...{ rate: product(rates), loop: product(loops) },
      launch: (slot, index) => launches.reduce((x, launch) => x + launch(slot, index), 0),
      taken: takers.length === 0 ? undefined : taken,
      waited: Math.max(0, ...all('waited')),
    };
  };
