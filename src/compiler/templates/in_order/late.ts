/** Moves loads and general-register instructions as late as their readers allow, so that fewer values are live. */
import type { InOrderCore } from './core.ts';
import type { Dependence } from './dependences.ts';
import type { Graph, Placed } from './place.ts';

/** The schedule with these instructions in later cycles that have a free slot and unit. */
export function late(
  { timing, within, across }: Graph,
  { order, cycle: early }: Placed,
  { width }: InOrderCore,
): Placed {
  const cycle = [...early];
  const length = Math.max(...cycle) + 1;
  const after: Dependence[][] = timing.map(() => []);
  for (const dependence of within) after[dependence.from].push(dependence);
  for (const { from, to, cycles } of across) after[from].push({ from, to, cycles: cycles - length });
  const slots = Array.from({ length }, (_, at) => width - cycle.filter((own) => own === at).length);
  /** Cycles in which the memory unit is occupied; wraps around to the next iteration. */
  const taken = new Array<boolean>(length).fill(false);
  const occupied = (i: number, at: number): number[] =>
    timing[i].unit === 'memory'
      ? Array.from({ length: Math.ceil(timing[i].occupancy) }, (_, c) => (at + c) % length)
      : [];
  const take = (i: number, value: boolean): void => {
    for (const at of occupied(i, cycle[i])) taken[at] = value;
    slots[cycle[i]] += value ? -1 : 1;
  };
  for (const i of order) for (const at of occupied(i, cycle[i])) taken[at] = true;
  for (const i of [...order].reverse()) {
    // Instructions that write no register have no readers to wait for.
    if (timing[i].unit === 'vector' || timing[i].latency === 0) continue;
    take(i, false);
    const latest = Math.min(length - 1, ...after[i].map(({ to, cycles }) => cycle[to] - (cycles === 0 ? 1 : cycles)));
    let at = latest;
    while (at > cycle[i] && (slots[at] === 0 || occupied(i, at).some((c) => taken[c]))) at--;
    cycle[i] = Math.max(at, cycle[i]);
    take(i, true);
  }
  const rank = timing.map(() => 0);
  order.forEach((i, at) => {
    rank[i] = at;
  });
  // Moved instructions issue behind those already in their cycle.
  const moved = (i: number): number => (cycle[i] > early[i] ? 1 : 0);
  return { cycle, order: [...order].sort((a, b) => cycle[a] - cycle[b] || moved(a) - moved(b) || rank[a] - rank[b]) };
}
