/** Members of the structures of native/kernels/recurrent.h. */
import { type Activation, floatRange } from '../../../../model/arithmetic/activation.ts';
import type { Sequence } from '../../../../model/ops/shared/recurrent.ts';
import { cFloat } from '../../../emission/c.ts';
import { type Fields, integers } from '../../../emission/description.ts';

export const prefixed = (prefix: string, fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [`${prefix}.${name}`, value]));

/** A fused activation as a clamp or tanh. */
export function activationFields(activation: Activation): Fields {
  const { min, max } = floatRange(activation);
  return { low: cFloat(min), high: cFloat(max), ...integers({ with_tanh: activation === 'TANH' }) };
}

export const sequenceFields = ({ batch, time }: Sequence, timeMajor: boolean, reversed: boolean): Fields =>
  prefixed('steps', integers({ batch, time, time_major: timeMajor, reversed }));

export const mixFields = (hybrid: boolean, asymmetric: boolean): Fields =>
  prefixed('mix', integers({ hybrid, asymmetric }));
