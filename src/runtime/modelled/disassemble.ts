import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool, tryTool } from '../../compiler/toolchain/index.ts';
import { EnvironmentError } from '../../errors.ts';
import { withScratch } from '../devices/scratch.ts';

const NAMES = ['llvm-mc-19', 'llvm-mc', ...[21, 20, 18, 17, 16, 15, 14].map((version) => `llvm-mc-${version}`)];

/**
 * The assembly text of AArch64 instruction words, blanks collapsed; words that are no instruction are left out.
 * Throws an EnvironmentError with the install command when there is no llvm-mc.
 */
export async function disassemble(words: Iterable<number>): Promise<Map<number, string>> {
  const unique = [...new Set(words)];
  const llvmMc = await findLlvmMc();
  return withScratch(async (folder) => {
    const input = unique.map((word) =>
      [0, 8, 16, 24].map((shift) => `0x${((word >>> shift) & 255).toString(16)}`).join(' '),
    );
    await writeFile(join(folder, 'words'), `${input.join('\n')}\n`);
    const args = ['--disassemble', '-triple=aarch64', '-mattr=+all', 'words', '-o', 'text'];
    const { stderr } = await runTool(llvmMc, args, { cwd: folder });
    // It leaves out what it cannot decode, and says so: "words:12:1: warning: invalid instruction encoding".
    const invalid = new Set([...stderr.matchAll(/^words:(\d+):\d+: warning/gm)].map((match) => Number(match[1]) - 1));
    const valid = unique.filter((_, i) => !invalid.has(i));
    const lines = (await readFile(join(folder, 'text'), 'utf8'))
      .split('\n')
      .map((line) => line.split('//')[0].replace(/\s+/g, ' ').trim())
      .filter((line) => line !== '' && !line.startsWith('.'));
    if (lines.length !== valid.length) {
      throw new EnvironmentError(
        `${llvmMc} answered ${lines.length} lines for ${valid.length} instructions; try LLVM 19`,
      );
    }
    return new Map(valid.map((word, i) => [word, lines[i]]));
  });
}

async function findLlvmMc(): Promise<string> {
  for (const name of NAMES) if ((await tryTool(name, ['--version']))?.code === 0) return name;
  throw new EnvironmentError('modelled cycles need llvm-mc to disassemble; install it: sudo apt-get install -y llvm');
}
