/** Machine instructions as data: the unscheduled form of loops for in-order cores. */

/** Kinds of instructions with different timing: the rows of `InOrderCore.timing`. */
export type Kind =
  | ('multiply' | 'multiplyAdd' | 'fusedMultiplyAdd' | 'multiplyHigh' | 'pairwiseAdd' | 'narrow' | 'narrowUpper')
  | ('permute' | 'extremum' | 'move' | 'integer' | 'load' | 'loadPair' | 'store');

/**
 * Role of an operand, as GCC's constraint: `w` vector register, `r` general register, `=` written, `+` read and written; `base`: a
 * general register with an address that the instruction increments.
 */
export type Role = '=w' | '+w' | 'w' | '=r' | '+r' | 'r' | 'base';

interface Operation {
  /** Assembly text: `%0` is the first operand. Written operands come first. */
  readonly text: string;
  readonly roles: readonly Role[];
  readonly kind: Kind;
}

const operation = (kind: Kind, text: string, ...roles: Role[]): Operation => ({ kind, text, roles });

/** The instructions of the loops; `2`: from or to the upper half of a register. */
export const OPERATIONS = {
  /** Products of 8 bits in 16. */
  smull: operation('multiply', 'smull %0.8h, %1.8b, %2.8b', '=w', 'w', 'w'),
  smull2: operation('multiply', 'smull2 %0.8h, %1.16b, %2.16b', '=w', 'w', 'w'),
  smlal: operation('multiplyAdd', 'smlal %0.8h, %1.8b, %2.8b', '+w', 'w', 'w'),
  smlal2: operation('multiplyAdd', 'smlal2 %0.8h, %1.16b, %2.16b', '+w', 'w', 'w'),
  /** Products of 16 bits in 32. */
  smull_s: operation('multiply', 'smull %0.4s, %1.4h, %2.4h', '=w', 'w', 'w'),
  smull2_s: operation('multiply', 'smull2 %0.4s, %1.8h, %2.8h', '=w', 'w', 'w'),
  smlal_s: operation('multiplyAdd', 'smlal %0.4s, %1.4h, %2.4h', '+w', 'w', 'w'),
  smlal2_s: operation('multiplyAdd', 'smlal2 %0.4s, %1.8h, %2.8h', '+w', 'w', 'w'),
  fmla_0: operation('fusedMultiplyAdd', 'fmla %0.4s, %1.4s, %2.s[0]', '+w', 'w', 'w'),
  fmla_1: operation('fusedMultiplyAdd', 'fmla %0.4s, %1.4s, %2.s[1]', '+w', 'w', 'w'),
  saddlp: operation('pairwiseAdd', 'saddlp %0.4s, %1.8h', '=w', 'w'),
  sadalp: operation('pairwiseAdd', 'sadalp %0.4s, %1.8h', '+w', 'w'),
  sqdmulh: operation('multiplyHigh', 'sqdmulh %0.4s, %1.4s, %2.4s', '=w', 'w', 'w'),
  addhn: operation('narrow', 'addhn %0.4h, %1.4s, %2.4s', '=w', 'w', 'w'),
  addhn2: operation('narrowUpper', 'addhn2 %0.8h, %1.4s, %2.4s', '+w', 'w', 'w'),
  sqxtn: operation('narrow', 'sqxtn %0.8b, %1.8h', '=w', 'w'),
  sqxtun: operation('narrow', 'sqxtun %0.8b, %1.8h', '=w', 'w'),
  smax: operation('extremum', 'smax %0.8b, %1.8b, %2.8b', '=w', 'w', 'w'),
  smin: operation('extremum', 'smin %0.8b, %1.8b, %2.8b', '=w', 'w', 'w'),
  umax: operation('extremum', 'umax %0.8b, %1.8b, %2.8b', '=w', 'w', 'w'),
  umin: operation('extremum', 'umin %0.8b, %1.8b, %2.8b', '=w', 'w', 'w'),
  /** Four bytes each, twice. */
  zip1: operation('permute', 'zip1 %0.4s, %0.4s, %0.4s', '+w'),
  /** From a general register; the lower half first, which clears the upper. */
  fmov: operation('move', 'fmov %d0, %1', '=w', 'r'),
  ins: operation('move', 'ins %0.d[1], %1', '+w', 'r'),
  /** uint8 to int8: x ^ 0x80. */
  flip: operation('integer', 'eor %0, %0, #0x8080808080808080', '+r'),
  /** The upper four bytes to the lower ones of another register, and the lower ones twice. */
  upper: operation('integer', 'lsr %0, %1, #32', '=r', 'r'),
  twice: operation('integer', 'bfi %0, %0, #32, #32', '+r'),
  load: operation('load', 'ldr %0, [%1, %2]', '=r', 'r', 'r'),
  load_block: operation('load', 'ldr %0, [%1, %2, lsl #3]', '=r', 'r', 'r'),
  load_next: operation('load', 'ldr %w0, [%1], #4', '=r', 'base'),
  load_pair: operation('loadPair', 'ldp %0, %1, [%2], #16', '=r', '=r', 'base'),
  store: operation('store', 'str %d0, [%1, %2]', 'w', 'r', 'r'),
} satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;

/** A register, named by the C variable that it holds; or a C expression, which no instruction writes. */
export type Register = string;

export interface Instruction {
  readonly name: OperationName;
  readonly kind: Kind;
  /** In the order of `Operation.roles`. */
  readonly operands: readonly Register[];
  readonly writes: readonly Register[];
  readonly reads: readonly Register[];
  /** The accumulator, which cores forward early; or null. */
  readonly accumulator: Register | null;
  /** The address register that it increments, ready in the next cycle; or null. */
  readonly base: Register | null;
}

/** Pseudo-register written by stores: keeps them in order. */
const MEMORY: Register = 'memory';

const isWritten = (role: Role): boolean => /[=+]|base/.test(role);
const isRead = (role: Role): boolean => !role.startsWith('=');

/** An instruction: `ins('smull', sum, x, w)`. */
export function instruction(name: OperationName, ...operands: Register[]): Instruction {
  const { kind, roles } = OPERATIONS[name];
  const of = (has: (role: Role) => boolean): Register[] => operands.filter((_, i) => has(roles[i]));
  return {
    ...{ name, kind, operands, reads: of(isRead), writes: [...of(isWritten), ...(kind === 'store' ? [MEMORY] : [])] },
    ...{ accumulator: of((role) => role === '+w')[0] ?? null, base: of((role) => role === 'base')[0] ?? null },
  };
}
