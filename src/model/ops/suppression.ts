import { expF32 } from '../arithmetic/transcendental.ts';
import type { TensorData } from '../tensor/dtype.ts';
import { elements, type Shape, sameShape, showShape } from '../tensor/shape.ts';
import type { NoAttrs } from './attrs.ts';
import { dataOf, defineOp, dtypeIs, firstProblems, integers, operand, type Problem } from './checks.ts';
import type { EvalView, OpDefinition, OpTable, OpView } from './definition.ts';

export interface SuppressionFamily {
  /**
   * The best boxes that do not overlap: boxes [n, 4] by two corners (y, x), scores [n], how many at most,
   * overlap from which on a box goes, score from which on it counts → indices, their number. TFLite
   * NON_MAX_SUPPRESSION_V4.
   */
  'vision.non_max_suppression': NoAttrs;
  /** With a sigma: overlapping boxes lose score by a Gaussian → indices, scores, their number. NON_MAX_SUPPRESSION_V5. */
  'vision.soft_non_max_suppression': NoAttrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends SuppressionFamily {}
}
type Kind = keyof SuppressionFamily;

const f = Math.fround;

/** C++'s std::min and std::max: which operand a NaN yields is part of the arithmetic. */
const lesser = (a: number, b: number): number => (b < a ? b : a);
const greater = (a: number, b: number): number => (a < b ? b : a);

/** Intersection over union of two boxes given by opposite corners; 0 where one has no area. */
export function overlap(boxes: Float32Array, i: number, j: number): number {
  const span = (at: number, k: number): readonly [number, number] => {
    const [a, b] = [boxes[4 * at + k], boxes[4 * at + k + 2]];
    return [lesser(a, b), greater(a, b)];
  };
  const [[iy0, iy1], [ix0, ix1]] = [span(i, 0), span(i, 1)];
  const [[jy0, jy1], [jx0, jx1]] = [span(j, 0), span(j, 1)];
  const area = (h: number, w: number): number => f(f(h) * f(w));
  const [one, other] = [area(iy1 - iy0, ix1 - ix0), area(jy1 - jy0, jx1 - jx0)];
  if (one <= 0 || other <= 0) return 0;
  const height = greater(f(lesser(iy1, jy1) - greater(iy0, jy0)), 0);
  const width = greater(f(lesser(ix1, jx1) - greater(ix0, jx0)), 0);
  const shared = f(height * width);
  const union = f(f(one + other) - shared);
  return union === 0 ? 0 : f(shared / union);
}

interface Candidate {
  readonly index: number;
  readonly score: number;
  /** The first of those selected that it has not been compared with. */
  readonly from: number;
}

/** Moves `c` up from `hole` to where its parent has at least its score. */
function siftUp(heap: Candidate[], start: number, c: Candidate): void {
  let hole = start;
  while (hole > 0) {
    const parent = (hole - 1) >> 1;
    if (!(heap[parent].score < c.score)) break;
    heap[hole] = heap[parent];
    hole = parent;
  }
  heap[hole] = c;
}

/**
 * Takes the best candidate. Which of several with the same score that is follows from how C++ libraries keep a heap:
 * the hole goes all the way down, to the right where both children are alike, and the last element up from there.
 */
function takeBest(heap: Candidate[]): Candidate {
  const best = heap[0];
  const last = heap.pop()!;
  if (heap.length === 0) return best;
  let hole = 0;
  for (let child = 2; child <= heap.length; child = 2 * hole + 2) {
    const next = child === heap.length || heap[child].score < heap[child - 1].score ? child - 1 : child;
    heap[hole] = heap[next];
    hole = next;
  }
  siftUp(heap, hole, last);
  return best;
}

export interface SuppressionLimits {
  readonly most: number;
  readonly overlap: number;
  readonly score: number;
  /** 0: boxes that overlap go altogether. */
  readonly sigma: number;
}

/** Indices of the selected boxes, the best first, and their scores. Source: reference/non_max_suppression.h. */
export function suppress(
  boxes: Float32Array,
  scores: Float32Array,
  limits: SuppressionLimits,
): readonly { readonly index: number; readonly score: number }[] {
  const heap: Candidate[] = [];
  scores.forEach((score, index) => {
    if (score > limits.score) siftUp(heap, heap.length, { index, score, from: 0 });
  });
  const wanted = Math.min(heap.length, limits.most);
  const decay = limits.sigma > 0 ? f(-0.5 / limits.sigma) : 0;
  const selected: { index: number; score: number }[] = [];
  while (selected.length < wanted && heap.length > 0) {
    const next = takeBest(heap);
    let score = next.score;
    let gone = false;
    for (let j = selected.length - 1; j >= next.from && !gone; j--) {
      const shared = overlap(boxes, next.index, selected[j].index);
      gone = shared >= limits.overlap;
      if (gone) break;
      if (limits.sigma > 0) score = f(score * expF32(f(f(decay * shared) * shared)));
      if (score <= limits.score) break;
    }
    if (gone) continue;
    const from = selected.length;
    if (score === next.score) selected.push({ index: next.index, score });
    // As in TFLite, one just selected comes back too; it then overlaps itself wholly.
    if (score > limits.score) siftUp(heap, heap.length, { index: next.index, score, from });
  }
  return selected;
}

/** The largest number of results, or null while it is unknown. */
export const mostSelected = (op: OpView<Kind>): number | null => integers(op.inputs[2])?.[0] ?? null;

function check(op: OpView<Kind>): string[] {
  const [boxes, scores, most] = [operand(op, 0), operand(op, 1), operand(op, 2)];
  const soft = op.kind === 'vision.soft_non_max_suppression';
  const limits = op.inputs.slice(3);
  const value = (i: number): number | undefined => (op.inputs[i]?.data as Float32Array | null | undefined)?.[0];
  return firstProblems(
    () => [
      dtypeIs(boxes, 'the boxes', 'float32'),
      dtypeIs(scores, 'the scores', 'float32'),
      dtypeIs(most, 'the number of results', 'int32'),
      ...limits.map((t) => dtypeIs(t!, 'a limit', 'float32')),
      ...op.inputs.slice(2).map((t): Problem => elements(t!.shape) !== 1 && 'a limit has more than one value'),
      (boxes.shape.length !== 2 || boxes.shape[1] !== 4) && `the boxes have the shape ${showShape(boxes.shape)}`,
      !sameShape(scores.shape, boxes.shape.slice(0, 1)) &&
        `${showShape(scores.shape)} scores for ${showShape(boxes.shape)} boxes`,
      ...op.outputs.map((t, i) => dtypeIs(t, `output ${i}`, soft && i === 1 ? 'float32' : 'int32')),
    ],
    () => [
      (mostSelected(op) ?? 0) < 0 && `at most ${mostSelected(op)} results`,
      soft && (value(5) ?? 0) < 0 && `sigma is ${value(5)}, must be at least 0`,
    ],
  );
}

function shapes(op: OpView<Kind>): (Shape | null)[] {
  const most = mostSelected(op);
  const list = most === null ? null : [most];
  return op.kind === 'vision.soft_non_max_suppression' ? [list, list, []] : [list, []];
}

/** Places beyond the selected ones are 0. */
function evaluate(op: EvalView<Kind>): TensorData[] {
  const soft = op.kind === 'vision.soft_non_max_suppression';
  const limit = (i: number): number => dataOf<Float32Array>(op, i)[0];
  const [out] = op.outputs;
  const selected = suppress(dataOf(op, 0), dataOf(op, 1), {
    most: elements(out.shape),
    overlap: limit(3),
    score: limit(4),
    sigma: soft ? limit(5) : 0,
  });
  const indices = new Int32Array(elements(out.shape));
  const scores = new Float32Array(elements(out.shape));
  selected.forEach(({ index, score }, i) => {
    indices[i] = index;
    scores[i] = score;
  });
  const count = Int32Array.of(selected.length);
  return soft ? [indices, scores, count] : [indices, count];
}

const suppression = <K extends Kind>(inputs: number, outputs: number): OpDefinition<K> =>
  defineOp<K>({
    arity: { inputs: [inputs, inputs], outputs: [outputs, outputs] },
    check: (op) => check(op as OpView<Kind>),
    shapes: (op) => shapes(op as OpView<Kind>),
    evaluate: (op) => evaluate(op as EvalView<Kind>),
  });

export const suppressionOps: OpTable<SuppressionFamily> = {
  'vision.non_max_suppression': suppression(5, 2),
  'vision.soft_non_max_suppression': suppression(6, 3),
};
