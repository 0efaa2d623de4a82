import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { kept } from '../../../src/gate/engines/kept.ts';

/** A cache of its own. */
function cache(): string {
  const [folder, before] = [mkdtempSync(join(tmpdir(), 'int8-gate-kept-')), process.env.INT8_GATE_CACHE];
  process.env.INT8_GATE_CACHE = folder;
  onTestFinished(() => {
    if (before === undefined) delete process.env.INT8_GATE_CACHE;
    else process.env.INT8_GATE_CACHE = before;
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

it('is made once for the same parts, and again where the entry is damaged', async () => {
  const folder = cache();
  let made = 0;
  const ask = (...parts: string[]) =>
    kept(
      parts,
      (value) => z.object({ n: z.number().nullable() }).parse(value),
      async () => ({ n: ++made }),
    );
  expect([await ask('a'), await ask('a'), await ask('b'), await ask('a', '')]).toEqual([
    { n: 1 },
    { n: 1 },
    { n: 2 },
    { n: 3 },
  ]);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('result.json'),
  );
  expect(files).toHaveLength(3);
  for (const name of files) truncateSync(join(folder, name), statSync(join(folder, name)).size - 1);
  expect(await ask('a')).toEqual({ n: 4 });
  await expect(kept(['c'], Number, async () => Promise.reject(new Error('no result')))).rejects.toThrow('no result');
  expect(await kept(['c'], Number, async () => 5)).toBe(5);
});
