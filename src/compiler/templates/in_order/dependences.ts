/** Dependences between instructions: read after write, write after read, write after write. */
import type { InOrderCore } from './core.ts';
import type { Instruction, Register } from './instruction.ts';

/** Instruction `to` issues after `from`; without a stall if at least `cycles` later. */
export interface Dependence {
  readonly from: number;
  readonly to: number;
  readonly cycles: number;
}

/** The dependences of a sequence, by index. */
export function dependences(sequence: readonly Instruction[], core: InOrderCore): Dependence[] {
  const writer = new Map<Register, number>();
  const readers = new Map<Register, number[]>();
  const found: Dependence[] = [];
  sequence.forEach((instruction, to) => {
    for (const register of instruction.reads) {
      const from = writer.get(register);
      if (from !== undefined) found.push({ from, to, cycles: latency(sequence[from], instruction, register, core) });
    }
    for (const register of instruction.writes) {
      for (const from of readers.get(register) ?? []) found.push({ from, to, cycles: 0 });
      const from = writer.get(register);
      if (from !== undefined && !instruction.reads.includes(register)) found.push({ from, to, cycles: 0 });
    }
    for (const register of instruction.reads) readers.set(register, [...(readers.get(register) ?? []), to]);
    for (const register of instruction.writes) {
      writer.set(register, to);
      readers.set(register, []);
    }
  });
  return found;
}

/** Cycles from the issue of `from` until `to` can read `register`, which `from` writes. */
export function latency(from: Instruction, to: Instruction, register: Register, core: InOrderCore): number {
  const { latency, forwarded = latency } = core.timing[from.kind];
  if (from.base === register) return 1;
  return from.kind === to.kind && to.accumulator === register ? forwarded : latency;
}
