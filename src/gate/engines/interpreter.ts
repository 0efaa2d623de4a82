import { interpret, type State } from '../../model/interpreter/index.ts';
import { type Engine, type ModelSource, type Runner, runsOf } from './engine.ts';
import { modelPorts } from './ports.ts';

/** The engine that every build is compared with. */
export const interpreterEngine: Engine = {
  name: 'interpreter',
  batch: 1,
  fixedShapes: false,
  prepare: async (sources) => sources.map(runnerOf),
};

const runnerOf = ({ model, profile = 'tflite' }: ModelSource): Runner => ({
  engine: interpreterEngine.name,
  inputs: modelPorts(model, 'inputs'),
  outputs: modelPorts(model, 'outputs'),
  async run(inferences, options = {}) {
    const { onProgress } = options;
    const fresh = startsOf(runsOf(inferences.length, options));
    let state: State = new Map();
    return inferences.map((inputs, i) => {
      if (fresh === null || fresh.has(i)) state = new Map();
      const outputs = interpret(model, inputs, { profile, state });
      onProgress?.(i + 1);
      return outputs;
    });
  },
});

/** The first inference of each run; null where every one is. */
function startsOf(runs: readonly number[] | null): ReadonlySet<number> | null {
  if (runs === null) return null;
  const starts = new Set<number>();
  let at = 0;
  for (const length of runs) {
    starts.add(at);
    at += length;
  }
  return starts;
}
