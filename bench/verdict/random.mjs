// Numbers for simulated machines: fast, seeded, of the distributions that noise has.
import { randomSource } from '../../build/js/runtime/timing/random.js';

/** Sources of one trial: uniform, standard normal (Marsaglia's polar method), exponential of mean 1. */
export function sources(seed) {
  const uniform = randomSource(seed);
  let spare = null;
  const normal = () => {
    if (spare !== null) {
      const x = spare;
      spare = null;
      return x;
    }
    for (;;) {
      const [u, v] = [2 * uniform() - 1, 2 * uniform() - 1];
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const f = Math.sqrt((-2 * Math.log(s)) / s);
      spare = v * f;
      return u * f;
    }
  };
  return { uniform, normal, exponential: () => -Math.log(1 - uniform()) };
}
