import { bytes, deprecated, string, table, union, vector } from '../flatbuffer.ts';
import {
  bool,
  float32,
  int8,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  type ValueOf,
  withDefault,
} from '../scalars.ts';
import { DimensionType, TensorType } from './enums.ts';
import { BuiltinOptions, BuiltinOptions2 } from './options.ts';

/** TFLite's schema, version 3: a file's tables. Identifier and version of the files this project reads and writes. */
export const IDENTIFIER = 'TFL3';
export const SCHEMA_VERSION = 3;

export const OperatorCode = table({
  /** The code where it is below 127; files older than 2020 know only this field. */
  deprecatedBuiltinCode: int8,
  customCode: string,
  version: withDefault(int32, 1),
  builtinCode: int32,
});

const QuantizationDetails = union('QuantizationDetails', ['NONE', 'CustomQuantization', 'BlockwiseQuantization'], {
  CustomQuantization: table({ custom: bytes }),
  BlockwiseQuantization: table({ scales: int32, zeroPoints: int32, blockSize: int32 }),
});
export const QuantizationParameters = table({
  min: vector(float32),
  max: vector(float32),
  scale: vector(float32),
  zeroPoint: vector(int64),
  details: QuantizationDetails,
  quantizedDimension: int32,
});

const SparseIndices = union('SparseIndexVector', ['NONE', 'Int32Vector', 'Uint16Vector', 'Uint8Vector'], {
  Int32Vector: table({ values: vector(int32) }),
  Uint16Vector: table({ values: vector(uint16) }),
  Uint8Vector: table({ values: vector(uint8) }),
});
export const SparsityParameters = table({
  traversalOrder: vector(int32),
  blockMap: vector(int32),
  dimMetadata: vector(
    table({ format: DimensionType, denseSize: int32, arraySegments: SparseIndices, arrayIndices: SparseIndices }),
  ),
});

export const Tensor = table({
  shape: vector(int32),
  type: TensorType,
  buffer: uint32,
  name: string,
  quantization: QuantizationParameters,
  isVariable: bool,
  sparsity: SparsityParameters,
  shapeSignature: vector(int32),
  hasRank: bool,
  variantTensors: vector(table({ shape: vector(int32), type: TensorType, hasRank: bool })),
  externalBuffer: uint32,
});

export const Operator = table({
  opcodeIndex: uint32,
  inputs: vector(int32),
  outputs: vector(int32),
  builtinOptions: BuiltinOptions,
  customOptions: bytes,
  customOptionsFormat: int8,
  mutatingVariableInputs: vector(bool),
  intermediates: vector(int32),
  largeCustomOptionsOffset: uint64,
  largeCustomOptionsSize: uint64,
  builtinOptions2: BuiltinOptions2,
  debugMetadataIndex: withDefault(int32, -1),
});

export const SubGraph = table({
  tensors: vector(Tensor),
  inputs: vector(int32),
  outputs: vector(int32),
  operators: vector(Operator),
  name: string,
  debugMetadataIndex: withDefault(int32, -1),
});

/** `offset` and `size` place the data behind the FlatBuffer, in files over 2 GB. */
export const Buffer = table({ data: bytes, offset: uint64, size: uint64 });
export const Metadata = table({ name: string, buffer: uint32 });
export const TensorMap = table({ name: string, tensorIndex: uint32 });
export const SignatureDef = table({
  inputs: vector(TensorMap),
  outputs: vector(TensorMap),
  signatureKey: string,
  _slot3: deprecated,
  subgraphIndex: uint32,
});

export const ModelTable = table({
  version: uint32,
  operatorCodes: vector(OperatorCode),
  subgraphs: vector(SubGraph),
  description: string,
  buffers: vector(Buffer),
  metadataBuffer: vector(int32),
  metadata: vector(Metadata),
  signatureDefs: vector(SignatureDef),
  externalBufferGroups: vector(table({ name: string })),
  externalBuffers: vector(table({ id: uint32, group: uint32, offset: uint64, length: uint64, packing: string })),
});

export type ModelRecord = ValueOf<typeof ModelTable> & {};
export type TensorRecord = ValueOf<typeof Tensor> & {};
export type OperatorRecord = ValueOf<typeof Operator> & {};
export type SubGraphRecord = ValueOf<typeof SubGraph> & {};
