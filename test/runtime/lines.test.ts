import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Caches } from '../../src/compiler/targets/index.ts';
import { EnvironmentError } from '../../src/errors.ts';
import { linkRunner } from '../../src/runtime/devices/image.ts';
import type { Counts } from '../../src/runtime/modelled/blocks.ts';
import { countInstructions } from '../../src/runtime/modelled/count.ts';
import { accessOf } from '../../src/runtime/modelled/counters/access.ts';
import { functionAt, readFunctions, readSymbols } from '../../src/runtime/modelled/elf.ts';
import { aarch64, handBuild, testFolder } from './helpers.ts';

const folder = testFolder();
const LINE = 64;
const PAGE = 4096;
const N = 1 << 20;

const kib = (l1: number, l1Ways: number, l2: number, l2Ways: number): Caches => ({
  l1: { kib: l1, ways: l1Ways },
  l2: { kib: l2, ways: l2Ways },
});

/** Loads `count` words of eight bytes, `stride` bytes apart, from x0 on, `rounds` times. */
const walk = (name: string, instruction: string, { count, stride, rounds = 1 }: Walk) => `
static __attribute__((noinline)) void ${name}(const void *p) {
  __asm__ volatile("mov x11, #${rounds}\\n1: mov x9, %0\\n mov x10, #${count}\\n2: ${instruction}\\n"
    "add x9, x9, #${stride & 4095}\\n add x9, x9, #${stride >> 12}, lsl #12\\n subs x10, x10, #1\\n b.ne 2b\\n"
    "subs x11, x11, #1\\n b.ne 1b" :: "r"(p) : "x9", "x10", "x11", "x12", "cc", "memory");
}`;
interface Walk {
  readonly count: number;
  readonly stride: number;
  readonly rounds?: number;
}
const LOAD = 'ldr x12, [x9]';
const STORE = 'str x9, [x9]';

let builds = 0;
/** The lines that each function of a program moves, by its name. */
async function linesOf(caches: Caches, prelude: string, run: string): Promise<Map<string, number>> {
  const build = handBuild(folder, aarch64, { symbol: `lines${builds++}`, prelude, run, n: N });
  const image = await linkRunner([build], { counted: true });
  return byFunction(await countInstructions(image, 0, { caches }), image.executable);
}

function byFunction({ lines }: Counts, executable: string): Map<string, number> {
  const functions = readFunctions(readFileSync(executable));
  const moved = new Map<string, number>();
  for (const { address, lines: n } of lines) {
    const name = functionAt(functions, address)!.name;
    moved.set(name, (moved.get(name) ?? 0) + n);
  }
  return moved;
}

/** What a stream pushes out besides its own: the few lines of the stack that its callers wrote. */
function expectNear(found: number | undefined, lines: number): void {
  expect(found).toBeGreaterThanOrEqual(lines - 4);
  expect(found).toBeLessThanOrEqual(lines + 4);
}

describe('lines beyond the second level of cache', () => {
  test('are all of what streams through it, once read and twice written', async () => {
    const walks = { count: N / LINE, stride: LINE };
    const prelude = walk('reads', LOAD, walks) + walk('writes', STORE, walks);
    const read = await linesOf(kib(4, 4, 16, 16), prelude, 'reads(in);');
    expectNear(read.get('reads'), N / LINE);
    // What is written is fetched first, and another dirty line has to go for it.
    const written = await linesOf(kib(4, 4, 16, 16), prelude, 'writes(out);');
    expectNear(written.get('writes'), (2 * N) / LINE);
  });

  test('are none of what stays in it, whatever is done to it', async () => {
    const whole = { count: N / LINE / 8, stride: LINE, rounds: 10 };
    const prelude = walk('reads', LOAD, whole) + walk('writes', STORE, whole);
    const kept = await linesOf(kib(4, 4, 1024, 16), prelude, 'reads(in); writes(out); reads(in);');
    expect([kept.get('reads') ?? 0, kept.get('writes') ?? 0]).toEqual([0, 0]);
  });

  test('are the first use of what fits, after something else has taken its place', async () => {
    const prelude =
      walk('streams', LOAD, { count: N / LINE, stride: LINE }) +
      walk('reuses', LOAD, { count: 128, stride: LINE, rounds: 50 });
    const moved = await linesOf(kib(4, 4, 16, 16), prelude, 'reuses(out); streams(in);');
    expect(moved.get('reuses')).toBe(128);
    expectNear(moved.get('streams'), N / LINE);
  });

  test('are every use of one line more than a set holds', async () => {
    // 64 sets, a page: lines a page apart are all in one.
    const rounds = 100;
    const jumps = async (count: number) => {
      const prelude = walk('jumps', LOAD, { count, stride: PAGE, rounds });
      return (await linesOf(kib(4, 4, 16, 4), prelude, 'jumps(in + 2048);')).get('jumps') ?? 0;
    };
    // Once, where something else of the program was in the set.
    expect(await jumps(4)).toBeLessThanOrEqual(4);
    expect(await jumps(5)).toBe(5 * rounds);
  });

  test('of caches that cannot be are refused', async () => {
    const image = await linkRunner([handBuild(folder, aarch64, { symbol: 'none', run: '' })], { counted: true });
    for (const caches of [kib(3, 4, 16, 4), kib(4, 0, 16, 4)]) {
      await expect(countInstructions(image, 0, { caches })).rejects.toThrow(EnvironmentError);
      await expect(countInstructions(image, 0, { caches })).rejects.toThrow(/there can be no caches of/);
    }
  });
});

/** Instructions on a page of their own, which x9 and x10 name, and how many lines they touch there. */
const LOADS: readonly (readonly [code: string, lines: number])[] = [
  ['ldrb w12, [x9, #4095]', 1],
  ['ldr x12, [x9, #60]', 2],
  ['ldr w12, [x9, #16380]', 1],
  ['ldr q0, [x9, #32752]', 1],
  ['ldur x12, [x9, #-4]', 2],
  ['ldr x12, [x9, #-4]!', 2],
  ['ldr x12, [x9], #-200', 1],
  ['ldursw x12, [x9, #61]', 2],
  ['ldrsh w12, [x9, #126]', 1],
  ['ldr q0, [x9, x11, lsl #4]', 1], // x11 = 3: 48 to 63
  ['ldr d0, [x9, w11, uxtw]', 1],
  ['ldr q0, [x9, x13]', 2], // x13 = -4
  ['ldr w12, [x9, w13, sxtw #2]', 1],
  ['ldp x12, x14, [x9, #56]', 2],
  ['ldp q0, q1, [x9, #48]', 2],
  ['ldp w12, w14, [x9], #8', 1],
  ['ldnp d0, d1, [x9, #-8]', 2],
  ['ldpsw x12, x14, [x9, #60]', 2],
  ['ld1 {v0.16b, v1.16b, v2.16b, v3.16b}, [x9]', 1],
  ['ld1 {v0.16b, v1.16b, v2.16b, v3.16b}, [x14], #64', 2], // x14 = x9 + 8
  ['ld1 {v0.8b, v1.8b, v2.8b}, [x14]', 1],
  ['ld2 {v0.4s, v1.4s}, [x9], x11', 1],
  ['ld3 {v0.8b, v1.8b, v2.8b}, [x9]', 1],
  ['ld4 {v0.4s, v1.4s, v2.4s, v3.4s}, [x14]', 2],
  ['ld1 {v0.s}[1], [x9]', 1],
  ['ld1r {v0.4s}, [x9]', 1],
  ['ld4 {v0.b, v1.b, v2.b, v3.b}[7], [x15]', 2], // x15 = x9 + 62
  ['ld3r {v0.8h, v1.8h, v2.8h}, [x15]', 2],
  ['ldar x12, [x9]', 1],
  ['mov x16, x9\n ldr x12, [x16, #8]', 1],
  ['mov x17, x9\n ldr x12, [x16, x17]', 1], // x16 = 0
  ['mov x30, x9\n ldr x30, [x30]', 1],
  ['mov sp, x9\n ldr x12, [sp, #8]', 1],
  ['mov sp, x9\n ldr x12, [sp, x11, lsl #3]', 1],
  ['mov sp, x9\n ldr x12, [sp, #248]!', 1],
];
const STORES: readonly (readonly [code: string, lines: number])[] = [
  ['strb w12, [x9, #4095]', 1],
  ['str x12, [x9, #60]', 2],
  ['stur q0, [x9, #-4]', 2],
  ['str q0, [x9], #16', 1],
  ['str w12, [x9, x11, lsl #2]', 1],
  ['stp q0, q1, [x9, #48]', 2],
  ['stp x12, x14, [x9, #-16]!', 1],
  ['st1 {v0.16b, v1.16b, v2.16b, v3.16b}, [x14]', 2],
  ['st1 {v0.d}[1], [x9]', 1],
  ['st2 {v0.8h, v1.8h}, [x9], #32', 1],
  ['st4 {v0.b, v1.b, v2.b, v3.b}[7], [x15]', 2],
  ['stlr x12, [x9]', 1],
  ['mov sp, x9\n stp x12, x14, [sp, #-16]!', 1],
];

/**
 * Each form once, on pages that nothing else touches, with its last instruction named by a symbol; the caches are full of
 * lines that were loaded or stored before, as the forms are.
 */
function forms(list: readonly (readonly [string, number])[], what: 'loads' | 'stores'): string {
  const each = list.map(
    ([code], i) => `
    add x10, x10, #16, lsl #12
    mov x9, x10
    mov x11, #3
    mov x13, #-4
    add x14, x9, #8
    add x15, x9, #62
    mov x16, #0
    ${code.replace(/(?<=^|\n)(?=[^\n]*$)/, `form${i}: `)}
    mov sp, x8`,
  );
  const fill = Array.from({ length: 100 }, (_, i) => `${what === 'loads' ? 'ldr' : 'str'} x12, [x10, #${LINE * i}]`);
  const text = ['.text', '.balign 4', '.type forms, %function', 'forms:', 'mov x10, x0', 'mov x7, x30', 'mov x8, sp'];
  const lines = [...text, ...fill, ...each, 'mov x30, x7', 'ret', '.size forms, . - forms', ''];
  return `__asm__(${JSON.stringify(lines.join('\n'))});\nvoid forms(void *);`;
}

describe('an instruction', () => {
  test.each([
    ['loads', LOADS, 1],
    ['stores', STORES, 2], // and a dirty line has to go for each
  ] as const)('touches the lines that it %s', async (what, list, times) => {
    const fill = 1 << 22;
    const build = handBuild(folder, aarch64, {
      symbol: what,
      prelude: forms(list, what),
      run: 'forms(state + 65536);',
      n: fill,
    });
    const image = await linkRunner([build], { counted: true });
    const { lines } = await countInstructions(image, 0, { caches: kib(1, 16, 4, 64) });
    const moved = new Map(lines.map((each) => [each.address, each.lines]));
    const symbols = readSymbols(readFileSync(image.executable));
    const found = list.map(([code], i) => {
      const { address } = symbols.find(({ name }) => name === `form${i}`)!;

      return [code, moved.get(address) ?? 0];
    });
    expect(found).toEqual(list.map(([code, n]) => [code, times * n]));
  });

  test('that is no load or store touches none', () => {
    // nop, add, b, ret, prfm, ldadd (atomic), adrp, fmla
    for (const word of [0xd503201f, 0x91000400, 0x14000002, 0xd65f03c0, 0xf9800000, 0xb8200020, 0x90000000, 0x4e20cc00])
      expect(accessOf(word)).toBeNull();
  });
});
