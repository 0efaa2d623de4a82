/** One execution: a file is imported and, where it is accepted, used. Anything thrown but an InputError is a failure. */
import { generate } from '../../src/compiler/codegen/generate.ts';
import { optimize } from '../../src/compiler/passes/pipeline.ts';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import { InputError } from '../../src/errors.ts';
import { interpret } from '../../src/model/interpreter/index.ts';
import type { Model } from '../../src/model/ir/graph.ts';
import { macsOf } from '../../src/model/ir/macs.ts';
import { printModel } from '../../src/model/ir/print.ts';
import { verifyModel } from '../../src/model/ir/verify.ts';
import { allocate } from '../../src/model/tensor/dtype.ts';
import { elements } from '../../src/model/tensor/shape.ts';
import { readModel } from '../../src/model/tflite/importer.ts';

export type Outcome = 'damaged' | 'refused' | 'accepted' | 'run' | 'no build';

/** Work beyond which an accepted model is not run: a small file may ask for any amount of it, as a large one may. */
const MOST_WORK = 20_000;

function workOf(model: Model): number {
  const sizes = model.subgraphs.flatMap((g) => g.tensors.map((t) => elements(t.shape)));
  const loops = model.subgraphs.some((g) => g.nodes.some((n) => n.kind === 'while'));
  return loops
    ? Number.POSITIVE_INFINITY
    : sizes.reduce((a, b) => a + b, 0) + model.subgraphs.reduce((a, g) => a + macsOf(g), 0);
}

/** Prints the model, interprets it on zeros and writes it as C. */
export function use(model: Model): Outcome {
  const [main] = model.subgraphs;
  const inputs = main.inputs.map((id) => allocate(main.tensors[id].dtype, elements(main.tensors[id].shape)));
  try {
    printModel(model);
    interpret(model, inputs);
    const { subgraphs } = optimize(model);
    generate(subgraphs[0], {
      ...{ target: parseTarget('host'), profile: 'tflite', name: 'fuzz', symbol: 'fuzz', graphs: subgraphs },
    });
    return 'run';
  } catch (error) {
    if (error instanceof InputError) return 'no build';
    throw error;
  }
}

/** `thorough`: what is accepted is used as well. */
export function execute(bytes: Uint8Array, thorough: boolean): Outcome {
  try {
    const { model } = readModel(bytes, 'fuzz.tflite');
    if (model === null) return 'refused';
    const faults = verifyModel(model);
    if (faults.length > 0) throw new Error(`imported, but not sound: ${faults.join('; ')}`);
    return thorough && workOf(model) < MOST_WORK ? use(model) : 'accepted';
  } catch (error) {
    if (error instanceof InputError) return 'damaged';
    throw error;
  }
}
