/** The tile kernels by the names that schedules give them. */
import type { Target } from '../../../targets/target.ts';
import type { Operands } from '../../workload.ts';
import { dot, mmla } from './dot.ts';
import { f32 } from './f32.ts';
import { kSums } from './k_sums.ts';
import type { GemmKernel } from './kernel.ts';
import { mlal } from './mlal.ts';
import { portable, portableFloat } from './portable.ts';
import { smull } from './smull.ts';

export const GEMM_KERNELS = {
  portable,
  f32_portable: portableFloat,
  f32,
  mlal,
  smull,
  k_sums: kSums,
  dot,
  mmla,
} as const satisfies Readonly<Record<string, GemmKernel>>;

export type GemmKernelName = keyof typeof GEMM_KERNELS;
export const GEMM_KERNEL_NAMES = Object.keys(GEMM_KERNELS) as [GemmKernelName, ...GemmKernelName[]];

/** The record of a kernel. */
export const kernelOf = (name: GemmKernelName): GemmKernel => GEMM_KERNELS[name];

/** Why a target cannot run a kernel, as a clause; null if it can. */
export function lacking(name: GemmKernelName, target: Target): string | null {
  const { arch, features = [], issue } = kernelOf(name).needs;
  if (target.arch !== arch) return `kernel ${name} is for ${arch}`;
  const missing = features.filter((feature) => !target.features[feature]);
  if (missing.length > 0) return `kernel ${name} needs ${missing.join(' and ')}`;
  const issues = target.core.inOrder ? 'in order' : 'out of order';
  return issue === undefined || issue === issues ? null : `kernel ${name} is for cores that issue ${issue}`;
}

/** The kernels of a target that are exact for operands. */
export const exactKernels = (operands: Operands, target: Target): GemmKernelName[] =>
  GEMM_KERNEL_NAMES.filter((name) => kernelOf(name).exactFor.includes(operands) && lacking(name, target) === null);
