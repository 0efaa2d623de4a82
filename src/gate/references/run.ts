import { EnvironmentError, InputError } from '../../errors.ts';
import type { Profile } from '../../model/arithmetic/multiplier.ts';
import type { Model } from '../../model/ir/graph.ts';
import { type Engine, type Runner, runnerOrThrow, type Tensors } from '../engines/engine.ts';
import type { ReferenceFigures } from '../figures/references.ts';
import { countDifferences } from './compare.ts';
import { explain } from './explain.ts';
import { explainFloat } from './explain_float.ts';
import type { Reference, ReferenceName, ReferenceRunner } from './index.ts';

/** A model, its build, and samples of its data. */
export interface ReferenceTask {
  readonly model: Model;
  readonly file: Uint8Array;
  readonly signature?: string;
  readonly profile: Profile;
  readonly build: Runner;
  /** For each sample the inputs of its inferences. Read one by one: there may be time for some only. */
  readonly samples: Iterable<readonly Tensors[]>;
}

/** How long samples are run; the first is run in any case. */
const BUDGET_MS = 10_000;

/** Runs the samples through the build and the reference, and says how they differ. What keeps the reference from running is said, and fails nothing. */
export async function runReference(
  name: ReferenceName,
  { title, version, side, engine }: Reference,
  task: ReferenceTask,
): Promise<ReferenceFigures> {
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 10) / 100;
  const about = { name, version, target: task.build.engine };
  try {
    const compared = await compare(task, title, side, engine());
    return { ...about, ...compared, fault: null, seconds: seconds() };
  } catch (error) {
    if (!(error instanceof InputError || error instanceof EnvironmentError)) throw error;
    const none = { samples: 0, values: 0, differing: 0, largest: 0, unit: 'steps' as const, explanation: null };
    return { ...about, ...none, fault: error.message, seconds: seconds() };
  }
}

async function compare(
  { model, file, signature, profile, build, samples }: ReferenceTask,
  title: string,
  side: Reference['side'],
  engine: Engine<ReferenceRunner>,
): Promise<Omit<ReferenceFigures, 'name' | 'version' | 'target' | 'fault' | 'seconds'>> {
  const source = { model, file, signature, name: model.name, symbol: 'reference' };
  const runner = runnerOrThrow((await engine.prepare([source]))[0]);
  try {
    const deadline = performance.now() + BUDGET_MS;
    const inputs: Tensors[] = [];
    const theirs: Tensors[] = [];
    let count = 0;
    for (const sample of samples) {
      if (count > 0 && performance.now() > deadline) break;
      inputs.push(...sample);
      theirs.push(...(await runner.run(sample)));
      count++;
    }
    const ours = await build.run(inputs);
    const ports = build.outputs;
    const differences = countDifferences(ours, theirs, ports);
    const compared = { model, profile, ports, inputs, ours, theirs };
    const why = () => (side === 'int8' ? explain(compared, title, engine) : explainFloat(compared, title));
    const explanation = differences.differing === 0 ? null : await why();
    return { samples: count, ...differences, explanation };
  } finally {
    runner.close();
  }
}
