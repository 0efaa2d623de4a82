import type { CpuName } from './cpus.ts';

/** A board: a CPU with a clock and a memory. */
export interface Board {
  /** As people call it. */
  readonly title: string;
  readonly cpu: CpuName;
  readonly ghz: number;
  /** Of this CPU. */
  readonly cores: number;
  /** What one thread waits for a 64-byte line from memory, on average: most are fetched ahead. */
  readonly lineNs: number;
  /** What all cores together got from memory at most, 10^9 bytes a second. */
  readonly gbPerSecond: number;
  /** Least and largest (measured time) / (estimated time), on one thread and on all cores. */
  readonly oneThread: readonly [low: number, high: number];
  readonly allCores: readonly [low: number, high: number];
}

const named = <Name extends string>(boards: Readonly<Record<Name, Board>>) => boards;

/**
 * The boards that --target names. Clocks are nominal. Source of all figures: the times of 10 to 19 networks that ncnn
 * publishes for each board (benchmark/README.md at a4d2ea1), against the cycles and lines that the same kernels take in
 * the model; lineNs is fitted to the times on one thread, the ranges are what is left (docs/adr/0020).
 */
export const BOARDS = named({
  'raspberry-pi-3b-plus': {
    ...{ title: 'Raspberry Pi 3B+', cpu: 'cortex-a53', ghz: 1.4, cores: 4 },
    ...{ lineNs: 14.6, gbPerSecond: 2.3, oneThread: [0.93, 1.09], allCores: [0.73, 1.12] },
  },
  'raspberry-pi-4': {
    ...{ title: 'Raspberry Pi 4', cpu: 'cortex-a72', ghz: 1.8, cores: 4 },
    ...{ lineNs: 14.5, gbPerSecond: 3.9, oneThread: [0.86, 1.28], allCores: [0.79, 1.29] },
  },
  'raspberry-pi-5': {
    ...{ title: 'Raspberry Pi 5', cpu: 'cortex-a76', ghz: 2.4, cores: 4 },
    ...{ lineNs: 2.4, gbPerSecond: 12.9, oneThread: [0.9, 1.18], allCores: [0.68, 1.27] },
  },
  'rock-5b': {
    ...{ title: 'Radxa ROCK 5B, its Cortex-A76', cpu: 'cortex-a76', ghz: 2.4, cores: 4 },
    ...{ lineNs: 4.0, gbPerSecond: 25.4, oneThread: [0.89, 1.11], allCores: [0.64, 1.25] },
  },
  'rock-3a': {
    ...{ title: 'Radxa ROCK 3A', cpu: 'cortex-a55', ghz: 2.0, cores: 4 },
    ...{ lineNs: 16.0, gbPerSecond: 5.3, oneThread: [0.9, 1.21], allCores: [0.75, 1.6] },
  },
  'orange-pi-cm4': {
    ...{ title: 'Orange Pi CM4', cpu: 'cortex-a55', ghz: 1.8, cores: 4 },
    ...{ lineNs: 12.5, gbPerSecond: 4.1, oneThread: [0.84, 1.17], allCores: [0.72, 1.44] },
  },
  'rk3399-big': {
    ...{ title: 'RK3399, its Cortex-A72', cpu: 'cortex-a72', ghz: 1.8, cores: 2 },
    ...{ lineNs: 10.2, gbPerSecond: 5.0, oneThread: [0.81, 1.33], allCores: [0.66, 1.13] },
  },
  'rk3399-little': {
    ...{ title: 'RK3399, its Cortex-A53', cpu: 'cortex-a53', ghz: 1.5, cores: 4 },
    ...{ lineNs: 12.1, gbPerSecond: 6.1, oneThread: [0.91, 1.15], allCores: [0.65, 1.37] },
  },
  'uno-q': {
    ...{ title: 'Arduino UNO Q', cpu: 'cortex-a53', ghz: 2.0, cores: 4 },
    ...{ lineNs: 9.6, gbPerSecond: 7.0, oneThread: [0.88, 1.16], allCores: [0.65, 1.4] },
  },
  'eaidk-310': {
    ...{ title: 'EAIDK-310', cpu: 'cortex-a53', ghz: 1.3, cores: 4 },
    ...{ lineNs: 14.7, gbPerSecond: 3.6, oneThread: [0.89, 1.19], allCores: [0.68, 1.19] },
  },
  msm8916: {
    ...{ title: 'Snapdragon 410 (MSM8916)', cpu: 'cortex-a53', ghz: 1.2, cores: 4 },
    ...{ lineNs: 10.5, gbPerSecond: 5.2, oneThread: [0.91, 1.11], allCores: [0.64, 1.43] },
  },
  ax630c: {
    ...{ title: 'AX630C', cpu: 'cortex-a53', ghz: 1.2, cores: 2 },
    ...{ lineNs: 8.8, gbPerSecond: 2.8, oneThread: [0.93, 1.07], allCores: [0.58, 0.88] },
  },
});

export type BoardName = keyof typeof BOARDS;

/** Whether a text names a board of the table. */
export const isBoard = (text: string): text is BoardName => Object.hasOwn(BOARDS, text);
