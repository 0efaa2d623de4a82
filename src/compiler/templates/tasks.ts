/** Tuning tasks: the workloads of a model with their schedule spaces. */

import { calleesOf } from '../../model/ir/callees.ts';
import { type Graph, type Model, type Node, nodeLabel, operandsOf, resultsOf } from '../../model/ir/graph.ts';
import type { OpKind } from '../../model/ops/attrs.ts';
import type { OpView } from '../../model/ops/definition.ts';
import { LOWERINGS } from '../lower/index.ts';
import type { Layer } from '../lower/layers.ts';
import type { Lowering } from '../lower/lowering.ts';
import { optimize } from '../passes/pipeline.ts';
import type { Target } from '../targets/target.ts';
import { fastest } from './choose.ts';
import { withTemplate } from './emit_layer.ts';
import { recordOf, type TuningRecord } from './records.ts';
import type { BuildSettings, Template } from './template.ts';

/** A workload of an operator. */
export interface Task {
  /** In the optimized model: index of the graph, and of the operator in it. */
  readonly graph: number;
  readonly node: number;
  /** Name of the operator in messages. */
  readonly name: string;
  readonly template: string;
  /** Equal keys share their records. */
  readonly key: string;
  /** Number of schedules. */
  readonly size: number;
  /** The default schedule. */
  readonly schedule: unknown;
  /** A graph of this workload alone, with other weights; null if there is nothing to tune. */
  oneLayer(): Graph | null;
  /** The space as records, and the estimated cycles of each. */
  candidates(): Iterable<{ readonly record: TuningRecord; readonly cycles: number }>;
}

/** The tasks of a model's main graph and of all graphs it calls. */
export function tasksOf(model: Model, build: BuildSettings): Task[] {
  const graphs = optimize(model).subgraphs;
  const reached = new Set([0]);
  // The set grows while it is walked.
  for (const index of reached)
    for (const node of graphs[index].nodes) for (const { graph } of calleesOf(node)) reached.add(graph);
  return [...reached].sort((a, b) => a - b).flatMap((index) => tasksOfGraph(graphs[index], build, index));
}

/** The tasks of one graph, without passes. */
export const tasksOfGraph = (graph: Graph, build: BuildSettings, index = 0): Task[] =>
  graph.nodes.flatMap((node, i) => {
    const layer = layerOf(graph, node, build);
    const place = { graph: index, node: i, name: nodeLabel(graph, node) };
    return layer === null ? [] : layerTasks(layer, build).map((task) => ({ ...place, ...task }));
  });

/** The layer of an operator with weights; null for others. */
function layerOf(graph: Graph, node: Node, { profile }: BuildSettings): Layer | null {
  if (!Object.hasOwn(LOWERINGS, node.kind)) return null;
  const lower = LOWERINGS[node.kind as keyof typeof LOWERINGS] as Lowering<OpKind>;
  const { kind, attrs } = node;
  return lower(
    { kind, attrs, inputs: operandsOf(graph, node), outputs: resultsOf(graph, node) } as OpView<OpKind>,
    profile,
  );
}

type LayerTask = Omit<Task, 'graph' | 'node' | 'name'>;

const layerTasks = (layer: Layer, build: BuildSettings): LayerTask[] =>
  withTemplate(layer, (template, own) =>
    template.workloads(own, build).map((workload) => taskOf(template, workload, build.target)),
  );

function taskOf<L, W, S>(template: Template<L, W, S>, workload: W, target: Target): LayerTask {
  return {
    ...{ template: template.name, key: template.key(workload), schedule: fastest(template, workload, target) },
    size: [...template.space(workload, target)].length,
    oneLayer: () => template.oneLayer?.(workload) ?? null,
    *candidates() {
      for (const schedule of template.space(workload, target)) {
        const cycles = template.cycles(workload, schedule, target);
        yield { record: recordOf(template, workload, schedule, target), cycles };
      }
    },
  };
}
