import { createHash } from 'node:crypto';
import type { Port } from './build.ts';
import type { CompiledModel } from './compile.ts';
import { ALIGNMENT } from './emission/alignment.ts';
import { cComment } from './emission/c.ts';
import { compileFlags, linkedFiles } from './toolchain/index.ts';

/** What a team deploys, as file names and contents; the manifest comes last. */
export type PackageFiles = readonly (readonly [name: string, content: string | Uint8Array])[];

export interface PackageOptions {
  /** The bytes of the .tflite file, for its digest. */
  readonly model: Uint8Array;
  readonly cacheDir?: string;
}

/** Everything that `int8-gate build` writes for a compiled model. */
export async function packageModel(build: CompiledModel, options: PackageOptions): Promise<PackageFiles> {
  const { name, symbol, target, object } = build;
  const { header, archive, shared } = await linkedFiles(object, symbol, target, options);
  const files = { header: `${name}.h`, archive: `${name}.a`, shared: `${name}.so` };
  const sha256 = createHash('sha256').update(options.model).digest('hex');
  return [
    ['int8_gate.h', header],
    [files.header, modelHeader(build)],
    [files.archive, archive],
    [files.shared, shared],
    ['manifest.json', `${JSON.stringify(manifest(build, sha256, files), null, 2)}\n`],
  ];
}

/** The header that declares one model. */
function modelHeader({ name, symbol, target, arenaBytes, inputs, outputs }: CompiledModel): string {
  const guard = `INT8_GATE_MODEL_${symbol.toUpperCase()}_H`;
  const port = (kind: string) => (p: Port, i: number) =>
    ` *   ${kind} ${i}: ${cComment(p.name)}, ${p.dtype} [${p.shape.join(', ')}], ${p.bytes} bytes`;
  return `/* ${cComment(name)} for ${target.name}, compiled by int8-gate.
${[...inputs.map(port('input')), ...outputs.map(port('output'))].join('\n')}
 */
#ifndef ${guard}
#define ${guard}

#include "int8_gate.h"

/* For an arena that is not allocated: static _Alignas(${ALIGNMENT}) unsigned char arena[…]; */
#define INT8_GATE_ARENA_BYTES_${symbol} ${arenaBytes}

#ifdef __cplusplus
extern "C" {
#endif
const int8_gate_model *int8_gate_model_${symbol}(void);
#ifdef __cplusplus
}
#endif
#endif
`;
}

function manifest(build: CompiledModel, sha256: string, files: Readonly<Record<string, string>>) {
  const { name, symbol, target, profile, arenaBytes, threads = 1, inputs, outputs, macs, object } = build;
  return {
    schema: 'int8-gate/manifest@1',
    name,
    symbol: `int8_gate_model_${symbol}`,
    model: { sha256 },
    target: { name: target.name, arch: target.arch, cpu: target.cpu, features: target.features },
    profile,
    arena: { bytes: arenaBytes, align: ALIGNMENT },
    threads,
    inputs: inputs.map(describePort),
    outputs: outputs.map(describePort),
    macs,
    compiler: { version: object.compiler.version, flags: compileFlags(object.compiler, target) },
    files,
  };
}

const describePort = ({ name, dtype, shape, bytes, quantization, varies, bound }: Port) => ({
  name,
  dtype,
  shape,
  bytes,
  quantization: quantization && {
    scales: quantization.scales,
    zeroPoints: quantization.zeroPoints,
    ...(quantization.scales.length > 1 && { axis: quantization.axis }),
  },
  ...(varies && { varies }),
  ...(bound && { bound: Array.from(bound as Iterable<number | bigint>, Number) }),
});
