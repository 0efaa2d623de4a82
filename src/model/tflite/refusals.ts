import type { BuiltinOperator } from './schema/enums.ts';

/** Why operators of a kind are refused, in one sentence. */
const RANDOM = 'it gives random numbers, which differ from run to run, so that there is nothing to compare';
const STRINGS = 'it works on strings, which are not supported: hand in the part of the model that computes on numbers';
const TABLES =
  'it looks values up in a hash table, which is not supported: hand in the part of the model behind the lookup';

const REASONS: Partial<Record<BuiltinOperator, string>> = {
  RANDOM_STANDARD_NORMAL: RANDOM,
  RANDOM_UNIFORM: RANDOM,
  MULTINOMIAL: RANDOM,
  STABLEHLO_RNG_BIT_GENERATOR: RANDOM,
  SKIP_GRAM: STRINGS,
  HASHTABLE: TABLES,
  HASHTABLE_FIND: TABLES,
  HASHTABLE_IMPORT: TABLES,
  HASHTABLE_SIZE: TABLES,
  HASHTABLE_LOOKUP: TABLES,
  DELEGATE: 'it stands for a part of the model that only a delegate has: hand in the .tflite from before',
};

/** Custom operators that accelerators' compilers leave: which ones, and what such a compiler is called. */
const COMPILED: readonly (readonly [name: RegExp, compiler: string])[] = [
  [/^edgetpu-custom-op/, 'the Edge TPU compiler'],
  [/^ethos-u/, "Arm's Vela, for an Ethos-U"],
  [/dispatch|^(qnn|neuron|mtk|npu|vx|vsi|eden|enn|openvino)/i, "an NPU's compiler"],
];

/** Why an operator that the project does not know is refused. `custom`: the name of a custom one. */
export function refusal(builtin: BuiltinOperator, custom: string | null): string {
  if (builtin !== 'CUSTOM') return REASONS[builtin] ?? 'this operator is not supported';
  const name = custom ?? '';
  if (name.startsWith('Flex')) return 'TensorFlow operators are not supported: convert with built-in operators only';
  const compiler = COMPILED.find(([pattern]) => pattern.test(name))?.[1];
  if (compiler !== undefined)
    return `this part of the model has been compiled by ${compiler}, into code for that accelerator alone: hand in the .tflite that went into the compiler`;
  return 'a custom operator is not supported: what it computes is not in the file, but in the program that it was made for';
}
