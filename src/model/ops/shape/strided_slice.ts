import type { Shape } from '../../tensor/shape.ts';
import { strides } from '../../tensor/shape.ts';
import { integers } from '../checks.ts';
import type { OpView } from '../definition.ts';
import { intoWhole, type MovementPlan, whole } from '../shared/strided_copy.ts';

type SliceView = OpView<'strided_slice'>;

/** What one dimension of the input, new ones included, contributes. */
interface Axis {
  /** Extent in the input; 1 where the dimension is new. */
  readonly size: number;
  readonly begin: number;
  readonly count: number;
  readonly step: number;
  /** Whether the dimension vanishes from the result. */
  readonly shrink: boolean;
  readonly isNew: boolean;
}

const bit = (mask: number, i: number): boolean => ((mask >>> i) & 1) === 1;

/** The slice's specification with one entry for each dimension of the input: the ellipsis is spelled out. */
function* spelledOut(op: SliceView, entries: number, rank: number): Generator<number | 'all' | 'new'> {
  const { ellipsisMask, newAxisMask } = op.attrs;
  let added = 0;
  for (let i = 0; i < entries; i++) if (bit(newAxisMask, i) && !bit(ellipsisMask, i)) added++;
  let room = rank - (entries - added);
  let seen = false;
  for (let i = 0; i < entries; i++) {
    if (bit(ellipsisMask, i) && !seen) {
      // The ellipsis itself takes one entry of the specification but any number of dimensions.
      for (let k = 0; k <= room; k++) yield 'all';
      room = -1;
      seen = true;
    } else if (bit(newAxisMask, i)) yield 'new';
    else yield i;
  }
  for (let k = 0; k < room; k++) yield 'all';
}

function oneAxis(op: SliceView, i: number, size: number, begin: number, end: number, step: number): Axis | string {
  const { beginMask, endMask, shrinkAxisMask, offset } = op.attrs;
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const within = (v: number) => Math.min(Math.max(v < 0 ? v + size : v, low), high);
  const shrink = bit(shrinkAxisMask, i);
  if (shrink) {
    const at = bit(beginMask, i) ? (step > 0 ? 0 : size - 1) : begin < 0 ? begin + size : begin;
    if (at < 0 || at >= size) return `index ${begin} lies outside of a dimension of ${size}`;
    return { size, begin: at, count: 1, step: 1, shrink, isNew: false };
  }
  const from = bit(beginMask, i) ? (step > 0 ? 0 : size - 1) : within(begin);
  const stop = offset ? from + end : end;
  const to = bit(endMask, i) ? (step > 0 ? size : -1) : offset ? Math.min(Math.max(stop, low), high) : within(stop);
  const count = Math.max(0, Math.ceil((to - from) / step));
  return { size, begin: from, count, step, shrink, isNew: false };
}

/** The copy that a slice makes; words when it makes none; null while its operands are unknown. */
export function planStridedSlice(op: SliceView): MovementPlan | string | null {
  const { shape } = op.inputs[0]!;
  const [begin, end, step] = op.inputs.slice(1).map((t) => integers(t));
  if (!begin || !end || !step) return null;
  if (begin.length !== end.length || begin.length !== step.length) return 'begin, end and strides differ in length';
  if (begin.length > 31) return 'more than 31 entries';
  if (step.some((s) => s === 0)) return 'a stride is 0';
  const axes: Axis[] = [];
  let d = 0;
  for (const entry of spelledOut(op, begin.length, shape.length)) {
    if (entry === 'new') {
      axes.push({ size: 1, begin: 0, count: 1, step: 1, shrink: false, isNew: true });
      continue;
    }
    if (d >= shape.length) return `more entries than the ${shape.length} dimensions`;
    const size = shape[d++];
    const axis: Axis | string =
      entry === 'all'
        ? { size, begin: 0, count: size, step: 1, shrink: false, isNew: false }
        : oneAxis(op, entry, size, begin[entry], end[entry], step[entry]);
    if (typeof axis === 'string') return axis;
    axes.push(axis);
  }
  return copyOf(shape, axes);
}

function copyOf(shape: Shape, axes: readonly Axis[]): MovementPlan {
  const own = strides(shape);
  const result: number[] = [];
  const steps: number[] = [];
  let offset = 0;
  let d = 0;
  for (const axis of axes) {
    const stride = axis.isNew ? 0 : own[d++];
    offset += axis.begin * stride;
    if (axis.shrink) continue;
    result.push(axis.count);
    steps.push(axis.step * stride);
  }
  return whole([result], [intoWhole(result, offset, steps)]);
}
