import type { Port } from '../../compiler/build.ts';
import { EnvironmentError, InputError } from '../../errors.ts';
import type { Signature } from '../../model/ir/graph.ts';
import { type DType, fromBytes, toBytes } from '../../model/tensor/dtype.ts';
import { showShape } from '../../model/tensor/shape.ts';
import { writeModel } from '../../model/tflite/writer.ts';
import type { Engine, Fault, ModelSource, Runner, Tensors } from './engine.ts';
import { type LiteRtPort, type LiteRtProcess, type LiteRtSignature, startLiteRt } from './litert_process.ts';
import { modelPorts } from './ports.ts';

/** Of the npm package `@litertjs/core`. */
export const LITERT_VERSION = '2.5.3';

/** LiteRT's ElementType by our name. */
const CODES: Partial<Record<DType, number>> = {
  ...{ float32: 1, int32: 2, uint8: 3, int64: 4, bool: 6, int16: 7, int8: 9 },
};

/** Files beyond it are not tried: WebAssembly has 4 GiB, which hold the file, its packed weights and its tensors. */
const MOST_BYTES = 512 << 20;

export interface LiteRtOptions {
  /** How long loading, and each inference, may take. */
  readonly limitMs?: number;
}

/** Its process lives until it is closed. */
export interface LiteRtRunner extends Runner {
  close(): void;
}

/**
 * TFLite itself: LiteRT's WebAssembly build, each model in a process of its own. Operators run in XNNPACK where it has
 * them, else in TFLite's optimized kernels.
 */
export const litertEngine = ({ limitMs = 30_000 }: LiteRtOptions = {}): Engine<LiteRtRunner> => ({
  name: 'litert',
  batch: 1,
  fixedShapes: false,
  prepare: (sources) => Promise.all(sources.map((source) => open(source, limitMs))),
});

async function open(source: ModelSource, limitMs: number): Promise<LiteRtRunner | Fault> {
  try {
    const bytes = source.file ?? writeModel(source.model);
    if (bytes.length > MOST_BYTES) throw new InputError(`the file is larger than ${MOST_BYTES >> 20} MiB`);
    const inputs = modelPorts(source.model, 'inputs');
    const outputs = modelPorts(source.model, 'outputs');
    for (const port of [...inputs, ...outputs]) codeOf(port);
    const process = await startLiteRt(bytes, limitMs);
    try {
      return runnerOf(process, { inputs, outputs, ...wiringOf(source, process.signatures) });
    } catch (error) {
      process.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof InputError || error instanceof EnvironmentError) return error;
    throw error;
  }
}

function codeOf({ name, dtype }: Port): number {
  const code = CODES[dtype];
  if (code === undefined) throw new InputError(`"${name}" is ${dtype}, which its buffers do not hold`);
  return code;
}

/** Which signature to run, and where each of its inputs and outputs stands among the model's. */
interface Wiring {
  readonly signature: number;
  readonly given: readonly number[];
  readonly taken: readonly number[];
}

function wiringOf({ model, signature: key }: ModelSource, signatures: readonly LiteRtSignature[]): Wiring {
  const graph = model.subgraphs[0];
  const own = model.signatures.find((s) => s.subgraph === 0 && (key === undefined || s.key === key));
  if (own === undefined && model.signatures.length > 0)
    throw new InputError('it runs signatures, and the first graph of the file has none');
  const index = own === undefined ? 0 : signatures.findIndex((s) => s.key === own.key);
  const theirs = signatures[index];
  if (theirs === undefined) throw new InputError(`it does not know the signature "${own?.key}"`);
  const wire = (which: 'inputs' | 'outputs') => positions(theirs[which], graph[which], own?.[which]);
  return { signature: index, given: wire('inputs'), taken: wire('outputs') };
}

/** For each of LiteRT's ports, which of the graph's it is: by the signature's names; without one, both are in the graph's order. */
function positions(
  theirs: readonly LiteRtPort[],
  ids: readonly number[],
  named: Signature['inputs'] | undefined,
): number[] {
  const found = theirs.map(({ name }, i) =>
    named === undefined ? i : ids.indexOf(named.find((port) => port.name === name)?.tensor ?? -1),
  );
  if (new Set(found).size !== ids.length || found.some((i) => i < 0 || i >= ids.length))
    throw new InputError('its signature has other inputs or outputs than the graph');
  return found;
}

function runnerOf(process: LiteRtProcess, wired: Wiring & Pick<Runner, 'inputs' | 'outputs'>): LiteRtRunner {
  const { signature, given, taken, inputs, outputs } = wired;
  const infer = async (tensors: Tensors): Promise<Tensors> => {
    const results = await process.infer({
      signature,
      inputs: given.map((i) => ({ code: codeOf(inputs[i]), dims: inputs[i].shape, bytes: toBytes(tensors[i]) })),
    });
    return outputs.map((port, k) => {
      const bytes = results[taken.indexOf(k)];
      if (bytes.length !== port.bytes)
        throw new EnvironmentError(
          `its output "${port.name}" has ${bytes.length} bytes, not the ${port.bytes} of ${showShape(port.shape)}`,
        );
      return fromBytes(port.dtype, bytes);
    });
  };
  return {
    ...{ engine: 'litert', inputs, outputs },
    async run(inferences, { keepState = false, records, onProgress } = {}) {
      if (keepState || records !== undefined)
        throw new EnvironmentError('it keeps no state from one inference to the next');
      const all: Tensors[] = [];
      for (const tensors of inferences) {
        all.push(await infer(tensors));
        onProgress?.(all.length);
      }
      return all;
    },
    close: () => process.close(),
  };
}
