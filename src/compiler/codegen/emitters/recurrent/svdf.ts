import { InputError } from '../../../../errors.ts';
import { operand, parameters } from '../../../../model/ops/checks.ts';
import type { OpView } from '../../../../model/ops/definition.ts';
import { effectiveBias } from '../../../../model/ops/lstm/integer.ts';
import { SVDF, type SvdfFamily, svdfForm, svdfMultipliers, svdfShape } from '../../../../model/ops/svdf.ts';
import { cFloat } from '../../../emission/c.ts';
import type { Emission, EmitContext, EmitterTable } from '../../../emission/context.ts';
import { cDescription, type Fields, integers } from '../../../emission/description.ts';
import { activationFields } from './fields.ts';

type Op = OpView<'nn.svdf'>;

function shapeFields(op: Op): Fields {
  const { batch, inputs, filters, memory } = svdfShape(op);
  const shape = integers({ batch, inputs, filters, memory, rank: op.attrs.rank });
  return Object.fromEntries(Object.entries(shape).map(([name, value]) => [`shape.${name}`, value]));
}

const biasField = (op: Op, ctx: EmitContext): Fields =>
  op.inputs[SVDF.bias] == null ? {} : { bias: ctx.input(SVDF.bias) };

function emitInteger(op: Op, ctx: EmitContext): Emission {
  const feature = operand(op, SVDF.feature).data as Int8Array | null;
  if (feature === null) throw new InputError('the feature weights of an integer SVDF must be constants');
  const by = svdfMultipliers(op);
  const zero = parameters(operand(op, 0)).zeroPoint;
  const description = cDescription(
    'ig_svdf_s8',
    'p',
    shapeFields(op),
    { feature: ctx.input(SVDF.feature), time: ctx.input(SVDF.time) },
    { feature_bias: ctx.constant(effectiveBias(feature, null, svdfShape(op).filters, zero)) },
    biasField(op, ctx),
    integers({ feature_m: by.feature.multiplier, feature_shift: by.feature.shift }),
    integers({ time_m: by.time.multiplier, time_shift: by.time.shift }),
    integers({ zero_point: parameters(op.outputs[0]).zeroPoint }),
  );
  const args = ['&p', ctx.input(0), ctx.state(SVDF.state), ctx.output(0)];
  return { includes: ['svdf.h'], body: `${description}ig_svdf_run_s8(${args.join(', ')});\n` };
}

/** The time weights as real numbers. */
function timeWeights(op: Op, ctx: EmitContext): string {
  const time = operand(op, SVDF.time);
  if (time.dtype === 'float32') return ctx.input(SVDF.time);
  if (time.data === null) throw new InputError('the time weights of a hybrid SVDF must be constants');
  const { scale } = parameters(time);
  return ctx.constant(Float32Array.from(time.data as Int8Array, (w) => scale * w));
}

function emitFloat(op: Op, ctx: EmitContext): Emission {
  const hybrid = svdfForm(op) === 'hybrid';
  const description = cDescription(
    'ig_svdf_f32',
    'p',
    shapeFields(op),
    integers({ hybrid, asymmetric: op.attrs.asymmetricQuantizeInputs }),
    activationFields(op.attrs.activation),
    { feature_scale: cFloat(hybrid ? parameters(operand(op, SVDF.feature)).scale : 1) },
    { feature: ctx.input(SVDF.feature), time: timeWeights(op, ctx) },
    biasField(op, ctx),
  );
  const scratch = hybrid ? ctx.scratch(svdfShape(op).inputs) : 'NULL';
  const args = ['&p', ctx.input(0), ctx.state(SVDF.state), ctx.output(0), scratch];
  return { includes: ['svdf.h'], body: `${description}ig_svdf_run_f32(${args.join(', ')});\n` };
}

export const svdfEmitters: EmitterTable<SvdfFamily> = {
  'nn.svdf': (op, ctx) => (svdfForm(op) === 'integer' ? emitInteger(op, ctx) : emitFloat(op, ctx)),
};
