import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RunnerImage } from '../../../src/runtime/devices/device.ts';
import { linkRunner } from '../../../src/runtime/devices/image.ts';
import { nativeDevice, qemuDevice } from '../../../src/runtime/devices/open.ts';
import { instructionsOf } from '../../../src/runtime/timing/index.ts';
import { aarch64, handBuild, host, testFolder } from '../helpers.ts';

const STEPS = 50_000;
const folder = testFolder();
/** Two builds, one of which does twice the work of the other; at least six instructions a step. */
const builds = (target = host) =>
  [1, 2].map((times) =>
    handBuild(folder, target, {
      symbol: `times${times}`,
      run: `uint32_t x = (uint32_t)in[0] | 1; for (int i = 0; i < ${times * STEPS}; i++) { x ^= x << 13; x ^= x >> 17; x ^= x << 5; } out[0] = (int8_t)x;`,
    }),
  );

async function countsOf(image: RunnerImage, device = nativeDevice()): Promise<number[]> {
  return device.session(image, {}, async (session) => {
    const lines: string[] = [];
    for (const build of [0, 1, 0]) lines.push(...(await session.send(`instructions ${build}`)));
    for (const line of lines) expect(line).toMatch(/^instructions \d+$/);
    return lines.map((line) => Number(line.split(' ')[1]));
  });
}

describe('instructions', () => {
  let image: RunnerImage;
  beforeAll(async () => {
    image = await linkRunner(builds());
  });

  test('are counted where this machine lets programs count them, and 0 where it does not', async () => {
    // Another program of the same kernel, asked for the same; "not supported", "not counted" or no such program: none.
    const perf = spawnSync('perf', ['stat', '-x,', '-e', 'instructions:u', 'true'], { encoding: 'utf8' });
    const counted = /^\d+,,instructions:u/m.test(perf.stderr ?? '');
    const [once, twice, again] = await countsOf(image);
    if (counted) expect(once).toBeGreaterThan(0);
    if (once === 0) expect([once, twice, again]).toEqual([0, 0, 0]);
    else {
      expect(once).toBeGreaterThan(6 * STEPS);
      expect(twice / once).toBeCloseTo(2, 2);
      expect(again / once).toBeCloseTo(1, 3);
    }
  });

  test('are read from the counter of the kernel that is asked for', async () => {
    // ns that a task had a processor: counted by all Linux kernels, whatever the machine.
    const flags = ['-DCOUNTED=.type=PERF_TYPE_SOFTWARE,.config=PERF_COUNT_SW_TASK_CLOCK'];
    const [once, twice] = await countsOf(await linkRunner(builds(), { flags }));
    if (process.platform !== 'linux') return expect([once, twice]).toEqual([0, 0]);
    expect(once).toBeGreaterThan(STEPS / 10);
    expect(once).toBeLessThan(1000 * STEPS);
    expect(twice).toBeGreaterThan(once);
  });

  test('are none under an emulator', async () => {
    expect(await countsOf(await linkRunner(builds(aarch64)), qemuDevice())).toEqual([0, 0, 0]);
  });

  test('are none, and nothing else is missing, where the runner does without what only Linux has', async () => {
    const image = await linkRunner(builds(), { flags: ['-U__linux__'] });
    expect(await countsOf(image)).toEqual([0, 0, 0]);
    const lines = await nativeDevice().session(image, {}, (session) => session.send('time 1 2 0:1 1:1'));
    expect(lines).toHaveLength(5);
  });

  test('are a figure where all launches have them', () => {
    const three = (...counts: number[]) => instructionsOf(counts);
    expect(three(1000, 1000, 1000)).toEqual({ instructions: 1000, instructionsOfLaunches: [1000, 1000] });
    expect(three(1001, 1000, 1003)).toEqual({ instructions: 1001, instructionsOfLaunches: [1000, 1003] });
    expect(three(1000, 0, 1000)).toEqual({});
    expect(three()).toEqual({});
  });
});
