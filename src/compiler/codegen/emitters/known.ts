import { InputError } from '../../../errors.ts';
import { quoteName } from '../../../model/ir/names.ts';
import type { OpKind } from '../../../model/ops/attrs.ts';
import type { OpView } from '../../../model/ops/definition.ts';
import { SIZE_REMEDY } from '../../emission/context.ts';

/** The constant value of an operand that must be known at compile time: a shape, an axis. */
export function known<T>(value: T | null, op: OpView<OpKind>): T {
  if (value !== null) return value;
  const [data, ...operands] = op.inputs;
  const computed = operands.filter((t) => t !== null && t.data === null && /^int(32|64)$/.test(t.dtype));
  const names = (computed.length > 0 ? computed : [data]).map((t) => quoteName(t!.name)).join(', ');
  throw new InputError(
    `the size of its result, ${quoteName(op.outputs[0].name)}, depends on data (${names}): ${SIZE_REMEDY}`,
  );
}
