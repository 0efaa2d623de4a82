import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseTarget } from '../../src/compiler/targets/index.ts';
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

test.each(['host', 'aarch64', 'aarch64+dotprod+i8mm'])('all kernels fit into one file for %s', async (name) => {
  const cwd = mkdtempSync(join(tmpdir(), 'int8-gate-headers-'));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  const target = parseTarget(name);
  const compiler = await findCompiler(target);
  const portable = target.arch === 'host' ? ['#define IG_PORTABLE 1'] : [];
  const includes = files.filter((file) => !parts.has(file)).map((file) => `#include "${file}"`);
  writeFileSync(join(cwd, 'all.c'), [...portable, ...includes, ''].join('\n'));
  const folders = includeDirs().map((folder) => `-I${folder}`);
  const { stderr } = await runTool(compiler.command, [...compileFlags(compiler, target), ...folders, '-c', 'all.c'], {
    cwd,
  });
  expect(stderr).toBe('');
});
