import { interpret, type State } from '../../model/interpreter/index.ts';
import type { Engine, Runner, Source } from './engine.ts';
import { portsOf } from './ports.ts';

/** The engine that every build is compared with. */
export const interpreterEngine: Engine = {
  name: 'interpreter',
  batch: 1,
  fixedShapes: false,
  prepare: async (sources) => sources.map(runnerOf),
};

const runnerOf = ({ model, profile = 'tflite' }: Source): Runner => ({
  engine: interpreterEngine.name,
  inputs: portsOf(model, 'inputs'),
  outputs: portsOf(model, 'outputs'),
  async run(inferences, { keepState = false, onProgress } = {}) {
    let state: State = new Map();
    return inferences.map((inputs, i) => {
      if (!keepState) state = new Map();
      const outputs = interpret(model, inputs, { profile, state });
      onProgress?.(i + 1);
      return outputs;
    });
  },
});
