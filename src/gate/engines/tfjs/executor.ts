import { foldConstants } from '../../../compiler/passes/fold_constants.ts';
import { EnvironmentError, InputError } from '../../../errors.ts';
import { type Graph, type Model, operandsOf, resultsOf } from '../../../model/ir/graph.ts';
import type { OpKind } from '../../../model/ops/attrs.ts';
import { ABSENT, type TensorId } from '../../../model/tensor/tensor.ts';
import type { Engine, Fault, ModelSource, Runner, Tensors } from '../engine.ts';
import { modelPorts } from '../ports.ts';
import { type Child, ChildFault, childProgram, startChild } from './child.ts';
import { GraphDef, plainData, type Ref } from './graph_def.ts';
import type { TfjsModel } from './manifest.ts';
import { TRANSLATIONS, type Translated, type Translation } from './operators.ts';
import { resultsSchema } from './protocol.ts';

/** Of the packages that are bundled, all of one version. */
export const TFJS_VERSION = '4.22.0';

/** Loading and one chunk of inferences, each. */
const LIMIT_MS = 180_000;
const BATCH = 16;

/** Holds a process until it is closed. */
export interface TfjsRunner extends Runner {
  close(): void;
}

/**
 * FP32 graphs of ours on TF.js's operators, WASM backend: arithmetic that shares nothing with our builds.
 * A model with an operator that is not in TRANSLATIONS has a fault that names it.
 */
export const tfjsEngine: Engine<TfjsRunner> = {
  name: 'tfjs',
  batch: 1,
  fixedShapes: true,
  prepare: (sources) => Promise.all(sources.map(prepared)),
};

async function prepared({ model, name }: ModelSource): Promise<TfjsRunner | Fault> {
  const artifacts = translate(model, name);
  if (artifacts instanceof InputError) return artifacts;
  const child = startChild();
  try {
    await child.ask('open', { kind: 'graph-model', artifacts, wasm: childProgram().wasm }, LIMIT_MS);
    return runnerOf(model, name, child);
  } catch (error) {
    child.stop();
    return faultOf(error, name);
  }
}

function runnerOf(model: Model, name: string, child: Child): TfjsRunner {
  const [inputs, outputs] = [modelPorts(model, 'inputs'), modelPorts(model, 'outputs')];
  const feed = (tensors: Tensors) =>
    inputs.map(({ shape, dtype }, i) => ({ data: tensors[i], shape, dtype: dtype === 'float32' ? dtype : 'int32' }));
  return {
    ...{ engine: tfjsEngine.name, inputs, outputs, close: child.stop },
    async run(inferences, { onProgress } = {}) {
      const results: Tensors[] = [];
      for (let at = 0; at < inferences.length; at += BATCH) {
        try {
          const part = await child.ask('run', { inferences: inferences.slice(at, at + BATCH).map(feed) }, LIMIT_MS);
          results.push(...resultsSchema.parse(part).map((found) => found.map(({ data }) => data)));
        } catch (error) {
          throw faultOf(error, name);
        }
        onProgress?.(results.length);
      }
      return results;
    },
  };
}

function faultOf(error: unknown, name: string): EnvironmentError {
  if (!(error instanceof ChildFault)) throw error;
  return new EnvironmentError(`${name}: TF.js ${error.message.split('\n')[0]}`, { cause: error });
}

/** A model as a graph model of TF.js, or which operators it has that are not known there. Pure. */
export function translate({ subgraphs }: Model, name: string): TfjsModel['artifacts'] | InputError {
  const graph = foldConstants(subgraphs[0]);
  const def = new GraphDef();
  const refs = new Map<TensorId, Ref>();
  for (const [k, id] of graph.inputs.entries()) {
    const { dtype, shape } = graph.tensors[id];
    if (dtype !== 'float32' && dtype !== 'int32') return lacking(name, [`inputs of ${dtype}`]);
    refs.set(id, def.placeholder(`in${k}`, dtype, shape));
  }
  const refOf = (id: TensorId): Ref | null => {
    if (id === ABSENT) return '';
    const { data, shape } = graph.tensors[id];
    const plain = data === null ? null : plainData(data);
    if (!refs.has(id) && plain !== null) refs.set(id, def.constant(plain, shape));
    return refs.get(id) ?? null;
  };
  const lacks = new Set<string>();
  const unknown = new Set<TensorId>();
  for (const node of graph.nodes) {
    const strange = node.inputs.find((id) => refOf(id) === null && !unknown.has(id));
    // What comes after an operator that is missing lacks its results: the missing one is named.
    const results =
      strange !== undefined
        ? { lacks: `${node.kind} on ${graph.tensors[strange].variable ? 'a variable' : graph.tensors[strange].dtype}` }
        : node.inputs.some((id) => unknown.has(id))
          ? null
          : translated(graph, def, node, node.inputs.map(refOf) as Ref[]);
    if (results !== null && 'lacks' in results) lacks.add(results.lacks);
    for (const [k, id] of node.outputs.entries()) {
      if (results !== null && !('lacks' in results)) refs.set(id, results[k]);
      else unknown.add(id);
    }
  }
  if (lacks.size > 0) return lacking(name, [...lacks]);
  const outputs = graph.outputs.map((id, k) => def.op('Identity', [refOf(id) as Ref], {}, `out${k}`));
  if (graph.outputs.some((id) => refOf(id) === null)) return lacking(name, ['its outputs']);
  return def.artifacts(
    graph.inputs.map((_, k) => `in${k}`),
    outputs,
  );
}

function translated(graph: Graph, def: GraphDef, node: Graph['nodes'][number], refs: readonly Ref[]): Translation {
  const write = TRANSLATIONS[node.kind] as ((op: Translated<OpKind>) => Translation) | undefined;
  if (write === undefined) return { lacks: node.kind };
  if (resultsOf(graph, node).some(({ dtype }) => dtype !== 'float32' && dtype !== 'int32'))
    return { lacks: `${node.kind} of ${resultsOf(graph, node)[0].dtype}` };
  const given = refs.slice(0, refs.findLastIndex((ref) => ref !== '') + 1);
  return write({
    ...{ attrs: node.attrs, inputs: operandsOf(graph, node), outputs: resultsOf(graph, node), refs: given, graph: def },
  });
}

const lacking = (name: string, what: readonly string[]): InputError =>
  new InputError(
    `${name}: TF.js is given no graph with ${what.slice(0, 8).join(', ')}; its FP32 build was not compared with TF.js`,
  );
