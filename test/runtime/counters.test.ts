import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { CPUS } from '../../src/compiler/targets/index.ts';
import { EnvironmentError } from '../../src/errors.ts';
import { linkRunner } from '../../src/runtime/devices/image.ts';
import { openDevice } from '../../src/runtime/devices/open.ts';
import { countInstructions } from '../../src/runtime/modelled/count.ts';
import { displaced, isRelative, literalOf, pageAddress, reaches } from '../../src/runtime/modelled/counters/encode.ts';
import { addCounters, readCounts } from '../../src/runtime/modelled/counters/patch.ts';
import { findSites } from '../../src/runtime/modelled/counters/sites.ts';
import { readSymbols } from '../../src/runtime/modelled/elf.ts';
import { aarch64, handBuild, host, testFolder } from './helpers.ts';

const folder = testFolder();
const environment = { ...process.env };
afterEach(() => {
  process.env = { ...environment };
});

/** A function in assembly whose every instruction has its number of executions written behind it: `add … // 7`. */
interface Zoo {
  readonly name: string;
  readonly code: string;
  /** Result for the argument 7, which tells whether it still computes what it did. */
  readonly result: number;
}

// Executions are those of one call with x0 = 7.
const ZOO: readonly Zoo[] = [
  {
    name: 'zoo_blocks',
    code: `
      mov x9, x0           // 1
      mov x10, #0          // 1
1:    add x10, x10, #1     // 7
      tbz x9, #0, 2f       // 7
      add x10, x10, #100   // 4    odd: 7 5 3 1
2:    cmp x9, #4           // 7    flags live on into the next block,
      b 3f                 // 7
      udf #0               // 0
3:    b.hi 4f              // 7    which holds this alone
      b 5f                 // 4
      nop                  // 0
4:    cbz x9, 5f           // 3
      add x10, x10, #1000  // 3
5:    subs x9, x9, #1      // 7
      b.ne 1b              // 7
      tbnz x10, #63, 1b    // 1
      cbnz x9, 1b          // 1
      mov x0, x10          // 1
      ret                  // 1`,
    result: 7 + 400 + 3000,
  },
  {
    name: 'zoo_calls',
    code: `
      stp x29, x30, [sp, #-32]!    // 1
      stp x16, x17, [sp, #16]      // 1
      mov x9, x0                   // 1
      mov x10, #0                  // 1
      adr x11, zoo_leaf            // 1
      mov x16, #5                  // 1
      mov x17, #6                  // 1
1:    bl zoo_leaf                  // 7
      blr x11                      // 7
      subs x9, x9, #1              // 7
      b.ne 1b                      // 7
      add x0, x10, x16             // 1
      add x0, x0, x17              // 1
      ldp x16, x17, [sp, #16]      // 1
      ldp x29, x30, [sp], #32      // 1
      ret                          // 1`,
    result: 14 + 11,
  },
  { name: 'zoo_leaf', code: `add x10, x10, #1 // 14\n ret // 14`, result: 0 },
  {
    name: 'zoo_switch', // a jump table, and so a function without blocks: every instruction by itself
    code: `
      mov x9, x0               // 1
      mov x10, #0              // 1
1:    and x11, x9, #3          // 7
      adr x12, 9f              // 7
      ldrsw x13, [x12, x11, lsl #2] // 7
      add x12, x12, x13        // 7
      br x12                   // 7
2:    add x10, x10, #1         // 1    4
      b 6f                     // 1
3:    add x10, x10, #10        // 2    1 5
4:    add x10, x10, #100       // 4    2 6, and 1 5 fall through
      b 6f                     // 4
5:    add x10, x10, #1000      // 2    3 7
6:    adrp x14, zoo_data       // 7
      add x14, x14, :lo12:zoo_data // 7
      ldr x15, [x14]           // 7
      add x10, x10, x15        // 7
      subs x9, x9, #1          // 7
      b.ne 1b                  // 7
      cbnz x9, 1b              // 1
      tbnz x10, #63, 1b        // 1
      mov x0, x10              // 1
      ret                      // 1
9:    .word 2b - 9b, 3b - 9b, 4b - 9b, 5b - 9b`,
    result: 1 + 20 + 400 + 2000 + 7 * 3,
  },
  {
    name: 'zoo_literals', // the same, for loads of all widths from the text
    code: `
      adr x9, 2f           // 1
      br x9                // 1
      nop                  // 0
2:    ldr w10, 8f          // 1
      ldr x11, 8f          // 1
      ldrsw x12, 9f        // 1
      ldr s0, 8f           // 1
      ldr d1, 8f           // 1
      ldr q2, 8f           // 1
      prfm pldl1keep, 8f   // 1
      ldr x16, 8f          // 1
      ldr w17, 9f          // 1
      fmov w13, s0         // 1
      fmov x14, d1         // 1
      mov x15, v2.d[1]     // 1
      add x0, x10, x11, lsr #32 // 1     1 + 2
      add x0, x0, x12      // 1          - 3
      add x0, x0, x13      // 1          + 1
      add x0, x0, x14, lsr #32  // 1     + 2
      add x0, x0, x15, lsr #32  // 1     + 4
      add x0, x0, x16, lsr #32  // 1     + 2
      add w0, w0, w17      // 1          - 3
      ret                  // 1
      .balign 8
8:    .word 1, 2
9:    .word -3, 4`,
    result: 1 + 2 - 3 + 1 + 2 + 4 + 2 - 3,
  },
  {
    name: 'zoo_exclusive',
    code: `
      adrp x9, zoo_data            // 1
      add x9, x9, :lo12:zoo_data   // 1
      mov x10, x0                  // 1
1:    ldaxr x11, [x9]              // 7
      add x11, x11, #0             // 7
      stlxr w12, x11, [x9]         // 7
      cbnz w12, 1b                 // 7
      subs x10, x10, #1            // 7
      b.ne 1b                      // 7
      mov x0, x11                  // 1
      ret                          // 1`,
    result: 3,
  },
];

const executions = (code: string) => [...code.matchAll(/\/\/ (\d+)/g)].map((match) => Number(match[1]));

const assembly = ({ name, code }: Zoo) =>
  `.text\n.balign 4\n.type ${name}, %function\n${name}:\n${code.replace(/\/\/.*$/gm, '')}\n.size ${name}, . - ${name}\n`;

const prelude = `
__asm__(${JSON.stringify(`${ZOO.map(assembly).join('')}.data\n.balign 8\nzoo_data: .quad 3\n.text\n`)});
${ZOO.map(({ name }) => `long ${name}(long n);`).join('\n')}`;
const callable = ZOO.filter(({ name }) => name !== 'zoo_leaf');
const run = callable.map(({ name }, i) => `((int32_t *)out)[${i}] = (int32_t)${name}(7);`).join(' ');
const zooBuild = handBuild(folder, aarch64, { symbol: 'zoo', prelude, run, n: 4 * callable.length });

describe('counters in a program', () => {
  test('count each instruction as often as it runs, whatever code it is', async () => {
    const image = await linkRunner([zooBuild], { counted: true });
    const { addresses, words, counts } = await countInstructions(image, 0, { caches: CPUS['cortex-a72'].caches });
    const counted = new Map(addresses.map((address, i) => [address, counts[i]]));
    const program = readFileSync(image.executable);
    for (const { name, code } of ZOO) {
      const { address } = readSymbols(program).find((symbol) => symbol.name === name)!;
      const expected = executions(code);
      expect([name, expected.map((_, i) => counted.get(address + 4 * i) ?? 0)]).toEqual([name, expected]);
    }
    expect(new Set(addresses).size).toBe(addresses.length);
    expect(words.every((word) => word >>> 16 !== 0)).toBe(true);
  });

  test('leave what the program computes as it was', async () => {
    const image = await linkRunner([zooBuild], { counted: true });
    const { program } = addCounters(readFileSync(image.executable));
    const executable = join(folder, 'with-counters');
    writeFileSync(executable, program, { mode: 0o755 });
    const device = await openDevice(aarch64);
    const inputs = [new Uint8Array(4 * callable.length)];
    for (const file of [image.executable, executable]) {
      const jobs = [{ build: 0, inputs, samples: 1, reset: true }];
      const [{ outputs }] = await device.run({ ...image, executable: file }, jobs);
      expect([...new Int32Array(outputs[0].buffer)]).toEqual(callable.map(({ result }) => result));
    }
  });

  test('stand neither in data nor between a load-exclusive and its store', async () => {
    const { executable } = await linkRunner([zooBuild], { counted: true });
    const program = readFileSync(executable);
    const sites = findSites(program, new Set());
    const at = (name: string) => readSymbols(program).find((symbol) => symbol.name === name)!;
    const inside = (from: number, to: number) => sites.filter(({ address }) => address >= from && address < to);
    const { address } = at('zoo_exclusive');
    expect(inside(address + 16, address + 24)).toEqual([]);
    const table = at('zoo_switch').address + 4 * executions(ZOO.find(({ name }) => name === 'zoo_switch')!.code).length;
    expect(inside(table, table + 16)).toEqual([]);
    // Every other word of the text belongs to exactly one.
    const apart = sites.filter(({ first, end, address: site }, i) => {
      return first < (sites[i - 1]?.end ?? 0) || site < first || site >= end;
    });
    expect([apart.length, apart[0]]).toEqual([0, undefined]);
    const leaf = at('zoo_leaf').address;
    expect(findSites(program, new Set(['zoo_leaf'])).filter((site) => site.address === leaf)).toEqual([]);
  });

  test('are refused for programs that cannot have them', async () => {
    const refused = (program: Buffer) => () => addCounters(program);
    expect(refused(Buffer.from('#!/bin/sh'))).toThrow(EnvironmentError);
    expect(refused(Buffer.from('#!/bin/sh'))).toThrow(/no static ARM64 program for Linux/);
    expect(refused(readFileSync(process.execPath))).toThrow(/no static ARM64 program for Linux/);
    const { executable } = await linkRunner([zooBuild], { flags: ['-s'] });
    expect(refused(readFileSync(executable))).toThrow(/no symbol int8_gate_counters.*measure on ARM64 hardware/);
  });

  test('that were not written are an error, never fewer counts', () => {
    const sites = [{ address: 0x400000, word: 0xd503201f, first: 0x400000, end: 0x400004 }];
    expect(() => readCounts(Buffer.alloc(4), { sites, accesses: [] }, Buffer.alloc(64))).toThrow(EnvironmentError);
  });

  test('are asked for in vain of a program without them', async () => {
    const image = await linkRunner([handBuild(folder, host, { symbol: 'bare', run: '' })]);
    const device = await openDevice(host);
    const counting = device.session(image, {}, (session) =>
      session.send('count 0 counts 1024 4 4096 4', image.builds[0]),
    );
    await expect(counting).rejects.toThrow(/unknown command count/);
  });
});

describe('encodings', () => {
  const signed = (value: number, bits: number) => (value << (32 - bits)) >> (32 - bits);
  const place = fc.integer({ min: 0x1000, max: 0x3fffff }).map((n) => 4 * n);

  test('adrp names the page of any address', () => {
    fc.assert(
      fc.property(place, place, (from, to) => {
        const word = pageAddress(9, from, to);
        expect([word & 31, (word & 0x9f000000) >>> 0]).toEqual([9, 0x90000000]);
        const pages = signed(((word >>> 5) & 0x7ffff) * 4 + ((word >>> 29) & 3), 21);
        expect(from - (from % 4096) + 4096 * pages).toBe(to - (to % 4096));
      }),
    );
  });

  test('tell what depends on its place', () => {
    // b, bl, b.ne, cbz, tbnz, adr, adrp, ldr (literal)
    const relative = [0x14000002, 0x94000002, 0x54ffffc1, 0xb4000040, 0x37000040, 0x10000000, 0x90000000, 0x58000040];
    expect(relative.filter((word) => !isRelative(word))).toEqual([]);
    // nop, ret, blr x8, add, ldr q0, [x1], #16, sdot
    const absolute = [0xd503201f, 0xd65f03c0, 0xd63f0100, 0x91000400, 0x3cc10420, 0x4e9f97c0];
    expect(absolute.filter(isRelative)).toEqual([]);
    expect([literalOf(0x1000, 0x58000040), literalOf(0x1000, 0xd503201f)]).toEqual([0x1008, null]);
  });

  test('what does not fit a branch is known', () => {
    expect([reaches(0, 2 ** 27 - 4), reaches(0, 2 ** 27), reaches(2 ** 27, 0), reaches(2 ** 27 + 4, 0)]).toEqual([
      ...[true, false, true, false],
    ]);
    // nop at 0x1000, done at 0x2000: nop; b 0x1004
    expect(displaced(0xd503201f, 0x1000, 0x2000)).toEqual([0xd503201f, 0x17fffc00]);
  });
});
