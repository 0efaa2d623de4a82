/**
 * 3 × 3 depthwise convolution for cores that issue in order: the C of native/kernels/depthwise_in_order.h, statement by
 * statement in the order in which the instructions are to issue.
 */

/** What the order of the instructions depends on. */
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
  /** Whether data comes unsigned, and is to be less 128. */
  readonly flips: boolean;
  /** Results lie between these. */
  readonly low: number;
  readonly high: number;
  readonly channels: number;
  /** C expressions: the constants of all blocks. */
  readonly weights: string;
  readonly blockBytes: number;
  readonly scales: string;
  /** Multipliers and offsets of a block after the other. */
  readonly factors: string;
  /** The order of the window's rows by block. */
  readonly rows: string;
}

/** One instruction that keeps NEON busy for a cycle, with what may issue beside it. */
interface Op {
  readonly text: string;
  /** The column that it reads. */
  readonly reads?: number;
}

const ROWS = 3;
const KERNEL_WIDTH = 3;
const MOST_PIXELS = 4;
/** Columns on their way through general registers. Their number divides that of a step's columns. */
const AHEAD = 3;
/** Instructions between a move into a vector register and the first that reads it. */
const DISTANCE = 4;
/** A move takes a place beside one instruction, and the load that follows it one beside the next. */
const SPACING = 2;

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

/** Columns of the kernel in the order of multiplication: with stride 2, those that share registers one after the other. */
export const kernelColumns = (stride: number): readonly number[] => (stride === 1 ? [0, 1, 2] : [0, 2, 1]);

/** Where the data of one step comes from. */
class Window {
  readonly columns: number;
  /** The columns of a row in the order in which they come: the halves of a register apart from each other. */
  readonly order: readonly number[];

  readonly stride: number;
  /** Of the widest step. */
  readonly pixels: number;

  constructor(stride: number, pixels: number) {
    this.stride = stride;
    this.pixels = pixels;
    this.columns = (pixels - 1) * stride + KERNEL_WIDTH;
    const zigzag = (count: number): number[] => range(count).map((i) => (i === 1 ? 2 : i === 2 ? 1 : i));
    const apart = (count: number): number[] => (pixels < 3 ? range(count) : zigzag(count));
    this.order =
      stride === 1
        ? apart(this.columns)
        : [...apart(pixels + 1).map((i) => 2 * i), ...apart(pixels).map((i) => 2 * i + 1)];
  }

  /** Of the whole step: position in the order of all three rows, and on into the next step. */
  position = (row: number, column: number): number => row * this.columns + this.order.indexOf(column);

  register(row: number, column: number): string {
    const pair = this.stride === 1 ? column >> 1 : (column >> 2) + (column % 2) * 3;
    return `x${row}${pair}`;
  }

  isUpper = (column: number): boolean => Math.floor(column / this.stride) % 2 === 1;

  private at(position: number): readonly [row: number, column: number] {
    return [Math.floor(position / this.columns), this.order[position % this.columns]];
  }

  /** The column in the other half of the same register, if there is one. */
  otherHalf(position: number): number | undefined {
    const [row, column] = this.at(position);
    const other = column + (this.isUpper(column) ? -this.stride : this.stride);
    return this.order.includes(other) ? this.position(row, other) : undefined;
  }

  move(position: number): string {
    const [row, column] = this.at(position);
    const half = this.isUpper(column) ? 'upper' : 'lower';
    return `io_${half}(&${this.register(row % ROWS, column)}, l${position % AHEAD});`;
  }

  flip = (position: number): string => `chain_flip(&l${position % AHEAD});`;

  load(position: number): string {
    const [row, column] = this.at(position);
    return `chain_load(&l${position % AHEAD}, ${row < ROWS ? 'row' : 'next'}${row % ROWS}, ${column} * channels);`;
  }
}

/** Two pixels' widening and what follows, `lag` pixels apart, so that none waits for the one before. */
function finish(pixels: number, widen: (i: number, half: number) => string): Op[] {
  const ops: Op[] = [];
  const stages: ((i: number) => string[])[] = [
    (i) => [0, 1].map((h) => widen(i, h)),
    (i) => [0, 1].map((h) => `acc${i}${h} = io_sqdmulh(acc${i}${h}, multiplier${h});`),
    (i) => [
      `const int16x8_t half${i}_ = io_addhn(acc${i}0, offset0);`,
      `half${i} = half${i}_, io_addhn2(&half${i}, acc${i}1, offset1);`,
    ],
  ];
  for (let t = 0; t < pixels + 2 * (stages.length - 1); t++) {
    for (let stage = stages.length - 1; stage >= 0; stage--) {
      const i = t - 2 * stage;
      if (i >= 0 && i < pixels) ops.push(...stages[stage](i).map((text) => ({ text })));
    }
  }
  return ops;
}

/** The instructions of one step; the last `held` pixels of the step before are clamped and stored on the way. */
function opsOf(steps: Steps, window: Window, pixels: number, held: number): Op[] {
  const { stride, cuts, taps } = steps;
  const ops: Op[] = [];
  const cut = (p: number): boolean => ((cuts >> BigInt(p)) & 1n) === 1n;
  // Where pixels are few, a sum is widened after the first products of the next.
  const late = pixels < 4;
  let [open, widened, which] = [false, false, 0];
  const widen = (sums: number, first: boolean) => (i: number, half: number) => {
    const [acc, sum, upper] = [`acc${i}${half}`, `sum${sums}${i}`, half === 1 ? '2' : ''];
    return first
      ? `${acc} = chain_scaled${upper}(${sum}, scale);`
      : `chain_add_scaled${upper}(&${acc}, ${sum}, scale);`;
  };
  for (let p = 0; p < taps.length; p++) {
    const row = Math.floor(taps[p] / 3);
    for (let i = 0; i < pixels; i++) {
      const column = i * stride + kernelColumns(stride)[taps[p] % 3];
      const upper = window.isUpper(column) ? '2' : '';
      const operands = `${window.register(row, column)}, w${p}`;
      const sum = `sum${which}${i}`;
      const text = open
        ? `chain_add_product${upper}(&${sum}, ${operands});`
        : `${sum} = chain_product${upper}(${operands});`;
      const clamped = p === 0 && i < held ? `\nresult${i} = ${clampOf(steps, heldHalf(i))};` : '';
      const stored = p === 1 && i < held ? `\nchain_store(ready, ${i} * channels, result${i});` : '';
      ops.push({ text: `${text}${clamped}${stored}`, reads: window.position(row, column) });
    }
    const due = late ? p > 0 && cut(p - 1) : p < taps.length - 1 && cut(p);
    if (due) {
      const each = widen(late ? 1 - which : which, !widened);
      for (let i = 0; i < pixels; i++) for (let h = 0; h < 2; h++) ops.push({ text: each(i, h) });
      widened = true;
    }
    open = !cut(p);
    if (!open && late && p < taps.length - 1) which = 1 - which;
  }
  return [...ops, ...finish(pixels, widen(which, !widened))];
}

/** Results of the step before this one. */
const heldHalf = (i: number): string => `held${i}`;
const clampOf = ({ unsigned, low, high }: Steps, half: string): string =>
  `chain_clamp(${Number(unsigned)}, ${low}, ${high}, ${half})`;

/** The statements of a step: `ops`, and beside them the columns as late as their readers allow. */
function step(steps: Steps, window: Window, pixels: number, held: number): string[] {
  const ops = opsOf(steps, window, pixels, held);
  const total = ROWS * window.columns;
  const firstRead = (position: number): number => {
    const at = ops.findIndex((op) => op.reads === position % total);
    // Narrower steps do not read all.
    const read = at < 0 ? ops.findIndex((op) => op.reads === (position % total) - 1) : at;
    return position < total ? read : ops.length + read;
  };
  const columns = range(total).map((i) => i + window.pixels);
  const latest: number[] = [];
  for (const position of [...columns].reverse()) {
    let place = Math.min(firstRead(position) - DISTANCE, (latest[0] ?? ops.length) - SPACING);
    // Not just before the other half is read: a register is ready as a whole.
    while (place > 0 && ops.slice(place, place + DISTANCE - 1).some((op) => op.reads === window.otherHalf(position)))
      place--;
    latest.unshift(place);
  }
  const places: number[] = [];
  for (const place of latest) places.push(Math.max(place, (places.at(-1) ?? -1) + 1));
  const before = ops.map((): string[] => []);
  const after = ops.map((): string[] => []);
  columns.forEach((position, i) => {
    const [place, load] = [places[i], window.load(position + AHEAD)];
    if (steps.flips) before[Math.max(0, place - 1)].push(window.flip(position));
    before[place].push(window.move(position));
    if ((places[i + 1] ?? ops.length) >= place + SPACING) after[place + 1].push(load);
    else after[place].push(load);
  });
  return ops.flatMap(({ text }, i) => [...before[i], text, ...after[i]]);
}

const indent = (lines: readonly string[], by: number): string =>
  lines.map((line) => line.replace(/^/gm, ' '.repeat(by))).join('\n');

/** Pixels of a window's row, whatever the step. */
export const windowWidth = (width: number, stride: number): number =>
  (Math.max(...stepsOf(width).map(([pixels]) => pixels)) - 1) * stride + KERNEL_WIDTH;

/** A function that computes a block of channels in some rows. */
export function chainFunction(steps: Steps, name: string, symbol: string): string {
  const sizes = stepsOf(steps.width);
  const widest = Math.max(...sizes.map(([pixels]) => pixels));
  const held = Math.min(...sizes.map(([pixels]) => pixels));
  const window = new Window(steps.stride, widest);
  const registers = [...new Set(range(ROWS).flatMap((r) => window.order.map((c) => window.register(r, c))))];
  const pixels = range(MOST_PIXELS).slice(0, widest);
  const loops = sizes.map(([size, count]) => [
    `GEMM_ROLLED for (int i = 0; i < ${count}; i++) {`,
    ...range(ROWS).map((ky) => `  const int8_t *next${ky} = *(at${ky} += ${ROWS}) + c;`),
    // Not the lanes of a vector.
    `  __asm__("" : ${range(ROWS)
      .map((ky) => `"+r"(next${ky})`)
      .join(', ')});`,
    indent(step(steps, window, size, held), 2),
    ...range(held).map((k) => `  ${heldHalf(k)} = half${size - held + k};`),
    ...range(size - held).map((k) => `  chain_store(to, ${k} * channels, ${clampOf(steps, `half${k}`)});`),
    `  ready = to + ${size - held} * channels;`,
    `  to += ${size} * channels;`,
    `  ${range(ROWS)
      .map((ky) => `row${ky} = next${ky};`)
      .join(' ')}`,
    '}',
  ]);
  const body = [
    `const size_t channels = ${steps.channels}, c = gemm_start(block, 8, ${steps.channels});`,
    `const int8_t *w = ${steps.weights} + ${steps.blockBytes} * block;`,
    `const int32_t *factors = ${steps.factors} + 16 * block;`,
    `const int8x16_t ${steps.taps.map((_, p) => `w${p} = chain_weights(w + ${8 * p})`).join(', ')};`,
    `const int16x8_t scale = vld1q_s16(${steps.scales} + 8 * block);`,
    'const int32x4_t multiplier0 = vld1q_s32(factors), multiplier1 = vld1q_s32(factors + 4);',
    'const int32x4_t offset0 = vld1q_s32(factors + 8), offset1 = vld1q_s32(factors + 12);',
    `int8x16_t ${registers.join(', ')};`,
    `int16x8_t ${[...pixels.flatMap((i) => [`sum0${i}`, `sum1${i}`, `half${i}`]), ...range(held).map((k) => `${heldHalf(k)} = scale`)].join(', ')};`,
    `int32x4_t ${pixels.flatMap((i) => [`acc${i}0`, `acc${i}1`]).join(', ')};`,
    `uint8x8_t ${range(held)
      .map((i) => `result${i}`)
      .join(', ')};`,
    `uint64_t ${range(AHEAD)
      .map((i) => `l${i}`)
      .join(', ')};`,
    `const uint8_t *order = ${steps.rows} + ${ROWS} * block;`,
    `const int8_t ${range(ROWS)
      .map((ky) => `*const *at${ky} = windows + order[${ky}], *row${ky} = *at${ky} + c`)
      .join(', ')};`,
    // What is stored first is nothing yet, and written over.
    'uint8_t *to = out + c, *ready = to;',
    'IO_ASM("" ::: "memory"); /* what follows reads and writes memory unseen */',
    ...range(AHEAD).map((position) => window.load(position)),
    ...range(widest).flatMap((position) => [
      ...(steps.flips ? [window.flip(position)] : []),
      window.move(position),
      window.load(position + AHEAD),
    ]),
    'GEMM_ROLLED for (int r = 0; r < rows; r++) {',
    ...loops.flat().map((line) => indent([line], 2)),
    '}',
    ...range(held).map((k) => `chain_store(ready, ${k} * channels, ${clampOf(steps, heldHalf(k))});`),
    'IO_ASM("" ::: "memory");',
  ];
  return defined(name, symbol, body);
}

/** The member `chain`, where blocks are of several kinds. */
export function chainTable(functions: readonly string[], kinds: string, name: string, symbol: string): string {
  const table = `static void (*const of_kind[])(const int8_t *const *, int, int, uint8_t *) = {${functions.join(', ')}};`;
  return defined(name, symbol, [table, `of_kind[${kinds}[block]](windows, rows, block, out);`]);
}

function defined(name: string, symbol: string, body: readonly string[]): string {
  const head = `static void ${name}(const int8_t *const *windows, int rows, int block, uint8_t *out)`;
  return `${head} __asm__("${symbol}");\n${head} {\n${indent(body, 2)}\n}\n`;
}
