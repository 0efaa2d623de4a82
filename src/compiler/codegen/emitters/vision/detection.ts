import { operand, parameters } from '../../../../model/ops/checks.ts';
import type { OpView } from '../../../../model/ops/definition.ts';
import type { DetectionFamily } from '../../../../model/ops/detection.ts';
import type { SuppressionFamily } from '../../../../model/ops/suppression.ts';
import { isFloat } from '../../../../model/tensor/dtype.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import { cFloat } from '../../../emission/c.ts';
import type { Emission, EmitContext, EmitterTable } from '../../../emission/context.ts';
import { cDescription, integers } from '../../../emission/description.ts';

function emitSuppression(op: OpView<keyof SuppressionFamily>, ctx: EmitContext): Emission {
  const soft = op.kind === 'vision.soft_non_max_suppression';
  const [n] = operand(op, 0).shape;
  const one = (i: number): string => `*${ctx.input(i)}`;
  const limits = [elements(op.outputs[0].shape), one(3), one(4), soft ? one(5) : '0.0f'];
  const results = [ctx.output(0), soft ? ctx.output(1) : 'NULL'];
  const args = [ctx.input(0), ctx.input(1), n, ...limits, ...results, ctx.scratch(12 * n)];
  return { includes: ['suppression.h'], body: `*${ctx.output(soft ? 2 : 1)} = ig_suppress(${args.join(', ')});\n` };
}

function emitDetection(op: OpView<'vision.detection_postprocess'>, ctx: EmitContext): Emission {
  const { attrs } = op;
  const [, boxes, length] = operand(op, 0).shape;
  const perBox = operand(op, 1).shape[2];
  const steps: string[] = [];
  /** Operand `i` as float32. */
  const real = (i: number): string => {
    const t = operand(op, i);
    if (isFloat(t.dtype)) return ctx.input(i);
    const { scale, zeroPoint } = parameters(t);
    const to = ctx.scratch(4 * elements(t.shape));
    steps.push(`ig_dequantize_u8(${[ctx.input(i), to, elements(t.shape), cFloat(scale), zeroPoint].join(', ')});\n`);
    return `(const float *)${to}`;
  };
  const [encodings, scores, anchors] = [real(0), real(1), real(2)];
  const description = cDescription(
    'ig_detection',
    'p',
    integers({ boxes, length, scores_per_box: perBox, classes: attrs.numClasses, most: attrs.maxDetections }),
    integers({ classes_per_box: attrs.maxClassesPerDetection, per_class: attrs.detectionsPerClass }),
    integers({ regular: attrs.useRegularNms }),
    { least: cFloat(attrs.scoreThreshold), overlap: cFloat(attrs.iouThreshold) },
    { y_scale: cFloat(attrs.yScale), x_scale: cFloat(attrs.xScale) },
    { h_scale: cFloat(attrs.hScale), w_scale: cFloat(attrs.wScale) },
  );
  const scratch = cDescription(
    'ig_detection_scratch',
    's',
    { boxes: ctx.scratch(16 * boxes), top: ctx.scratch(4 * boxes) },
    { selected: ctx.scratch(4 * attrs.maxDetections), gone: ctx.scratch(boxes) },
  );
  const classScores = `${scores} + ${perBox - attrs.numClasses}`;
  const args = ['&p', encodings, classScores, anchors, '&s', ...[0, 1, 2, 3].map((i) => ctx.output(i))];
  return {
    includes: ['quantize.h', 'suppression.h'],
    body: `${description}${scratch}${steps.join('')}ig_detect(${args.join(', ')});\n`,
  };
}

export const detectionEmitters: EmitterTable<SuppressionFamily & DetectionFamily> = {
  'vision.non_max_suppression': emitSuppression,
  'vision.soft_non_max_suppression': emitSuppression,
  'vision.detection_postprocess': emitDetection,
};
