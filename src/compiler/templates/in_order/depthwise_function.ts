/** The C around the steps of depthwise.ts: a function that computes a block of 8 channels in some output rows. */
import { CORTEX_A53 } from './core.ts';
import { extremesOf, firstColumns, limitsOf, type Steps, stepOf, stepsOf, storeHeld, Window } from './depthwise.ts';
import { indent, print } from './print.ts';
import { schedule } from './schedule.ts';

/** A function's constants as C expressions, and the instructions' parameters. */
export interface DepthwiseFunction extends Steps {
  readonly channels: number;
  /** The constants of all blocks. */
  readonly weights: string;
  readonly blockBytes: number;
  readonly scales: string;
  /** [block][multiplier, offset][8]. */
  readonly factors: string;
  /** By block: the order of the window's rows. */
  readonly rows: string;
}

const ROWS = [0, 1, 2];
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The function of a block of channels. */
export function depthwiseFunction(given: DepthwiseFunction, name: string, symbol: string): string {
  const { widest, narrowest: held } = extremesOf(given.width);
  const window = new Window(given);
  const each = (line: (row: number) => string): string => ROWS.map(line).join(', ');
  const loops = stepsOf(given.width).flatMap(([pixels, count]) => [
    `GEMM_ROLLED for (int i = 0; i < ${count}; i++) {`,
    ...ROWS.map((ky) => `  const int8_t *next${ky} = *(at${ky} += 3) + c;`),
    // Not the lanes of a vector.
    `  __asm__("" : ${each((ky) => `"+r"(next${ky})`)});`,
    indent(print(schedule(stepOf(given, window, pixels), CORTEX_A53)), 2),
    `  ready = to + ${pixels - held} * channels;`,
    `  to += ${pixels} * channels;`,
    `  ${each((ky) => `row${ky} = next${ky}`)};`,
    '}',
  ]);
  const body = [
    `const size_t channels = ${given.channels}, c = gemm_start(block, 8, ${given.channels});`,
    `const int8_t *w = ${given.weights} + ${given.blockBytes} * block;`,
    `const int32_t *factors = ${given.factors} + 16 * block;`,
    `const int8x16_t ${given.taps.map((_, p) => `w${p} = io_weights_twice(w + ${8 * p})`).join(', ')};`,
    `const int16x8_t scale = vld1q_s16(${given.scales} + 8 * block);`,
    'const int32x4_t multiplier0 = vld1q_s32(factors), multiplier1 = vld1q_s32(factors + 4);',
    'const int32x4_t offset0 = vld1q_s32(factors + 8), offset1 = vld1q_s32(factors + 12);',
    ...Object.entries(limitsOf(given)).map(([name, value]) => `const uint8x8_t ${name} = vdup_n_u8(${value & 255});`),
    `int8x16_t ${window.registers.join(', ')};`,
    `int16x8_t ${[
      ...range(widest).flatMap((i) => [`sum0${i}`, `sum1${i}`, `half${i}`]),
      ...range(held).map((k) => `held${k} = scale`),
    ].join(', ')};`,
    `int32x4_t ${range(widest)
      .flatMap((i) => [`acc${i}0`, `acc${i}1`])
      .join(', ')};`,
    `uint8x8_t ${range(widest)
      .map((i) => `result${i}`)
      .join(', ')};`,
    'uint64_t l0, l1, l2;',
    `const uint8_t *order = ${given.rows} + 3 * block;`,
    `const int8_t ${each((ky) => `*const *at${ky} = windows + order[${ky}], *row${ky} = *at${ky} + c`)};`,
    // The first stores write undefined values, which are overwritten.
    'uint8_t *to = out + c, *ready = to;',
    'IO_BARRIER(); /* what follows reads and writes memory unseen */',
    ...print(firstColumns(window)),
    'GEMM_ROLLED for (int r = 0; r < rows; r++) {',
    ...loops.map((line) => indent([line], 2)),
    '}',
    ...print(storeHeld(given)),
    'IO_BARRIER();',
  ];
  return defined(name, symbol, body);
}

/** The member `block_function` for several kinds of blocks. */
export function functionTable(functions: readonly string[], kinds: string, name: string, symbol: string): string {
  const table = `static void (*const of_kind[])(const int8_t *const *, int, int, uint8_t *) = {${functions.join(', ')}};`;
  return defined(name, symbol, [table, `of_kind[${kinds}[block]](windows, rows, block, out);`]);
}

function defined(name: string, symbol: string, body: readonly string[]): string {
  const head = `static void ${name}(const int8_t *const *windows, int rows, int block, uint8_t *out)`;
  return `${head} __asm__("${symbol}");\n${head} {\n${indent(body, 2)}\n}\n`;
}
