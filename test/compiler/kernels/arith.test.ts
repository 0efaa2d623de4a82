import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import { compileFlags, findCompiler, includeDirs, runTool } from '../../../src/compiler/toolchain/index.ts';
import {
  multiplyByMultiplier,
  multiplyByMultiplier64,
  multiplyByMultiplierSingle,
  multiplyByMultiplierUp,
} from '../../../src/model/arithmetic/multiplier.ts';
import { findQemu } from '../../../src/runtime/devices/open.ts';
import { randomOf } from '../../model/graphs.ts';

const folder = mkdtempSync(join(tmpdir(), 'int8-gate-arith-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Prints, for each line of the table, every requantization of it: scalar and, on ARM64, in vectors of one value. */
const PROGRAM = `
#include <stdio.h>
#include "arith.h"
#include "table.inc"
int main(void) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    const int32_t x = table[i][0], m = table[i][1];
    const int s = table[i][2];
    const int32_t tflite = ig_requant_s32_tflite(x, m, s), single = s > 30 ? 0 : ig_requant_s32_single(x, m, s);
    printf("%d %d %d", tflite, single, s > 14 ? 0 : ig_requant_s64((int64_t)x * 5, m, s));
    printf(" %d", ig_requant_s32_up(x, m, s));
#if IG_NEON
    const int32x4_t v = vdupq_n_s32(x), vm = vdupq_n_s32(m);
    const ig_shift_s32x4 vs = ig_split_shift(vdupq_n_s32(s));
    if (vgetq_lane_s32(ig_requant_s32x4_tflite(v, vm, vs.left, vs.right), 1) != tflite) printf(" NEON tflite");
    if (s <= 0 && vgetq_lane_s32(ig_requant_right_s32x4_tflite(v, vm, vs.right), 2) != tflite) printf(" NEON tflite right");
    /* Left shifts that overflow are no requantization that 'single' could compute in 32 bits. */
    const int fits = s <= 0 || (s < 31 && ig_shl(x, s) >> s == x);
    if (fits && vgetq_lane_s32(ig_requant_s32x4_single(v, vm, vs.left, vs.right), 3) != single) printf(" NEON single");
    const int8_t narrow = vget_lane_s8(ig_narrow_s8x8(v, v, vdupq_n_s32(3), vdup_n_s8(-100), vdup_n_s8(90)), 5);
    if (narrow != ig_clamp((int32_t)((uint32_t)x + 3), -100, 90)) printf(" NEON s8");
    const uint8_t byte = vgetq_lane_u8(ig_narrow_u8x16(v, v, v, v, vdupq_n_s32(3), vdupq_n_u8(7), vdupq_n_u8(200)), 13);
    if (byte != ig_clamp((int32_t)((uint32_t)x + 3), 7, 200)) printf(" NEON u8");
#endif
    printf("\\n");
  }
  return 0;
}
`;

function table(): number[][] {
  const random = randomOf(7);
  const edges = [0, 1, -1, 2, -2, 3, -3, 127, -128, 2 ** 30, -(2 ** 30), 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 1];
  const multipliers = [2 ** 30, 2 ** 30 + 1, 2 ** 31 - 1, 1518500250, 1431655765];
  const rows = edges.flatMap((x) => multipliers.flatMap((m) => [-31, -30, -8, -1, 0, 1, 7, 31].map((s) => [x, m, s])));
  for (let i = 0; i < 4000; i++) {
    const x = Math.trunc((random() - 0.5) * 2 ** (1 + Math.floor(random() * 32)));
    rows.push([x, 2 ** 30 + Math.floor(random() * 2 ** 30), Math.floor(random() * 40) - 31]);
  }
  // Ties, where the roundings differ.
  for (let s = 1; s < 31; s++) for (const x of [3, -3, 5, -5, 2 ** 20 + 1, -(2 ** 20) - 1]) rows.push([x, 2 ** 30, -s]);
  return rows;
}

test.each([
  ['host', 'clang'],
  ['host', 'gcc'],
  ['aarch64', 'clang'],
  ['aarch64', 'gcc'],
] as const)('requantization on %s by %s is the interpreter’s', async (name, family) => {
  const target = parseTarget(name);
  const compiler = await findCompiler(target, family);
  const rows = table();
  const text = rows.map((row) => `{${row.map((v) => (v === -(2 ** 31) ? 'INT32_MIN' : v)).join(', ')}}`).join(',\n');
  writeFileSync(join(folder, 'table.inc'), `static const int32_t table[][3] = {\n${text}};\n`);
  writeFileSync(join(folder, 'main.c'), PROGRAM);
  const program = join(folder, `${name}-${family}`);
  const flags = [...compileFlags(compiler, target), ...compiler.linkArgs, ...includeDirs().map((dir) => `-I${dir}`)];
  await runTool(compiler.command, [...flags, '-static', join(folder, 'main.c'), '-o', program]);
  const emulate = name === 'aarch64' && process.arch !== 'arm64';
  const { stdout } = await (emulate ? runTool(findQemu(), [program]) : runTool(program, []));
  const expected = rows.map(([x, multiplier, shift]) => {
    const m = { multiplier, shift };
    const single = shift > 30 ? 0 : multiplyByMultiplierSingle(x, m);
    const wide = shift > 14 ? 0 : multiplyByMultiplier64(x * 5, m);
    return [multiplyByMultiplier(x, m), single, wide, multiplyByMultiplierUp(x, m)].join(' ');
  });
  expect(stdout.trim().split('\n')).toEqual(expected);
});
