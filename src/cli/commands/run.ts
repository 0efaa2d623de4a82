import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Port } from '../../compiler/build.ts';
import { compileModel } from '../../compiler/compile.ts';
import { cIdentifier } from '../../compiler/emission/c.ts';
import { TARGET_HELP } from '../../compiler/targets/index.ts';
import { InputError } from '../../errors.ts';
import type { Profile } from '../../model/arithmetic/multiplier.ts';
import { bindInputs, decidingInputs } from '../../model/ir/bind.ts';
import type { Model } from '../../model/ir/graph.ts';
import { printable } from '../../model/ir/names.ts';
import { fromBytes, itemSize, toBytes } from '../../model/tensor/dtype.ts';
import { parseNpy, writeNpy } from '../../model/tensor/npy.ts';
import { elements, type Shape, showShape } from '../../model/tensor/shape.ts';
import { modelName } from '../../model/tflite/importer.ts';
import { linkRunner } from '../../runtime/devices/image.ts';
import { resolveTarget } from '../../runtime/devices/machine.ts';
import { openDevice } from '../../runtime/devices/open.ts';
import { loadModel, profileOption, signatureOption } from '../entry.ts';
import { writeFiles } from '../write_files.ts';

interface Options {
  readonly target: string;
  readonly input: readonly string[];
  readonly output: string;
  readonly dumpAll?: boolean;
  readonly profile: Profile;
  readonly signature?: string;
}

export function register(program: Command): void {
  program
    .command('run')
    .argument('<model>', 'a .tflite file')
    .description('compile a model, run it once and write its outputs as .npy files')
    .requiredOption('--target <target>', `what to build for: ${TARGET_HELP}`)
    .option(
      '--input <name=file>',
      'elements of an input, .npy or raw (once for each input; #0=file is the first)',
      collect,
      [],
    )
    .requiredOption('-o, --output <folder>', 'where the .npy files go')
    .addOption(profileOption())
    .addOption(signatureOption())
    .option('--dump-all', 'also write what every operator computed, to tensors/ in that folder')
    .action(run);
}

const collect = (value: string, earlier: readonly string[]): string[] => [...earlier, value];

async function run(path: string, options: Options): Promise<void> {
  const target = resolveTarget(options.target);
  const name = modelName(path);
  const model = loadModel(path, options.signature);
  const inputs = await readInputs(inputPorts(model), options.input, path);
  const fitted = bindDeciding(model, inputs);
  const shown = options.dumpAll ? exposeResults(fitted) : fitted;
  const { profile } = options;
  const build = await compileModel(shown, { target, name, symbol: cIdentifier(name), profile });
  const image = await linkRunner([build]);
  const device = await openDevice(target);
  const [{ outputs: results, shapes }] = await device.run(image, [{ build: 0, inputs, samples: 1, reset: true }]);
  const count = model.subgraphs[0].outputs.length;
  const names = fileNames(build.outputs);
  const shapeOf = (i: number): Shape => shapes?.[0][i] ?? build.outputs[i].shape;
  const files = build.outputs.map(({ dtype }, i) => {
    const shape = shapeOf(i);
    const folder = i < count ? '' : `tensors/${String(i - count).padStart(4, '0')}-`;
    return [
      `${folder}${names[i]}.npy`,
      writeNpy({ dtype, shape, data: fromBytes(dtype, results[i]).subarray(0, elements(shape)) }),
    ] as const;
  });
  await writeFiles(options.output, files);
  build.outputs.slice(0, count).forEach(({ dtype }, i) => {
    process.stdout.write(`${options.output}/${files[i][0]}: ${dtype} ${showShape(shapeOf(i))}\n`);
  });
  if (files.length > count) process.stdout.write(`${options.output}/tensors/: ${files.length - count} tensors\n`);
}

type InputPort = Pick<Port, 'name' | 'dtype' | 'shape' | 'bytes'>;

function inputPorts({ subgraphs: [graph] }: Model): InputPort[] {
  return graph.inputs.map((id) => {
    const { name, dtype, shape } = graph.tensors[id];
    return { name, dtype, shape, bytes: elements(shape) * itemSize(dtype) };
  });
}

/** The model made for the values of those inputs that decide shapes. */
function bindDeciding(model: Model, inputs: readonly Uint8Array[]): Model {
  const [graph, ...others] = model.subgraphs;
  const given = graph.inputs.map((id, i) => [id, fromBytes(graph.tensors[id].dtype, inputs[i])] as const);
  return { ...model, subgraphs: [bindInputs(graph, decidingInputs(graph, new Map(given))), ...others] };
}

/** The model with everything its operators compute among its outputs, after its own. */
function exposeResults(model: Model): Model {
  const [main, ...others] = model.subgraphs;
  const computed = main.nodes.flatMap((node) => node.outputs);
  return { ...model, subgraphs: [{ ...main, outputs: [...main.outputs, ...computed] }, ...others] };
}

/** Tensor names as file names, each used once. */
function fileNames(ports: readonly Port[]): string[] {
  const used = new Set<string>();
  return ports.map((port, i) => {
    const plain =
      port.name
        .replace(/[^A-Za-z0-9._-]+/g, '_')
        .replace(/^[._]+/, '')
        .slice(0, 100) || `output${i}`;
    const name = used.has(plain) ? `${plain}-${i}` : plain;
    used.add(name);
    return name;
  });
}

/** What to call an input on a command line: its name, or its number where that is no help. */
function shownKey(ports: readonly InputPort[], i: number): string {
  const { name } = ports[i];
  const plain = name !== '' && name.length <= 200 && printable(name) === name;
  return plain && ports.filter((port) => port.name === name).length === 1 ? name : `#${i}`;
}

/** The bytes of every input, from arguments of the form NAME=FILE. */
async function readInputs(ports: readonly InputPort[], args: readonly string[], model: string): Promise<Uint8Array[]> {
  const wanted = ports
    .map((port, i) => `  --input '${shownKey(ports, i)}=FILE'   ${port.dtype} ${showShape(port.shape)}`)
    .join('\n');
  const files = new Map<InputPort, string>();
  for (const arg of args) {
    // Names may hold an equals sign themselves.
    const keys = ports.flatMap((port, i) => [port.name, `#${i}`].map((key) => ({ port, key })));
    const named = keys.find(({ key }) => arg.startsWith(`${key}=`));
    if (named === undefined)
      throw new InputError(`${model}: --input ${arg} names no input of the model. It takes:\n${wanted}`);
    if (files.has(named.port)) throw new InputError(`${model}: --input ${named.key} is given twice`);
    files.set(named.port, arg.slice(named.key.length + 1));
  }
  return Promise.all(
    ports.map((port) => {
      const file = files.get(port);
      if (file === undefined)
        throw new InputError(`${model}: input "${port.name}" is missing. The model takes:\n${wanted}`);
      return readInput(port, file);
    }),
  );
}

async function readInput(port: InputPort, file: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new InputError(`cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
  const needs = `input "${port.name}" takes ${port.dtype} ${showShape(port.shape)}`;
  if (!/\.npy$/i.test(file)) {
    if (bytes.length !== port.bytes)
      throw new InputError(`${file} holds ${bytes.length} bytes, but ${needs}: ${port.bytes} bytes`);
    return bytes;
  }
  const { dtype, shape, data } = parseNpy(bytes, file);
  if (dtype !== port.dtype || elements(shape) !== elements(port.shape)) {
    throw new InputError(`${file} holds ${dtype} ${showShape(shape)}, but ${needs}`);
  }
  return toBytes(data);
}
