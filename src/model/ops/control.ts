import { elements, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { NoAttrs } from './attrs.ts';
import { defineOp, dtypeIs, firstProblems, operand, type Problem } from './checks.ts';
import type { OpDefinition, OpTable, OpView } from './definition.ts';

/**
 * Operators on the model rather than on elements: they run its other graphs or share variables among them. Graphs are
 * named by their index in the model.
 */
export interface ControlFamily {
  /** condition, operands of the graph that it chooses. TFLite IF. */
  if: { readonly thenGraph: number; readonly elseGraph: number };
  /** Loop values: `condition` says whether `body` turns them into the next ones. TFLite WHILE. */
  while: { readonly condition: number; readonly body: number };
  /** Runs a graph when the model first runs, to initialise variables. */
  call_once: { readonly init: number };
  /** Names a variable of the whole model. */
  var_handle: { readonly container: string; readonly sharedName: string };
  read_variable: NoAttrs;
  /** handle, value */
  assign_variable: NoAttrs;
}
export type ControlKind = keyof ControlFamily;
declare module './attrs.ts' {
  interface OpAttrs extends ControlFamily {}
}

/** A loop that goes on for longer counts as endless: the file is at fault. */
export const MOST_ITERATIONS = 1_000_000;

/** What tells a variable of the model from others. */
export const variableName = (attrs: ControlFamily['var_handle']): string => `${attrs.container}/${attrs.sharedName}`;

/** Results have the shapes that the file declares, or are known only when running. */
const declared = (op: OpView<ControlKind>): (Shape | null)[] =>
  op.outputs.map((t) => (t.signature?.includes(-1) ? null : t.shape));

const MANY = 1000;

function control<K extends ControlKind>(
  inputs: readonly [number, number],
  outputs: readonly [number, number],
  check: (op: OpView<K>) => Problem[],
): OpDefinition<K> {
  return defineOp<K>({
    arity: { inputs, outputs },
    control: true,
    check: (op) =>
      firstProblems(
        () => op.inputs.map((t, i) => t === null && `input ${i} is missing`),
        () => check(op),
      ),
    shapes: (op) => declared(op as OpView<ControlKind>),
    evaluate: (op) => {
      throw new Error(`${op.kind} needs the whole model`);
    },
  });
}

const isHandle = (t: Tensor): Problem => dtypeIs(t, 'the handle', 'resource');
const noHandle = (t: Tensor, what: string): Problem => t.dtype === 'resource' && `${what} is a handle`;

export const controlOps: OpTable<ControlFamily> = {
  if: control([1, MANY], [1, MANY], (op) => [
    dtypeIs(operand(op, 0), 'the condition', 'bool'),
    elements(operand(op, 0).shape) !== 1 && 'the condition has more than one value',
  ]),
  while: control([1, MANY], [1, MANY], (op) => [
    op.inputs.length !== op.outputs.length && `${op.inputs.length} values go in and ${op.outputs.length} come out`,
    ...op.outputs.map(
      (t, i) =>
        op.inputs[i]?.dtype !== t.dtype && `value ${i} goes in as ${op.inputs[i]?.dtype} and comes out ${t.dtype}`,
    ),
  ]),
  call_once: control([0, 0], [0, 0], () => []),
  var_handle: control([0, 0], [1, 1], (op) => [dtypeIs(op.outputs[0], 'the handle', 'resource')]),
  read_variable: control([1, 1], [1, 1], (op) => [isHandle(operand(op, 0)), noHandle(op.outputs[0], 'the value')]),
  assign_variable: control([2, 2], [0, 0], (op) => [isHandle(operand(op, 0)), noHandle(operand(op, 1), 'the value')]),
};
