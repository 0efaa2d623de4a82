import { isFloat, type TensorData } from '../tensor/dtype.ts';
import { elements, sameShape, showShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import {
  dataOf,
  defineOp,
  dtypeIs,
  firstProblems,
  MAX_ELEMENTS,
  operand,
  perTensorQuantized,
  rankIs,
} from './checks.ts';
import type { EvalView, OpTable, OpView } from './definition.ts';
import { overlap } from './suppression.ts';

export interface DetectionFamily {
  /**
   * From an SSD head to detections: box encodings [1, n, 4 or more] (centre y, x, height, width about the anchors),
   * scores [1, n, classes, with or without a background before them], anchors [n, 4] → boxes [1, m, 4], classes [1, m],
   * scores [1, m], how many [1]. TFLite's custom operator TFLite_Detection_PostProcess.
   */
  'vision.detection_postprocess': DetectionAttrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends DetectionFamily {}
}
export interface DetectionAttrs {
  readonly maxDetections: number;
  readonly maxClassesPerDetection: number;
  readonly detectionsPerClass: number;
  /** Suppression class by class; otherwise each box goes by its best class. */
  readonly useRegularNms: boolean;
  readonly scoreThreshold: number;
  readonly iouThreshold: number;
  readonly numClasses: number;
  /** What encodings are divided by. */
  readonly yScale: number;
  readonly xScale: number;
  readonly hScale: number;
  readonly wScale: number;
}
type Kind = 'vision.detection_postprocess';

const f = Math.fround;

function reals(op: EvalView<Kind>, i: number): Float32Array {
  const t = operand(op, i);
  if (isFloat(t.dtype)) return dataOf(op, i);
  const { scales, zeroPoints } = t.quantization!;
  return Float32Array.from(op.data[i] as Uint8Array, (q) => (q - zeroPoints[0]) * scales[0]);
}

/** Boxes by their corners (y, x, y, x). */
function decodeBoxes(op: EvalView<Kind>): Float32Array {
  const { attrs } = op;
  const [encodings, anchors] = [reals(op, 0), reals(op, 2)];
  const [, n, length] = operand(op, 0).shape;
  const boxes = new Float32Array(4 * n);
  for (let i = 0; i < n; i++) {
    const [y, x, h, w] = encodings.subarray(i * length);
    const [anchorY, anchorX, anchorH, anchorW] = anchors.subarray(4 * i);
    const centerY = f((y / f(attrs.yScale)) * anchorH + anchorY);
    const centerX = f((x / f(attrs.xScale)) * anchorW + anchorX);
    const halfH = f(0.5 * Math.exp(h / f(attrs.hScale)) * anchorH);
    const halfW = f(0.5 * Math.exp(w / f(attrs.wScale)) * anchorW);
    boxes.set([centerY - halfH, centerX - halfW, centerY + halfH, centerX + halfW], 4 * i);
  }
  return boxes;
}

/**
 * Indices in falling order of their score, alike ones in rising order. TFLite leaves the place of NaN to its C++ library;
 * here it is that of -Infinity.
 */
function ranked(indices: readonly number[], score: (i: number) => number): number[] {
  const rank = (i: number): number => (Number.isNaN(score(i)) ? Number.NEGATIVE_INFINITY : score(i));
  return [...indices].sort((a, b) => rank(b) - rank(a) || a - b);
}

/** The boxes that stay of one class, the best first. */
function selectBoxes(attrs: DetectionAttrs, boxes: Float32Array, scores: Float32Array, most: number): number[] {
  const kept = Array.from(scores.keys()).filter((i) => scores[i] >= f(attrs.scoreThreshold));
  const order = ranked(kept, (i) => scores[i]);
  const gone = new Set<number>();
  const selected: number[] = [];
  for (const [at, i] of order.entries()) {
    if (selected.length >= Math.min(order.length, most)) break;
    if (gone.has(i)) continue;
    selected.push(i);
    for (const j of order.slice(at + 1)) if (overlap(boxes, i, j) > f(attrs.iouThreshold)) gone.add(j);
  }
  return selected;
}

interface Detection {
  readonly box: number;
  readonly class: number;
  readonly score: number;
  /** Where it stands among the results. */
  readonly place: number;
}

/** Each box with its best classes. */
function detectFast(attrs: DetectionAttrs, boxes: Float32Array, score: Score): readonly [Detection[], number] {
  const { numClasses, maxClassesPerDetection } = attrs;
  const classes = Array.from({ length: numClasses }, (_, c) => c);
  const best = Array.from({ length: boxes.length / 4 }, (_, box) =>
    ranked(classes, (c) => score(box, c)).slice(0, Math.min(maxClassesPerDetection, numClasses)),
  );
  const top = Float32Array.from(best, ([c], box) => score(box, c));
  const selected = selectBoxes(attrs, boxes, top, attrs.maxDetections);
  const found = selected.flatMap((box, i) =>
    best[box].map((c, k) => ({ box, class: c, score: score(box, c), place: maxClassesPerDetection * i + k })),
  );
  return [found, selected.length];
}

/** The best of all classes' selections; on a draw the earlier class goes first. */
function detectRegular(attrs: DetectionAttrs, boxes: Float32Array, score: Score): readonly [Detection[], number] {
  const most = Math.min(attrs.detectionsPerClass, attrs.maxDetections);
  let found: Omit<Detection, 'place'>[] = [];
  for (let c = 0; c < attrs.numClasses; c++) {
    const scores = Float32Array.from({ length: boxes.length / 4 }, (_, box) => score(box, c));
    const added = selectBoxes(attrs, boxes, scores, most).map((box) => ({ box, class: c, score: scores[box] }));
    found = [...found, ...added].sort((a, b) => b.score - a.score).slice(0, attrs.maxDetections);
  }
  return [found.map((d, place) => ({ ...d, place })), found.length];
}
type Score = (box: number, category: number) => number;

function evaluate(op: EvalView<Kind>): TensorData[] {
  const { attrs } = op;
  const boxes = decodeBoxes(op);
  const all = reals(op, 1);
  const perBox = operand(op, 1).shape[2];
  const score: Score = (box, c) => all[box * perBox + perBox - attrs.numClasses + c];
  const [found, count] = (attrs.useRegularNms ? detectRegular : detectFast)(attrs, boxes, score);
  const [outBoxes, classes, scores] = op.outputs.map((t) => new Float32Array(elements(t.shape)));
  for (const d of found) {
    outBoxes.set(boxes.subarray(4 * d.box, 4 * d.box + 4), 4 * d.place);
    classes[d.place] = d.class;
    scores[d.place] = d.score;
  }
  return [outBoxes, classes, scores, Float32Array.of(count)];
}

/** How many places the results have. */
export const detectionPlaces = ({ maxDetections, maxClassesPerDetection }: DetectionAttrs): number =>
  maxDetections * maxClassesPerDetection;

const MOST_DETECTIONS = 100_000;

function check(op: OpView<Kind>): string[] {
  const { attrs } = op;
  const [boxes, scores, anchors] = [operand(op, 0), operand(op, 1), operand(op, 2)];
  const count = (n: number, least: number, what: string) =>
    !(Number.isInteger(n) && n >= least && n <= MOST_DETECTIONS) &&
    `${what} is ${n}, must be from ${least} to ${MOST_DETECTIONS}`;
  const scale = (x: number, what: string) => !(x !== 0 && Number.isFinite(x)) && `${what} is ${x}`;
  const quantized = (t: Tensor, what: string) => t.dtype === 'uint8' && perTensorQuantized(t, what);
  return firstProblems(
    () => [
      rankIs(boxes, 'the box encodings', 3),
      rankIs(scores, 'the class scores', 3),
      rankIs(anchors, 'the anchors', 2),
      dtypeIs(boxes, 'the box encodings', 'float32', 'uint8'),
      dtypeIs(scores, 'the class scores', 'float32', 'uint8'),
      dtypeIs(anchors, 'the anchors', boxes.dtype),
      ...op.outputs.map((t, i) => dtypeIs(t, `output ${i}`, 'float32')),
      count(attrs.maxDetections, 1, 'max_detections'),
      count(attrs.maxClassesPerDetection, 1, 'max_classes_per_detection'),
      count(attrs.detectionsPerClass, attrs.useRegularNms ? 1 : 0, 'detections_per_class'),
      count(attrs.numClasses, 1, 'num_classes'),
      scale(attrs.yScale, 'y_scale'),
      scale(attrs.xScale, 'x_scale'),
      scale(attrs.hScale, 'h_scale'),
      scale(attrs.wScale, 'w_scale'),
      !(attrs.iouThreshold > 0 && attrs.iouThreshold <= 1) &&
        `nms_iou_threshold is ${attrs.iouThreshold}, must be above 0 and at most 1`,
      Number.isNaN(attrs.scoreThreshold) && 'nms_score_threshold is not a number',
    ],
    () => {
      const [batch, n, length] = boxes.shape;
      const background = scores.shape[2] - attrs.numClasses;
      return [
        batch !== 1 && `a batch of ${batch}, must be 1`,
        length < 4 && `box encodings of ${length} numbers, must be at least 4`,
        !sameShape(scores.shape.slice(0, 2), [1, n]) && `class scores ${showShape(scores.shape)} for ${n} boxes`,
        background !== 0 && background !== 1 && `${scores.shape[2]} scores for ${attrs.numClasses} classes`,
        !sameShape(anchors.shape, [n, 4]) && `anchors ${showShape(anchors.shape)} for ${n} boxes`,
        detectionPlaces(attrs) * 4 > MAX_ELEMENTS && 'too many detections',
        quantized(boxes, 'the box encodings'),
        quantized(scores, 'the class scores'),
        quantized(anchors, 'the anchors'),
      ];
    },
  );
}

export const detectionOps: OpTable<DetectionFamily> = {
  'vision.detection_postprocess': defineOp({
    arity: { inputs: [3, 3], outputs: [4, 4] },
    operandNames: ['boxes', 'scores', 'anchors'],
    check,
    // Without classes of its own, the regular form fills one place a detection.
    shapes: ({ attrs }) => [
      [1, detectionPlaces(attrs), 4],
      [1, detectionPlaces(attrs)],
      [1, detectionPlaces(attrs)],
      [1],
    ],
    evaluate,
  }),
};
