import type { OperatorCost } from '../../runtime/measure.ts';

/**
 * For each operator its counterpart in another build: of the same label, where that names one on each side; else, of those
 * that are left, the k-th of the same kind and work, where both sides have as many. null where there is none.
 */
export function joinOperators(
  own: readonly OperatorCost[],
  others: readonly OperatorCost[],
): Map<OperatorCost, OperatorCost | null> {
  const joined = new Map<OperatorCost, OperatorCost | null>(own.map((cost) => [cost, null]));
  const join = (mine: readonly OperatorCost[], theirs: readonly OperatorCost[]) => {
    if (mine.length === theirs.length) for (const [k, cost] of mine.entries()) joined.set(cost, theirs[k]);
  };
  const theirs = groups(others, labelOf);
  for (const [label, mine] of groups(own, labelOf)) if (mine.length === 1) join(mine, theirs.get(label) ?? []);
  const taken = new Set(joined.values());
  const left = groups(
    others.filter((other) => !taken.has(other)),
    workOf,
  );
  const alone = own.filter((cost) => joined.get(cost) === null);
  for (const [work, mine] of groups(alone, workOf)) join(mine, left.get(work) ?? []);
  return joined;
}

const labelOf = ({ op, kind, macs }: OperatorCost): string => `${op} ${kind} ${macs}`;
const workOf = ({ kind, macs, result }: OperatorCost): string => `${kind} ${macs} ${result?.join()}`;

function groups(costs: readonly OperatorCost[], key: (cost: OperatorCost) => string): Map<string, OperatorCost[]> {
  const found = new Map<string, OperatorCost[]>();
  for (const cost of costs) {
    const group = found.get(key(cost));
    if (group === undefined) found.set(key(cost), [cost]);
    else group.push(cost);
  }
  return found;
}
