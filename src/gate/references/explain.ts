import type { Port } from '../../compiler/build.ts';
import { givesEqualBits } from '../../compiler/equal_bits.ts';
import { EnvironmentError, InputError } from '../../errors.ts';
import { PROFILES, type Profile } from '../../model/arithmetic/multiplier.ts';
import { interpret } from '../../model/interpreter/index.ts';
import type { Model } from '../../model/ir/graph.ts';
import type { Engine, Tensors } from '../engines/engine.ts';
import { sameOutputs } from './compare.ts';
import type { ReferenceRunner } from './index.ts';
import { type Parting, partingOf, traceOf } from './part.ts';

/** Inferences that a build and another runtime were given, and the outputs of both. */
export interface Compared {
  readonly model: Model;
  /** That the build is rounded by. */
  readonly profile: Profile;
  readonly ports: readonly Port[];
  readonly inputs: readonly Tensors[];
  readonly ours: readonly Tensors[];
  readonly theirs: readonly Tensors[];
}

/** After so long no further profile is tried, nor another inference. */
const BUDGET_MS = 6_000;

/**
 * Why outputs differ, in a sentence. The interpreter computes as TFLite's reference kernels do, which conformance tests hold it
 * to; where the build equals it, the difference is one between kernels of TFLite.
 *
 * @param title what the runtime is called
 */
export async function explain(compared: Compared, title: string, engine: Engine<ReferenceRunner>): Promise<string> {
  const { model, profile, ports, inputs, ours, theirs } = compared;
  const first = inputs.findIndex((_, n) => !sameOutputs(ours[n], theirs[n], ports));
  if (givesEqualBits(model) && !sameOutputs(interpret(model, inputs[first], { profile }), ours[first], ports))
    return `Our build does not compute what the interpreter does under profile ${profile}: a fault of the compiler, please report it.`;
  const deadline = performance.now() + BUDGET_MS;
  for (const [i, other] of otherThan(profile).entries()) {
    if (i > 0 && performance.now() > deadline) break;
    const equal = equalInferences(compared, other, deadline, first);
    if (equal === 0) continue;
    const some = equal === inputs.length ? '' : `, as far as was tried (${equal} of ${inputs.length} inferences)`;
    return `${title} computes with ${ROUNDINGS[other]} rounding: equal under profile ${other}${some}. Our build has ${ROUNDINGS[profile]}.`;
  }
  return located(compared, first, deadline, title, engine);
}

/** The most likely first. */
const otherThan = (profile: Profile): Profile[] => PROFILES.toReversed().filter((other) => other !== profile);

const ROUNDINGS: Record<Profile, string> = {
  tflite: "the reference kernels'",
  single: "the optimized kernels'",
  xnnpack: "XNNPACK's",
};

/** How many inferences come out as theirs under a profile, as far as there is time: 0 where one does not. */
function equalInferences(
  { model, ports, inputs, theirs }: Compared,
  profile: Profile,
  deadline: number,
  first: number,
) {
  let equal = 0;
  for (const n of [first, ...inputs.keys()].filter((n, i) => i === 0 || n !== first)) {
    if (equal > 0 && performance.now() > deadline) break;
    if (!sameOutputs(interpret(model, inputs[n], { profile }), theirs[n], ports)) return 0;
    equal++;
  }
  return equal;
}

/** Which operators give other values when fed theirs, under the profile that comes closest. */
async function located(
  { model, profile, inputs, theirs }: Compared,
  first: number,
  deadline: number,
  title: string,
  engine: Engine<ReferenceRunner>,
): Promise<string> {
  const fast = `${title}'s fast kernels differ from TFLite's reference kernels`;
  const unknown = (why: string) => `${fast}, by no rounding that is known here; where first could not be seen: ${why}.`;
  try {
    const trace = await traceOf(model, inputs[first], theirs[first], engine);
    if (trace === null) return unknown('it computes otherwise when asked for the tensors between');
    const partings: { readonly other: Profile; readonly parting: Parting }[] = [];
    for (const other of [...otherThan(profile), profile]) {
      if (partings.length > 0 && performance.now() > deadline) break;
      partings.push({ other, parting: partingOf(trace, other) });
    }
    const { other, parting } = partings.reduce((a, b) => (agreeing(a.parting) >= agreeing(b.parting) ? a : b));
    if (parting.kinds.length === 0) return unknown('fed its values, every operator gives the same');
    return `${fast}: under profile ${other}, which comes closest, first in ${short(parting.operators[0])}; ${countsOf(parting)}.`;
  } catch (error) {
    if (error instanceof InputError || error instanceof EnvironmentError) return unknown(error.message);
    throw error;
  }
}

/** Converters join names to a length that nobody reads. */
const short = (label: string): string => (label.length > MOST_LETTERS ? `${label.slice(0, MOST_LETTERS)}…` : label);
const MOST_LETTERS = 80;

/** How many operators give the same values. */
const agreeing = ({ kinds, comparable }: Parting): number => comparable - kinds.length;

function countsOf({ kinds, comparable }: Parting): string {
  const counts = [...new Set(kinds)].map((kind) => `${kinds.filter((k) => k === kind).length} ${kind}`);
  return `${kinds.length} of ${comparable} operators, fed its values, give others (${counts.join(', ')})`;
}
