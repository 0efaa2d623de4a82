import type { Access } from './access.ts';

/**
 * The few A64 encodings that counting needs. Addresses are numbers below 2^53; words are unsigned.
 * Source: Arm Architecture Reference Manual, C4 "A64 Instruction Set Encoding".
 */

/** What is between an instruction and what it refers to, in bytes. */
const BRANCH_REACH = 2 ** 27;

/** Whether `b` at `from` can reach `to`. */
export const reaches = (from: number, to: number): boolean =>
  to - from >= -BRANCH_REACH && to - from < BRANCH_REACH && (to - from) % 4 === 0;

const signed = (value: number, bits: number) => (value << (32 - bits)) >> (32 - bits);
const page = (address: number) => Math.floor(address / 4096);

export const branch = (from: number, to: number): number => (0x14000000 | (((to - from) / 4) & 0x3ffffff)) >>> 0;

/** `adrp xD, to` at `from`: the address of the 4 KiB page that holds `to`. */
export function pageAddress(register: number, from: number, to: number): number {
  const pages = page(to) - page(from);
  return (0x90000000 | ((pages & 3) << 29) | (((pages >> 2) & 0x7ffff) << 5) | register) >>> 0;
}

/** `add xD, xD, #:lo12:to`, which completes `adrp`. */
const addLow = (register: number, to: number) => (0x91000000 | ((to % 4096) << 10) | (register << 5) | register) >>> 0;

const X16 = 16;
/** stp x16, x17, [sp, #-16]! and ldp x16, x17, [sp], #16 */
const SAVE = 0xa9bf47f0;
const RESTORE = 0xa8c147f0;

/** Adds 1 to the 64-bit counter at an address that 8 divides; changes no register, no flag, and 16 bytes below sp. */
export function countUp(at: number, counter: number): number[] {
  const offset = (counter % 4096) / 8;
  return [
    SAVE,
    pageAddress(X16, at + 4, counter),
    (0xf9400211 | (offset << 10)) >>> 0, // ldr x17, [x16, #:lo12:counter]
    0x91000631, // add x17, x17, #1
    (0xf9000211 | (offset << 10)) >>> 0, // str x17, [x16, #:lo12:counter]
    RESTORE,
  ];
}

/** Room for x16, x17 and x30. */
const FRAME = 32;
const X17 = 17;
const [SAVE_THREE, RESTORE_TWO] = [0xa9be47f0, 0xa8c247f0]; // stp x16, x17, [sp, #-32]! and ldp x16, x17, [sp], #32
const [SAVE_LINK, RESTORE_LINK] = [0xf9000bfe, 0xf9400bfe]; // str x30, [sp, #16] and ldr x30, [sp, #16]

const addImmediate = (to: number, from: number, value: number): number[] => {
  const [op, size] = value < 0 ? [0xd1000000, -value] : [0x91000000, value];
  const part = (source: number, twelve: number, shifted: number) =>
    (op | (shifted << 22) | (twelve << 10) | (source << 5) | to) >>> 0;
  const low = part(from, size & 0xfff, 0);
  return size < 0x1000 ? [low] : [low, part(to, size >>> 12, 1)];
};

/**
 * Tells `routine` (native/modelled/cache.c) of the access that the instruction at `from` is about to make, as that of
 * `site`; changes no register, no flag, and what is below sp.
 */
export function tellAccess(access: Access, from: number, at: number, routine: number, site: number): number[] {
  const { bytes, stores, base, offset, index } = access;
  const told = site * 256 + (stores ? 128 : 0) + bytes;
  const code = [SAVE_THREE, SAVE_LINK];
  if (base === null) {
    const literal = from + offset;
    code.push(pageAddress(X16, at + 4 * code.length, literal), addLow(X16, literal));
  } else if (index !== null) {
    const { register, extend, shift } = index;
    code.push((0x8b200000 | (register << 16) | (extend << 13) | (shift << 10) | (base << 5) | X16) >>> 0);
    if (base === 31) code.push(...addImmediate(X16, X16, FRAME));
  } else code.push(...addImmediate(X16, base, offset + (base === 31 ? FRAME : 0)));
  code.push((0xd2800000 | ((told & 0xffff) << 5) | X17) >>> 0, (0xf2a00000 | ((told >>> 16) << 5) | X17) >>> 0);
  code.push((branch(at + 4 * code.length, routine) | 0x80000000) >>> 0, RESTORE_LINK, RESTORE_TWO);
  return code;
}

const isBranch = (w: number) => (w & 0x7c000000) === 0x14000000; // b, bl
const isCondition = (w: number) => (w & 0xff000000) >>> 0 === 0x54000000 || (w & 0x7e000000) === 0x34000000; // b.cond, cbz, cbnz
const isTest = (w: number) => (w & 0x7e000000) === 0x36000000; // tbz, tbnz
const isAddress = (w: number) => (w & 0x1f000000) === 0x10000000; // adr, adrp
const isLiteral = (w: number) => (w & 0x3b000000) === 0x18000000; // ldr, ldrsw, prfm of a label

/** Whether the instruction means something else at another address. */
export const isRelative = (w: number): boolean =>
  isBranch(w) || isCondition(w) || isTest(w) || isAddress(w) || isLiteral(w);

/** The address that a literal load reads; null for other instructions. */
export const literalOf = (address: number, w: number): number | null =>
  isLiteral(w) ? address + 4 * signed(w >>> 5, 19) : null;

/** Instructions that do at `at` what `word` does at `from`, and then go on behind it. */
export function displaced(word: number, from: number, at: number): number[] {
  const back = (code: number[]) => [...code, branch(at + 4 * code.length, from + 4)];
  if (isBranch(word)) {
    const to = from + 4 * signed(word, 26);
    return back([(branch(at, to) | (word & 0x80000000)) >>> 0]);
  }
  // Over the way back where it is taken, to a branch that reaches further.
  if (isCondition(word))
    return [
      ((word & 0xff00001f) | (2 << 5)) >>> 0,
      branch(at + 4, from + 4),
      branch(at + 8, from + 4 * signed(word >>> 5, 19)),
    ];
  if (isTest(word))
    return [
      ((word & 0xfff8001f) | (2 << 5)) >>> 0,
      branch(at + 4, from + 4),
      branch(at + 8, from + 4 * signed(word >>> 5, 14)),
    ];
  if (isAddress(word)) {
    const register = word & 31;
    const offset = signed(((word >>> 3) & 0x1ffffc) | ((word >>> 29) & 3), 21);
    if (word >>> 31) return back([pageAddress(register, at, (page(from) + offset) * 4096)]);
    return back([pageAddress(register, at, from + offset), addLow(register, from + offset)]);
  }
  if (isLiteral(word)) return back(loadLiteral(word, at, literalOf(from, word)!));
  return back([word]);
}

/** The loads from [xN] that stand for literal loads, by V and opc: w, x, sw, prfm; s, d, q. */
const LOADS = [0xb9400000, 0xf9400000, 0xb9800000, 0xf9800000, 0xbd400000, 0xfd400000, 0x3dc00000];

function loadLiteral(word: number, at: number, literal: number): number[] {
  const register = word & 31;
  const load = LOADS[((word >>> 26) & 1) * 4 + (word >>> 30)];
  // Into one of the two registers that are saved it has to go by way of that register itself.
  const own = (word & 0x04000000) === 0 && word >>> 30 < 3 && (register === 16 || register === 17);
  const base = own ? register : X16;
  const code = [
    pageAddress(base, at + (own ? 0 : 4), literal),
    addLow(base, literal),
    (load | (base << 5) | register) >>> 0,
  ];
  return own ? code : [SAVE, ...code, RESTORE];
}
