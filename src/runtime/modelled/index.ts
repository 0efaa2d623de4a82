import { readFile } from 'node:fs/promises';
import { type CpuName, referenceCpu, type Target } from '../../compiler/targets/index.ts';
import { EnvironmentError } from '../../errors.ts';
import type { RunnerImage } from '../devices/device.ts';
import { linkRunner } from '../devices/image.ts';
import { type Counts, findBlocks } from './blocks.ts';
import { classify, type Instruction } from './classify.ts';
import { countInstructions } from './count.ts';
import { DISASSEMBLER, disassemble } from './disassemble.ts';
import { type ElfSymbol, functionAt, readFunctions } from './elf.ts';
import { estimate, hottest, type Modelled } from './estimate.ts';

export { MODEL_VERSION } from './cpus.ts';
export { DISASSEMBLER } from './disassemble.ts';
export type { Cycles, FunctionCost, Modelled } from './estimate.ts';

/**
 * Modelled cycles of one inference of a build, the same every time. Throws an EnvironmentError where
 * ARM64 code can neither be run nor emulated, and an InputError when a CPU lacks the build's instructions.
 */
export async function measureModelled(
  image: RunnerImage,
  build: number,
  cpus: CpuName | readonly CpuName[],
): Promise<Modelled> {
  const counted = await linkRunner(image.builds, { counted: true });
  const [counts, program] = [await countInstructions(counted, build), await readFile(counted.executable)];
  const functions = readFunctions(program);
  const instructions = await readInstructions(counts, functions);
  const blocks = findBlocks(counts);
  return estimate(blocks, hottest(blocks), instructions, typeof cpus === 'string' ? [cpus] : cpus, functions);
}

/** What was executed, by instruction word. Nothing is left out: a word that cannot be read ends the measurement. */
export async function readInstructions(
  { addresses, words }: Counts,
  functions: readonly ElfSymbol[] = [],
): Promise<Map<number, Instruction>> {
  const texts = await disassemble(words);
  const unread = words.findIndex((word) => texts.get(word) === null);
  if (unread >= 0) {
    const hex = (value: number) => `0x${value.toString(16).padStart(8, '0')}`;
    const where = functionAt(functions, addresses[unread])?.name ?? 'an unnamed function';
    throw new EnvironmentError(
      `cycles cannot be modelled: ${DISASSEMBLER} does not know the instruction ${hex(words[unread])} ` +
        `at ${hex(addresses[unread])} in ${where}; measure on hardware, and please report it with the model`,
    );
  }
  return new Map([...texts].map(([word, text]) => [word, classify(text!)]));
}

/**
 * The CPU whose cycles are modelled for a target: its own, or for a bare ISA level the reference CPU of that level.
 * null for `host`, which cannot be modelled.
 */
export function modelledCpu(target: Target): CpuName | null {
  return target.arch === 'host' ? null : (target.cpu ?? referenceCpu(target.features));
}
