/** Instructions as C: volatile statements keep their order, registers are the C compiler's. */
import { REGISTERS } from './core.ts';
import { type Instruction, OPERATIONS, type Register } from './instruction.ts';

/** The statement of an instruction. Overwritten operands in `held` are declared read and written, so that they keep their registers. */
function statement({ name, operands }: Instruction, held: ReadonlySet<Register>): string {
  const { text, roles } = OPERATIONS[name];
  const list = (written: boolean): string =>
    operands
      .flatMap((operand, i) => {
        const as = roles[i] === 'base' ? '+r' : roles[i] === '=w' && held.has(operand) ? '+w' : roles[i];
        return /[=+]/.test(as) === written ? [`"${as}"(${operand})`] : [];
      })
      .join(', ');
  const [outputs, inputs] = [list(true), list(false)];
  return `IO_ASM("${text}" : ${outputs}${inputs === '' ? '' : ` : ${inputs}`});`;
}

/** Vector registers that a block reads before it writes them; empty if it names more registers than there are. */
function heldBy(block: readonly Instruction[]): Set<Register> {
  const all = new Set<Register>();
  const written = new Set<Register>();
  const held = new Set<Register>();
  for (const { name, operands, reads, writes } of block) {
    operands.forEach((register, i) => {
      if (!OPERATIONS[name].roles[i].endsWith('w')) return;
      all.add(register);
      if (reads.includes(register) && !written.has(register)) held.add(register);
    });
    for (const register of writes) written.add(register);
  }
  return all.size <= REGISTERS ? held : new Set();
}

export const indent = (lines: readonly string[], by: number): string =>
  lines.map((line) => line.replace(/^/gm, ' '.repeat(by))).join('\n');

/** Statements in the order of the instructions. */
export function print(instructions: readonly Instruction[]): string[] {
  const held = heldBy(instructions);
  return instructions.map((instruction) => statement(instruction, held));
}

/** A C function. */
export interface Loop {
  readonly name: string;
  readonly text: string;
}

/** A function that executes one of several blocks, by conditions that are constant at each call. */
export function printLoop(
  name: string,
  parameters: string,
  blocks: readonly { readonly when: string; readonly block: readonly Instruction[] }[],
): Loop {
  const branches = blocks.map(({ when, block }) => `if (${when}) {\n${indent(print(block), 4)}\n  }`);
  return { name, text: `IG_INLINE void ${name}(${parameters}) {\n  ${branches.join(' else ')}\n}\n` };
}
