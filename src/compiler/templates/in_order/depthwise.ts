/** The steps of 3 × 3 depthwise convolution for cores that issue in order (native/kernels/depthwise_in_order.h) as instructions. */
import { type Instruction, instruction, type Register } from './instruction.ts';

/** What the instructions depend on. */
export interface Steps {
  readonly stride: 1 | 2;
  /** Output pixels of a row. */
  readonly width: number;
  /** Bits of the products after which a sum of 16 bits is full; the last is among them. */
  readonly cuts: bigint;
  /** By product: its place in the window, row by row, columns as in `kernelColumns`. */
  readonly taps: readonly number[];
  /** Of the results. */
  readonly unsigned: boolean;
  /** Whether data comes unsigned, and 128 is to be subtracted. */
  readonly flips: boolean;
  /** Results lie between these. */
  readonly low: number;
  readonly high: number;
}

const ROWS = 3;
const KERNEL_WIDTH = 3;
/** Columns on their way through general registers. Their number divides that of a step's columns. */
const AHEAD = 3;

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Sizes of the steps along a row and how many of each: rather fours and threes than one of fewer. */
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

/** Columns of the kernel in the order of multiplication: with stride 2, those that share registers one after the other. */
export const kernelColumns = (stride: number): readonly number[] => (stride === 1 ? [0, 1, 2] : [0, 2, 1]);

/** Where the data of one step comes from: two columns to a register. */
export class Window {
  readonly columns: number;
  /** The columns of a row in the order in which they come: the halves of a register apart from each other. */
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

  /** Number of a column in the order of all rows of a step, and on into the next one. */
  position = (row: number, column: number): number => row * this.columns + this.order.indexOf(column);

  /** Loads column number `position`. */
  load(position: number): Instruction {
    const row = Math.floor(position / this.columns);
    const column = this.order[position % this.columns];
    return instruction('load', ahead(position), `${row < ROWS ? 'row' : 'next'}${row % ROWS}`, `${column} * channels`);
  }

  /** Moves column number `position` to where it is multiplied, and loads the one that takes its place. */
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

/** The first columns, which the first step finds in their registers or on their way there. */
export const firstColumns = (window: Window): Instruction[] => [
  ...range(AHEAD).map((position) => window.load(position)),
  ...range(window.pixels).flatMap((position) => window.bring(position)),
];

/** The limits that results of 8 bits do not have of themselves: C variables, and their values. */
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

/** Stores the last results of the step before: as many as the narrowest step has. */
export const storeHeld = (steps: Steps): Instruction[] =>
  range(extremesOf(steps.width).narrowest).flatMap((k) => storePixel(steps, `held${k}`, 'ready', k));

/**
 * A step of `pixels`. The last results of each step are stored by the one behind it, as many as the narrowest step has:
 * the operands of that one are brought on the way.
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
  // Sums take turns where registers are left for it.
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
