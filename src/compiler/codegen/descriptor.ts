import type { DType } from '../../model/tensor/dtype.ts';
import type { Port } from '../build.ts';
import { cFloat, cString } from './c.ts';

/** `dtype` in int8_gate.h: TFLite's numbers. */
const DTYPE_NUMBERS: Readonly<Record<DType, number>> = {
  float32: 0,
  float16: 1,
  int32: 2,
  uint8: 3,
  int64: 4,
  bool: 6,
  int16: 7,
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
}

/** The C of the model's descriptor and of the one function it exports; expects static `init` and `run` above it. */
export function describe(model: Description): string {
  const strings = [model.name, model.target, model.profile].map(cString).join(', ');
  return `${ports('inputs', model.inputs)}${ports('outputs', model.outputs)}
static const int8_gate_model model = {
  1, ${strings}, ${model.arenaBytes}, ${model.arenaAlign}, ${model.inputs.length}, ${model.outputs.length}, inputs, outputs, init, run,
};
__attribute__((visibility("default"))) const int8_gate_model *int8_gate_model_${model.symbol}(void);
const int8_gate_model *int8_gate_model_${model.symbol}(void) { return &model; }
`;
}
