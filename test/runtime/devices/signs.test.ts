import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { arrange, copyArchive, gapSource } from '../../../src/runtime/devices/arrange.ts';
import { parseCore } from '../../../src/runtime/devices/cpu_name.ts';
import { emulatorOf } from '../../../src/runtime/devices/emulation.ts';
import { linkRunner } from '../../../src/runtime/devices/image.ts';
import { nativeDevice } from '../../../src/runtime/devices/open.ts';
import {
  parsePressure,
  parseStat,
  readCounters,
  shareStolen,
  shareWaited,
} from '../../../src/runtime/devices/pressure.ts';
import { handBuild, host, testFolder } from '../helpers.ts';

const folder = testFolder();

describe('what the system tells of other work', () => {
  test('is read from Linux files', () => {
    const pressure =
      'some avg10=94.97 avg60=76.00 avg300=43.29 total=218439779\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n';
    expect(parsePressure(pressure)).toBe(218439779);
    expect(parsePressure('')).toBeNull();
    const stat = 'cpu  100 2 30 400 5 0 7 60 11 0\ncpu0 50 1 15 200 2 0 3 30 5 0\nintr 1\n';
    expect(parseStat(stat)).toEqual({ ticks: 604, stolen: 60 });
    expect(parseStat('cpu 1 2\n')).toBeNull();
  });

  test('becomes the larger share of the time', () => {
    const at = (waited: number | null, ticks: number | null, stolen: number | null) => ({ waited, ticks, stolen });
    expect(shareWaited(at(1000, 100, 0), at(51_000, 200, 2), 1000)).toBeCloseTo(0.05, 12);
    expect(shareWaited(at(1000, 100, 0), at(1000, 200, 30), 1000)).toBeCloseTo(0.3, 12);
    expect(shareStolen(at(1000, 100, 0), at(51_000, 200, 2))).toBeCloseTo(0.02, 12);
    expect(shareStolen(at(0, null, null), at(9e9, null, null))).toBeNull();
    expect(shareWaited(at(null, 100, 0), at(null, 100, 0), 1000)).toBeNull();
    expect(shareWaited(at(0, null, null), at(9e9, null, null), 1000)).toBe(1);
  });

  test('is there on this machine where the kernel has it', () => {
    const { ticks, waited } = readCounters();
    expect(ticks !== null).toBe(existsSync('/proc/stat'));
    expect(waited !== null).toBe(existsSync('/proc/pressure/cpu'));
  });
});

describe('the name of a core', () => {
  const cpuinfo = (implementer: string, part: string, variant = '0x3', revision = '1') =>
    `processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\nCPU implementer\t: ${implementer}\nCPU architecture: 8\nCPU variant\t: ${variant}\nCPU part\t: ${part}\nCPU revision\t: ${revision}\n`;

  test.each([
    // Graviton 2: its MIDR_EL1 in sysfs is 0x00000000413fd0c1.
    [cpuinfo('0x41', '0xd0c'), 'Neoverse N1', '0x00000000413fd0c1'],
    [cpuinfo('0x41', '0xd03', '0x0', '4'), 'Cortex-A53', '0x00000000410fd034'],
    [cpuinfo('0x48', '0xd01', '0x1', '0'), 'HiSilicon part 0xd01', '0x00000000481fd010'],
    [cpuinfo('0x99', '0x1', '0x0', '0'), 'implementer 0x99 part 0x1', '0x00000000990f0010'],
    // big.LITTLE: the last one.
    [cpuinfo('0x41', '0xd05') + cpuinfo('0x41', '0xd41', '0x1', '0'), 'Cortex-A78', '0x00000000411fd410'],
  ])('%#', (text, name, midr) => expect(parseCore(text)).toEqual({ name, midr }));

  test('is not told by another architecture', () => {
    expect(parseCore('processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon\n')).toBeNull();
  });
});

test('a program that runs as itself is not emulated, another in its place is', () => {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
  try {
    expect(emulatorOf(child.pid!, process.execPath)).toBeNull();
    if (process.platform === 'linux') expect(emulatorOf(child.pid!, '/bin/sh')).toMatch(/node/);
  } finally {
    child.kill();
  }
});

describe('the layout of a program', () => {
  test('takes every order and other gaps', () => {
    expect(arrange(3, 0)).toEqual([0, 1, 2].map((part) => ({ part, gap: 0 })));
    const layouts = Array.from({ length: 12 }, (_, i) => arrange(3, 1 + i));
    const orders = new Set(layouts.map((places) => places.map(({ part }) => part).join('')));
    expect([...orders].sort()).toEqual(['012', '021', '102', '120', '201', '210']);
    expect(new Set(layouts.map((places) => JSON.stringify(places))).size).toBe(12);
    for (const { gap } of layouts.flat()) {
      expect(gap % 64).toBe(0);
      expect(gap).toBeGreaterThan(0);
      expect(gap).toBeLessThanOrEqual(4096);
    }
  });

  test('moves code, and a copy of a build does what the build does', async () => {
    const one = handBuild(folder, host, { symbol: 'one', run: 'out[0] = (int8_t)(in[0] + 1);' });
    const two = handBuild(folder, host, { symbol: 'two', run: 'out[0] = (int8_t)(in[0] + 2);' });
    const addresses: string[] = [];
    for (const layout of [0, 1, 2]) {
      const image = await linkRunner([one, two], { copyOf: 1, layout });
      expect(image.builds).toEqual([one, two, two]);
      const job = (build: number) => ({ build, inputs: [new Uint8Array([5, 0, 0, 0])], samples: 1, reset: true });
      const results = await nativeDevice().run(image, [job(0), job(1), job(2)]);
      expect(results.map(({ outputs }) => outputs[0][0])).toEqual([6, 7, 7]);
      addresses.push(
        execFileSync('nm', [image.executable], { encoding: 'utf8' }).match(/^(\w+) T int8_gate_again_two$/m)![1],
      );
    }
    expect(new Set(addresses).size).toBe(3);
  });

  test('gaps are code of that size', () => {
    const here = join(folder, 'gap');
    mkdirSync(here);
    writeFileSync(join(here, 'gap.c'), gapSource(192));
    execFileSync('gcc', ['-c', 'gap.c', '-o', 'gap.o'], { cwd: here });
    expect(execFileSync('size', ['-A', 'gap.o'], { cwd: here, encoding: 'utf8' })).toMatch(/^\.text +192 /m);
  });

  test('the copy of an archive differs by its name alone', () => {
    const archive = Buffer.from('…int8_gate_model_x\0int8_gate_model_xy\0 and int8_gate_model_x\0');
    expect(String(copyArchive(archive, 'int8_gate_model_x'))).toBe(
      '…int8_gate_again_x\0int8_gate_model_xy\0 and int8_gate_again_x\0',
    );
  });
});
