import { integers } from '../../../../model/ops/checks.ts';
import type { CreationFamily } from '../../../../model/ops/creation.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import type { Emission, EmitterTable } from '../../../emission/context.ts';
import { known } from '../known.ts';
import { fillWith } from '../loops/copies.ts';

export const creationEmitters: EmitterTable<CreationFamily> = {
  full: (op, ctx) => ({
    includes: [],
    body: fillWith(0, elements(known(integers(op.inputs[0]), op)), `*${ctx.input(1)}`, ctx),
  }),
  // A constant range has been folded; the length of others is data.
  arange: (op) => known<Emission>(null, op),
  broadcast_args: (op, ctx) => {
    const [a, b] = op.inputs.map((t) => t!.shape[0]);
    const n = Math.max(a, b);
    const extent = (i: number, own: number): string =>
      own === n ? `${ctx.input(i)}[i]` : `i < ${n - own} ? 1 : ${ctx.input(i)}[i - ${n - own}]`;
    const body = `for (int i = 0; i < ${n}; i++) {
  const int64_t x = ${extent(0, a)}, y = ${extent(1, b)};
  if (x != y && x != 1 && y != 1) return INT8_GATE_INDEX_OUT_OF_RANGE;
  ${ctx.output(0)}[i] = x == 1 ? y : x;
}
`;
    return { includes: [], body, fallible: true };
  },
};
