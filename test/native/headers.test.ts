import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import { GEMM_KERNELS, type GemmKernelName, lacking } from '../../src/compiler/templates/gemm/kernels/index.ts';
import { compileFlags, findCompiler, includeDirs, runTool } from '../../src/compiler/toolchain/index.ts';

const [kernels] = includeDirs();
const files = readdirSync(kernels);
/** Headers that others include are theirs to place. */
const parts = new Set(
  files.flatMap((file) => {
    const included = readFileSync(join(kernels, file), 'utf8').matchAll(/^#include "([^"]+)"/gm);
    return Array.from(included, ([, name]) => name);
  }),
);

/** Headers that are included once for each kernel, behind those that they use. */
const MADE = new Set(['conv_i8.h', 'conv_f32.h', 'hybrid_i8.h', 'matmul_i8.h', 'matmul_f32.h']);

test.each(['host', 'aarch64', 'aarch64+dotprod+i8mm'])('all kernels fit into one file for %s', async (name) => {
  const cwd = mkdtempSync(join(tmpdir(), 'int8-gate-headers-'));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  const target = parseTarget(name);
  const compiler = await findCompiler(target);
  const portable = target.arch === 'host' ? ['#define IG_PORTABLE 1'] : [];
  const whole = files.filter((file) => !parts.has(file) && !MADE.has(file)).map((file) => `#include "${file}"`);
  const forKernels = Object.keys(GEMM_KERNELS)
    .filter((kernel) => lacking(kernel as GemmKernelName, target) === null)
    .flatMap((kernel) => {
      const type = kernel.startsWith('f32') ? 'f32' : 'i8';
      const made = [...MADE].filter((file) => file.endsWith(`_${type}.h`));
      return made.map(
        (file) => `#define GEMM_KERNEL ${kernel}\n#define GEMM_WIDE ${kernel}\n#include "${file}"\n#undef GEMM_WIDE`,
      );
    });
  writeFileSync(join(cwd, 'all.c'), [...portable, ...whole, ...forKernels, ''].join('\n'));
  const folders = includeDirs().map((folder) => `-I${folder}`);
  const { stderr } = await runTool(compiler.command, [...compileFlags(compiler, target), ...folders, '-c', 'all.c'], {
    cwd,
  });
  expect(stderr).toBe('');
});
