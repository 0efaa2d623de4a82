import { costs, type Pipeline, portsOf, type Row } from './pipeline.ts';

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
  /** Cycles that a structure of two half registers takes longer than a vector. */
  readonly structure: number;
  readonly scalarMultiply: number;
  readonly vmull: number;
  readonly vdot: readonly [busy: number, latency: number, accumulate?: number];
  readonly vmm: readonly [busy: number, latency: number, accumulate?: number];
  readonly vfma: readonly [busy: number, latency: number, accumulate?: number];
  readonly vmul: Row;
  /** Kinds that take both halves of the vector unit. */
  readonly all?: string[];
}

function outOfOrder(core: OutOfOrder): Pipeline {
  const { vector, multiply, shift, load, store, integer } = core;
  const x = core.vectorLoad - 1;
  const { vectorLoad: v, structure } = core;
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
    ldvd3: [load, 2, v],
    ldvd4: [load, 2, v],
    ldlane: [load, 1, x],
    ldlane2: [load, 1, v + 3],
    ldlane3: [load, 1, v + 4],
    ldlane4: [load, 2, v + 4],
    ldnd2: [load, 1, v + structure],
    ldnd3: [load, 2, v + structure + 1],
    ldnd4: [load, 2, v + structure + 1],
    ldn2: [load, 2, v + structure + 1],
    ldn3: [load, 3, v + structure + 2],
    ldn4: [load, 4, v + structure + 3],
    stx: [store, 1, 1],
    stx2: [store, 1, 1],
    stvd: [store, 1, 1],
    stvd2: [store, 1, 1],
    stvq: [store, 1, 1],
    stvq2: [store, 1, 1],
    stvq3: [store, 1, 1],
    stvq4: [store, 1, 1],
    stvd3: [store, 1, 1],
    stvd4: [store, 1, 1],
    stlane2: [store, 1, 1],
    stlane3: [store, 1, 1],
    stlane4: [store, 1, 1],
    stnd2: [store, 1, 1],
    stnd3: [store, 1, 1],
    stnd4: [store, 1, 1],
    stn2: [store, 1, 1],
    stn3: [store, 1, 1],
    stn4: [store, 1, 1],
  };
  // A micro-operation for each sixteen bytes.
  const split = {
    ...{ ldvq2: 2, ldvq3: 3, ldvq4: 4, ldvd3: 2, ldvd4: 2, ldlane4: 2, ldnd3: 2, ldnd4: 2, ldn2: 2, ldn3: 3, ldn4: 4 },
    ...{ stvq2: 2, stvq3: 3, stvq4: 4, stvd3: 2, stvd4: 2, stnd3: 2, stnd4: 2, stn2: 2, stn3: 3, stn4: 4 },
  };
  const permutes = {
    ...{ ldlane2: 2, ldlane3: 3, ldlane4: 3, ldnd2: 1, ldnd3: 2, ldnd4: 2, ldn2: 2, ldn3: 4, ldn4: 4 },
    ...{ stlane2: 1, stlane3: 1, stlane4: 1, stnd2: 1, stnd3: 2, stnd4: 2, stn2: 2, stn3: 4, stn4: 4 },
  };
  const used = [vector, load, store, integer, 'M B0 B1'].flatMap(portsOf);
  return {
    inOrder: false,
    width: core.width,
    window: core.window,
    ports: used.sort(),
    costs: costs(rows, split, permutes, core.all),
    blocks: {},
    multiplyHazard: 0,
    storeData: portsOf(vector),
  };
}

// Sources: Arm Software Optimization Guides of the Cortex-A57 (for the A72), Cortex-A76, Neoverse N1, N2, V1, V2; for
// the M1 public measurements of instruction throughput and latency. Structures and lanes: LLVM's model of the A57.
export const A76 = outOfOrder({
  width: 4,
  window: 128,
  vector: 'V0 V1',
  multiply: 'V0',
  shift: 'V1',
  load: 'L0 L1',
  integer: 'I0 I1',
  store: 'S0 S1',
  vectorLoad: 5,
  structure: 2,
  scalarMultiply: 3,
  vmull: 4,
  vdot: [1, 3, 1],
  vmm: [1, 3, 1],
  vfma: [1, 4, 2],
  vmul: ['V0', 1, 4, 1],
});

const A72_BY_GUIDE = outOfOrder({
  width: 3,
  window: 128,
  vector: 'V0 V1',
  multiply: 'V0',
  shift: 'V1',
  load: 'L0',
  integer: 'I0 I1',
  store: 'S0',
  vectorLoad: 5,
  structure: 3,
  scalarMultiply: 3,
  vmull: 4,
  vdot: [1, 3],
  vmm: [1, 3],
  vfma: [1, 7, 3],
  // A full-width integer multiply takes two passes; full-width floating point takes both 64-bit halves.
  vmul: ['V0', 2, 5, 2],
  all: ['vfma', 'vfmul', 'vfadd'],
});

/**
 * The guide has SADALP on the other pipe than the multiplies. Eight pairs of times on a Raspberry Pi 4 and an RK3399 are
 * explained by the same pipe for both. Until a measurement of the instruction decides, the core may be either.
 */
export const A72: Pipeline = {
  ...A72_BY_GUIDE,
  orElse: [
    {
      ...A72_BY_GUIDE,
      costs: { ...A72_BY_GUIDE.costs, vpadal: { ...A72_BY_GUIDE.costs.vpadal, ports: portsOf('V0') } },
    },
  ],
};

export const N2 = outOfOrder({
  width: 5,
  window: 160,
  vector: 'V0 V1',
  multiply: 'V0',
  shift: 'V1',
  load: 'L0 L1 L2',
  integer: 'I0 I1 I2 I3',
  store: 'S0 S1',
  vectorLoad: 6,
  structure: 2,
  scalarMultiply: 2,
  vmull: 3,
  vdot: [1, 3, 1],
  vmm: [1, 3, 1],
  vfma: [1, 4, 2],
  vmul: ['V0', 1, 4, 1],
});

const V: Omit<OutOfOrder, 'window' | 'integer'> = {
  width: 8,
  vector: 'V0 V1 V2 V3',
  multiply: 'V0 V2',
  shift: 'V1 V3',
  load: 'L0 L1 L2',
  store: 'S0 S1',
  vectorLoad: 6,
  structure: 2,
  scalarMultiply: 2,
  vmull: 4,
  vdot: [1, 3, 1],
  vmm: [1, 3, 1],
  vfma: [1, 4, 2],
  vmul: ['V0 V2', 1, 4, 1],
};

export const V1 = outOfOrder({ ...V, window: 256, integer: 'I0 I1 I2 I3' });

export const V2 = outOfOrder({ ...V, window: 320, integer: 'I0 I1 I2 I3 I4 I5' });

export const M1 = outOfOrder({
  width: 8,
  window: 600,
  vector: 'V0 V1 V2 V3',
  multiply: 'V0 V1 V2 V3',
  shift: 'V0 V1 V2 V3',
  load: 'L0 L1 L2',
  integer: 'I0 I1 I2 I3 I4 I5',
  store: 'S0 S1',
  vectorLoad: 5,
  structure: 2,
  scalarMultiply: 3,
  vmull: 4,
  vdot: [1, 3],
  vmm: [2, 4],
  vfma: [1, 4],
  vmul: ['V0 V1 V2 V3', 1, 4, 1],
});
