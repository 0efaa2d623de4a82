/** Names of ARM cores by implementer and part number. Source: Linux, arch/arm64/include/asm/cputype.h. */
const IMPLEMENTERS: Readonly<Record<number, string>> = {
  ...{ 65: 'ARM', 66: 'Broadcom', 67: 'Cavium', 70: 'Fujitsu', 72: 'HiSilicon', 78: 'NVIDIA' },
  ...{ 80: 'APM', 81: 'Qualcomm', 83: 'Samsung', 97: 'Apple', 109: 'Microsoft', 192: 'Ampere' },
};
const ARM_PARTS: Readonly<Record<number, string>> = {
  ...{ 3331: 'Cortex-A53', 3332: 'Cortex-A35', 3333: 'Cortex-A55', 3335: 'Cortex-A57', 3336: 'Cortex-A72' },
  ...{ 3337: 'Cortex-A73', 3338: 'Cortex-A75', 3339: 'Cortex-A76', 3340: 'Neoverse N1', 3341: 'Cortex-A77' },
  ...{ 3392: 'Neoverse V1', 3393: 'Cortex-A78', 3396: 'Cortex-X1', 3398: 'Cortex-A510', 3399: 'Cortex-A710' },
  ...{ 3400: 'Cortex-X2', 3401: 'Neoverse N2', 3403: 'Cortex-A78C', 3405: 'Cortex-A715', 3406: 'Cortex-X3' },
  ...{ 3407: 'Neoverse V2', 3456: 'Cortex-A520', 3457: 'Cortex-A720', 3460: 'Neoverse V3', 3470: 'Neoverse N3' },
};

/** A core as Linux on ARM64 shows it. */
export interface Core {
  readonly name: string;
  /** Main ID Register, as sysfs writes it: 0x00000000413fd0c1. */
  readonly midr: string;
}

/** The last core of an ARM64 /proc/cpuinfo, a big one on big.LITTLE; null where the text is of another architecture. */
export function parseCore(cpuinfo: string): Core | null {
  const last = (key: string) => [...cpuinfo.matchAll(new RegExp(`^CPU ${key}\\s*: *(\\w+)`, 'gm'))].at(-1)?.[1];
  const [implementer, variant, part, revision] = ['implementer', 'variant', 'part', 'revision'].map((key) =>
    Number(last(key) ?? Number.NaN),
  );
  if ([implementer, variant, part, revision].some(Number.isNaN)) return null;
  // Bits 16 to 19 say that features are in registers of their own, as on every ARMv8.
  const midr = implementer * 2 ** 24 + variant * 2 ** 20 + 0xf * 2 ** 16 + part * 2 ** 4 + revision;
  const known = implementer === 0x41 ? ARM_PARTS[part] : undefined;
  const maker = IMPLEMENTERS[implementer] ?? `implementer ${hex(implementer)}`;
  return { name: known ?? `${maker} part ${hex(part)}`, midr: `0x${midr.toString(16).padStart(16, '0')}` };
}

const hex = (n: number): string => `0x${n.toString(16)}`;
