import { EnvironmentError, InputError } from '../../errors.ts';
import type { Profile } from '../../model/arithmetic/multiplier.ts';
import { bindInputs, decidingInputs } from '../../model/ir/bind.ts';
import { inferCallShapes } from '../../model/ir/call_shapes.ts';
import type { Graph, Model } from '../../model/ir/graph.ts';
import { verifyModel } from '../../model/ir/verify.ts';
import { type NpyArray, parseNpy } from '../../model/tensor/npy.ts';
import { type Shape, sameShape, showShape } from '../../model/tensor/shape.ts';
import type { TensorId } from '../../model/tensor/tensor.ts';
import { importModel } from '../../model/tflite/importer.ts';
import { type Engine, type Runner, runnerOrThrow, type Tensors } from '../engines/engine.ts';
import type { CasePort, CaseSet, GoldenCase } from './case.ts';
import { addDifferences, compare, type Difference, NO_DIFFERENCE } from './compare.ts';

/** Gets the bytes of a file that a case names. Throws an InputError where there is none. */
export type ReadFile = (file: string) => Promise<Uint8Array>;

export interface CaseResult extends Difference {
  readonly name: string;
  readonly op: string;
  readonly form: string;
  readonly passed: boolean;
  /** Why the case could not be run at all. */
  readonly error?: string;
}

export interface CaseOptions {
  /** Rounding of quantized arithmetic; `tflite` when absent. */
  readonly profile?: Profile;
  /** Called with each result and how many there are. */
  readonly onResult?: (result: CaseResult, done: number) => void;
}

/** The model of one or more cases with the shapes of their inputs, and which cases these are. */
interface Group {
  readonly model: string;
  readonly cases: GoldenCase[];
}

/** Cases of the same model next to each other in the list share its preparation. */
function groupByModel(cases: readonly GoldenCase[]): Group[] {
  const groups: Group[] = [];
  for (const c of cases) {
    const last = groups.at(-1);
    if (last?.model === c.model) last.cases.push(c);
    else groups.push({ model: c.model, cases: [c] });
  }
  return groups;
}

/**
 * Runs all sets of all cases through `engine`. The results are in the order of the cases.
 * A case that cannot be run fails with an error; only a broken environment ends the whole run (EnvironmentError).
 */
export async function runCases(
  cases: readonly GoldenCase[],
  engine: Engine,
  read: ReadFile,
  { profile, onResult = () => {} }: CaseOptions = {},
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  const report = (result: CaseResult): void => {
    results.push(result);
    onResult(result, results.length);
  };
  const groups = groupByModel(cases);
  for (let from = 0; from < groups.length; from += engine.batch) {
    const plans = (
      await Promise.all(
        groups.slice(from, from + engine.batch).map((group) => planGroup(group, read, engine.fixedShapes)),
      )
    ).flat();
    const models = [...new Set(plans.flatMap((plan) => plan.parts.map((part) => part.model)))];
    const runners = await engine.prepare(
      models.map((model, i) => ({ model, name: model.name, symbol: `case_${i}`, profile })),
    );
    for (const plan of plans) report(await judge(plan, (model) => runnerOrThrow(runners[models.indexOf(model)])));
  }
  return results;
}

const failed = (c: GoldenCase, error: string): CaseResult => ({
  name: c.name,
  op: c.op,
  form: c.form,
  ...NO_DIFFERENCE,
  passed: false,
  error,
});

/** A case ready to run, or why it is not: its sets, together where their inputs have the same shapes. */
interface Plan {
  readonly case: GoldenCase;
  readonly parts: readonly FittedSets[];
  readonly error?: string;
}
interface FittedSets {
  readonly model: Model;
  readonly samples: readonly Tensors[];
  readonly expected: readonly (readonly Expected[])[];
}

/** What one output must be: one of these arrays. */
type Expected = readonly NpyArray[];

async function planGroup(group: Group, read: ReadFile, fixedShapes: boolean): Promise<Plan[]> {
  const imported = await attempt(async () => importModel(await read(group.model), group.model));
  const fitted = new Map<string, Model>();
  return Promise.all(
    group.cases.map(async (c): Promise<Plan> => {
      const plan = await attempt(async () => {
        if (typeof imported === 'string') throw new InputError(imported);
        return planCase(c, imported, { fitted, fixedShapes }, read);
      });
      return typeof plan === 'string' ? { case: c, parts: [], error: plan } : plan;
    }),
  );
}

/** The result, or the message of the InputError that came instead. */
async function attempt<T>(work: () => Promise<T>): Promise<T | string> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

/** How a model is fitted to inputs; `fitted` holds what has been, so that cases share a preparation. */
interface Fitting {
  readonly fitted: Map<string, Model>;
  readonly fixedShapes: boolean;
}

async function planCase(c: GoldenCase, model: Model, { fitted, fixedShapes }: Fitting, read: ReadFile): Promise<Plan> {
  const graph = model.subgraphs[0];
  const array = async (file: string): Promise<NpyArray> => parseNpy(await read(file), file);
  const sets = await Promise.all(
    c.sets.map(async (set: CaseSet) => ({
      inputs: await Promise.all(inOrder(graph, graph.inputs, set.inputs).map((p) => array(p.file))),
      outputs: await Promise.all(
        inOrder(graph, graph.outputs, set.outputs).map((p) =>
          Promise.all([p.file, p.optimized_file].filter((f) => f !== undefined).map(array)),
        ),
      ),
    })),
  );
  const parts = new Map<Model, (typeof sets)[number][]>();
  for (const set of sets) {
    checkInputs(graph, set.inputs);
    const fitting = fit(model, set.inputs, fixedShapes, fitted);
    parts.set(fitting, [...(parts.get(fitting) ?? []), set]);
  }
  if (c.stateful && parts.size > 1)
    throw new InputError('the sets of a stateful case have inputs of different shapes, or that decide shapes');
  return {
    case: c,
    parts: [...parts].map(
      ([fitting, members]): FittedSets => ({
        model: fitting,
        samples: members.map((set) => set.inputs.map((a) => a.data)),
        expected: members.map((set) => set.outputs),
      }),
    ),
  };
}

/** The model for inputs like these: of their shapes, and of their values where these decide shapes and must be known. */
function fit(model: Model, inputs: readonly NpyArray[], fixedShapes: boolean, fitted: Map<string, Model>): Model {
  const [{ inputs: ids }, ...others] = model.subgraphs;
  const shapes = inputs.map((a) => a.shape);
  const resized = withInputShapes(model, shapes);
  const [graph] = resized.subgraphs;
  const values = fixedShapes ? decidingInputs(graph, new Map(ids.map((id, i) => [id, inputs[i].data]))) : new Map();
  const key = [...shapes.map(showShape), ...[...values].map(([id, data]) => `${id}=${data}`)].join();
  const known = fitted.get(key);
  if (known !== undefined) return known;
  const bound = values.size === 0 ? resized : { ...resized, subgraphs: [bindInputs(graph, values), ...others] };
  fitted.set(key, bound);
  return bound;
}

/** The case's files in the order of the model's inputs or outputs: by name where the names tell, else as listed. */
function inOrder(graph: Graph, ids: readonly TensorId[], ports: readonly CasePort[]): readonly CasePort[] {
  if (ports.length !== ids.length) throw new InputError(`${ports.length} files for ${ids.length} inputs or outputs`);
  const named = ids.map((id) => ports.filter((p) => p.name === graph.tensors[id].name));
  return named.every((found) => found.length === 1) ? named.map(([p]) => p) : ports;
}

function checkInputs(graph: Graph, inputs: readonly NpyArray[]): void {
  inputs.forEach((array, i) => {
    const { name, dtype } = graph.tensors[graph.inputs[i]];
    const stored = dtype === 'int4' ? 'int8' : dtype;
    if (array.dtype !== stored) throw new InputError(`input "${name}" is ${dtype}, the file holds ${array.dtype}`);
  });
}

/** The model with inputs of these shapes and all that follows from them. */
function withInputShapes(model: Model, shapes: readonly Shape[]): Model {
  const [graph, ...others] = model.subgraphs;
  if (graph.inputs.every((id, i) => sameShape(graph.tensors[id].shape, shapes[i]))) return model;
  const tensors = graph.tensors.map((t, id) => {
    const at = graph.inputs.indexOf(id);
    return at < 0 ? t : { ...t, shape: shapes[at] };
  });
  const resized = inferCallShapes({ ...model, subgraphs: [{ ...graph, tensors }, ...others] });
  const faults = verifyModel(resized);
  if (faults.length > 0) throw new InputError(`with inputs ${shapes.map(showShape).join(', ')}: ${faults.join('; ')}`);
  return resized;
}

async function judge(plan: Plan, runnerOf: (model: Model) => Runner): Promise<CaseResult> {
  const { case: c, parts, error } = plan;
  if (error !== undefined) return failed(c, error);
  let total = NO_DIFFERENCE;
  for (const { model, samples, expected } of parts) {
    let outputs: Tensors[];
    try {
      outputs = await runnerOf(model).run(samples, { keepState: c.stateful });
    } catch (problem) {
      // A build that crashes is this case's failure, and the next one may do better.
      if (problem instanceof InputError || problem instanceof EnvironmentError) return failed(c, problem.message);
      throw problem;
    }
    const graph = model.subgraphs[0];
    total = expected
      .flatMap((set, s) => set.map((answers, k) => compareOutput(graph, k, outputs[s][k], answers, c)))
      .reduce(addDifferences, total);
  }
  return { name: c.name, op: c.op, form: c.form, ...total, passed: total.differing === 0 };
}

/** The best agreement with any of the accepted answers. */
function compareOutput(graph: Graph, k: number, actual: Tensors[number], answers: Expected, c: GoldenCase): Difference {
  const { dtype } = graph.tensors[graph.outputs[k]];
  return answers
    .map((answer) => compare(actual, answer.data, dtype, c.tolerance))
    .reduce((best, next) => (next.differing < best.differing ? next : best));
}
