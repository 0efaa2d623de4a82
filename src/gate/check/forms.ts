import { InputError } from '../../errors.ts';
import { type Model, operandsOf, resultsOf } from '../../model/ir/graph.ts';
import { isFloat, isQuantizable } from '../../model/tensor/dtype.ts';
import type { Files } from '../data/files.ts';

/**
 * What a model's numbers are.
 *
 * * `integer`: some operator computes on quantized activations
 * * `hybrid`: activations are float, some weights quantized
 * * `half`: activations are float, some weights float16
 * * `float`: nothing is quantized
 */
export type Form = 'integer' | 'hybrid' | 'half' | 'float';

export function formOf(model: Model): Form {
  const nodes = model.subgraphs.flatMap((graph) =>
    graph.nodes.map((node) => ({ node, tensors: [...operandsOf(graph, node), ...resultsOf(graph, node)] })),
  );
  const has = (
    test: (t: { readonly dtype: string; readonly constant: boolean; readonly scaled: boolean }) => boolean,
  ) =>
    nodes.some(({ node, tensors }) =>
      // Operators that only change the form of numbers stand at the edges of float models too.
      tensors.some(
        (t) =>
          t !== null &&
          !(node.kind.startsWith('qnn.') && t.data === null) &&
          test({
            dtype: t.dtype,
            constant: t.data !== null,
            scaled: isQuantizable(t.dtype) && t.quantization !== null,
          }),
      ),
    );
  if (has(({ constant, scaled }) => scaled && !constant)) return 'integer';
  if (has(({ constant, scaled }) => scaled && constant)) return 'hybrid';
  if (has(({ constant, dtype }) => constant && dtype === 'float16')) return 'half';
  return has(({ dtype }) => isFloat(dtype as never)) ? 'float' : 'integer';
}

/** What stands in a configuration's entry by which name. */
export interface Named {
  readonly path: string;
  readonly model: Model;
}

/**
 * Whether `int8` is quantized and `fp32` is not.
 *
 * @param fp32 null: the dequantized twin stands in
 * @returns notes for what is unusual but can be meant
 * @throws InputError where the two are exchanged, or one is what the other should be
 */
export function checkForms(int8: Named, fp32: Named | null): string[] {
  const [a, b] = [formOf(int8.model), fp32 === null ? null : formOf(fp32.model)];
  if (fp32 !== null && b === 'integer') {
    throw new InputError(
      a === 'integer'
        ? `fp32: ${fp32.path} is a quantized model; name the network as it was before quantization, or leave fp32 out`
        : `int8: ${int8.path} is ${FORMS[a]}, and fp32: ${fp32.path} is quantized: the two are exchanged`,
    );
  }
  if (a === 'float') {
    throw new InputError(
      `int8: ${int8.path} is ${FORMS.float}: nothing in it is quantized, so there is nothing to gate`,
    );
  }
  const notes: string[] = [];
  if (a !== 'integer') notes.push(`The INT8 side is ${FORMS[a]}: ${CONSEQUENCES[a]}`);
  if (b !== null && b !== 'float' && fp32 !== null)
    notes.push(`The FP32 side is ${FORMS[b]}: what its weights lost by rounding is missing from the drop.`);
  return notes;
}

/**
 * Refuses one file under two names.
 * @throws InputError where both hold the same bytes
 */
export function checkDistinct(int8: string, fp32: string, files: Files): void {
  const [a, b] = [files.read(int8), files.read(fp32)];
  if (a.length !== b.length || a.some((byte, i) => byte !== b[i])) return;
  const which = int8 === fp32 ? int8 : `${int8} and ${fp32}`;
  throw new InputError(`${which}: int8 and fp32 are the same file, so nothing is compared; leave fp32 out for a twin`);
}

const FORMS: Record<Form, string> = {
  integer: 'a quantized model',
  hybrid: 'a dynamic-range model (float activations, quantized weights)',
  half: 'a model with float16 weights',
  float: 'a float model',
};

const CONSEQUENCES: Record<Exclude<Form, 'integer' | 'float'>, string> = {
  hybrid: 'its operators quantize activations as they run.',
  half: 'it computes in float32.',
};
