/**
 * Loads and stores of A64: how many bytes from where on.
 * Source: Arm Architecture Reference Manual, C4.1.94 "Loads and Stores".
 */

/** What a load or store touches. */
export interface Access {
  readonly bytes: number;
  readonly stores: boolean;
  /** Register of the base: 31 is sp; null for a load of a literal. */
  readonly base: number | null;
  /** Bytes to be added to the base, or to the instruction's address. */
  readonly offset: number;
  /** A register to be added: `extend` and `shift` as instructions encode them. */
  readonly index: { readonly register: number; readonly extend: number; readonly shift: number } | null;
}

const signed = (value: number, bits: number) => (value << (32 - bits)) >> (32 - bits);
const field = (w: number, low: number, bits: number) => (w >>> low) & ((1 << bits) - 1);
const is = (w: number, mask: number, value: number) => (w & mask) >>> 0 === value;

/**
 * What a word loads or stores; null for other instructions. Prefetches are none, and exclusive and atomic accesses are
 * not seen: no build has them.
 */
export function accessOf(w: number): Access | null {
  const base = field(w, 5, 5);
  const vector = field(w, 26, 1) === 1;
  if (is(w, 0xbf000000, 0x0c000000) || is(w, 0xbf000000, 0x0d000000)) {
    return { bytes: structureBytes(w), stores: field(w, 22, 1) === 0, base, offset: 0, index: null };
  }
  if (is(w, 0x3fa00000, 0x08800000)) {
    return { bytes: 1 << field(w, 30, 2), stores: field(w, 22, 1) === 0, base, offset: 0, index: null }; // ldar, stlr
  }
  if (is(w, 0x3b000000, 0x18000000)) {
    const opc = field(w, 30, 2);
    if (!vector && opc === 3) return null;
    const bytes = vector ? 4 << opc : opc === 1 ? 8 : 4;
    return { bytes, stores: false, base: null, offset: 4 * signed(w >>> 5, 19), index: null };
  }
  if (is(w, 0x3a000000, 0x28000000)) {
    const opc = field(w, 30, 2);
    const scale = vector ? 4 << opc : opc === 2 ? 8 : 4;
    const offset = field(w, 23, 2) === 1 ? 0 : scale * signed(w >>> 15, 7); // 1: the base moves afterwards
    return { bytes: 2 * scale, stores: field(w, 22, 1) === 0, base, offset, index: null };
  }
  if (!is(w, 0x3a000000, 0x38000000)) return null;
  const [size, opc] = [field(w, 30, 2), field(w, 22, 2)];
  if (!vector && size === 3 && opc === 2) return null; // prfm
  const scale = vector ? size | (field(w, 23, 1) << 2) : size;
  const one = { bytes: 1 << scale, stores: vector ? (opc & 1) === 0 : opc === 0, base };
  if (field(w, 24, 1)) return { ...one, offset: field(w, 10, 12) << scale, index: null };
  const form = field(w, 10, 2);
  if (!field(w, 21, 1)) return { ...one, offset: form === 1 ? 0 : signed(w >>> 12, 9), index: null };
  if (form !== 2) return null; // atomic, or with a pointer that is authenticated
  const shift = field(w, 12, 1) ? scale : 0;
  return { ...one, offset: 0, index: { register: field(w, 16, 5), extend: field(w, 13, 3), shift } };
}

/** Bytes of LD1 to LD4 and ST1 to ST4: whole registers, or an element of each. */
function structureBytes(w: number): number {
  if (!field(w, 24, 1)) {
    const registers = { 0: 4, 2: 4, 4: 3, 6: 3, 7: 1, 8: 2, 10: 2 }[field(w, 12, 4)] ?? 1;
    return registers * (field(w, 30, 1) ? 16 : 8);
  }
  const opcode = field(w, 13, 3);
  const registers = (((opcode & 1) << 1) | field(w, 21, 1)) + 1;
  const size = field(w, 10, 2);
  const scale = opcode >> 1 === 3 ? size : opcode >> 1 === 2 && size === 1 ? 3 : opcode >> 1;
  return registers << scale;
}
