import type { FloatConstants } from '../../compiler/passes/layers_in_float.ts';
import type { Target } from '../../compiler/targets/index.ts';
import { EnvironmentError, InputError } from '../../errors.ts';
import { type Model, nodeLabel } from '../../model/ir/graph.ts';
import { KINDS } from '../figures/kinds.ts';
import { type Judge, startJudge } from './accuracy.ts';
import { partnerConstants } from './partner.ts';
import type { Remedy } from './remedy.ts';
import { done, sentenceOf } from './sentence.ts';
import { costOf, type SpeedChoice } from './speed.ts';
import type { Subject } from './subject.ts';
import { allInFloat, allPerChannel, type Change, changed, changesFor, nameOf } from './variants.ts';

export interface Tried {
  readonly int8: number | null;
  readonly fp32: number | null;
  /** In the order of the layers; last what is done to several together. */
  readonly remedies: readonly Remedy[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

export interface TryOptions {
  /** `auto` when absent. */
  readonly measure?: SpeedChoice;
  /** Layers at most; 3 when absent. */
  readonly most?: number;
  /** No further change is tried after so many seconds; 300 when absent. */
  readonly seconds?: number;
  /** FP32 weights where the caller has joined the two models; else they are joined by order. */
  readonly constants?: FloatConstants;
  readonly progress?: (text: string) => void;
}

/** How many layers are tried, and for how many seconds, where nothing is said. */
export const MOST_LAYERS = 3;
export const SECONDS = 300;

/** The FP32 weights that stand beside those of INT8; a twin has none of its own. */
export const constantsOf = ({ twin, models: { int8, fp32 } }: Subject): FloatConstants =>
  twin ? new Map() : partnerConstants(int8, fp32);

/**
 * Tries what may be done about layers: builds each change, runs all samples through it for its accuracy, on this machine,
 * and measures its speed on the target.
 * @param layers indices of nodes in the INT8 model's main graph, the most suspect first
 */
export async function tryRemedies(
  subject: Subject,
  target: Target,
  layers: readonly number[],
  options: TryOptions = {},
): Promise<Tried> {
  const { most = MOST_LAYERS, constants = constantsOf(subject) } = options;
  const { int8 } = subject.models;
  const notes: string[] = [];
  const changes = layers.slice(0, most).flatMap((layer) => {
    const found = changesFor(int8, layer, constants);
    if (found.length === 0) notes.push(`${labelOf(int8, layer)}: nothing can be tried, it has no other form.`);
    return found;
  });
  const together = [allInFloat(int8, layers.slice(0, most), constants), allPerChannel(int8, constants)];
  const key = ({ how, nodes }: Change) => `${how} ${nodes}`;
  const known = new Set(changes.map(key));
  for (const change of together) if (change !== null && !known.has(key(change))) changes.push(change);
  return tryChanges(subject, target, changes, { ...options, constants }, notes);
}

const labelOf = ({ subgraphs: [graph] }: Model, layer: number): string => nodeLabel(graph, graph.nodes[layer]);

/** As `tryRemedies`, for given changes. */
export async function tryChanges(
  subject: Subject,
  target: Target,
  changes: readonly Change[],
  options: TryOptions = {},
  already: readonly string[] = [],
): Promise<Tried> {
  const { seconds = SECONDS, constants = constantsOf(subject), progress = () => {} } = options;
  const { int8 } = subject.models;
  const end = performance.now() + 1000 * seconds;
  progress('running INT8 and FP32');
  const judge = await startJudge(subject, target, () => {});
  const remedies: Remedy[] = [];
  const notes = [...already];
  for (const [i, change] of changes.entries()) {
    if (performance.now() > end) {
      notes.push(
        `Stopped after ${seconds} seconds: ${changes.length - i} of ${changes.length} changes were not tried.`,
      );
      break;
    }
    const name = nameOf(int8.subgraphs[0], change);
    progress(`trying ${done(name, change.how)} (${i + 1} of ${changes.length})`);
    try {
      remedies.push(await tryOne(subject, target, judge, change, name, { ...options, constants }));
    } catch (error) {
      // What keeps one change from being built or run is no fault of the others, nor of INT8.
      if (!(error instanceof InputError || error instanceof EnvironmentError)) throw error;
      notes.push(`${done(name, change.how)} was not tried: ${error.message.split('\n')[0]}`);
    }
  }
  return { int8: judge.int8, fp32: judge.fp32, remedies, notes };
}

async function tryOne(
  subject: Subject,
  target: Target,
  judge: Judge,
  change: Change,
  name: string,
  { measure = 'auto', constants }: TryOptions & { readonly constants: FloatConstants },
): Promise<Remedy> {
  const { int8 } = subject.models;
  const model = changed(int8, change, constants);
  const gain = await judge.score(model, () => {});
  const latency = await costOf(subject, model, target, measure);
  const found = {
    ...{ ...change, ...gain, operator: labelOf(int8, change.layer), latency },
    unit: KINDS[subject.metric.definition.kind].dropUnit,
    slowerBy: latency && latency.after / latency.before - 1,
  };
  return { ...found, sentence: sentenceOf(name, found) };
}
