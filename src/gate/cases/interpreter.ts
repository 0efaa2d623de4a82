import type { Profile } from '../../model/arithmetic/multiplier.ts';
import { interpret, type State } from '../../model/interpreter/index.ts';
import type { Engine } from './engine.ts';

/** The engine that every build is compared with. */
export const interpreterEngine = (profile: Profile = 'tflite'): Engine => ({
  name: 'interpreter',
  batch: 1,
  fixedShapes: false,
  prepare: async (models) => ({
    run: async (index, samples, { keepState }) => {
      let state: State = new Map();
      return samples.map((inputs) => {
        if (!keepState) state = new Map();
        return interpret(models[index], inputs, { profile, state });
      });
    },
    close: async () => {},
  }),
});
