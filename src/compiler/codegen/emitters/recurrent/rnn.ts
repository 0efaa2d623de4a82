import { operand, parameters } from '../../../../model/ops/checks.ts';
import type { OpView } from '../../../../model/ops/definition.ts';
import {
  isHybridRnn,
  type RnnFamily,
  type RnnPass,
  rnnPasses,
  rnnRounds,
  rnnShape,
} from '../../../../model/ops/rnn.ts';
import { cFloat } from '../../../emission/c.ts';
import type { Emission, EmitContext, EmitterTable } from '../../../emission/context.ts';
import { cDescription, integers } from '../../../emission/description.ts';
import { activationFields, mixFields, sequenceFields } from './fields.ts';

type Op = OpView<keyof RnnFamily>;

function passCode(op: Op, pass: RnnPass, ctx: EmitContext, name: string, scratch: string): string {
  const shape = rnnShape(op, pass);
  const { inputs, units, row, aux, auxStride } = shape;
  const hybrid = isHybridRnn(op);
  const scale = (i: number): string => cFloat(hybrid ? parameters(operand(op, i)).scale : 1);
  const description = cDescription(
    'ig_rnn',
    name,
    sequenceFields(shape, pass.timeMajor, pass.reversed),
    integers({ inputs, units, row, aux, aux_stride: auxStride, rounds: rnnRounds(op, pass) }),
    mixFields(hybrid, op.attrs.asymmetricQuantizeInputs),
    activationFields(op.attrs.activation),
    { weights: ctx.input(pass.weights), weights_scale: scale(pass.weights) },
    { recurrent: ctx.input(pass.recurrent), recurrent_scale: scale(pass.recurrent) },
    pass.aux < 0 ? {} : { aux_weights: ctx.input(pass.auxWeights), aux_scale: scale(pass.auxWeights) },
    { bias: ctx.input(pass.bias) },
  );
  const data = [ctx.input(pass.data), pass.aux < 0 ? 'NULL' : ctx.input(pass.aux)];
  const result = `${ctx.output(pass.output)} + ${pass.column}`;
  const args = [`&${name}`, ...data, result, ctx.state(pass.state), scratch];
  return `${description}ig_rnn_run(${args.join(', ')});\n`;
}

function emit(op: Op, ctx: EmitContext): Emission {
  const passes = rnnPasses(op);
  const bytes = passes.map((pass) => {
    const { inputs, units, aux } = rnnShape(op, pass);
    return 8 * units + Math.max(inputs, units, aux);
  });
  const scratch = ctx.scratch(Math.max(...bytes));
  const names = passes.length === 1 ? ['p'] : ['forward', 'backward'];
  return { includes: ['rnn.h'], body: passes.map((pass, i) => passCode(op, pass, ctx, names[i], scratch)).join('') };
}

export const rnnEmitters: EmitterTable<RnnFamily> = {
  'nn.rnn_cell': emit,
  'nn.rnn': emit,
  'nn.bidirectional_rnn': emit,
};
