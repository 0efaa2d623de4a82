import { z } from 'zod';
import { InputError } from '../../errors.ts';

const port = z.object({
  name: z.string(),
  file: z.string(),
  /** Another answer that is as good, where TFLite's reference kernel contradicts its own documentation. */
  optimized_file: z.string().optional(),
});
const tolerance = z.object({ abs: z.number().nonnegative(), rel: z.number().nonnegative() });
const set = z.object({ tag: z.string().default(''), inputs: z.array(port), outputs: z.array(port) });

const goldenCase = z.object({
  name: z.string(),
  op: z.string(),
  form: z.string(),
  model: z.string(),
  inputs: z.array(port),
  outputs: z.array(port),
  /** Every set of inputs and outputs; without it the case has one, `inputs` and `outputs`. */
  sets: z.array(set).nullish(),
  /** How far a float output may be away: |a − b| ≤ abs + rel·|b|. Integer outputs must be equal. */
  float_tolerance: tolerance.nullish(),
  /** A narrower one that a correct implementation of the same arithmetic meets. */
  float_tolerance_tight: tolerance.nullish(),
  /** The sets run in order in one instance of the model; otherwise its variables start afresh for each. */
  stateful: z.boolean().nullish(),
});

export type Tolerance = z.infer<typeof tolerance>;
export type CasePort = z.infer<typeof port>;
export type CaseSet = z.infer<typeof set>;

/** One golden case: a model, and what it must compute from given inputs. File names are as the list has them. */
export interface GoldenCase {
  readonly name: string;
  readonly op: string;
  readonly form: string;
  readonly model: string;
  readonly sets: readonly CaseSet[];
  readonly tolerance: Tolerance | null;
  readonly stateful: boolean;
}

/**
 * Reads a list of golden cases, one JSON object a line; fields it does not know are passed over.
 * @throws InputError that names file, line and what is wrong with it
 */
export function parseCases(text: string, file: string): GoldenCase[] {
  const cases = text.split('\n').flatMap((line, i) => (line.trim() === '' ? [] : [parseCase(line, file, i + 1)]));
  if (cases.length === 0) throw new InputError(`${file}: holds no cases`);
  return cases;
}

function parseCase(line: string, file: string, number: number): GoldenCase {
  const fail = (what: string): never => {
    throw new InputError(`${file}:${number}: ${what}`, { at: { file, line: number } });
  };
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (error) {
    return fail(`not a JSON object: ${(error as Error).message}`);
  }
  const parsed = goldenCase.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return fail(`${issue.path.join('.') || 'the case'}: ${issue.message}`);
  }
  const c = parsed.data;
  return {
    name: c.name,
    op: c.op,
    form: c.form,
    model: c.model,
    sets: c.sets ?? [{ tag: '', inputs: c.inputs, outputs: c.outputs }],
    tolerance: c.float_tolerance_tight ?? c.float_tolerance ?? null,
    stateful: c.stateful ?? false,
  };
}
