import { describe, expect, test } from 'vitest';
import { BOARDS, parseTarget } from '../../src/compiler/targets/index.ts';
import { autoMode } from '../../src/runtime/measure.ts';
import { estimateTime } from '../../src/runtime/modelled/board_time.ts';
import { speedupInterval } from '../../src/runtime/modelled/calibration.ts';

const figure = (median: number, lines: number, { low = median, high = median } = {}) => ({ median, low, high, lines });

/** Network, modelled cycles (M) and lines (M), published ms. */
const PUBLISHED = {
  pi3: [
    ['squeezenet INT8', 128.3, 2.51, 135.56],
    ['mobilenet FP32', 236.9, 3.39, 204.62],
    ['mobilenet INT8', 225.0, 1.62, 181.34],
    ['mobilenet_v2 FP32', 148.8, 3.77, 158.69],
    ['resnet18 INT8', 303.1, 5.65, 312.23],
    ['googlenet FP32', 500.8, 7.46, 450.64],
  ],
  pi4: [
    ['squeezenet INT8', 58.6, 2.23, 69.17],
    ['mobilenet FP32', 152.4, 2.73, 123.76],
    ['mobilenet INT8', 84.6, 1.34, 84.66],
    ['mobilenet_v2 FP32', 92.2, 3.25, 92.98],
    ['resnet18 INT8', 180.4, 4.69, 157.92],
    ['googlenet FP32', 266.0, 6.03, 235.38],
  ],
  pi5: [
    ['squeezenet INT8', 22.0, 1.41, 11.67],
    ['mobilenet INT8', 28.2, 1.58, 14.38],
    ['resnet18 INT8', 77.8, 3.26, 36.3],
  ],
} as const;

describe('the time on a board', () => {
  test('is cycles / clock + lines × ns a line', () => {
    // Raspberry Pi 4: 1.8 GHz, 14.5 ns. 180 Mcycles are 100 ms, a million lines 14.5 ms.
    const { ns, interval } = estimateTime(figure(180e6, 1e6), 'raspberry-pi-4', 1);
    expect(ns / 1e6).toBeCloseTo(114.5, 9);
    expect(interval.map((bound) => bound / 1e6)).toEqual([expect.closeTo(98.47, 9), expect.closeTo(146.56, 9)]);
  });

  test('is that of all cores where they share the work, and no faster than the memory', () => {
    // Raspberry Pi 3B+: 1.4 GHz, four cores, 2.3 GB/s. 140 Mcycles / 4 are 25 ms; a million lines are 64 MB, 27.83 ms.
    const { ns, interval } = estimateTime(figure(140e6, 1e6), 'raspberry-pi-3b-plus', 4);
    expect(ns / 1e6).toBeCloseTo(25 + 64 / 2.3, 6);
    expect(interval[0] / 1e6).toBeCloseTo(0.73 * (25 + 64 / 2.3), 6);
    const bound = estimateTime(figure(14e6, 1e6), 'raspberry-pi-3b-plus', 4);
    expect(bound.interval[0] / 1e6).toBeCloseTo(64 / 2.3, 6);
    expect(estimateTime(figure(140e6, 1e6), 'raspberry-pi-3b-plus', 64)).toEqual({ ns, interval });
  });

  test('is as uncertain as the cycles at least', () => {
    const { interval } = estimateTime(figure(180e6, 0, { low: 90e6, high: 360e6 }), 'raspberry-pi-4', 1);
    expect(interval.map((bound) => bound / 1e6)).toEqual([expect.closeTo(50, 9), expect.closeTo(200, 9)]);
  });

  // Published times of ncnn (benchmark/README.md at a4d2ea1), with the modelled cycles and lines of its kernels.
  test.each([
    ['raspberry-pi-3b-plus', 1, PUBLISHED.pi3],
    ['raspberry-pi-4', 1, PUBLISHED.pi4],
    ['raspberry-pi-5', 1, PUBLISHED.pi5],
  ] as const)('on %s, %d thread, holds what was published', (board, threads, rows) => {
    for (const [network, cycles, lines, ms] of rows) {
      const { interval } = estimateTime(figure(cycles * 1e6, lines * 1e6), board, threads);
      expect([network, ms * 1e6 >= interval[0] && ms * 1e6 <= interval[1]]).toEqual([network, true]);
    }
  });

  test('is estimated for boards that are named, whatever this machine is', () => {
    for (const board of Object.keys(BOARDS)) expect(autoMode(parseTarget(board))).toBe('modelled');
  });
});

describe('a speedup', () => {
  const exact = (median: number) => ({ median, low: median, high: median });
  test.each([
    ['cortex-a53', 0.85, 1 / 0.85],
    ['cortex-a72', 0.75, 1 / 0.75],
    ['neoverse-n1', 0.75, 1 / 0.75],
  ] as const)('on %s is as far off as measured ones were', (cpu, low, high) => {
    expect(speedupInterval(exact(100), exact(200), cpu)).toEqual([2 * low, 2 * high]);
  });

  test('is as wide as the cycles of both builds may be, where that is more', () => {
    const int8 = { median: 100, low: 80, high: 160 };
    const fp32 = { median: 200, low: 200, high: 240 };
    expect(speedupInterval(int8, fp32, 'cortex-a53')).toEqual([200 / 160, 240 / 80]);
  });
});
