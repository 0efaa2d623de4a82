/** Raised whenever a figure below changes: modelled cycles of different versions are not compared. */
export const MODEL_VERSION = 1;

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
  /** Takes all its ports at once. Out-of-order cores only. */
  readonly all: boolean;
}

/** A processor core as the pipeline model sees it. `costs` is keyed by Instruction.kind (classify.ts). */
export interface Core {
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
  /** Ports through which the data of vector stores pass; out-of-order cores only. */
  readonly storeData: readonly string[];
  readonly dotprod: boolean;
  readonly i8mm: boolean;
}

/** Ports ('' for none, else names without blanks between), busy, latency, latency to an accumulator. */
type Row = readonly [ports: string, busy: number, latency: number, accumulate?: number];

const portsOf = (text: string): string[] => (text === '' ? [] : text.split(' '));

function costs(rows: Readonly<Record<string, Row>>, split: Record<string, number> = {}, all: string[] = []) {
  const entries = Object.entries(rows).map(([kind, [ports, busy, latency, accumulate = latency]]): [string, Cost] => [
    kind,
    { ports: portsOf(ports), busy, latency, accumulate, split: split[kind] ?? 1, all: all.includes(kind) },
  ]);
  return Object.fromEntries(entries);
}

// In-order cores. N: the 128-bit NEON datapath, of which a half-width instruction takes half; L: load and store;
// M: multiply and divide; B: branches. Sources: Arm Cortex-A55 Software Optimization Guide v3; for the A53, which has no
// public guide, the dual-issue rules that NEON kernel authors measured.
const A55_ROWS: Readonly<Record<string, Row>> = {
  vfma: ['N', 1, 4],
  vmlal: ['N', 1, 4, 1],
  vmull: ['N', 1, 4],
  vmul: ['N', 1, 4, 1],
  vdot: ['N', 1, 4, 1],
  vmm: ['N', 1, 4, 1],
  vpadal: ['N', 1, 4, 1],
  vfmul: ['N', 1, 4],
  vfadd: ['N', 1, 4],
  vcvt: ['N', 1, 4],
  vfdiv: ['N', 10, 13],
  vshift: ['N', 1, 3],
  vperm: ['N', 1, 3],
  valu: ['N', 1, 3],
  vmovi: ['N', 1, 2],
  x2v: ['N', 0.5, 3],
  v2x: ['N', 0.5, 3],
  alu: ['', 0, 1],
  alus: ['', 0, 2],
  mul: ['M', 1, 3],
  div: ['M', 8, 10],
  br: ['B', 1, 1],
  nop: ['', 0, 0],
  ld: ['L', 1, 1],
  ldx: ['L', 1, 3],
  ldx2: ['L', 2, 4],
  ldvd: ['L', 1, 3],
  ldvd2: ['L', 2, 4],
  ldvq: ['L', 2, 4],
  ldvq2: ['L', 4, 6],
  ldvq3: ['L', 6, 8],
  ldvq4: ['L', 8, 10],
  ldlane: ['L', 1, 4],
  ldn: ['L', 4, 8],
  stx: ['L', 1, 1],
  stx2: ['L', 1, 1],
  stvd: ['L', 1, 1],
  stvd2: ['L', 1, 1],
  stvq: ['L', 1, 1],
  stvq2: ['L', 2, 1],
  stvq3: ['L', 3, 1],
  stvq4: ['L', 4, 1],
  stn: ['L', 4, 4],
};

const A55: Core = {
  inOrder: true,
  width: 2,
  window: 0,
  ports: ['B', 'L', 'M', 'N'],
  costs: costs(A55_ROWS),
  blocks: { ldvq: 2, ldvq2: 4, ldvq3: 6, ldvq4: 8 },
  multiplyHazard: 0,
  storeData: [],
  dotprod: true,
  i8mm: false,
};

const A53: Core = {
  ...A55,
  costs: costs({
    ...A55_ROWS,
    vfma: ['N', 1, 8, 4],
    vfdiv: ['N', 20, 22],
    vpadal: ['N', 2, 4],
  }),
  blocks: { ...A55.blocks, ldvd: 1, ldvd2: 2 },
  multiplyHazard: 4,
  dotprod: false,
};

/** Where out-of-order cores differ from each other. */
interface OutOfOrder {
  readonly width: number;
  readonly window: number;
  /** Ports of all vector instructions; of vector multiplies and conversions; of shifts and widening adds. */
  readonly vector: string;
  readonly multiply: string;
  readonly shift: string;
  readonly load: string;
  /** Single-cycle integer ports, besides M. */
  readonly integer: string;
  readonly store: string;
  readonly vectorLoad: number;
  readonly scalarMultiply: number;
  readonly vmull: number;
  readonly vdot: readonly [busy: number, latency: number, accumulate?: number];
  readonly vmm: readonly [busy: number, latency: number, accumulate?: number];
  readonly vfma: readonly [busy: number, latency: number, accumulate?: number];
  readonly vmul: Row;
  /** Kinds that take both halves of the vector unit. */
  readonly all?: string[];
  readonly dotprod: boolean;
  readonly i8mm: boolean;
}

function outOfOrder(core: OutOfOrder): Core {
  const { vector, multiply, shift, load, store, integer } = core;
  const x = core.vectorLoad - 1;
  const v = core.vectorLoad;
  const rows: Readonly<Record<string, Row>> = {
    vfma: [vector, ...core.vfma],
    vmlal: [multiply, 1, 4, 1],
    vmull: [multiply, 1, core.vmull],
    vmul: core.vmul,
    vdot: [vector, ...core.vdot],
    vmm: [vector, ...core.vmm],
    vpadal: [shift, 1, 4, 1],
    vfmul: [vector, 1, 3],
    vfadd: [vector, 1, 2],
    vcvt: [multiply, 1, 4],
    vfdiv: [portsOf(multiply)[0], 7, 10],
    vshift: [shift, 1, 2],
    vperm: [vector, 1, 2],
    valu: [vector, 1, 2],
    vmovi: [vector, 1, 2],
    x2v: ['M', 1, 3],
    v2x: [shift, 1, 2],
    alu: [`${integer} M`, 1, 1],
    alus: ['M', 1, 2],
    mul: ['M', 1, core.scalarMultiply],
    div: ['M', 12, 12],
    br: ['B0 B1', 1, 1],
    nop: ['', 0, 0],
    ld: [load, 1, x],
    ldx: [load, 1, x],
    ldx2: [load, 1, x],
    ldvd: [load, 1, v],
    ldvd2: [load, 1, v],
    ldvq: [load, 1, v],
    ldvq2: [load, 2, v],
    ldvq3: [load, 3, v],
    ldvq4: [load, 4, v],
    ldlane: [load, 1, x],
    ldn: [load, 4, x],
    stx: [store, 1, 1],
    stx2: [store, 1, 1],
    stvd: [store, 1, 1],
    stvd2: [store, 1, 1],
    stvq: [store, 1, 1],
    stvq2: [store, 1, 1],
    stvq3: [store, 1, 1],
    stvq4: [store, 1, 1],
    stn: [store, 1, 1],
  };
  const split = { ldvq2: 2, ldvq3: 3, ldvq4: 4, stvq2: 2, stvq3: 3, stvq4: 4, ldn: 4, stn: 4 };
  const used = [vector, load, store, integer, 'M B0 B1'].flatMap(portsOf);
  return {
    inOrder: false,
    width: core.width,
    window: core.window,
    ports: used.sort(),
    costs: costs(rows, split, core.all),
    blocks: {},
    multiplyHazard: 0,
    storeData: portsOf(vector),
    dotprod: core.dotprod,
    i8mm: core.i8mm,
  };
}

// Sources: Arm Software Optimization Guides of the Cortex-A57 (for the A72), Cortex-A76, Neoverse N1, N2, V1, V2; for
// the M1 public measurements of instruction throughput and latency.
const A76 = outOfOrder({
  width: 4,
  window: 128,
  vector: 'V0 V1',
  multiply: 'V0',
  shift: 'V1',
  load: 'L0 L1',
  integer: 'I0 I1',
  store: 'S0 S1',
  vectorLoad: 5,
  scalarMultiply: 3,
  vmull: 4,
  vdot: [1, 3, 1],
  vmm: [1, 3, 1],
  vfma: [1, 4, 2],
  vmul: ['V0', 1, 4, 1],
  dotprod: true,
  i8mm: false,
});

const A72 = outOfOrder({
  width: 3,
  window: 128,
  vector: 'V0 V1',
  multiply: 'V0',
  shift: 'V1',
  load: 'L0',
  integer: 'I0 I1',
  store: 'S0',
  vectorLoad: 5,
  scalarMultiply: 3,
  vmull: 4,
  vdot: [1, 3],
  vmm: [1, 3],
  vfma: [1, 7, 3],
  // A full-width integer multiply takes two passes; full-width floating point takes both 64-bit halves.
  vmul: ['V0', 2, 5, 2],
  all: ['vfma', 'vfmul', 'vfadd'],
  dotprod: false,
  i8mm: false,
});

const N2 = outOfOrder({
  width: 5,
  window: 160,
  vector: 'V0 V1',
  multiply: 'V0',
  shift: 'V1',
  load: 'L0 L1 L2',
  integer: 'I0 I1 I2 I3',
  store: 'S0 S1',
  vectorLoad: 6,
  scalarMultiply: 2,
  vmull: 3,
  vdot: [1, 3, 1],
  vmm: [1, 3, 1],
  vfma: [1, 4, 2],
  vmul: ['V0', 1, 4, 1],
  dotprod: true,
  i8mm: true,
});

const V: Omit<OutOfOrder, 'window' | 'integer'> = {
  width: 8,
  vector: 'V0 V1 V2 V3',
  multiply: 'V0 V2',
  shift: 'V1 V3',
  load: 'L0 L1 L2',
  store: 'S0 S1',
  vectorLoad: 6,
  scalarMultiply: 2,
  vmull: 4,
  vdot: [1, 3, 1],
  vmm: [1, 3, 1],
  vfma: [1, 4, 2],
  vmul: ['V0 V2', 1, 4, 1],
  dotprod: true,
  i8mm: true,
};

const M1 = outOfOrder({
  width: 8,
  window: 600,
  vector: 'V0 V1 V2 V3',
  multiply: 'V0 V1 V2 V3',
  shift: 'V0 V1 V2 V3',
  load: 'L0 L1 L2',
  integer: 'I0 I1 I2 I3 I4 I5',
  store: 'S0 S1',
  vectorLoad: 5,
  scalarMultiply: 3,
  vmull: 4,
  vdot: [1, 3],
  vmm: [2, 4],
  vfma: [1, 4],
  vmul: ['V0 V1 V2 V3', 1, 4, 1],
  dotprod: true,
  i8mm: false,
});

/** The cores that cycles can be modelled for. */
export const CORES = {
  'cortex-a53': A53,
  'cortex-a55': A55,
  'cortex-a72': A72,
  'cortex-a76': A76,
  'neoverse-n1': A76,
  'neoverse-n2': N2,
  'neoverse-v1': outOfOrder({ ...V, window: 256, integer: 'I0 I1 I2 I3' }),
  'neoverse-v2': outOfOrder({ ...V, window: 320, integer: 'I0 I1 I2 I3 I4 I5' }),
  'apple-m1': M1,
} satisfies Record<string, Core>;

export type ModelledCpu = keyof typeof CORES;

/** What an instruction costs on a core: a half-width form and a kind without a row of its own take a kindred one's. */
export function costOf(core: Core, kind: string): Cost & { readonly row: string } {
  const own = core.costs[kind];
  if (own) return { ...own, row: kind };
  const half = kind.endsWith('d') && kind.slice(0, -1) in core.costs;
  const row = half ? kind.slice(0, -1) : kindred(kind);
  const cost = core.costs[row];
  return core.inOrder && cost.ports[0] === 'N' ? { ...cost, busy: cost.busy / 2, row } : { ...cost, row };
}

function kindred(kind: string): string {
  if (kind.startsWith('v')) return 'valu';
  if (kind.startsWith('ld')) return 'ldx';
  return kind.startsWith('st') ? 'stx' : 'alu';
}
