import { InputError } from '../../errors.ts';
import { randomSource } from '../../runtime/timing/random.ts';
import type { DataConfig } from '../config/data_schema.ts';
import type { Labels } from '../metrics/metric.ts';

/**
 * The samples that `limit` leaves, in their order. A number spreads them evenly over the set, so that a set sorted by
 * class keeps all classes; a mapping draws them without replacement, by a seed, from the whole or from each class.
 *
 * @throws InputError where `stratify` finds no classes
 */
export function chooseSamples(total: number, limit: DataConfig['limit'], labels: Labels | null): number[] {
  if (limit === undefined || typeof limit === 'number') return spread(total, limit);
  const n = Math.min(total, limit.count);
  const random = randomSource(limit.seed ?? 1);
  if (limit.stratify !== true) return draw(range(total), n, random).sort(ascending);
  if (labels === null || labels.width !== 1)
    throw new InputError('data.limit.stratify needs class labels; give data.labels, or leave it out');
  const classes = new Map<number, number[]>();
  labels.values.forEach((label, i) => {
    const members = classes.get(label);
    if (members === undefined) classes.set(label, [i]);
    else members.push(i);
  });
  const groups = [...classes].sort(([a], [b]) => a - b).map(([, members]) => members);
  const quotas = proportional(
    groups.map((members) => members.length),
    n,
  );
  return groups.flatMap((members, k) => draw(members, quotas[k], random)).sort(ascending);
}

const ascending = (a: number, b: number) => a - b;
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

function spread(total: number, limit = total): number[] {
  const n = Math.min(total, limit);
  return range(n).map((i) => Math.floor((i * total) / n));
}

/** `n` of the items: the first steps of a Fisher-Yates shuffle. */
function draw(items: readonly number[], n: number, random: () => number): number[] {
  const pool = [...items];
  for (let i = 0; i < n; i++) {
    const j = i + Math.floor(random() * (pool.length - i));
    [pool[i], pool[j]] = [pool[j], pool[i]];
  }
  return pool.slice(0, n);
}

/** `n` seats by size: the whole parts, then one each to the largest remainders (ties: the first). */
function proportional(sizes: readonly number[], n: number): number[] {
  const total = sizes.reduce((a, b) => a + b, 0);
  const seats = sizes.map((size) => Math.floor((size * n) / total));
  const left = n - seats.reduce((a, b) => a + b, 0);
  const rest = (k: number) => (sizes[k] * n) % total;
  const order = range(sizes.length).sort((a, b) => rest(b) - rest(a) || a - b);
  for (const k of order.slice(0, left)) seats[k]++;
  return seats;
}
