import { readFile } from 'node:fs/promises';
import { CPUS, type CpuName, referenceCpu, type Target } from '../../compiler/targets/index.ts';
import { EnvironmentError } from '../../errors.ts';
import type { RunnerImage } from '../devices/device.ts';
import { linkRunner } from '../devices/image.ts';
import { type Executed, findBlocks } from './blocks.ts';
import { classify, type Instruction } from './classify.ts';
import { countInstructions } from './count.ts';
import { DISASSEMBLER, disassemble } from './disassemble.ts';
import { type ElfSymbol, functionAt, readFunctions } from './elf.ts';
import { estimate, hottest, type Modelled } from './estimate.ts';

export { MODEL_VERSION } from './cpus.ts';
export { DISASSEMBLER } from './disassemble.ts';
export type { FunctionCost, Modelled } from './estimate.ts';

/**
 * Modelled cycles of one inference of a build on a CPU, and the lines that it moves between that CPU's caches and memory;
 * the same every time. `inputs`: the bytes of a sample, all zeros without it. Throws an EnvironmentError where ARM64 code
 * can neither be run nor emulated, and an InputError when the CPU lacks the build's instructions.
 */
export async function measureModelled(
  image: RunnerImage,
  build: number,
  cpu: CpuName,
  inputs?: readonly Uint8Array[],
): Promise<Modelled> {
  const counted = await linkRunner(image.builds, { counted: true });
  const counts = await countInstructions(counted, build, { caches: CPUS[cpu].caches, inputs });
  const functions = readFunctions(await readFile(counted.executable));
  const instructions = await readInstructions(counts, functions);
  const blocks = findBlocks(counts);
  return estimate({ blocks, kept: hottest(blocks), decoded: instructions, lines: counts.lines }, cpu, functions);
}

/** What was executed, by instruction word. Nothing is left out: a word that cannot be read ends the measurement. */
export async function readInstructions(
  { addresses, words }: Executed,
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
