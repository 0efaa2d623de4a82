/** What one kind of instruction costs. */
export interface Cost {
  /** The ports it may issue to; empty for those that need none. */
  readonly ports: readonly string[];
  /** Cycles for which the port is busy. */
  readonly busy: number;
  /** Cycles until the result can be used. */
  readonly latency: number;
  /** Cycles until the result can be used as the accumulator of an instruction of the same kind. */
  readonly accumulate: number;
  /** Micro-operations, each of which occupies a port for a cycle. Out-of-order cores only. */
  readonly split: number;
  /** Micro-operations on the vector ports besides, which put what is loaded or stored in order. Out-of-order cores only. */
  readonly permutes: number;
  /** Takes all its ports at once. Out-of-order cores only. */
  readonly all: boolean;
}

/** The pipeline of a processor core as its cycle model has it. `costs` is keyed by Instruction.kind (classify.ts). */
export interface Pipeline {
  readonly inOrder: boolean;
  /** Instructions issued (in order) or renamed (out of order) in a cycle. */
  readonly width: number;
  /** Reorder buffer entries; out-of-order cores only. */
  readonly window: number;
  readonly ports: readonly string[];
  readonly costs: Readonly<Record<string, Cost>>;
  /** Cycles in which nothing else issues after an instruction of the kind; in-order cores only. */
  readonly blocks: Readonly<Record<string, number>>;
  /** No vector load issues so many cycles after an FMLA or a MUL; in-order cores only, 0 for none. */
  readonly multiplyHazard: number;
  /** Ports through which the data of vector stores and of structures pass; out-of-order cores only. */
  readonly storeData: readonly string[];
  /** What the core may be instead, where sources differ; bears on the range of the cycles alone. */
  readonly orElse?: readonly Pipeline[];
}

/** Ports ('' for none, else names without blanks between), busy, latency, latency to an accumulator. */
export type Row = readonly [ports: string, busy: number, latency: number, accumulate?: number];

export const portsOf = (text: string): string[] => (text === '' ? [] : text.split(' '));

/** A core's table from its rows; `split`, `permutes` and `all` as in Cost, by kind. */
export function costs(
  rows: Readonly<Record<string, Row>>,
  split: Readonly<Record<string, number>> = {},
  permutes: Readonly<Record<string, number>> = {},
  all: readonly string[] = [],
): Readonly<Record<string, Cost>> {
  const entries = Object.entries(rows).map(([kind, [ports, busy, latency, accumulate = latency]]): [string, Cost] => [
    kind,
    {
      ...{ ports: portsOf(ports), busy, latency, accumulate },
      ...{ split: split[kind] ?? 1, permutes: permutes[kind] ?? 0, all: all.includes(kind) },
    },
  ]);
  return Object.fromEntries(entries);
}

/** What an instruction costs on a core: a half-width form and a kind without a row of its own take a kindred one's. */
export function costOf(pipeline: Pipeline, kind: string): Cost & { readonly row: string } {
  const own = pipeline.costs[kind];
  if (own) return { ...own, row: kind };
  const half = kind.endsWith('d') && kind.slice(0, -1) in pipeline.costs;
  const row = half ? kind.slice(0, -1) : kindred(kind);
  const cost = pipeline.costs[row];
  return pipeline.inOrder && cost.ports[0] === 'N' ? { ...cost, busy: cost.busy / 2, row } : { ...cost, row };
}

function kindred(kind: string): string {
  if (kind.startsWith('v')) return 'valu';
  if (kind.startsWith('ld')) return 'ldx';
  return kind.startsWith('st') ? 'stx' : 'alu';
}
