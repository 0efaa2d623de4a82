/** Random operators that run other graphs or share variables: branches, loops, initialisation. */
import fc from 'fast-check';
import type { Graph, Node } from '../../src/model/ir/graph.ts';
import type { OpKind } from '../../src/model/ops/attrs.ts';
import type { DType } from '../../src/model/tensor/dtype.ts';
import { elements, type Shape } from '../../src/model/tensor/shape.ts';
import type { Tensor } from '../../src/model/tensor/tensor.ts';
import { quantization, shapes, tensor } from '../compiler/draws.ts';
import { randomData, randomOf } from '../model/graphs.ts';
import { fedWith, type Instance, modelOf } from './instance.ts';

/** A graph under construction. */
function builder(name: string) {
  const tensors: Tensor[] = [];
  const nodes: Node[] = [];
  const add = (t: Tensor): number => tensors.push({ ...t, name: `${name} ${tensors.length}` }) - 1;
  const apply = (kind: OpKind, attrs: object, inputs: readonly number[], results: readonly Tensor[]): number[] => {
    const outputs = results.map(add);
    nodes.push({ kind, attrs, inputs, outputs, source: nodes.length } as unknown as Node);
    return outputs;
  };
  const graph = (inputs: readonly number[], outputs: readonly number[]): Graph => ({
    ...{ name, tensors, nodes, inputs, outputs },
  });
  return { add, apply, graph };
}

/** What a branch or a loop's body does with its value: the same shape and type come out. */
const STEPS = ['nn.relu', 'add', 'multiply', 'maximum'] as const;
type Step = (typeof STEPS)[number];

/** A graph [value] → [value]. */
function stepGraph(name: string, step: Step, value: Tensor, random: () => number): Graph {
  const { add, apply, graph } = builder(name);
  const x = add(value);
  const other = (): number => add({ ...value, data: randomData(value.dtype, elements(value.shape), random) });
  const activated = step === 'add' || step === 'multiply';
  const inputs = step === 'nn.relu' ? [x] : [x, other()];
  return graph([x], apply(step, activated ? { activation: 'NONE' } : {}, inputs, [value]));
}

const values: fc.Arbitrary<Tensor> = fc
  .tuple(fc.constantFrom<DType>('int8', 'uint8', 'float32'), shapes)
  .chain(([dtype, shape]) => quantization(dtype).map((q) => tensor(dtype, shape, q)));
const step = fc.constantFrom<Step>(...STEPS);

const ifs: fc.Arbitrary<Instance> = fc
  .record({ value: values, steps: fc.tuple(step, step), seed: fc.nat() })
  .map(({ value, steps, seed }) => {
    const random = randomOf(seed);
    const branches = steps.map((s, i) => stepGraph(`branch ${i}`, s, value, random));
    const { add, apply, graph } = builder('main');
    const [condition, x] = [add(tensor('bool', [], null)), add(value)];
    const outputs = apply('if', { thenGraph: 1, elseGraph: 2 }, [condition, x], [value]);
    return fedWith(modelOf(graph([condition, x], outputs), ...branches), seed);
  });

const COUNTER: Shape = [];
/** `for (i = 0; i < turns; i++) value = step(value)`. */
const whiles: fc.Arbitrary<Instance> = fc
  .record({ value: values, step, turns: fc.nat(5), seed: fc.nat() })
  .map(({ value, step, turns, seed }) => {
    const counter = tensor('int32', COUNTER, null);
    const number = (n: number): Tensor => ({ ...counter, data: Int32Array.of(n) });
    const test = builder('condition');
    const [i] = [test.add(counter), test.add(value)];
    const condition = test.graph(
      [0, 1],
      test.apply('less', {}, [i, test.add(number(turns))], [tensor('bool', [], null)]),
    );
    const inner = stepGraph('step', step, value, randomOf(seed));
    // The step's graph with the counter before its value.
    const shift = inner.tensors.length;
    const body: Graph = {
      name: 'body',
      tensors: [...inner.tensors, counter, number(1), counter].map((t, id) => ({ ...t, name: `body ${id}` })),
      nodes: [
        ...inner.nodes,
        {
          ...{ kind: 'add', attrs: { activation: 'NONE' }, source: inner.nodes.length },
          ...{ inputs: [shift, shift + 1], outputs: [shift + 2] },
        } as Node,
      ],
      inputs: [shift, ...inner.inputs],
      outputs: [shift + 2, ...inner.outputs],
    };
    const { add, apply, graph } = builder('main');
    const [start, x] = [add(number(0)), add(value)];
    const outputs = apply('while', { condition: 1, body: 2 }, [start, x], [counter, value]);
    return fedWith(modelOf(graph([x], outputs), condition, body), seed);
  });

/** A variable, initialised once, that every run adds its input to. */
const variables: fc.Arbitrary<Instance> = fc.record({ value: values, seed: fc.nat() }).map(({ value, seed }) => {
  const handle = tensor('resource', [], null);
  const named = { container: '', sharedName: 'sum' };
  const first = builder('initialisation');
  const [own] = first.apply('var_handle', named, [], [handle]);
  const start = first.add({ ...value, data: randomData(value.dtype, elements(value.shape), randomOf(seed)) });
  first.apply('assign_variable', {}, [own, start], []);
  const { add, apply, graph } = builder('main');
  const x = add(value);
  apply('call_once', { init: 1 }, [], []);
  const [v] = apply('var_handle', named, [], [handle]);
  const [old] = apply('read_variable', {}, [v], [value]);
  const [sum] = apply('add', { activation: 'NONE' }, [old, x], [value]);
  apply('assign_variable', {}, [v, sum], []);
  return fedWith(modelOf(graph([x], [sum]), first.graph([], [])), seed);
});

export const control = { ifs, whiles, variables };
