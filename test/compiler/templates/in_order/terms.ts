/** What sequences of instructions compute, without saying what an instruction does: terms, each a number of its own. */
import type { Instruction, Register } from '../../../../src/compiler/templates/in_order/instruction.ts';

/** The terms that registers hold; those that nobody has written hold what they began with. */
export type State = ReadonlyMap<Register, number>;

export class Terms {
  readonly #numbers = new Map<string, number>();

  #number(term: string): number {
    const known = this.#numbers.get(term);
    if (known !== undefined) return known;
    this.#numbers.set(term, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  /** Runs instructions one after the other. */
  run(sequence: readonly Instruction[], before: State = new Map()): Map<Register, number> {
    const state = new Map(before);
    for (const { name, reads, writes } of sequence) {
      const operands = reads.map((register) => state.get(register) ?? this.#number(`in ${register}`));
      // Stores read what memory holds, too.
      const memory = writes.includes('memory') ? [state.get('memory') ?? -1] : [];
      writes.forEach((register, i) => {
        state.set(register, this.#number(`${name} ${i} of ${[...operands, ...memory]}`));
      });
    }
    return state;
  }
}

/** Registers that a sequence reads before it writes them. */
export function readsFirst(sequence: readonly Instruction[]): Set<Register> {
  const written = new Set<Register>();
  const found = new Set<Register>();
  for (const { reads, writes } of sequence) {
    for (const register of reads) if (!written.has(register)) found.add(register);
    for (const register of writes) written.add(register);
  }
  return found;
}
