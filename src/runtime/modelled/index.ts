import { readFile } from 'node:fs/promises';
import type { Target } from '../../compiler/targets/index.ts';
import type { RunnerImage } from '../devices/device.ts';
import { findBlocks, parseCounts } from './blocks.ts';
import { countBlocks } from './count.ts';
import { CORES, type ModelledCpu } from './cpus.ts';
import { disassemble } from './disassemble.ts';
import { readFunctions } from './elf.ts';
import { estimate, hottest, type Modelled } from './estimate.ts';

export { MODEL_VERSION, type ModelledCpu } from './cpus.ts';
export type { Cycles, FunctionCost, Modelled } from './estimate.ts';

/**
 * Modelled cycles of one inference of a build, the same every time. Needs QEMU with plugins and llvm-mc.
 * Throws an EnvironmentError when one of them is missing, and an InputError when a CPU lacks the build's instructions.
 */
export async function measureModelled(
  image: RunnerImage,
  build: number,
  cpus: ModelledCpu | readonly ModelledCpu[],
): Promise<Modelled> {
  const [counted, program] = await Promise.all([countBlocks(image, build), readFile(image.executable)]);
  const blocks = findBlocks(parseCounts(counted, 0));
  const kept = hottest(blocks);
  const text = await disassemble(kept.flatMap((block) => block.words));
  return estimate(blocks, kept, text, typeof cpus === 'string' ? [cpus] : cpus, readFunctions(program));
}

/**
 * The CPU whose cycles are modelled for a target: its own, or for a bare ISA level the reference CPU of that level.
 * null for `host`, which cannot be modelled.
 */
export function modelledCpu(target: Target): ModelledCpu | null {
  if (target.arch === 'host') return null;
  if (target.cpu !== null && Object.hasOwn(CORES, target.cpu)) return target.cpu as ModelledCpu;
  if (target.features.i8mm) return 'neoverse-n2';
  return target.features.dotprod ? 'neoverse-n1' : 'cortex-a72';
}
