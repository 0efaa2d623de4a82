/** What emitters claim of overlaps, at the tightest that each claim allows; and that a false claim would show. */
import { expect, test } from 'vitest';
import { generate } from '../../../src/compiler/codegen/generate.ts';
import type { Buffer } from '../../../src/compiler/codegen/plan.ts';
import { planMemory } from '../../../src/compiler/codegen/plan.ts';
import type { Planner } from '../../../src/compiler/codegen/storage.ts';
import { optimize } from '../../../src/compiler/passes/pipeline.ts';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import type { Graph } from '../../../src/model/ir/graph.ts';
import type { TensorData } from '../../../src/model/tensor/dtype.ts';
import { type Layer, modelOfLayers } from '../../native/layers.ts';
import { changed } from '../../property/compare.ts';
import { fedWith, type Instance, merge, modelOf } from '../../property/instance.ts';
import { runBuild } from '../../property/run.ts';
import { surrounded } from '../../property/surrounded.ts';
import { type Case, graphOf, tensor } from '../operators.ts';
import { apart, type Claim, claimsOf, kindOf, tight } from '../overlap.ts';
import { cacheDir } from '../run.ts';

interface Row {
  readonly what: string;
  readonly instance: Instance;
  /** Which of the node's claims: of the result or of scratch memory, over this operand. */
  readonly of: Claim['of'];
  readonly operand: number;
  /** What the emitter says; null: nothing. */
  readonly kind: string | null;
  /**
   * A false claim: bytes by which its lead is less than the emitter's, or than 0 where the emitter says nothing. null: all
   * is read before the first write, and no claim could say more.
   */
  readonly less: number | null;
}

const layer = (given: Partial<Layer>): Instance => {
  const whole: Layer = {
    ...{ kind: 'nn.conv2d', form: 'int8', input: [1, 12, 9, 32], outs: 32, groups: 1, kernel: [1, 1], strides: [1, 1] },
    ...{ dilation: [1, 1], padding: 'VALID', activation: 'NONE', bias: true, perChannel: false, gain: 1, seed: 5 },
    ...given,
  };
  return fedWith(modelOfLayers([whole]).model, 3);
};
const operator = (c: Omit<Case, 'quantization'>): Instance =>
  fedWith(modelOf(graphOf([{ ...c, quantization: c.operands[0]!.quantization }])), 4);

const q8 = { scales: [1 / 32], zeroPoints: [3], axis: 0 };
const bytes = tensor('int8', [5, 7, 40], q8);
const floats = tensor('float32', [5, 7, 40], null);
const sum = (operand: typeof bytes): Instance =>
  operator({ kind: 'add', attrs: { activation: 'NONE' }, operands: [operand, operand], dtype: operand.dtype });
const table = operator({ kind: 'tanh', attrs: {}, operands: [bytes], dtype: 'int8' });

const depthwise = { kind: 'nn.depthwise_conv2d', outs: 1, kernel: [3, 3], padding: 'SAME' } as const;
const windows = { kernel: [3, 3], padding: 'SAME', outs: 32, input: [1, 24, 9, 32] } as const;
const hybrid = { form: 'hybrid' } as const;
const rows = { kind: 'nn.dense', input: [1, 1, 1, 200], outs: 40 } as const;

const result = (what: string, instance: Instance, kind: string | null, less: number | null, operand = 0): Row => ({
  ...{ what, instance, of: 'result', operand, kind, less },
});
const scratch = (what: string, instance: Instance, kind: string | null, less: number): Row => ({
  ...{ what, instance, of: 'scratch', operand: 0, kind, less },
});

const ROWS: readonly Row[] = [
  result('table', table, 'in place', 1),
  ...[bytes, floats].flatMap((operand) =>
    [0, 1].map((i) => result(`sum of ${operand.dtype}, ${i}`, sum(operand), 'in place', 8, i)),
  ),
  ...(['int8', 'uint8-narrow', 'float32'] as const).flatMap((form) => [
    // Eight pixels of 32 channels.
    result(`${form} pixels`, layer({ form }), 'lead', 256 * (form === 'float32' ? 4 : 1)),
    result(`${form} windows`, layer({ form, ...windows }), 'lead', 6 * 9 * 32),
    scratch(`${form} windows`, layer({ form, ...windows }), null, 0),
    result(`${form} depthwise`, layer({ form, ...depthwise }), 'in place', 3 * 9 * 32 * (form === 'float32' ? 4 : 1)),
    scratch(`${form} depthwise`, layer({ form, ...depthwise }), null, 0),
  ]),
  scratch('hybrid row', layer({ ...hybrid, ...rows }), 'scratch', 64),
  scratch('hybrid row, asymmetric', layer({ ...hybrid, ...rows, perChannel: true }), 'scratch', 64),
  scratch('hybrid rows', layer({ ...hybrid, ...rows, input: [3, 9, 1, 200] }), 'scratch', 64),
  scratch('hybrid pixels', layer(hybrid), 'scratch', 64),
  scratch('hybrid windows', layer({ ...hybrid, ...windows }), 'scratch', 64),
  scratch('hybrid windows, images', layer({ ...hybrid, ...windows, input: [3, 9, 9, 32] }), 'scratch', 64),
  scratch('hybrid depthwise', layer({ ...hybrid, ...depthwise }), 'scratch', 64),
  scratch('hybrid multiplier', layer({ ...hybrid, ...depthwise, outs: 2 }), 'scratch', 64),
  result('hybrid row', layer({ ...hybrid, ...rows }), 'read first', null),
  result('hybrid rows', layer({ ...hybrid, ...rows, input: [3, 9, 1, 200] }), 'read first', null),
  result('hybrid pixels', layer(hybrid), 'read first', null),
  ...[windows, depthwise, { ...depthwise, outs: 2 }].flatMap((given) => [
    result(`hybrid image, ${given.outs}`, layer({ ...hybrid, ...given }), 'read first', null),
    result(
      `hybrid images, ${given.outs}`,
      layer({ ...hybrid, ...given, input: [3, 9, 9, 32] }),
      given.outs === 2 ? 'lead' : 'in place',
      64,
    ),
  ]),
];

const INSTANCES = ROWS.map(({ instance }) => surrounded(instance));
const MERGED = merge(INSTANCES);
/** By row: what its nodes are numbered. */
const SOURCES = INSTANCES.map((_, i) =>
  INSTANCES.slice(0, i).reduce((sum, { model }) => sum + model.subgraphs[0].nodes.length, 0),
);

/** The buffer that a row's claim is of, and the one that it is over. */
function buffersOf(row: number, buffers: readonly Buffer[], graph: Graph): readonly [written: number, read: number] {
  const { of, operand } = ROWS[row];
  const step = graph.nodes.findIndex(({ source, kind }) => source === SOURCES[row] && kind !== 'reverse');
  const node = graph.nodes[step];
  const wanted = of === 'result' ? node.outputs[0] : undefined;
  return [
    buffers.findIndex(({ tensor, first }) => first === step && tensor === wanted),
    buffers.findIndex(({ tensor }) => tensor === node.inputs[operand]),
  ];
}

/** Each row's own claim at its tightest. */
const asClaimed: Planner = (buffers, graph) => {
  const pairs = ROWS.map((_, row) => buffersOf(row, buffers, graph));
  const isWanted = ({ buffer, over }: Claim): boolean => pairs.some(([w, r]) => w === buffer && r === over);
  return tight((claims) => claims.find(isWanted))(buffers, graph);
};

/** Each row's false claim. */
const falsified: Planner = (buffers, graph) => {
  const over = new Map(
    ROWS.map(({ less }, row) => {
      const [written, read] = buffersOf(row, buffers, graph);
      const lead = buffers[written].over?.find(({ buffer }) => buffer === read)?.lead ?? 0;
      return [written, less === null ? [] : [{ buffer: read, lead: lead - less }]];
    }),
  );
  return tight(([claim]) => claim)(
    buffers.map((buffer, i) => ({ ...buffer, over: over.get(i) ?? [] })),
    graph,
  );
};

/** Whether the results of each row are those of another build. */
const same = (a: readonly TensorData[][], b: readonly TensorData[][]): string[] =>
  ROWS.flatMap(({ what, of }, k) => (a.every((run, r) => changed(run[k], b[r][k]) === null) ? [`${what}: ${of}`] : []));

test.each(['host', 'aarch64', 'cortex-a53', 'aarch64+dotprod+i8mm'])(
  'claims of overlap hold on %s as tightly as they can, and false ones show',
  async (target) => {
    const built = (planner: Planner) => runBuild(MERGED, target, { cacheDir, flags: ['-O1'] }, planner);
    const base = await built(apart);
    expect(same(base, await built(asClaimed))).toEqual(ROWS.map(({ what, of }) => `${what}: ${of}`));
    expect(same(base, await built(falsified))).toEqual(
      ROWS.filter(({ less }) => less === null).map(({ what, of }) => `${what}: ${of}`),
    );
  },
  600_000,
);

test('the table says what emitters claim', () => {
  const said: (string | null)[] = [];
  const planner: Planner = (buffers, graph) => {
    const claims = claimsOf(buffers, graph);
    ROWS.forEach((_, row) => {
      const [written, read] = buffersOf(row, buffers, graph);
      const claim = claims.find(({ buffer, over }) => buffer === written && over === read);
      said.push(claim === undefined ? null : kindOf(claim));
    });
    return planMemory(buffers);
  };
  const [graph] = optimize(MERGED.model).subgraphs;
  generate(graph, { target: parseTarget('host'), profile: 'tflite', name: 'm', symbol: 'm', planner });
  expect(ROWS.map(({ what }, row) => [what, said[row]])).toEqual(ROWS.map(({ what, kind }) => [what, kind]));
});
