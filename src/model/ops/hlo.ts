import { allocate, type DType, type TensorData } from '../tensor/dtype.ts';
import { elements, type Shape, sameShape, showShape, strides } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { NoAttrs } from './attrs.ts';
import { defineOp, dtypeIs, firstProblems, integers, operand, type Problem, rankIs, sameDtype } from './checks.ts';
import type { EvalView, OpDefinition, OpTable, OpView } from './definition.ts';
import { combine } from './shared/broadcast.ts';
import { type MovementPlan, runCopies, whole } from './shared/strided_copy.ts';

/** Operators of StableHLO that TFLite computes itself. Stored values are computed with, whatever their scales; integers wrap. */
export interface HloFamily {
  /** Two operands of one shape. TFLite STABLEHLO_ADD and so on. */
  'hlo.add': NoAttrs;
  'hlo.multiply': NoAttrs;
  'hlo.maximum': NoAttrs;
  'hlo.minimum': NoAttrs;
  /** data, a distance for each dimension, the value between elements. TFLite DILATE. */
  'hlo.dilate': NoAttrs;
  /** data, the first value, and for each dimension window, stride and dilation. TFLite REDUCE_WINDOW. */
  'hlo.reduce_window': { readonly fold: WindowFold };
}
declare module './attrs.ts' {
  interface OpAttrs extends HloFamily {}
}
export type PairKind = Exclude<keyof HloFamily, 'hlo.dilate' | 'hlo.reduce_window'>;
export type WindowFold = 'ADD' | 'MUL' | 'MINIMUM' | 'MAXIMUM' | 'ALL' | 'ANY';

const SIGNED: readonly DType[] = ['int8', 'int16', 'int32', 'int64'];
const NUMBERS: readonly DType[] = ['float32', 'float64', ...SIGNED, 'uint8', 'uint16', 'uint32', 'uint64'];
const FOLDED: readonly DType[] = ['float32', 'float64', ...SIGNED, 'uint8'];

type CombineWide = <T extends number | bigint>(x: T, y: T) => T;
const sum = ((x: number, y: number) => x + y) as CombineWide;
const product: CombineWide = (x, y) =>
  (typeof x === 'bigint' ? x * (y as bigint) : (x as number) * (y as number)) as never;
/** Products of 32 bits: a double would lose the low ones. */
const wrappingProduct = Math.imul as unknown as CombineWide;
const productOf = (dtype: DType): CombineWide => (/^u?int32$/.test(dtype) ? wrappingProduct : product);

/** Truths add as "or" and multiply as "and". */
export const pairRule = (kind: PairKind, dtype: DType): PairKind => {
  if (dtype !== 'bool') return kind;
  return { ...SAME, 'hlo.add': 'hlo.maximum' as const, 'hlo.multiply': 'hlo.minimum' as const }[kind];
};
const SAME = { 'hlo.maximum': 'hlo.maximum', 'hlo.minimum': 'hlo.minimum' } as const;

/** std::max and std::min: the first operand unless the second is better. Source: stablehlo_elementwise.h. */
const PAIRS: Readonly<Record<PairKind, (dtype: DType) => CombineWide>> = {
  'hlo.add': () => sum,
  'hlo.multiply': productOf,
  'hlo.maximum': () => (x, y) => (x < y ? y : x),
  'hlo.minimum': () => (x, y) => (y < x ? y : x),
};

const pair = <K extends PairKind>(kind: K): OpDefinition<K> =>
  defineOp<K>({
    arity: { inputs: [2, 2], outputs: [1, 1] },
    check: (op) =>
      firstProblems(() => [
        dtypeIs(operand(op, 0), 'the input', ...NUMBERS, 'bool'),
        ...[operand(op, 1), op.outputs[0]].map((t) => sameDtype(operand(op, 0), 'the input', t, 'another')),
        !sameShape(operand(op, 0).shape, operand(op, 1).shape) &&
          `${showShape(operand(op, 0).shape)} and ${showShape(operand(op, 1).shape)} differ`,
      ]),
    shapes: (op) => [operand(op, 0).shape],
    // Storing rounds floats and wraps integers.
    evaluate: (op) => combine(op, PAIRS[pairRule(kind, op.outputs[0].dtype)](op.outputs[0].dtype)),
  });

const single = (t: Tensor, what: string): Problem => elements(t.shape) !== 1 && `${what} is not single`;

/** Words when there is none; null while the distances are unknown. Source: dilate.cc. */
function dilation(op: OpView<'hlo.dilate'>): MovementPlan | string | null {
  const { shape } = operand(op, 0);
  const steps = integers(op.inputs[1]);
  if (steps === null) return null;
  if (steps.length !== shape.length) return `${steps.length} distances for ${shape.length} dimensions`;
  if (steps.some((d) => d < 1)) return `the distances are ${steps.join(' × ')}, must be at least 1`;
  const out = shape.map((n, i) => Math.max(0, (n - 1) * steps[i] + 1));
  const own = strides(out).map((s, i) => s * steps[i]);
  const copy = { ...{ from: 0, to: 0, extents: shape, srcOffset: 0, srcStrides: strides(shape) }, dstOffset: 0 };
  return whole([out], [{ ...copy, dstStrides: own }]);
}
/** The copies of a dilation that its check has passed. */
export const dilationPlan = (op: OpView<'hlo.dilate'>): MovementPlan | null => dilation(op) as MovementPlan | null;

const dilate: OpDefinition<'hlo.dilate'> = defineOp<'hlo.dilate'>({
  arity: { inputs: [3, 3], outputs: [1, 1] },
  check: (op) =>
    firstProblems(
      () => [
        ...[operand(op, 2), op.outputs[0]].map((t) => sameDtype(operand(op, 0), 'the input', t, 'another')),
        dtypeIs(operand(op, 1), 'the distances', 'int32'),
        rankIs(operand(op, 1), 'the distances', 1),
        single(operand(op, 2), 'the value between'),
        operand(op, 0).shape.length === 0 && 'the input is a scalar',
      ],
      () => {
        const plan = dilation(op);
        return [typeof plan === 'string' && plan];
      },
    ),
  shapes: (op) => [dilationPlan(op)?.shapes[0] ?? null],
  evaluate(op) {
    const plan = dilationPlan({ ...op, inputs: op.inputs.with(1, { ...operand(op, 1), data: op.data[1] }) })!;
    return runCopies(plan.copies, op.data, [{ dtype: op.outputs[0].dtype, shape: plan.shapes[0] }], op.data[2]![0]);
  },
});

/** A window over data of as many dimensions. */
export interface WindowLoops {
  readonly output: Shape;
  readonly window: Shape;
  /** Elements of the data from one result to the next, and from one element of the window to the next. */
  readonly outputSteps: readonly number[];
  readonly windowSteps: readonly number[];
}
/** Words when there are none; null while they are unknown. Source: ReduceWindowData (stablehlo_reduce_window.cc). */
function loops(op: OpView<'hlo.reduce_window'>): WindowLoops | string | null {
  const { shape } = operand(op, 0);
  const given = [2, 3, 4].map((i) => integers(op.inputs[i]));
  if (given.includes(null)) return null;
  const [window, by, dilations] = given as number[][];
  const lists = { window, stride: by, dilation: dilations };
  for (const [what, list] of Object.entries(lists)) {
    if (list.length !== shape.length) return `a ${what} of ${list.length} dimensions for ${shape.length}`;
    if (list.some((n) => !(n >= 1 && n <= MOST))) return `the ${what} is ${list.join(' × ')}`;
  }
  const reach = window.map((n, i) => (n - 1) * dilations[i] + 1);
  const own = strides(shape);
  return {
    output: shape.map((n, i) => (n < reach[i] ? 0 : Math.floor((n - reach[i]) / by[i]) + 1)),
    window,
    outputSteps: own.map((s, i) => s * by[i]),
    windowSteps: own.map((s, i) => s * dilations[i]),
  };
}
const MOST = 2 ** 31 - 1;
/** The loops of an operator that its check has passed. */
export const windowLoops = (op: OpView<'hlo.reduce_window'>): WindowLoops | null => loops(op) as WindowLoops | null;

const truth = (x: number | bigint): boolean => x !== 0 && x !== 0n;
type Fold = <T extends number | bigint>(so_far: T, x: T) => T | 0 | 1;
/** Truths add as "or" and multiply as "and". */
export const windowRule = (fold: WindowFold, dtype: DType): WindowFold => {
  if (dtype !== 'bool') return fold;
  return fold === 'ADD' ? 'ANY' : fold === 'MUL' ? 'ALL' : fold;
};
const foldOf = (fold: WindowFold, dtype: DType): Fold =>
  ({
    ADD: sum,
    MUL: productOf(dtype),
    MINIMUM: ((a, x) => (a <= x ? a : x)) as Fold,
    MAXIMUM: ((a, x) => (a >= x ? a : x)) as Fold,
    ALL: ((a, x) => (truth(a) && truth(x) ? 1 : 0)) as Fold,
    ANY: ((a, x) => (truth(a) || truth(x) ? 1 : 0)) as Fold,
  })[windowRule(fold, dtype)];

/** Calls `visit` with the offset of each element of nested loops, in order. */
function each(extents: Shape, steps: readonly number[], at: number, visit: (at: number) => void, d = 0): void {
  if (d === extents.length) visit(at);
  else for (let i = 0; i < extents[d]; i++) each(extents, steps, at + i * steps[d], visit, d + 1);
}

function slide(op: EvalView<'hlo.reduce_window'>): TensorData[] {
  const known = op.inputs.map((t, i) => ({ ...t!, data: op.data[i] }));
  const { output, window, outputSteps, windowSteps } = windowLoops({ ...op, inputs: known })!;
  const { dtype } = op.outputs[0];
  const out = allocate(dtype, elements(output)) as Float64Array;
  const wide = dtype === 'int64';
  const fold = foldOf(op.attrs.fold, dtype);
  const data = op.data[0] as Float64Array;
  let o = 0;
  each(output, outputSteps, 0, (from) => {
    out[o] = op.data[1]![0] as number;
    each(window, windowSteps, from, (at) => {
      const next = fold(out[o], data[at]);
      // Storing rounds floats and wraps integers.
      out[o] = (wide ? BigInt(next) : next) as number;
    });
    o++;
  });
  return [out];
}

const reduceWindow: OpDefinition<'hlo.reduce_window'> = defineOp<'hlo.reduce_window'>({
  arity: { inputs: [5, 5], outputs: [1, 1] },
  check: (op) =>
    firstProblems(
      () => [
        dtypeIs(operand(op, 0), 'the input', ...FOLDED, 'bool'),
        ...[operand(op, 1), op.outputs[0]].map((t) => sameDtype(operand(op, 0), 'the input', t, 'another')),
        single(operand(op, 1), 'the first value'),
        operand(op, 0).shape.length === 0 && 'the input is a scalar',
        ...['the window', 'the strides', 'the dilations'].flatMap((what, i) => [
          dtypeIs(operand(op, i + 2), what, 'int64'),
          rankIs(operand(op, i + 2), what, 1),
        ]),
      ],
      () => {
        const found = loops(op);
        return [typeof found === 'string' && found];
      },
    ),
  shapes: (op) => [windowLoops(op)?.output ?? null],
  evaluate: slide,
});

export const hloOps: OpTable<HloFamily> = {
  'hlo.add': pair('hlo.add'),
  'hlo.multiply': pair('hlo.multiply'),
  'hlo.maximum': pair('hlo.maximum'),
  'hlo.minimum': pair('hlo.minimum'),
  'hlo.dilate': dilate,
  'hlo.reduce_window': reduceWindow,
};
