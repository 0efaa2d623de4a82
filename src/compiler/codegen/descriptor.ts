import type { DType } from '../../model/tensor/dtype.ts';
import type { Port } from '../build.ts';
import { cFloat, cString } from '../emission/c.ts';

/** `dtype` in int8_gate.h: TFLite's numbers. */
const DTYPE_NUMBERS: Readonly<Record<DType, number>> = {
  float32: 0,
  float16: 1,
  int32: 2,
  uint8: 3,
  int64: 4,
  bool: 6,
  int16: 7,
  complex64: 8,
  int8: 9,
  float64: 10,
  uint64: 12,
  resource: 13,
  uint32: 15,
  uint16: 16,
  int4: 17,
};

function ports(kind: 'inputs' | 'outputs', list: readonly Port[]): string {
  const dims = list.map(
    (port, i) => `static const int32_t ${kind}_${i}_dims[] = {${[...port.shape, 0].join(', ')}};\n`,
  );
  const rows = list.map((port, i) => {
    const q = port.quantization?.scales.length === 1 ? port.quantization : null;
    const scale = cFloat(q?.scales[0] ?? 0);
    return `  {${cString(port.name)}, ${DTYPE_NUMBERS[port.dtype]}, ${port.shape.length}, ${kind}_${i}_dims, ${port.bytes}, ${scale}, ${q?.zeroPoints[0] ?? 0}},\n`;
  });
  // A model may have no inputs, but C has no empty arrays.
  return `${dims.join('')}static const int8_gate_tensor ${kind}[] = {\n${rows.join('') || '  {0}\n'}};\n`;
}

export interface Description {
  readonly name: string;
  readonly symbol: string;
  readonly target: string;
  readonly profile: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly arenaBytes: number;
  readonly arenaAlign: number;
  readonly threads: number;
  /** By output: arena offset of its first extent, if that depends on data. */
  readonly extents: readonly (number | undefined)[];
}

/** `output_dims`: an output's extents; a first extent that depends on data is read from the arena. */
function outputDims(extents: Description['extents']): string {
  const kept = extents.flatMap((offset, i) =>
    offset === undefined ? [] : [`  if (output == ${i}) memcpy(dims, (const uint8_t *)arena + ${offset}, 4);\n`],
  );
  return `
static void output_dims(const void *arena, int32_t output, int32_t *dims) {
  for (int32_t i = 0; i < outputs[output].rank; i++) dims[i] = outputs[output].dims[i];
${kept.join('')}}
`;
}

/** The C of the model's descriptor and exported function; follows the static `init`, `run` and `run_parallel`. */
export function describe(model: Description): string {
  const strings = [model.name, model.target, model.profile].map(cString).join(', ');
  const varies = model.extents.some((offset) => offset !== undefined);
  return `${ports('inputs', model.inputs)}${ports('outputs', model.outputs)}${varies ? outputDims(model.extents) : ''}
static const int8_gate_model model = {
  1, ${strings}, ${model.arenaBytes}, ${model.arenaAlign}, ${model.inputs.length}, ${model.outputs.length}, inputs, outputs, init, run, ${varies ? 'output_dims' : 'NULL'}, ${model.threads}, run_parallel,
};
__attribute__((visibility("default"))) const int8_gate_model *int8_gate_model_${model.symbol}(void);
const int8_gate_model *int8_gate_model_${model.symbol}(void) { return &model; }
`;
}
