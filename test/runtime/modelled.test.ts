import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { CPUS, type CpuName, parseTarget } from '../../src/compiler/targets/index.ts';
import { EnvironmentError, InputError } from '../../src/errors.ts';
import { linkRunner } from '../../src/runtime/devices/image.ts';
import { operatorCosts } from '../../src/runtime/measure.ts';
import { branchOf, type Executed, findBlocks } from '../../src/runtime/modelled/blocks.ts';
import { classify, registersOf } from '../../src/runtime/modelled/classify.ts';
import { PIPELINES } from '../../src/runtime/modelled/cpus.ts';
import { disassemble } from '../../src/runtime/modelled/disassemble.ts';
import { functionAt, readFunctions } from '../../src/runtime/modelled/elf.ts';
import { hottest, type Modelled } from '../../src/runtime/modelled/estimate.ts';
import { measureModelled, modelledCpu, readInstructions } from '../../src/runtime/modelled/index.ts';
import { blockCost } from '../../src/runtime/modelled/simulate.ts';
import { aarch64, handBuild, host, root, testFolder } from './helpers.ts';

const folder = testFolder();
const cpus = Object.keys(CPUS) as CpuName[];
const environment = { ...process.env };
afterEach(() => {
  process.env = { ...environment };
});

const steady = (texts: readonly string[], cpu: CpuName) => blockCost(texts.map(classify), PIPELINES[cpu]).steady;

describe('the pipeline model', () => {
  const fixture = JSON.parse(readFileSync(join(root, 'test/fixtures/runtime/pipeline.json'), 'utf8')) as {
    blocks: { name: string; text: string[]; cycles: Partial<Record<CpuName, [steady: number, alone: number]>> }[];
  };

  test.each(fixture.blocks)('gives the cycles of its prototype for $name', ({ text, cycles }) => {
    const instructions = text.map(classify);
    for (const [cpu, [steady, alone]] of Object.entries(cycles)) {
      const cost = blockCost(instructions, PIPELINES[cpu as CpuName]);
      expect([cpu, cost.steady, cost.alone]).toEqual([cpu, expect.closeTo(steady, 6), expect.closeTo(alone, 6)]);
    }
  });

  // Throughputs and latencies as the cores' software optimization guides state them.
  const sixteen = (text: (i: number) => string) => Array.from({ length: 16 }, (_, i) => text(i));
  const independent = sixteen((i) => `fmla v${i}.4s, v30.4s, v31.4s`);
  test.each<[CpuName, number]>([
    ['cortex-a53', 16],
    ['cortex-a55', 16],
    ['cortex-a72', 16],
    ['cortex-a76', 8],
    ['neoverse-n1', 8],
    ['neoverse-n2', 8],
    ['neoverse-v1', 4],
    ['neoverse-v2', 4],
    ['apple-m1', 4],
  ])('sixteen independent 128-bit FMLA take %s %d cycles', (cpu, cycles) => {
    expect(steady(independent, cpu)).toBeCloseTo(cycles, 1);
  });

  test.each(cpus)('%s sustains the throughputs by which the compiler chooses its tiles', (cpu) => {
    const { inOrder, width, loads, fmla, smull, dot } = CPUS[cpu].core;
    const perCycle = (text: (i: number) => string): number => 16 / steady(sixteen(text), cpu);
    expect(PIPELINES[cpu]).toMatchObject({ inOrder, width });
    expect(perCycle((i) => `ldr q${i}, [x0, #${16 * i}]`)).toBeCloseTo(loads, 1);
    expect(perCycle((i) => `fmla v${i}.4s, v30.4s, v31.4s`)).toBeCloseTo(fmla, 1);
    expect(perCycle((i) => `smull v${i}.8h, v30.8b, v31.8b`)).toBeCloseTo(smull, 1);
    if (CPUS[cpu].features.dotprod) {
      expect(perCycle((i) => `sdot v${i}.4s, v30.16b, v31.4b[1]`)).toBeCloseTo(dot, 1);
    }
  });

  test('a chain of FMLA is as slow as the forwarding of its accumulator', () => {
    const chain = sixteen(() => 'fmla v0.4s, v30.4s, v31.4s');
    expect(steady(chain, 'neoverse-n1')).toBeCloseTo(32, 1);
    expect(steady(chain, 'cortex-a55')).toBeCloseTo(64, 1);
    expect(steady(chain, 'cortex-a72')).toBeCloseTo(48, 1);
  });

  test('half-width FMLA issue in pairs on the in-order cores', () => {
    const half = sixteen((i) => `fmla v${i}.2s, v30.2s, v31.2s`);
    expect(steady(half, 'cortex-a55')).toBeCloseTo(8, 1);
  });

  test('SDOT does four times the work of FMLA where it exists', () => {
    const dots = sixteen((i) => `sdot v${i}.4s, v30.16b, v31.4b[1]`);
    expect(steady(dots, 'neoverse-n1')).toBeCloseTo(8, 1);
    expect(steady(dots, 'cortex-a55')).toBeCloseTo(16, 1);
  });

  test('loads, scalar adds and multiplies are limited by their ports', () => {
    const loads = sixteen((i) => `ldr q${i}, [x0, #${16 * i}]`);
    expect(steady(loads, 'cortex-a72')).toBeCloseTo(16, 1);
    expect(steady(loads, 'neoverse-n1')).toBeCloseTo(8, 1);
    expect(steady(loads, 'cortex-a55')).toBeCloseTo(32, 1);
    const adds = sixteen((i) => `add x${i}, x20, x21`);
    expect(steady(adds, 'neoverse-n1')).toBeCloseTo(16 / 3, 1);
    expect(steady(adds, 'cortex-a55')).toBeCloseTo(8, 1);
    const widening = sixteen((i) => `smlal v${i}.4s, v30.4h, v31.4h`);
    expect(steady(widening, 'neoverse-n1')).toBeCloseTo(16, 1);
    expect(steady(widening, 'neoverse-v1')).toBeCloseTo(8, 1);
  });

  test('structures take a micro-operation for each register to load or store and one to permute it', () => {
    const loads = (text: string) => Array.from({ length: 16 }, () => text);
    const all = '{v0.16b, v1.16b, v2.16b, v3.16b}';
    // Eight bytes a cycle on the A55; one load port on the A72, two on the N1, whose two vector pipes permute.
    expect(steady(loads(`ld4 ${all}, [x0]`), 'cortex-a55') / 16).toBeCloseTo(8, 1);
    expect(steady(loads(`ld4 ${all}, [x0]`), 'cortex-a72') / 16).toBeCloseTo(4, 1);
    expect(steady(loads(`ld4 ${all}, [x0]`), 'neoverse-n1') / 16).toBeCloseTo(2, 1);
    expect(steady(loads('ld2 {v0.8b, v1.8b}, [x0]'), 'cortex-a55') / 16).toBeCloseTo(2, 1);
    expect(steady(loads('ld2 {v0.8b, v1.8b}, [x0]'), 'cortex-a72') / 16).toBeCloseTo(1, 1);
    expect(steady(loads('ld1 {v0.8b, v1.8b, v2.8b}, [x0]'), 'cortex-a53') / 16).toBeCloseTo(3, 1);
    // Four stores, and twice four on the two vector pipes: their data and their permutation.
    expect(steady(loads(`st4 ${all}, [x0]`), 'cortex-a72') / 16).toBeCloseTo(4, 1);
    expect(steady(loads(`st4 ${all}, [x0]`), 'neoverse-n1') / 16).toBeCloseTo(4, 1);
  });

  test('no block runs faster than the front end delivers it', () => {
    const pool = fixture.blocks.flatMap((block) => block.text);
    const blocks = fc.array(fc.constantFrom(...pool), { minLength: 1, maxLength: 24 });
    fc.assert(
      fc.property(blocks, fc.constantFrom(...cpus), (texts, cpu) => {
        // The end of an iteration is when its last result is there, so one may be up to a latency off: 1/20 of it.
        expect(steady(texts, cpu)).toBeGreaterThanOrEqual(texts.length / PIPELINES[cpu].width - 0.5);
      }),
      { numRuns: 60 },
    );
  });
});

describe('classify', () => {
  test('tells registers from immediates and element sizes', () => {
    expect(registersOf('{ v0.16b, v1.16b }')).toEqual(['v0', 'v1']);
    expect(registersOf('[x3, w4, sxtw #2]')).toEqual(['x3', 'x4']);
    expect(registersOf('[sp, #16]!')).toEqual(['sp']);
    expect(registersOf('#0x10')).toEqual([]);
    expect(registersOf('xzr')).toEqual([]);
  });

  test.each([
    ['smlal v0.4s, v1.4h, v2.h[3]', { kind: 'vmlal', writes: ['v0'], reads: ['v1', 'v2', 'v0'], accumulator: 'v0' }],
    ['sdot v3.4s, v1.16b, v2.4b[0]', { kind: 'vdot', accumulator: 'v3' }],
    ['ldr q0, [x1], #16', { kind: 'ldvq', writes: ['v0'], reads: ['x1'], updates: ['x1'] }],
    ['ldp x0, x1, [sp, #16]', { kind: 'ldx2', writes: ['x0', 'x1'], reads: ['sp'], updates: [] }],
    ['st1 { v0.4s, v1.4s }, [x2]', { kind: 'stvq2', writes: [], reads: ['x2', 'v0', 'v1'] }],
    ['subs x0, x0, #1', { kind: 'alu', writes: ['x0', 'nzcv'], reads: ['x0'] }],
    ['b.ne #-16', { kind: 'br', reads: ['nzcv'] }],
    ['ret', { kind: 'br', reads: [] }],
    ['umov w0, v1.b[2]', { kind: 'v2x', writes: ['x0'], reads: ['v1'] }],
    ['add x0, x1, x2, lsl #3', { kind: 'alus' }],
    ['fmul s0, s1, s2', { kind: 'vfmuld' }],
    ['ld2 {v0.8b, v1.8b}, [x0], #16', { kind: 'ldnd2', writes: ['v0', 'v1'], reads: ['x0'], updates: ['x0'] }],
    ['st3 {v0.4s, v1.4s, v2.4s}, [x0]', { kind: 'stn3', writes: [], reads: ['x0', 'v0', 'v1', 'v2'] }],
    ['ld1 {v5.s}[1], [x3]', { kind: 'ldlane', writes: ['v5'], reads: ['x3', 'v5'], updates: [] }],
    ['nop', { kind: 'nop' }],
  ])('%s', (text, expected) => {
    expect(classify(text)).toMatchObject(expected);
  });
});

describe('blocks', () => {
  // add x0, x0, #1 · subs x1, x1, #1 · b.ne to the first · ret
  const [ADD, SUBS, BNE, RET] = [0x91000400, 0xf1000421, 0x54ffffc1, 0xd65f03c0];
  /** Words at neighbouring addresses, and their executions each. */
  const countsOf = (code: readonly (readonly [word: number, count: number])[], start = 0x1000): Executed => ({
    addresses: code.map((_, i) => start + 4 * i),
    words: code.map(([word]) => word),
    counts: code.map(([, count]) => count),
  });

  test('branches decode as the architecture manual says', () => {
    expect(branchOf(0x1008, BNE)).toEqual({ kind: 'condition', to: 0x1000 });
    expect(branchOf(0x1000, 0x14000002)).toEqual({ kind: 'jump', to: 0x1008 });
    expect(branchOf(0x1000, 0x94000002)).toEqual({ kind: 'call', to: 0x1008 });
    expect(branchOf(0x1000, 0x36000040)).toEqual({ kind: 'condition', to: 0x1008 });
    expect(branchOf(0x1000, 0xd63f0100)).toEqual({ kind: 'call', to: null }); // blr x8
    expect(branchOf(0x1000, 0xd61f0100)).toEqual({ kind: 'leave', to: null }); // br x8
    expect(branchOf(0x1000, 0xd4000001)).toEqual({ kind: 'call', to: null }); // svc #0
    expect(branchOf(0x1000, RET)).toEqual({ kind: 'leave', to: null });
    expect(branchOf(0x1000, ADD)).toBeNull();
  });

  test('a loop entered from above is one block with all its iterations', () => {
    const code = [
      [ADD, 1],
      [ADD, 10],
      [SUBS, 10],
      [BNE, 10],
      [RET, 1],
    ] as const;
    const blocks = findBlocks(countsOf(code, 0xffc));
    expect(blocks).toEqual([
      { address: 0x1000, kind: 'loop', count: 10, words: [ADD, SUBS, BNE], instructions: 30 },
      { address: 0xffc, kind: 'line', count: 1, words: [ADD], instructions: 1 },
      { address: 0x100c, kind: 'line', count: 1, words: [RET], instructions: 1 },
    ]);
    expect(hottest(blocks, 0.9)).toHaveLength(1);
    expect(hottest(blocks, 1)).toHaveLength(3);
  });

  test('a rare block inside a loop stays out of it', () => {
    // cbz x0 over one add that runs once in ten iterations
    const CBZ = 0xb4000040;
    const back = 0x54ffffa1; // b.ne four instructions back, at 0x100c
    const counts = [10, 1, 10, 10];
    const blocks = findBlocks(countsOf([CBZ, ADD, SUBS, back].map((word, i) => [word, counts[i]])));
    expect(branchOf(0x100c, back)?.to).toBe(0x1000);
    expect(blocks[0]).toMatchObject({ kind: 'loop', count: 10, words: [CBZ, SUBS, back], instructions: 30 });
    expect(blocks[1]).toMatchObject({ kind: 'line', count: 1, words: [ADD] });
  });

  const B = (words: number) => (0x14000000 | (words & 0x3ffffff)) >>> 0;
  const B_NE = (words: number) => (0x54000001 | ((words & 0x7ffff) << 5)) >>> 0;

  test('code of an outer loop between its inner loop and its jump back is no loop', () => {
    // What clang makes of tiles x panels x k: the end of a panel stands above the loop along k.
    const code = [
      [SUBS, 2], // 0x1000: next tile
      [B_NE(2), 2],
      [RET, 1],
      [B(3), 2], // 0x100c: the first panel of a tile starts
      [ADD, 16], // 0x1010: end of a panel
      [B_NE(-5), 16], // to the next tile
      [ADD, 256], // 0x1018: along k
      [SUBS, 256],
      [B_NE(-2), 256],
      [B(-5), 16], // to the end of the panel
    ] as const;
    const blocks = findBlocks(countsOf(code));
    expect(blocks.filter(({ kind }) => kind === 'loop')).toEqual([
      { address: 0x1018, kind: 'loop', count: 256, words: [ADD, SUBS, B_NE(-2)], instructions: 768 },
    ]);
    expect(blocks).toContainEqual({
      address: 0x1010,
      kind: 'line',
      count: 16,
      words: [ADD, B_NE(-5)],
      instructions: 32,
    });
  });

  test('a loop entered in its middle is a loop, in the order of its execution', () => {
    const code = [
      [B(3), 3], // 0x1000: to the condition
      [ADD, 30], // 0x1004: body
      [ADD, 30],
      [SUBS, 33], // 0x100c: condition
      [B_NE(-3), 33],
      [RET, 3],
    ] as const;
    const blocks = findBlocks(countsOf(code));
    expect(blocks[0]).toEqual({
      ...{ address: 0x1004, kind: 'loop', words: [SUBS, B_NE(-3), ADD, ADD] },
      ...{ instructions: 126, count: 126 / 4 },
    });
  });

  test('every block is charged for exactly what it executed', () => {
    const word = fc.oneof(
      fc.constantFrom(ADD, SUBS, RET, 0x94000002),
      fc.integer({ min: -12, max: 12 }).map(B),
      fc.integer({ min: -12, max: 12 }).map(B_NE),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(word, fc.integer({ min: 1, max: 1000 })), { minLength: 1, maxLength: 24 }),
        (code) => {
          const blocks = findBlocks(countsOf(code));
          for (const { count, words, instructions } of blocks)
            expect(count * words.length).toBeCloseTo(instructions, 6);
          const executed = code.reduce((sum, [, n]) => sum + n, 0);
          expect(blocks.reduce((sum, block) => sum + block.instructions, 0)).toBe(executed);
          expect(blocks.reduce((sum, block) => sum + block.words.length, 0)).toBe(code.length);
        },
      ),
    );
  });
});

const FORMS = JSON.parse(readFileSync(join(root, 'test/fixtures/runtime/instructions.json'), 'utf8')) as [
  string,
  string,
][];

describe('instructions', () => {
  const decoded = (words: readonly number[]) =>
    readInstructions({ addresses: words.map((_, i) => 0x400000 + 4 * i), words, counts: words.map(() => 1) });

  test('mean what they mean in the text of LLVM 19', async () => {
    const words = FORMS.map(([hex]) => Number.parseInt(hex, 16));
    const read = await decoded(words);
    for (const [i, [hex, text]] of FORMS.entries()) expect([hex, read.get(words[i])]).toEqual([hex, classify(text)]);
  });

  test('are read whatever extension they belong to', async () => {
    // nop; sdot v0.4s, v30.16b, v31.16b; ummla v0.4s, v30.16b, v30.16b; ld1 of four registers; fmla v0.8h
    const read = await decoded([0xd503201f, 0x4e9f97c0, 0x6e9ea7c0, 0x4cdf2000, 0x4e420c20]);
    expect([...read.values()].map(({ kind }) => kind)).toEqual(['nop', 'vdot', 'vmm', 'ldvq4', 'vfma']);
  });

  test('that nobody can read end the measurement', async () => {
    expect(await disassemble([0xd503201f, 0xffffffff])).toEqual(
      new Map([
        [0xd503201f, 'nop'],
        [0xffffffff, null],
      ]),
    );
    const counts = { addresses: [0x400000, 0x400004], words: [0xd503201f, 0xffffffff], counts: [1, 1] };
    const main = { name: 'main', address: 0x400000, bytes: 8, isFunction: true };
    const read = readInstructions(counts, [main]);
    await expect(read).rejects.toThrow(EnvironmentError);
    await expect(read).rejects.toThrow(/does not know the instruction 0xffffffff at 0x00400004 in main/);
  });
});

test('functions of an executable are those that nm lists', async () => {
  const { executable } = await linkRunner([handBuild(folder, host, { symbol: 'plain', run: '' })]);
  const file = readFileSync(executable);
  const functions = readFunctions(file);
  const listed = execFileSync('nm', [executable], { encoding: 'utf8' });
  for (const name of ['main', 'exit', 'int8_gate_model_plain']) {
    const address = Number.parseInt(listed.match(new RegExp(`^([0-9a-f]+) [tT] ${name}$`, 'm'))![1], 16);
    const found = functions.find((f) => f.name === name)!;
    expect([name, found.address]).toEqual([name, address]);
    expect(functionAt(functions, address + 1)?.address).toBe(address);
  }
  expect(functionAt(functions, 1)).toBeNull();
  expect(readFunctions(Buffer.from('no executable'))).toEqual([]);
});

describe('a build in the emulator', () => {
  const prelude = `
static __attribute__((noinline)) void fast(void) {
  __asm__ volatile("mov x9, #1000\\n1:\\n"
    ".irp r,0,1,2,3,4,5,6,7,16,17,18,19,20,21,22,23\\n fmla v\\\\r\\\\().4s, v30.4s, v31.4s\\n .endr\\n"
    "subs x9, x9, #1\\n b.ne 1b" ::: "x9", "cc", "memory", "v0","v1","v2","v3","v4","v5","v6","v7","v16","v17","v18","v19","v20","v21","v22","v23");
}
static __attribute__((noinline)) void slow(void) {
  __asm__ volatile("mov x9, #500\\n1:\\n.rept 16\\n fmla v0.4s, v30.4s, v31.4s\\n .endr\\n subs x9, x9, #1\\n b.ne 1b" ::: "x9", "cc", "v0");
}`;

  test('costs what its loops cost, function by function, every time', async () => {
    const build = handBuild(folder, aarch64, { symbol: 'loops', prelude, run: 'fast(); slow(); out[0] = 1;' });
    const image = await linkRunner([build]);
    const on = (cpu: CpuName) => measureModelled(image, 0, cpu);
    const results = { n1: await on('neoverse-n1'), a72: await on('cortex-a72'), a55: await on('cortex-a55') };
    const { n1, a72, a55 } = results;
    // 1000 · (16 FMLA at two a cycle), then 500 · (a chain of 16 FMLA, two cycles each).
    expect(n1.instructions).toBeGreaterThan(1000 * 18 + 500 * 18);
    expect(n1.instructions).toBeLessThan(1000 * 18 + 500 * 18 + 200);
    const share = (symbol: string, { functions }: Modelled) => functions.find((f) => f.symbol === symbol)!.cycles;
    expect(share('fast', n1) / 8000).toBeCloseTo(1, 1);
    expect(share('slow', n1) / 16000).toBeCloseTo(1, 1);
    expect(share('fast', a72) / 16000).toBeCloseTo(1, 1);
    expect(share('slow', a55) / 32000).toBeCloseTo(1, 1);
    for (const { functions, cycles, low, high, lines } of [n1, a72, a55]) {
      expect(functions.reduce((sum, f) => sum + f.cycles, 0) / cycles).toBeCloseTo(1, 9);
      expect(functions.reduce((sum, f) => sum + f.lines, 0)).toBe(lines);
      expect(low).toBeLessThanOrEqual(cycles);
      expect(high).toBeGreaterThanOrEqual(cycles);
    }
    const nodes = [{ symbol: 'fast', kind: 'nn.conv2d', label: '#0 nn.conv2d fast', macs: 64000 }];
    const [fast, other] = operatorCosts({ ...build, nodes }, n1);
    expect(fast).toMatchObject({ op: '#0 nn.conv2d fast', macs: 64000, memoryBound: false });
    expect(other.op).toBeNull();
    expect(fast.cycles + other.cycles).toBeCloseTo(n1.cycles, 6);

    process.env.INT8_GATE_CACHE = join(folder, 'fresh-cache');
    expect(await on('neoverse-n1')).toEqual(n1);
  });

  test('leaves open what sources differ on: SADALP of the Cortex-A72 beside its multiplies, or after them', async () => {
    const pairs = 'smull v16.8h, v0.8b, v1.8b\\n sadalp v17.4s, v18.8h\\n';
    const run = `__asm__ volatile("mov x9, #1000\\n1: .rept 8\\n ${pairs} .endr\\n subs x9, x9, #1\\n b.ne 1b" ::: "x9", "cc", "v16", "v17");`;
    const image = await linkRunner([handBuild(folder, aarch64, { symbol: 'pairs', run })]);
    const { cycles, low, high } = await measureModelled(image, 0, 'cortex-a72');
    expect([cycles / 8000, low / 8000, high / 16000]).toEqual([1, 1, 1].map((n) => expect.closeTo(n, 1)));
  });

  test('is measured on the data that it is given', async () => {
    // As much work as the first byte says.
    const run = 'for (volatile int i = 0; i < 100 * in[0]; i++);';
    const image = await linkRunner([handBuild(folder, aarch64, { symbol: 'loops_on_data', run })]);
    const on = async (...bytes: number[]) =>
      (await measureModelled(image, 0, 'cortex-a72', [Uint8Array.from(bytes)])).instructions;
    const [none, few, more, many] = [
      await on(0, 0, 0, 0),
      await on(1, 0, 0, 0),
      await on(5, 0, 0, 0),
      await on(9, 0, 0, 0),
    ];
    expect(few).toBeGreaterThan(none + 100);
    expect(many - more).toBe(more - few);
    expect((await measureModelled(image, 0, 'cortex-a72')).instructions).toBe(none);
  });

  test('with instructions that the CPU lacks is refused', async () => {
    const run =
      '__asm__ volatile(".arch_extension dotprod\\n mov x9, #100\\n1: sdot v0.4s, v1.16b, v2.16b\\n subs x9, x9, #1\\n b.ne 1b" ::: "x9", "cc", "v0");';
    const target = { ...aarch64, flags: ['-march=armv8.2-a+dotprod'] };
    const image = await linkRunner([handBuild(folder, target, { symbol: 'dots', run })]);
    await expect(measureModelled(image, 0, 'cortex-a72')).rejects.toThrow(InputError);
    await expect(measureModelled(image, 0, 'cortex-a72')).rejects.toThrow(
      /dotprod instructions, which cortex-a72 lacks/,
    );
    expect((await measureModelled(image, 0, 'neoverse-n1')).cycles).toBeGreaterThan(100);
  });
});

test('a bare ISA level has a reference CPU', () => {
  expect(modelledCpu(aarch64)).toBe('cortex-a72');
  expect(modelledCpu(parseTarget('aarch64+dotprod'))).toBe('neoverse-n1');
  expect(modelledCpu(parseTarget('aarch64+dotprod+i8mm'))).toBe('neoverse-n2');
  expect(modelledCpu(parseTarget('cortex-a53'))).toBe('cortex-a53');
  expect(modelledCpu(host)).toBeNull();
});
