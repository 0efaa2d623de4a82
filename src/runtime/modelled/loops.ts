/** A graph of runs of instructions: `edges[i]` are the runs that may follow run `i`. */
export interface Flow {
  readonly edges: readonly (readonly number[])[];
  /** How often each run was executed. */
  readonly counts: readonly number[];
  /** Runs that calls lead to: they can be entered although no edge leads there. */
  readonly called: ReadonlySet<number>;
}

/**
 * The innermost loops, each as its runs in the order of execution, the header first. A loop is what edges make
 * strongly connected, wherever the compiler put its parts; it is innermost if nothing in it repeats without its header,
 * so that nothing in it runs more often than that.
 */
export function innermostLoops(flow: Flow): number[][] {
  const { edges } = flow;
  const into = edges.map((): number[] => []);
  for (const [from, list] of edges.entries()) for (const to of list) into[to].push(from);
  const repeats = (part: readonly number[]) => part.length > 1 || edges[part[0]].includes(part[0]);

  const loops: number[][] = [];
  const search = (parts: readonly (readonly number[])[]): void => {
    for (const part of parts.filter(repeats)) {
      const header = headerOf(part, into, flow);
      const rest = components(
        part.filter((run) => run !== header),
        edges,
      );
      if (rest.some(repeats)) search(rest);
      else loops.push([header, ...rest.flat().reverse()]);
    }
  };
  search(components([...edges.keys()], edges));
  return loops;
}

/** Where a loop is entered; of several places the one that runs most. */
function headerOf(part: readonly number[], into: readonly (readonly number[])[], { counts, called }: Flow): number {
  const inside = new Set(part);
  const entries = part.filter((run) => called.has(run) || into[run].some((from) => !inside.has(from)));
  const candidates = (entries.length > 0 ? entries : part).toSorted((a, b) => a - b);
  return candidates.reduce((best, run) => (counts[run] > counts[best] ? run : best));
}

/** The strongly connected components among `nodes`, each before those that lead to it (Tarjan 1972). */
function components(nodes: readonly number[], edges: readonly (readonly number[])[]): number[][] {
  const among = new Set(nodes);
  const index = new Map<number, number>();
  const low = new Map<number, number>();
  const open: number[] = [];
  const isOpen = new Set<number>();
  const found: number[][] = [];
  const lower = (node: number, to: number) => low.set(node, Math.min(low.get(node)!, to));
  for (const root of nodes) {
    if (index.has(root)) continue;
    // Its own stack: code can be deeper than JavaScript's.
    const path = [{ node: root, next: 0 }];
    while (path.length > 0) {
      const step = path[path.length - 1];
      const { node } = step;
      if (step.next === 0) {
        low.set(node, index.size);
        index.set(node, index.size);
        open.push(node);
        isOpen.add(node);
      }
      if (step.next < edges[node].length) {
        const to = edges[node][step.next++];
        if (!among.has(to)) continue;
        if (!index.has(to)) path.push({ node: to, next: 0 });
        else if (isOpen.has(to)) lower(node, index.get(to)!);
        continue;
      }
      path.pop();
      if (path.length > 0) lower(path[path.length - 1].node, low.get(node)!);
      if (low.get(node) !== index.get(node)) continue;
      const component = open.splice(open.lastIndexOf(node));
      for (const member of component) isOpen.delete(member);
      found.push(component);
    }
  }
  return found;
}
