import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { verifyGraph } from '../../src/model/ir/verify.ts';
import type { OpKind } from '../../src/model/ops/attrs.ts';
import { difference } from './compare.ts';
import { kindsOf, merge } from './instance.ts';
import { kinds } from './kinds.ts';
import { networks } from './networks.ts';
import { checkBatch, drawBatch, expectedOf } from './run.ts';

const cacheDir = mkdtempSync(join(tmpdir(), 'int8-gate-property-'));
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

describe('random instances', () => {
  it.each(Object.keys(kinds) as OpKind[])('of %s are sound, are of that kind and can be computed', (kind) => {
    for (const instance of fc.sample(kinds[kind], 5)) {
      expect(instance.model.subgraphs.flatMap((graph) => verifyGraph(graph))).toEqual([]);
      expect(kindsOf(instance.model)).toContain(kind);
      expectedOf(merge([instance]));
    }
  });

  it('are networks of several operators, too', () => {
    for (const instance of fc.sample(networks, 30)) {
      expect(kindsOf(instance.model).length).toBeGreaterThan(1);
      expectedOf(merge([instance]));
    }
  });

  it('follow from their seed', () => {
    expect(drawBatch(5, 20)).toEqual(drawBatch(5, 20));
    expect(drawBatch(5, 20)).not.toEqual(drawBatch(6, 20));
  });
});

describe('a comparison', () => {
  it('takes integers as equal or not, and floats within bounds', () => {
    expect(difference(Int8Array.of(1, 2), Int8Array.of(1, 2), 0)).toBeNull();
    expect(difference(Int8Array.of(1, 3), Int8Array.of(1, 2), 1e9)).toBe('element 1 is 3, not 2');
    expect(difference(Float32Array.of(1.00001), Float32Array.of(1), 0)).toBeNull();
    expect(difference(Float32Array.of(1.001), Float32Array.of(1), 0)).not.toBeNull();
    expect(difference(Float32Array.of(1.001), Float32Array.of(1), 1000)).toBeNull();
    expect(difference(Float32Array.of(Number.NaN), Float32Array.of(1), 1e9)).not.toBeNull();
    expect(difference(Float32Array.of(Number.NaN), Float32Array.of(Number.NaN), 0)).toBeNull();
    expect(difference(Float32Array.of(Number.POSITIVE_INFINITY), Float32Array.of(3e38), 0)).not.toBeNull();
    expect(difference(new Int8Array(2), new Int8Array(3), 0)).toBe('2 elements, not 3');
  });
});

it.each(['host', 'aarch64+dotprod+i8mm'])('builds for %s compute what the interpreter does', async (target) => {
  const { seed } = fc.readConfigureGlobal();
  const differences = await checkBatch(drawBatch(seed!, 120), [target], { cacheDir });
  expect({ seed, differences }).toEqual({ seed, differences: [] });
});
