/** Simulates a sequence of instructions on an in-order core. */
import type { InOrderCore } from './core.ts';
import { latency } from './dependences.ts';
import type { Instruction, Register } from './instruction.ts';
import { Issue } from './issue.ts';

/** The cycle in which each instruction issues: not before its predecessors, and not before its operands are ready. */
export function issueCycles(sequence: readonly Instruction[], core: InOrderCore): number[] {
  const writer = new Map<Register, number>();
  const state = new Issue(core);
  const cycles: number[] = [];
  sequence.forEach((instruction, i) => {
    const timing = core.timing[instruction.kind];
    const ready = instruction.reads.map((register) => {
      const from = writer.get(register);
      return from === undefined ? 0 : cycles[from] + latency(sequence[from], instruction, register, core);
    });
    while (state.cycle < Math.max(0, ...ready) || !state.fits(timing)) state.wait();
    state.issue(timing);
    cycles.push(state.cycle);
    for (const register of instruction.writes) writer.set(register, i);
  });
  return cycles;
}

/** Cycles of a loop's body in its second iteration. */
export function cyclesOf(body: readonly Instruction[], core: InOrderCore): number {
  const cycles = issueCycles([...body, ...body], core);
  return cycles[2 * body.length - 1] - cycles[body.length - 1];
}
