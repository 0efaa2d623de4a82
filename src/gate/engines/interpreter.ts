import { interpret, type State } from '../../model/interpreter/index.ts';
import type { Engine, ModelSource, Runner } from './engine.ts';
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
