import { InputError } from '../../errors.ts';
import { BOARDS, isBoard } from './boards.ts';
import {
  CPUS,
  type CpuName,
  FEATURE_NAMES,
  type Features,
  featuresWhere,
  isCpu,
  NO_FEATURES,
  referenceCpu,
} from './cpus.ts';
import type { Machine } from './machine.ts';
import type { Target } from './target.ts';

/**
 * -march for a set of features. CPUs get it too, in place of -mcpu: -mcpu would let the compiler use SVE, which the
 * kernels are not written for and the emulation does not model.
 */
function march(features: Features): string {
  const extensions = FEATURE_NAMES.filter((feature) => features[feature]).map((feature) => `+${feature}`);
  return extensions.length === 0 ? '-march=armv8-a' : `-march=armv8.2-a${extensions.join('')}`;
}

const arm = (name: string, cpu: CpuName | null, features: Features): Target => ({
  name,
  arch: 'aarch64',
  cpu,
  board: null,
  features,
  core: CPUS[cpu ?? referenceCpu(features)].core,
  flags: [march(features)],
});

/** How an ISA level is written. */
export const LEVEL_HELP = `aarch64${FEATURE_NAMES.map((name) => `[+${name}]`).join('')}`;
/** What --target takes, for help texts and messages. */
export const TARGET_HELP = `${[...Object.keys(CPUS), ...Object.keys(BOARDS)].join(', ')}, ${LEVEL_HELP}, native, host`;

/**
 * The target that `text` names. Texts of users, which may be `native`, go through `resolveTarget` of the devices.
 * @param machine what `native` stands for.
 * @throws InputError when there is no such target, or when it is `native` and `machine` is not ARM64.
 */
export function parseTarget(text: string, machine: Machine | null = null): Target {
  if (text === 'host') {
    const { core } = CPUS[referenceCpu(NO_FEATURES)];
    return { name: text, arch: 'host', cpu: null, board: null, features: NO_FEATURES, core, flags: [] };
  }
  if (text === 'native') {
    if (machine === null) throw new Error('target native: the machine is not given');
    if (!machine.arm64) {
      throw new InputError(
        'target native: this machine is not ARM64. Name what the models are deployed on (for example cortex-a72 or ' +
          'aarch64+dotprod: built with a cross compiler, run in QEMU), or host for portable C on this machine.',
      );
    }
    return arm(text, machine.cpu, machine.features);
  }
  if (isBoard(text)) {
    const { cpu } = BOARDS[text];
    return { ...arm(text, cpu, CPUS[cpu].features), board: text };
  }
  if (isCpu(text)) return arm(text, text, CPUS[text].features);
  const [base, ...extensions] = text.split('+');
  const known = extensions.every((name) => (FEATURE_NAMES as readonly string[]).includes(name));
  if (base !== 'aarch64' || !known || new Set(extensions).size !== extensions.length) {
    throw new InputError(`there is no target "${text}". Targets: ${TARGET_HELP}`);
  }
  return arm(
    text,
    null,
    featuresWhere((name) => extensions.includes(name)),
  );
}

/** All flags that tell a compiler what to build for: the instruction set, and the core to schedule for. */
export function targetFlags(target: Target, compiler: 'gcc' | 'clang'): string[] {
  const tune = target.cpu === null ? null : CPUS[target.cpu].tune[compiler];
  return tune === null ? [...target.flags] : [...target.flags, `-mtune=${tune}`];
}
