/** Register pressure: live vector values of a loop's body while its instructions issue. */
import { type Instruction, OPERATIONS, type Register } from './instruction.ts';

/** Values that an instruction reads, and the number that it defines. */
interface Use {
  readonly reads: readonly number[];
  readonly begins: number;
}

/** The vector registers that an instruction reads, and that it writes without reading them. */
function vectorsOf({ name, operands }: Instruction): { readonly reads: Register[]; readonly begins: Register[] } {
  const { roles } = OPERATIONS[name];
  const of = (...wanted: string[]): Register[] => [...new Set(operands.filter((_, i) => wanted.includes(roles[i])))];
  return { reads: of('w', '+w'), begins: of('=w') };
}

/** Counts live values: those of the previous iteration, constants, and those defined but not yet read for the last time. */
export class Pressure {
  #live: number;
  readonly #registers: number;
  readonly #uses: readonly Use[];
  /** By value: the reads that are left. */
  readonly #left: number[] = [];

  constructor(body: readonly Instruction[], registers: number) {
    this.#registers = registers;
    const current = new Map<Register, number>();
    const uses: { reads: number[]; begins: number }[] = [];
    const begin = (register: Register): void => {
      current.set(register, this.#left.length);
      this.#left.push(0);
    };
    const lasting: Register[] = [];
    for (const instruction of body) {
      const { reads, begins } = vectorsOf(instruction);
      for (const register of reads) {
        if (current.has(register)) continue;
        // Defined in the previous iteration: live across the whole body.
        begin(register);
        lasting.push(register);
      }
      const values = reads.map((register) => current.get(register)!);
      for (const value of values) this.#left[value]++;
      for (const register of begins) begin(register);
      uses.push({ reads: values, begins: begins.length });
    }
    this.#live = lasting.length;
    for (const register of lasting) this.#left[current.get(register)!] = Infinity;
    this.#uses = uses;
  }

  /** Whether there are registers for the values that instruction `i` defines. */
  allows(i: number): boolean {
    const { reads, begins } = this.#uses[i];
    if (begins === 0) return true;
    const ends = reads.filter((value) => this.#left[value] === 1).length;
    return this.#live + begins - ends <= this.#registers;
  }

  issue(i: number): void {
    const { reads, begins } = this.#uses[i];
    for (const value of reads) if (--this.#left[value] === 0) this.#live--;
    this.#live += begins;
  }
}
