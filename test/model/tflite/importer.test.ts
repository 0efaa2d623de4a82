import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { writeRoot } from '../../../src/model/tflite/flatbuffer.ts';
import { importModel, readModel } from '../../../src/model/tflite/importer.ts';
import { builtinCode } from '../../../src/model/tflite/operators.ts';
import type { ValueOf } from '../../../src/model/tflite/scalars.ts';
import {
  Buffer as BufferTable,
  IDENTIFIER,
  ModelTable,
  Operator,
  OperatorCode,
  QuantizationParameters,
  SubGraph,
  Tensor,
  type TensorRecord,
} from '../../../src/model/tflite/schema/model.ts';
import { builtinOptions } from '../../../src/model/tflite/schema/options.ts';
import { bad, badModel, good, goodArray, goodModel } from '../../fixtures/model/index.ts';

/** The message of the InputError that importing throws. */
function refusal(bytes: Uint8Array, file = 'models/m.tflite'): string {
  try {
    importModel(bytes, file);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  throw new Error('the model was accepted');
}

describe('models of the official converter', () => {
  it.each(good)('$name has the inputs, outputs and operators that TFLite sees', ({ name, ops, inputs, outputs }) => {
    const model = importModel(goodModel(name), `some/where/${name}.tflite`);
    const graph = model.subgraphs[0];
    expect(model.name).toBe(name);
    expect(readModel(goodModel(name), name).operators.map((op) => op.name)).toEqual(ops);
    for (const [ids, ports] of [
      [graph.inputs, inputs],
      [graph.outputs, outputs],
    ] as const) {
      expect(ids).toHaveLength(ports.length);
      for (const [i, port] of ports.entries()) {
        const golden = goodArray(port.file);
        const tensor = graph.tensors[ids[i]];
        expect({ dtype: tensor.dtype, rank: tensor.shape.length }).toEqual({
          dtype: golden.dtype,
          rank: golden.shape.length,
        });
        if (tensor.signature === undefined) expect(tensor.shape).toEqual(golden.shape);
      }
    }
  });

  it('have their INT4 weights unpacked to one value an element', () => {
    const { tensors } = importModel(goodModel('conv_2d-int4-16'), 'm').subgraphs[0];
    const weights = tensors.find((t) => t.dtype === 'int4');
    const values = Array.from(weights?.data as Int8Array);
    expect(values).toHaveLength(weights?.shape.reduce((a, b) => a * b, 1) ?? -1);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-8);
    expect(Math.max(...values)).toBeLessThanOrEqual(7);
    expect(new Set(values).size).toBeGreaterThan(4);
  });

  it('tell quantizing from requantizing by what comes in', () => {
    const requantize = importModel(goodModel('quantize-int8-to_uint8_5'), 'm').subgraphs[0];
    expect(requantize.nodes.map((n) => n.kind)).toEqual(['qnn.requantize']);
  });

  it('have shapes that the file leaves open computed from the default batch', () => {
    const { tensors, nodes } = importModel(goodModel('graph-int8-cv_dynamic_batch1'), 'm').subgraphs[0];
    const reshape = nodes.find((n) => n.kind === 'reshape')!;
    const dense = nodes.find((n) => n.kind === 'nn.dense')!;
    const columns = tensors[dense.inputs[1]].shape[1];
    expect(tensors[reshape.outputs[0]].shape).toEqual([1, columns]);
  });
});

describe('files that are no models', () => {
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n';
  it.each([
    ['an empty file', new Uint8Array(), /is empty/],
    ['a Git LFS pointer', new TextEncoder().encode(pointer), /Git LFS pointer.*git lfs pull/],
    ['a compressed model', new Uint8Array(gzipSync(goodModel('add-int8-b'))), /gzip/],
    ['a text', new TextEncoder().encode('# a README that was given by mistake'), /not a \.tflite file/],
    ['a few bytes', new Uint8Array(5), /truncated/],
    ['a Keras file', Uint8Array.of(0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10, 0, 0), /HDF5/],
  ])('%s is named for what it is', (_, bytes, message) => {
    const text = refusal(bytes);
    expect(text).toMatch(message);
    expect(text).toMatch(/^models\/m\.tflite: /);
  });

  it('a model cut short anywhere is refused, or whole', () => {
    const whole = goodModel('conv_2d-int8-06');
    for (let length = 0; length < whole.length - 8; length++) expect(refusal(whole.slice(0, length))).not.toBe('');
  });
});

describe('hostile files', () => {
  it.each(bad)('$name ($wrong): $expect', ({ model, expect: wanted }) => {
    if (wanted === 'accept') expect(importModel(badModel(model), model).subgraphs.length).toBeGreaterThan(0);
    else expect(refusal(badModel(model), model)).toContain(model);
  });

  it.each(['inputs', 'outputs'] as const)('have few words for a million %s that do not exist', (ports) => {
    const many = new Array<number>(1_000_000).fill(99);
    const add = Operator.of({ opcodeIndex: 0, inputs: [0, 0], outputs: [1], [ports]: many });
    const tensor = Tensor.of({ name: 't', shape: [2] });
    const record = ModelTable.of({
      version: 3,
      operatorCodes: [OperatorCode.of({ builtinCode: builtinCode('ADD') })],
      subgraphs: [SubGraph.of({ tensors: [tensor, tensor], inputs: [0], outputs: [1], operators: [add] })],
      buffers: [BufferTable.of({})],
    });
    const before = process.cpuUsage();
    const { problems, malformed } = readModel(writeRoot(ModelTable, record, IDENTIFIER), 'm.tflite');
    expect(process.cpuUsage(before).user).toBeLessThan(2e6);
    expect(malformed).toBe(true);
    expect(problems.join()).toMatch(/it has 1000000 (operands|results), at most 10000 are supported/);
    expect(problems.join().length).toBeLessThan(1000);
  });

  it('never do anything but be imported or refused, whatever bytes are changed', () => {
    const files = good.map(({ name }) => goodModel(name));
    fc.assert(
      fc.property(
        fc.nat(),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (which, changes) => {
          const file = files[which % files.length].slice();
          for (const [at, byte] of changes) file[at % file.length] = byte;
          try {
            importModel(file, 'm.tflite');
          } catch (error) {
            if (!(error instanceof InputError)) throw error;
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('what is wrong with a model', () => {
  const quantized = (scale: number[], zeroPoint: number[], quantizedDimension = 0) =>
    QuantizationParameters.of({ scale, zeroPoint, quantizedDimension });
  const activation = (name: string, shape: number[], given: Partial<TensorRecord> = {}): TensorRecord =>
    Tensor.of({ name, shape, type: 'INT8', quantization: quantized([0.5], [0]), ...given });
  /** A file with these tensors and one operator each of the given codes on tensors 0 → 1. */
  const file = (
    tensors: TensorRecord[],
    codes: Parameters<typeof builtinCode>[0][],
    buffers: (ValueOf<typeof BufferTable> & {})[] = [],
  ): Uint8Array =>
    writeRoot(
      ModelTable,
      ModelTable.of({
        version: 3,
        operatorCodes: codes.map((code) => OperatorCode.of({ builtinCode: builtinCode(code) })),
        subgraphs: [
          SubGraph.of({
            tensors,
            inputs: [0],
            outputs: [1],
            operators: codes.map((_, i) => Operator.of({ opcodeIndex: i, inputs: [0], outputs: [1] })),
          }),
        ],
        buffers: [BufferTable.of({}), ...buffers],
      }),
      IDENTIFIER,
    );

  it('is told all at once, with operator index, name, tensors and types', () => {
    const message = refusal(
      file([activation('in', [1, 4]), activation('out', [1, 4])], ['STABLEHLO_SORT', 'RELU', 'SKIP_GRAM']),
    );
    expect(message).toContain('2 problems');
    expect(message).toContain(
      'operator #0 STABLEHLO_SORT ("in" int8[1, 4] → "out" int8[1, 4]): this operator is not supported',
    );
    expect(message).toContain('operator #2 SKIP_GRAM');
    expect(message).not.toContain('operator #1');
  });

  it.each([
    ['SKIP_GRAM', 'strings'],
    ['RANDOM_UNIFORM', 'random numbers'],
    ['HASHTABLE_FIND', 'hash table'],
    ['STABLEHLO_COMPOSITE', 'decomposition, are missing'],
  ] as const)('says why it is refused: %s', (code, reason) => {
    expect(refusal(file([activation('in', [1, 4]), activation('out', [1, 4])], [code]))).toContain(reason);
  });

  it.each([
    ['edgetpu-custom-op', 'Edge TPU compiler'],
    ['ethos-u', 'Vela'],
    ['DISPATCH_OP', "an NPU's compiler"],
    ['MyOperator', 'not in the file'],
  ])('says of the custom operator %s what to do', (customCode, reason) => {
    const custom = ModelTable.of({
      version: 3,
      operatorCodes: [OperatorCode.of({ builtinCode: builtinCode('CUSTOM'), customCode })],
      subgraphs: [
        SubGraph.of({
          tensors: [activation('in', [1, 4]), activation('out', [1, 4])],
          inputs: [0],
          outputs: [1],
          operators: [Operator.of({ inputs: [0], outputs: [1] })],
        }),
      ],
      buffers: [BufferTable.of({})],
    });
    const message = refusal(writeRoot(ModelTable, custom, IDENTIFIER));
    expect(message).toContain(reason);
    expect(message.includes('hand in the .tflite')).toBe(customCode !== 'MyOperator');
  });

  it('is a composite whose decomposition does not exist, contains it, does not fit or grows without end', () => {
    const code = OperatorCode.of({ builtinCode: builtinCode('STABLEHLO_COMPOSITE') });
    const empty = { name: null, compositeAttributes: null, compositeAttributesFormat: 0, version: 1 };
    const composite = (decompositionSubgraphIndex: number, inputs = [0]) =>
      Operator.of({
        inputs,
        outputs: [1],
        builtinOptions2: {
          type: 'StableHLOCompositeOptions',
          value: { ...empty, decompositionSubgraphIndex },
        },
      });
    const tensors = [activation('in', [1, 4]), activation('out', [1, 4])];
    const graph = (...operators: ReturnType<typeof composite>[]) =>
      SubGraph.of({ tensors, inputs: [0], outputs: [1], operators });
    const message = (...subgraphs: ReturnType<typeof graph>[]): string =>
      refusal(
        writeRoot(
          ModelTable,
          ModelTable.of({ version: 3, operatorCodes: [code], subgraphs, buffers: [BufferTable.of({})] }),
          IDENTIFIER,
        ),
      );
    expect(message(graph(composite(7)))).toContain('subgraph 7, which does not exist');
    expect(message(graph(composite(1)), graph(composite(0)))).toContain('contains it again');
    expect(message(graph(composite(1, [0, 0])), graph())).toContain('has 1 inputs and 1 outputs for 2 and 1');
    const doubling = Array.from({ length: 40 }, (_, i) => graph(composite(i + 1), composite(i + 1)));
    expect(message(...doubling, graph())).toContain('add more than');
  });

  it('is listed beside the operators by readModel', () => {
    const reading = readModel(
      file([activation('in', [1, 4]), activation('out', [1, 4])], ['STABLEHLO_SORT', 'RELU']),
      'm',
    );
    expect(reading.model).toBeNull();
    expect(reading.operators.map(({ name, kind }) => [name, kind])).toEqual([
      ['STABLEHLO_SORT', null],
      ['RELU', 'nn.relu'],
    ]);
  });

  it('includes every faulty tensor', () => {
    const message = refusal(
      file(
        [
          activation('in', [1, 4], { quantization: quantized([Number.NaN], [0]) }),
          activation('out', [1, 4], { quantization: quantized([0.5], [500]) }),
          activation('weights', [2, 4], { buffer: 1 }),
          activation('axis', [2, 4], { quantization: quantized([1, 2], [0, 0], 5) }),
        ],
        ['RELU'],
        [BufferTable.of({ data: new Uint8Array(7) })],
      ),
    );
    expect(message).toMatch(/tensor #0 "in": its scale NaN/);
    expect(message).toMatch(/tensor #1 "out": its zero point 500 lies outside int8/);
    expect(message).toMatch(/tensor #2 "weights": its buffer has 7 bytes where int8 \[2, 4\] needs 8/);
    expect(message).toMatch(/tensor #3 "axis": it is quantized along dimension 5/);
  });

  it('is not the axis of a one-dimensional bias, which some converters get wrong', () => {
    const scales = [0.5, 0.25, 0.125];
    const tensors = [
      activation('in', [1, 4]),
      activation('out', [1, 4]),
      activation('bias', [3], { type: 'INT32', quantization: quantized(scales, [0, 0, 0], 3), buffer: 1 }),
    ];
    const { tensors: read } = importModel(file(tensors, ['RELU'], [BufferTable.of({ data: new Uint8Array(12) })]), 'm')
      .subgraphs[0];
    expect(read[2].quantization).toEqual({ scales, zeroPoints: [0, 0, 0], axis: 0 });
  });

  it('cannot flood the message or write control characters into it', () => {
    const many = Array.from({ length: 500 }, () => 'STABLEHLO_SORT' as const);
    const message = refusal(file([activation('a\u001b[31m\n"b', [1]), activation('out', [1])], many));
    expect(message).toContain('500 problems');
    expect(message.length).toBeLessThan(20_000);
    expect(message).not.toContain('\u001b');
    expect(message).toContain('… and 460 more');
  });

  it('is not that constants stand behind the tables, as in files over 2 GB', () => {
    const tensors = [activation('in', [1, 4]), activation('out', [1, 4]), activation('w', [3], { buffer: 1 })];
    const head = file(tensors, ['RELU'], [BufferTable.of({ offset: 4096, size: 3 })]);
    const whole = new Uint8Array(4099);
    whole.set(head);
    whole.set([5, 250, 7], 4096);
    expect(importModel(whole, 'm').subgraphs[0].tensors[2].data).toEqual(Int8Array.of(5, -6, 7));
    expect(refusal(whole.slice(0, -1))).toMatch(/lies outside the file/);
  });
});

describe('the schema', () => {
  // Numbers as published in TFLite's schema; files depend on them.
  it.each([
    ['ADD', 0],
    ['CONV_2D', 3],
    ['CUSTOM', 32],
    ['MEAN', 40],
    ['QUANTIZE', 114],
    ['BATCH_MATMUL', 126],
    ['PLACEHOLDER_FOR_GREATER_OP_CODES', 127],
    ['CUMSUM', 128],
    ['GELU', 150],
    ['STABLEHLO_LOGISTIC', 162],
    ['DILATE', 203],
  ] as const)('gives %s the number %i', (name, number) => expect(builtinCode(name)).toBe(number));

  it.each([
    ['Conv2DOptions', 1],
    ['FullyConnectedOptions', 8],
    ['ReshapeOptions', 17],
    ['QuantizeOptions', 89],
    ['BatchMatMulOptions', 101],
    ['RightShiftOptions', 126],
  ] as const)('gives %s the tag %i', (name, tag) => expect(Object.keys(builtinOptions).indexOf(name) + 1).toBe(tag));
});
