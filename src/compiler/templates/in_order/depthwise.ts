/** The steps of 3 × 3 depthwise convolution for cores that issue in order (native/kernels/depthwise_in_order.h) as instructions. */
import { type Instruction, instruction, type Register } from './instruction.ts';

/** Parameters of the instructions. */
export interface Steps {
  readonly stride: 1 | 2;
  /** Output pixels of a row. */
  readonly width: number;
  /** Bit i: the 16-bit sum is widened after product i. The bit of the last product is set. */
  readonly cuts: bigint;
  /** By product: its tap in the window, row-major, columns in the order of `kernelColumns`. */
  readonly taps: readonly number[];
  /** Of the results. */
  readonly unsigned: boolean;
  /** Whether data is uint8 and read as x - 128. */
  readonly flips: boolean;
  /** Clamp of the results. */
  readonly low: number;
  readonly high: number;
}

const ROWS = 3;
const KERNEL_WIDTH = 3;
/** Columns being loaded, in general registers: a divisor of the columns per step. */
const AHEAD = 3;

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Steps along a row, with their counts: steps of 4 and 3 pixels if possible, rather than a shorter last one. */
export function stepsOf(width: number): readonly (readonly [pixels: number, count: number])[] {
  const lacking = (4 - (width % 4)) % 4;
  const even = 3 * lacking <= width;
  const steps: [number, number][] = even
    ? [
        [4, (width - 3 * lacking) / 4],
        [3, lacking],
      ]
    : [
        [3, Math.floor(width / 3)],
        [width % 3, 1],
      ];
  return steps.filter(([pixels, count]) => pixels * count > 0);
}

/** Pixels of the widest and of the narrowest step. */
export function extremesOf(width: number): { readonly widest: number; readonly narrowest: number } {
  const sizes = stepsOf(width).map(([pixels]) => pixels);
  return { widest: Math.max(...sizes), narrowest: Math.min(...sizes) };
}

/** Pixels of a window's row, whatever the step. */
export const windowWidth = (width: number, stride: number): number =>
  (extremesOf(width).widest - 1) * stride + KERNEL_WIDTH;

/** Kernel columns in the order of multiplication; with stride 2, columns that share registers are adjacent. */
export const kernelColumns = (stride: number): readonly number[] => (stride === 1 ? [0, 1, 2] : [0, 2, 1]);

/** Register assignment of the data of a step: two columns per register. */
export class Window {
  readonly columns: number;
  /** The columns of a row in the order of their loads; the two halves of a register are not adjacent. */
  readonly order: readonly number[];
  /** The registers of all rows. */
  readonly registers: readonly Register[];
  readonly stride: number;
  /** Of the widest step. */
  readonly pixels: number;
  readonly flips: boolean;

  constructor({ stride, width, flips }: Pick<Steps, 'stride' | 'width' | 'flips'>) {
    this.stride = stride;
    this.pixels = extremesOf(width).widest;
    this.flips = flips;
    this.columns = windowWidth(width, stride);
    const zigzag = (count: number): number[] => range(count).map((i) => (i === 1 ? 2 : i === 2 ? 1 : i));
    const apart = (count: number): number[] => (this.pixels < 3 ? range(count) : zigzag(count));
    this.order =
      stride === 1
        ? apart(this.columns)
        : [...apart(this.pixels + 1).map((i) => 2 * i), ...apart(this.pixels).map((i) => 2 * i + 1)];
    this.registers = [...new Set(range(ROWS).flatMap((row) => this.order.map((column) => this.register(row, column))))];
  }

  register(row: number, column: number): Register {
    const pair = this.stride === 1 ? column >> 1 : (column >> 2) + (column % 2) * 3;
    return `x${row}${pair}`;
  }

  isUpper = (column: number): boolean => Math.floor(column / this.stride) % 2 === 1;

  /** Index of a column in the order of loads over all rows of a step, continuing into the next step. */
  position = (row: number, column: number): number => row * this.columns + this.order.indexOf(column);

  /** Loads column number `position`. */
  load(position: number): Instruction {
    const row = Math.floor(position / this.columns);
    const column = this.order[position % this.columns];
    return instruction('load', ahead(position), `${row < ROWS ? 'row' : 'next'}${row % ROWS}`, `${column} * channels`);
  }

  /** Moves column number `position` to its vector register, and loads the next column into the freed general register. */
  bring(position: number): Instruction[] {
    const row = Math.floor(position / this.columns) % ROWS;
    const column = this.order[position % this.columns];
    return [
      ...(this.flips ? [instruction('flip', ahead(position))] : []),
      instruction(this.isUpper(column) ? 'ins' : 'fmov', this.register(row, column), ahead(position)),
      this.load(position + AHEAD),
    ];
  }
}

const ahead = (position: number): Register => `l${position % AHEAD}`;

/** Prologue: the columns that a step expects in registers, or being loaded. */
export const firstColumns = (window: Window): Instruction[] => [
  ...range(AHEAD).map((position) => window.load(position)),
  ...range(window.pixels).flatMap((position) => window.bring(position)),
];

/** Clamp limits inside the 8-bit range: C variables and their values. */
export function limitsOf({ unsigned, low, high }: Steps): { readonly low?: number; readonly high?: number } {
  const [least, most] = unsigned ? [0, 255] : [-128, 127];
  return { ...(low > least && { low }), ...(high < most && { high }) };
}

/** Narrows and clamps the result of a pixel, and stores it. */
export function storePixel(steps: Steps, half: Register, to: Register, pixel: number): Instruction[] {
  const { unsigned } = steps;
  const limits = limitsOf(steps);
  const result = `result${pixel}`;
  return [
    instruction(unsigned ? 'sqxtun' : 'sqxtn', result, half),
    ...(limits.low === undefined ? [] : [instruction(unsigned ? 'umax' : 'smax', result, result, 'low')]),
    ...(limits.high === undefined ? [] : [instruction(unsigned ? 'umin' : 'smin', result, result, 'high')]),
    instruction('store', result, to, `${pixel} * channels`),
  ];
}

/** Stores the last results of the previous step: as many as the narrowest step has. */
export const storeHeld = (steps: Steps): Instruction[] =>
  range(extremesOf(steps.width).narrowest).flatMap((k) => storePixel(steps, `held${k}`, 'ready', k));

/**
 * A step of `pixels`, software-pipelined: it stores the last results of the previous step, as many as the narrowest step has, and loads
 * the first operands of the next one.
 */
export function stepOf(steps: Steps, window: Window, pixels: number): Instruction[] {
  const { stride, cuts, taps } = steps;
  const held = extremesOf(steps.width).narrowest;
  const total = ROWS * window.columns;
  const block: Instruction[] = storeHeld(steps);
  let brought = window.pixels;
  const bringUntil = (position: number): void => {
    for (; brought < position; brought++) block.push(...window.bring(brought));
  };
  // Two sets of 16-bit sums in turn, if registers are left.
  const turns = pixels < 4 ? 2 : 1;
  let [sums, open, widened] = [0, false, false];
  taps.forEach((tap, p) => {
    const row = Math.floor(tap / 3);
    const columns = range(pixels).map((i) => i * stride + kernelColumns(stride)[tap % 3]);
    bringUntil(1 + Math.max(...columns.map((column) => window.position(row, column))));
    columns.forEach((column, i) => {
      const half = window.isUpper(column) ? '2' : '';
      block.push(
        instruction(`${open ? 'smlal' : 'smull'}${half}`, `sum${sums}${i}`, window.register(row, column), `w${p}`),
      );
    });
    open = ((cuts >> BigInt(p)) & 1n) === 0n;
    if (open) return;
    for (const i of range(pixels)) {
      const [lower, upper] = widened ? (['smlal_s', 'smlal2_s'] as const) : (['smull_s', 'smull2_s'] as const);
      block.push(instruction(lower, `acc${i}0`, `sum${sums}${i}`, 'scale'));
      block.push(instruction(upper, `acc${i}1`, `sum${sums}${i}`, 'scale'));
    }
    widened = true;
    sums = (sums + 1) % turns;
  });
  bringUntil(total + window.pixels);
  const left = pixels - held;
  for (const i of range(pixels)) {
    const half = i < left ? `half${i}` : `held${i - left}`;
    block.push(
      ...[0, 1].map((h) => instruction('sqdmulh', `acc${i}${h}`, `acc${i}${h}`, `multiplier${h}`)),
      instruction('addhn', half, `acc${i}0`, 'offset0'),
      instruction('addhn2', half, `acc${i}1`, 'offset1'),
      ...(i < left ? storePixel(steps, half, 'to', i) : []),
    );
  }
  return block;
}
