import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { generate } from '../../../src/compiler/codegen/generate.ts';
import { compileModel } from '../../../src/compiler/compile.ts';
import { cComment, cIdentifier, cString } from '../../../src/compiler/emission/c.ts';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import { InputError } from '../../../src/errors.ts';
import type { Graph, Node } from '../../../src/model/ir/graph.ts';
import { perTensor } from '../../../src/model/tensor/quantization.ts';
import { ints, tensor } from '../operators.ts';
import { cacheDir, modelOf, runBuilds } from '../run.ts';

const q = perTensor(0.5, 3);
const host = { target: parseTarget('host'), profile: 'tflite', name: 'm', symbol: 'm' } as const;
const named = (name: string, ...rest: Parameters<typeof tensor>) => ({ ...tensor(...rest), name });
const node = (kind: Node['kind'], inputs: number[], outputs: number[], attrs: object = {}): Node =>
  ({ kind, attrs, inputs, outputs, source: 0 }) as Node;

/** x [2, 3] → relu → reshape [6] → (a: output) → relu6 → b. */
const chain: Graph = {
  name: 'chain',
  tensors: [
    named('x', 'int8', [2, 3], q),
    named('r', 'int8', [2, 3], q),
    named('a', 'int8', [6], q),
    named('b', 'int8', [6], q),
  ],
  nodes: [node('nn.relu', [0], [1]), node('reshape', [1], [2], { newShape: [6] }), node('nn.relu6', [2], [3])],
  inputs: [0],
  outputs: [2, 3],
};

describe('the memory of a model', () => {
  test('a reshape costs no code and no memory, and outputs are written in place', () => {
    const { source, arenaBytes, nodes } = generate(chain, host);
    expect(nodes.map((n) => n.kind)).toEqual(['nn.relu', 'nn.relu6']);
    expect(arenaBytes).toBe(64);
    expect(source).not.toMatch(/memcpy/);
  });

  test('outputs that are inputs, constants, aliases of them or listed twice are copies', async () => {
    const constant = Int8Array.of(5, -6, 7, 8, 9, -10);
    const graph: Graph = {
      ...chain,
      tensors: [
        ...chain.tensors,
        named('c', 'int8', [6], q, constant),
        named('x again', 'int8', [6], q),
        named('c again', 'int8', [2, 3], q),
      ],
      nodes: [
        ...chain.nodes,
        node('reshape', [0], [5], { newShape: [6] }),
        node('reshape', [4], [6], { newShape: [2, 3] }),
      ],
      outputs: [2, 2, 3, 3, 0, 4, 5, 6, 1],
    };
    const x = Int8Array.of(-128, 1, 2, 3, 4, 127);
    const [results] = await runBuilds([{ model: modelOf(graph), inputs: [x] }], 'host');
    const relu = Int8Array.of(3, 3, 3, 3, 4, 127);
    const relu6 = Int8Array.of(3, 3, 3, 3, 4, 15);
    expect(results).toEqual([relu, relu, relu6, relu6, x, constant, x, constant, relu]);
  });

  test('equal constants are stored once, in a blob of 64-byte pieces', () => {
    const same = () => Int8Array.from({ length: 70 }, (_, i) => i);
    const graph: Graph = {
      name: 'constants',
      tensors: [
        named('x', 'int8', [70], q),
        named('k', 'int8', [70], q, same()),
        named('y', 'int8', [70], q),
        named('l', 'int8', [70], q, same()),
        named('z', 'int8', [70], q),
      ],
      nodes: [node('add', [0, 1], [2], { activation: 'NONE' }), node('add', [2, 3], [4], { activation: 'NONE' })],
      inputs: [0],
      outputs: [4],
    };
    expect(generate(graph, host).blob.length).toBe(128 + 64);
  });
});

describe('what a build exports', () => {
  test('one function, named after the model, and nothing that changes', async () => {
    const { archive } = await compileModel(modelOf(chain), { ...host, name: 'chain', symbol: 'chain', cacheDir });
    const symbols = execFileSync('nm', [archive], { encoding: 'utf8' }).split('\n');
    const own = symbols
      .filter((line) => / [A-Z] /.test(line) && !/ U /.test(line))
      .map((line) => line.split(' ').at(-1));
    expect(own).toEqual(['int8_gate_model_chain']);
    expect(
      symbols
        .filter((line) => / [bBdD] (?!\.)/.test(line))
        .map((line) => line.split(' ').at(-1))
        .filter((name) => !/^(model|inputs|outputs)$/.test(name!)),
    ).toEqual([]);
  });
});

describe('names from a file', () => {
  const hostile = '*/ int system(); /* "quoted" \\ \n #error ??/ \u{1F4A5} %s';

  test('cannot leave a comment or a string', async () => {
    const graph = { ...chain, name: hostile, tensors: chain.tensors.map((t) => ({ ...t, name: hostile })) };
    const options = { ...host, name: hostile, symbol: cIdentifier(hostile), cacheDir };
    const build = await compileModel(modelOf(graph), options);
    expect(build.inputs[0].name).toBe(hostile);
    expect(cComment(hostile)).not.toMatch(/\*\/|\n|\\/);
    expect(cString('"a\\\n?é')).toBe('"\\042a\\134\\012\\077\\303\\251"');
  });

  test('become identifiers', () => {
    expect(cIdentifier('mobilenet_v1-0.25 (2)')).toBe('mobilenet_v1_0_25__2_');
    expect(cIdentifier('2nd')).toBe('m2nd');
    expect(cIdentifier('')).toBe('m');
  });
});

test('an operator that depends on values known only at run time is refused by name', () => {
  const graph: Graph = {
    name: 'dynamic',
    tensors: [
      named('x', 'int8', [2, 3], q),
      { ...ints([1, 0]), name: 'order', data: null },
      named('y', 'int8', [3, 2], q),
    ],
    nodes: [node('transpose', [0, 1], [2])],
    inputs: [0, 1],
    outputs: [2],
  };
  expect(() => generate(graph, host)).toThrow(InputError);
  expect(() => generate(graph, host)).toThrow(/#0 transpose → "y" cannot be compiled/);
});
