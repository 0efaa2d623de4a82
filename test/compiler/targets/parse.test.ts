import { describe, expect, test } from 'vitest';
import {
  BOARDS,
  type BoardName,
  CPUS,
  type Machine,
  parseCpuinfo,
  parseTarget,
  targetFlags,
} from '../../../src/compiler/targets/index.ts';
import { InputError } from '../../../src/errors.ts';

const x86: Machine = { arm64: false, cpu: null, features: { dotprod: false, i8mm: false, fp16: false } };
const graviton: Machine = { arm64: true, cpu: 'neoverse-n1', features: { dotprod: true, i8mm: false, fp16: true } };

describe('targets', () => {
  test.each([
    ['aarch64', '-march=armv8-a'],
    ['aarch64+dotprod', '-march=armv8.2-a+dotprod'],
    ['aarch64+i8mm+dotprod', '-march=armv8.2-a+dotprod+i8mm'],
    ['aarch64+fp16', '-march=armv8.2-a+fp16'],
    ['cortex-a53', '-march=armv8-a'],
    ['cortex-a76', '-march=armv8.2-a+dotprod+fp16'],
    ['neoverse-n2', '-march=armv8.2-a+dotprod+i8mm+fp16'],
  ])('%s is %s', (text, flag) => {
    const target = parseTarget(text, x86);
    expect(target).toMatchObject({ name: text, arch: 'aarch64', flags: [flag] });
    expect(target.cpu).toBe(Object.hasOwn(CPUS, text) ? text : null);
  });

  test.each(Object.keys(BOARDS) as BoardName[])('%s is built as its CPU is', (board) => {
    const { name, ...target } = parseTarget(board, x86);
    const { cpu } = BOARDS[board];
    expect([name, target]).toEqual([board, { ...parseTarget(cpu, x86), name: undefined, board }]);
    const { oneThread, allCores } = BOARDS[board];
    for (const [low, high] of [oneThread, allCores]) expect(low).toBeLessThan(high);
  });

  test('tuning is for the core, where the compiler knows it', () => {
    expect(targetFlags(parseTarget('cortex-a72', x86), 'gcc')).toEqual(['-march=armv8-a', '-mtune=cortex-a72']);
    expect(targetFlags(parseTarget('apple-m1', x86), 'gcc')).toEqual(['-march=armv8.2-a+dotprod+fp16']);
    expect(targetFlags(parseTarget('aarch64', x86), 'clang')).toEqual(['-march=armv8-a']);
  });

  test('host has no features of ARM', () => {
    expect(parseTarget('host', graviton)).toMatchObject({ arch: 'host', cpu: null, features: x86.features, flags: [] });
  });

  test('native is this machine, or refused with advice', () => {
    expect(parseTarget('native', graviton)).toMatchObject({ name: 'native', arch: 'aarch64', cpu: 'neoverse-n1' });
    expect(() => parseTarget('native', x86)).toThrow(InputError);
    expect(() => parseTarget('native', x86)).toThrow(/not ARM64.*host/);
    // Our own mistake, not the user's.
    expect(() => parseTarget('native')).toThrow('the machine is not given');
  });

  test.each([
    '',
    'x86',
    'cortex-a7',
    'aarch64+',
    'aarch64+sve',
    'aarch64+dotprod+dotprod',
    'host+dotprod',
    'toString',
    'cortex-a72+dotprod',
  ])('%j is refused with the list of targets', (text) => {
    expect(() => parseTarget(text, x86)).toThrow(InputError);
    expect(() => parseTarget(text, x86)).toThrow(/cortex-a53.*aarch64\[\+dotprod\].*host/);
  });
});

test('/proc/cpuinfo: features that all cores share, and the last core', () => {
  const core = (part: string, features: string) =>
    `processor\t: 0\nFeatures\t: ${features}\nCPU implementer\t: 0x41\nCPU part\t: ${part}\n`;
  const both = `${core('0xd05', 'fp asimd asimdhp asimddp')}\n${core('0xd0b', 'fp asimd asimdhp asimddp i8mm')}`;
  expect(parseCpuinfo(both)).toEqual({ cpu: 'cortex-a76', features: { dotprod: true, i8mm: false, fp16: true } });
  expect(parseCpuinfo(core('0xfff', 'fp asimd'))).toEqual({ cpu: null, features: x86.features });
  expect(parseCpuinfo('')).toEqual({ cpu: null, features: x86.features });
});
