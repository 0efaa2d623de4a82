import type { Target } from '../../compiler/targets/index.ts';
import type { OperatorCost } from '../../runtime/measure.ts';

/** Multiply-accumulates of one instruction on 128-bit registers. Source: Arm's reference manual. */
const OF_INSTRUCTION = { fmla: 4, smull: 8, sdot: 16, smmla: 32 };

/**
 * Multiply-accumulates a cycle that the target's CPU can do at most in an operator of that kind. Dot products add up
 * neighbouring channels, which a depthwise layer keeps apart: it has none.
 */
export function peakOf({ core, features }: Target, { numbers, kind }: Pick<OperatorCost, 'numbers' | 'kind'>): number {
  if (numbers === 'float') return core.fmla * OF_INSTRUCTION.fmla;
  if (kind !== 'nn.depthwise_conv2d' && features.i8mm) return core.dot * OF_INSTRUCTION.smmla;
  if (kind !== 'nn.depthwise_conv2d' && features.dotprod) return core.dot * OF_INSTRUCTION.sdot;
  // SMULL and SMLAL want a SADALP for each two of them, for which an in-order core has no other pipe.
  return core.smull * OF_INSTRUCTION.smull * (core.inOrder ? 2 / 3 : 1);
}
