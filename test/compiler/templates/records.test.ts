import { describe, expect, test } from 'vitest';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import type { GemmSchedule } from '../../../src/compiler/templates/gemm/space.ts';
import { checkRecord, fastest, GEMM, recordOf, sourceOf } from '../../../src/compiler/templates/index.ts';
import { gemmWorkload } from './gemm/workloads.ts';

const target = parseTarget('neoverse-n1');
const workload = gemmWorkload({ data: 'int8', operands: 'int8', m: 6, n: 40, k: 64 });
const schedule: GemmSchedule = { kernel: 'dot', mr: 6, nr: 12, weightsFirst: false, band: 0 };
const record = recordOf(GEMM, workload, schedule, target);
const check = (found: unknown, w = workload, on = target) => checkRecord(GEMM, w, on, found);
const reason = (found: unknown, w = workload, on = target): string => {
  const checked = check(found, w, on);
  if (!('refused' in checked)) throw new Error('it was not refused');
  return checked.refused;
};
const withSchedule = (more: object) => ({ ...record, schedule: { ...schedule, ...more } });

test('a record is read back as it was written, through JSON, whatever else it holds', () => {
  expect(fastest(GEMM, workload, target)).not.toEqual(schedule);
  expect(check(JSON.parse(JSON.stringify({ ...record, cycles: 4, host: 'board' })))).toEqual({ schedule });
  expect(sourceOf([withSchedule({ mr: 2 }), record])(GEMM.key(workload))).toBe(record);
});

describe('a record is refused with the reason', () => {
  test.each<[string, unknown, string]>([
    ['mr > m', withSchedule({ mr: 8, nr: 8 }), 'mr 8 is more than the 6 rows'],
    ['too few rows', withSchedule({ mr: 0 }), 'mr 0: kernel dot takes 1 to 8 rows'],
    ['half a row', withSchedule({ mr: 1.5 }), 'mr: Invalid input: expected int'],
    ['columns', withSchedule({ nr: 10 }), 'nr 10: kernel dot takes multiples of 4 columns up to 32'],
    ['registers', withSchedule({ nr: 24 }), 'a tile of 6 x 24 does not fit the registers'],
    ['unknown knobs', withSchedule({ unroll: 4 }), 'Unrecognized key: "unroll"'],
    ['missing knobs', { ...record, schedule: { kernel: 'dot', mr: 6 } }, 'nr: Invalid input'],
    ['an unknown kernel', withSchedule({ kernel: 'sme' }), 'kernel: Invalid option'],
    ['a kernel of another ISA', withSchedule({ kernel: 'mmla', nr: 8 }), 'kernel mmla needs i8mm'],
    [
      'a kernel of other cores',
      withSchedule({ kernel: 'k_sums', nr: 8 }),
      'kernel k_sums is for cores that issue in order',
    ],
    ['a kernel of float', withSchedule({ kernel: 'f32' }), 'kernel f32 is not exact for int8 operands'],
    ['a knob of other kernels', withSchedule({ kBlocks: 2 }), 'kernel dot has no kBlocks or singles'],
    ['bands and order', withSchedule({ band: 1, weightsFirst: true }), 'weights come first only with rows in place'],
    ['a band of no rows', withSchedule({ band: -1 }), 'band -1: mr 6 needs 1 to 1 output rows'],
    ['too many rows', withSchedule({ band: 2 }), 'band 2: mr 6 needs 1 to 1 output rows'],
    ['an old version', { ...record, version: 0 }, 'it is of version 0 of template gemm, which is at version 1'],
    ['another template', { ...record, template: 'depthwise' }, 'it is of template depthwise, not of gemm'],
    ['another key', { ...record, key: 'gemm op=nn.dense' }, 'it is for another workload'],
    ['another CPU', { ...record, target: 'cortex-a53' }, 'it is for cortex-a53, not for neoverse-n1'],
    ['no record', 'kernel=dot', 'it is no tuning record'],
    ['nothing at all', {}, 'it is no tuning record: template: '],
  ])('%s', (_, found, expected) => {
    expect(reason(found)).toContain(expected);
  });

  test('rows in place whose depth is no multiple of what the kernel loads', () => {
    const ragged = gemmWorkload({ data: 'int8', operands: 'int8', m: 6, n: 40, k: 66 });
    const made = recordOf(GEMM, ragged, schedule, target);
    expect(reason(made, ragged)).toContain('k 66 is no multiple of 4');
    expect(check(made, { ...ragged, paddedRows: true })).toEqual({
      refused: `it is for another workload: ${made.key}`,
    });
  });

  test('rows in place of a window', () => {
    const window = { ...workload, kernel: [3, 1], padding: [1, 0] } as const;
    expect(reason(recordOf(GEMM, window, schedule, target), window)).toContain(
      'rows are read in place only of 1x1 windows',
    );
  });

  test('one panel much wider than the matrix', () => {
    const narrow = gemmWorkload({ data: 'int8', operands: 'int8', m: 6, n: 4, k: 64 });
    expect(reason(recordOf(GEMM, narrow, schedule, target), narrow)).toContain('nr 12 is too wide for 4 columns');
  });

  test('weights of -128 that came with retraining', () => {
    const core = parseTarget('cortex-a72');
    const made = recordOf(GEMM, workload, { ...schedule, kernel: 'smull', mr: 4, nr: 8 }, core);
    const retrained = { ...workload, weights: { operands: 'int8-full' } } as const;
    expect(check(made, workload, core)).toHaveProperty('schedule');
    expect(reason(made, retrained, core)).toContain('kernel smull is not exact for int8-full operands');
  });

  test('sums of K-blocks without a loop', () => {
    const core = parseTarget('cortex-a53');
    const made = recordOf(
      GEMM,
      workload,
      { ...schedule, kernel: 'k_sums', mr: 2, nr: 8, kBlocks: 4, singles: true },
      core,
    );
    expect(reason(made, workload, core)).toContain('kernel k_sums has no loop for kBlocks 4, singles true');
  });
});
