import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import type { Port } from '../../../src/compiler/build.ts';
import { type Files, openFiles } from '../../../src/gate/data/files.ts';
import { type DType, itemSize, type TensorData } from '../../../src/model/tensor/dtype.ts';
import { perTensor, type Quantization } from '../../../src/model/tensor/quantization.ts';
import { elements, type Shape } from '../../../src/model/tensor/shape.ts';

/** A folder with these files, removed after the tests of the file. */
export function folderOf(contents: Readonly<Record<string, string | Uint8Array>>): Files {
  const root = mkdtempSync(join(tmpdir(), 'int8-gate-data-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return openFiles(root);
}

export const port = (dtype: DType, shape: Shape, quantization: Quantization | null = null, name = 'x'): Port => ({
  ...{ name, dtype, shape, quantization },
  bytes: elements(shape) * itemSize(dtype),
});

/** The input of an INT8 model and that of its FP32 partner. */
export const portPair = (shape: Shape, scale: number, zeroPoint: number, dtype: DType = 'int8') => ({
  int8: [port(dtype, shape, perTensor(scale, zeroPoint))],
  fp32: [port('float32', shape)],
});

export const bytesOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
export const floatsOf = (data: TensorData): number[] => [...new Float32Array(data.slice().buffer)];
export const int8sOf = (data: TensorData): number[] => [...new Int8Array(data.slice().buffer)];
