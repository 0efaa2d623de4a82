import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { parseModel } from '../../../src/model/ir/parse.ts';
import { constantsOf, printModel } from '../../../src/model/ir/print.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { good, goodModel } from '../../fixtures/model/index.ts';
import { models } from '../graphs.ts';

describe('the text form', () => {
  it('says everything about a model when constants are inline', () => {
    fc.assert(
      fc.property(models, (model) => {
        const text = printModel(model, { constants: 'inline' });
        const read = parseModel(text);
        expect(read).toEqual(model);
        expect(printModel(read, { constants: 'inline' })).toBe(text);
      }),
    );
  });

  it('says everything but the constants when they are named by digest', () => {
    fc.assert(
      fc.property(models, (model) => {
        expect(parseModel(printModel(model), constantsOf(model))).toEqual(model);
      }),
    );
  });

  it.each(good)('holds $name', ({ name }) => {
    const model = importModel(goodModel(name), name);
    expect(parseModel(printModel(model, { constants: 'inline' }))).toEqual(model);
  });

  it('uses the qnn names, with the parameters as attributes, where tensors are quantized', () => {
    const line = printModel(importModel(goodModel('fully_connected-int8-2'), 'm'))
      .split('\n')
      .find((l) => l.includes('dense('));
    expect(line).toMatch(
      /= qnn\.dense\(.*input_scale=.* input_zero_point=.* kernel_scale=.*output_scale=.*output_zero_point=/,
    );
    const hybrid = printModel(importModel(goodModel('conv_2d-hybrid-16'), 'm'));
    expect(hybrid).toMatch(/= nn\.conv2d\(/);
  });

  it('keeps special values', () => {
    const data = Float32Array.of(-0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45);
    const [model] = fc.sample(models, 1);
    const [graph] = model.subgraphs;
    const odd = { name: '"\\\n', dtype: 'float32', shape: [4], quantization: null, data } as const;
    const whole = { ...model, subgraphs: [{ ...graph, tensors: [...graph.tensors, odd] }] };
    const read = parseModel(printModel(whole, { constants: 'inline' }));
    expect(read.subgraphs[0].tensors[graph.tensors.length]).toEqual(odd);
  });

  const graph = (...lines: string[]): string => ['model "m"', 'graph "g" (%0) -> (%1)', ...lines].join('\n');
  const input = '%0 = input "x" int8[1, 4] scale 0.5 zero_point 0';
  it.each([
    ['no model', 'graph "g"', /line 1: expected "model"/],
    [
      'an unknown operator',
      graph(input, '%1 "y" int8[1, 4] = nn.frobnicate(%0) @0'),
      /line 4: nn\.frobnicate is not an operator/,
    ],
    ['an unknown type', graph('%0 = input "x" int5[1]'), /line 3: int5 is not an element type/],
    ['a tensor declared twice', graph(input, input), /line 4: %0 is declared twice/],
    ['a missing tensor', graph('%3 = input "x" int8[1]'), /%0 is not declared/],
    ['a value used early', graph('%1 "y" int8[1, 4] = nn.relu(%0) @0', input), /line 4: %0 is used before/],
    ['a constant that is not handed in', graph('%0 = constant "x" int8[32] = sha256 "00"'), /no constant sha256 "00"/],
    ['too few numbers', graph('%0 = constant "x" int8[3] = [1, 2]'), /2 numbers for 3 elements/],
    ['bytes of another length', graph('%0 = constant "x" int32[1] = base64 "AAAA"'), /3 bytes for 1 elements/],
    [
      'a plain name on quantized tensors',
      graph(input, '%1 "y" int8[1, 4] scale 0.5 zero_point 0 = nn.relu(%0) @0'),
      /make it qnn\.relu/,
    ],
    [
      'parameters that contradict the tensors',
      graph(input, '%1 "y" int8[1, 4] = qnn.relu(%0) input_scale=0.25 input_zero_point=0 @0'),
      /line 4: input_scale is 0\.25, but the tensor says 0\.5/,
    ],
    ['what is no token', 'model "m" ~', /line 1: cannot read "~"/],
    ['an open list', graph('%0 = input "x" int8[1, 2'), /expected "\]", found the end/],
  ])('refuses %s and names the line', (_, text, message) => {
    expect(() => parseModel(text)).toThrow(InputError);
    expect(() => parseModel(text)).toThrow(message);
  });
});
