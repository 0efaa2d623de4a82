/** What a schedule is chosen for: an operator's shapes and operand types, without its data. Also the key of tuning records. */

/**
 * Operand types, as far as they decide which kernels are right:
 * `float32`;
 * `int8`: 8-bit data (signed or not) and weights that, less their zero point, lie in [-127, 127];
 * `int8-full`: int8 data and weights that reach -128;
 * `uint8-offset`: uint8 data, weights that need the whole of uint8 but reach [1, 255] only: less 128 they fit int8;
 * `uint8-full`: uint8 data and weights, any values;
 * `int8-wide`: int8 data, weights that fit 8 bits only with a zero point (FULLY_CONNECTED may have one);
 * `int8-dynamic`: both int8 with zero points, known only when they run; `int8-dynamic-narrow`: the right one without -128.
 */
export type Operands =
  | 'float32'
  | 'int8'
  | 'int8-full'
  | 'uint8-offset'
  | 'uint8-full'
  | 'int8-wide'
  | 'int8-dynamic'
  | 'int8-dynamic-narrow';

/** A matrix multiplication C[m][n] = A[m][k] · W[k][n], `groups` times; what conv2d, dense and batch_matmul become. */
export interface GemmWorkload {
  readonly op: 'nn.conv2d' | 'nn.dense' | 'nn.batch_matmul';
  readonly operands: Operands;
  readonly unsigned: boolean;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly groups: number;
  /** Whether the rows of A lie in the input as they are; else each tile's rows are gathered. */
  readonly inPlace: boolean;
  /**
   * How many chains a panel takes on average that add up one block of eight, two, four (native/kernels/gemm_chains.h);
   * `mixed`: of two where two fit together, beside single ones.
   */
  readonly chains?: { readonly [length in 1 | 2 | 4]: number } & {
    readonly mixed: { readonly pairs: number; readonly singles: number };
  };
}

/** A key of a template's workload: `NAME member=value …`, extents with `x` between them. */
export const keyOf = (
  template: string,
  members: Readonly<Record<string, string | number | boolean | readonly number[]>>,
): string =>
  [template, ...Object.entries(members).map(([name, v]) => `${name}=${typeof v === 'object' ? v.join('x') : v}`)].join(
    ' ',
  );
