import { costs, type Pipeline, type Row } from './pipeline.ts';

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

export const A55: Pipeline = {
  inOrder: true,
  width: 2,
  window: 0,
  ports: ['B', 'L', 'M', 'N'],
  costs: costs(A55_ROWS),
  blocks: { ldvq: 2, ldvq2: 4, ldvq3: 6, ldvq4: 8 },
  multiplyHazard: 0,
  storeData: [],
};

export const A53: Pipeline = {
  ...A55,
  costs: costs({
    ...A55_ROWS,
    vfma: ['N', 1, 8, 4],
    vfdiv: ['N', 20, 22],
    vpadal: ['N', 2, 4],
  }),
  blocks: { ...A55.blocks, ldvd: 1, ldvd2: 2 },
  multiplyHazard: 4,
};
