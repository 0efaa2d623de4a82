import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { isWhole } from '../../src/compiler/toolchain/entry.ts';
import { listEntries } from '../../src/compiler/toolchain/index.ts';
import { EnvironmentError } from '../../src/errors.ts';
import { runCheck } from '../../src/gate/check/run.ts';
import { filesOf, root } from '../e2e/cli.ts';

/**
 * A cache in which one file after the other is damaged, in one way after the other: `DAMAGE_STATES=1000 npx vitest run
 * test/cli/damage.test.ts` goes through all of them (a few minutes), the suite through some that are spread evenly.
 */
const STATES = Number(process.env.DAMAGE_STATES ?? 10);

const folder = mkdtempSync(join(tmpdir(), 'int8-gate-damage-'));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});
const cache = join(folder, 'cache');
const config = join(folder, 'gate.yml');
const shapes = join(root, 'examples/shapes');
// A speedup that is not reached, and a limit that the model meets: a figure of nothing would turn either verdict.
writeFileSync(
  config,
  `version: 1
targets: [cortex-a72]
models:
  - name: shapes
    int8: ${shapes}/shapes_int8.tflite
    fp32: ${shapes}/shapes_fp32.tflite
    data: { inputs: ${shapes}/data/*.png, labels: ${shapes}/data/labels.csv, limit: 40 }
    metric: top1
    thresholds: { max-accuracy-drop: 90, min-speedup: 50, max-latency: 900Mcycles }
`,
);

const DAMAGES: Readonly<Record<string, (file: string) => void>> = {
  emptied: (file) => truncateSync(file, 0),
  'cut in half': (file) => truncateSync(file, readFileSync(file).length >> 1),
  'filled with noise': (file) => {
    let state = 1;
    const noise = () => {
      state = Math.imul(state, 48271) >>> 1;
      return state & 255;
    };
    writeFileSync(file, readFileSync(file).map(noise));
  },
  'with one bit changed': (file) => {
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(file, bytes);
  },
};

const check = async () => {
  const { verdict, models } = await runCheck({ now: new Date(), root: process.cwd(), config, measure: 'modelled' });
  return { verdict, models };
};
const damagedEntries = async (): Promise<string[]> => {
  const paths = listEntries(cache).map(({ path }) => path);
  const whole = await Promise.all(paths.map((path) => isWhole(path, keyOf(path))));
  return paths.filter((_, i) => !whole[i]);
};
const keyOf = (path: string) => basename(dirname(path)) + basename(path);

test(
  'a damaged cache never changes a figure, and is whole after the next run',
  async () => {
    vi.stubEnv('INT8_GATE_CACHE', cache);
    const expected = await check();
    expect(expected.verdict).toBe('fail');
    expect(expected.models[0].targets[0].checks.map(({ id, status }) => [id, status])).toEqual(
      expect.arrayContaining([
        ['min-speedup', 'fail'],
        ['max-latency', 'pass'],
      ]),
    );
    const files = filesOf(cache).filter((file) => !basename(file).startsWith('use-'));
    const all = files.flatMap((file) => Object.keys(DAMAGES).map((how) => [file, how] as const));
    expect(all.length).toBeGreaterThanOrEqual(100);
    const step = Math.max(1, all.length / STATES);
    const states = Array.from({ length: Math.min(STATES, all.length) }, (_, i) => all[Math.floor(i * step)]);
    const seen = { right: 0, refused: 0 };
    for (const [file, how] of states) {
      DAMAGES[how](file);
      try {
        expect(await check(), `${file} ${how}`).toEqual(expected);
        seen.right++;
      } catch (error) {
        if (!(error instanceof EnvironmentError)) throw error;
        seen.refused++;
      }
      const damaged = await damagedEntries();
      if (damaged.length === 0) continue;
      // Not read in that run, because what is made from it was there: it is needed where all else is gone.
      for (const { path } of listEntries(cache)) if (!damaged.includes(path)) rmSync(path, { recursive: true });
      expect(await check(), `${file} ${how}`).toEqual(expected);
      expect(await damagedEntries()).toEqual([]);
    }
    if (process.env.DAMAGE_STATES) console.log(`${states.length} states of ${files.length} files:`, seen);
    expect(seen).toEqual({ right: states.length, refused: 0 });
    expect(readdirSync(cache).filter((name) => name.startsWith('work-'))).toEqual([]);
  },
  30 * 60_000,
);
