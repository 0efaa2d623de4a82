import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../../errors.ts';
import { type Files, openFiles } from '../../data/files.ts';
import { decodeText } from '../../data/text.ts';

/** A TF.js model as its own loader takes it, read and checked. */
export interface TfjsModel {
  readonly kind: 'layers-model' | 'graph-model';
  readonly artifacts: {
    readonly format: string;
    readonly modelTopology: unknown;
    readonly signature?: unknown;
    readonly weightSpecs: readonly WeightSpec[];
    readonly weightData: Uint8Array;
  };
  /** SHA-256 of model.json and all weights, in hex. */
  readonly digest: string;
}

const MOST_JSON = 64 << 20;
const MOST_WEIGHTS = 2 ** 30;
const MOST_SHARDS = 4096;
const MOST_SPECS = 100_000;
/** A single extent, or the product of the extents of one layer's configuration. */
const MOST_ELEMENTS = 2 ** 28;
/** Nesting of model.json, far beyond what any network has. */
const DEEPEST = 100;

/** Bytes of an element. `string` is left out: such weights have no fixed size. */
const WEIGHT_BYTES = { float32: 4, int32: 4, bool: 1, complex64: 8 } as const;
/** Bytes of an element as it lies in the file, by the dtype of its quantization. */
const QUANTIZED_BYTES = { uint8: 1, uint16: 2, float16: 2 } as const;

const keysOf = <T extends object>(table: T) => Object.keys(table) as [keyof T & string, ...(keyof T & string)[]];

const specSchema = z.object({
  name: z.string().min(1).max(4096),
  shape: z.array(z.int().nonnegative().max(MOST_ELEMENTS)).max(8),
  dtype: z.enum(keysOf(WEIGHT_BYTES)),
  quantization: z
    .object({
      dtype: z.enum(keysOf(QUANTIZED_BYTES)),
      scale: z.number().optional(),
      min: z.number().optional(),
      original_dtype: z.string().max(20).optional(),
    })
    .optional(),
});
type WeightSpec = z.infer<typeof specSchema>;

const documentSchema = z.looseObject({
  format: z.string().max(100).optional(),
  modelTopology: z.looseObject({}),
  signature: z.looseObject({}).optional(),
  weightsManifest: z
    .array(
      z.looseObject({
        paths: z.array(z.string().min(1).max(255)).max(MOST_SHARDS),
        weights: z.array(specSchema).max(MOST_SPECS),
      }),
    )
    .max(MOST_SHARDS),
});

/**
 * Reads a model.json and the weights beside it. Nothing is fetched: weights lie in the folder of model.json.
 * @throws InputError that names the file and what is wrong with it
 */
export function readTfjsModel(path: string, files: Files): TfjsModel {
  const { document, bytes } = readDocument(path, files);
  const kind = kindOf(document.modelTopology, document.format, path);
  checkExtents(document.modelTopology, path);
  const folder = dirname(files.locate(path));
  const beside = openFiles(folder, { within: folder });
  const hash = createHash('sha256').update(bytes);
  const parts: Uint8Array[] = [];
  let total = 0;
  for (const [g, { paths, weights }] of document.weightsManifest.entries()) {
    const place = `${path}, weightsManifest[${g}]`;
    const shards = paths.map((name) => ({ name, size: shardSize(name, beside, place) }));
    const held = shards.reduce((sum, { size }) => sum + size, 0);
    const wanted = weights.reduce((sum, spec) => sum + bytesOf(spec, place), 0);
    if (held !== wanted)
      throw new InputError(
        `${place}: its weights take ${wanted} bytes, and ${paths.join(', ') || 'no file'} hold ${held}; copy the whole folder, or convert the model again`,
      );
    total += held;
    if (total > MOST_WEIGHTS) throw new InputError(`${path}: more than 1 GiB of weights`);
    parts.push(...shards.map(({ name }) => beside.read(name)));
  }
  for (const part of parts) hash.update(part);
  const { modelTopology, signature, weightsManifest, format = kind } = document;
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const twice = firstTwice(weightSpecs.map(({ name }) => name));
  if (twice !== null) throw new InputError(`${path}: two weights are called "${twice}"; convert the model again`);
  const weightData = new Uint8Array(Buffer.concat(parts));
  return {
    kind,
    artifacts: { format, modelTopology, ...(signature && { signature }), weightSpecs, weightData },
    digest: hash.digest('hex'),
  };
}

function readDocument(path: string, files: Files) {
  if (files.size(path) > MOST_JSON) throw new InputError(`${path}: larger than 64 MiB; this is no model.json of TF.js`);
  const bytes = files.read(path);
  let value: unknown;
  try {
    value = JSON.parse(decodeText(bytes, path));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${path}: is no JSON (${(error as Error).message}); give the model.json of a TF.js model`);
  }
  const parsed = documentSchema.safeParse(value);
  if (parsed.success) return { document: parsed.data, bytes };
  const [{ path: place, message }] = parsed.error.issues;
  throw new InputError(
    `${path}: is no model.json of TF.js (${place.join('.') || 'the document'}: ${message}); convert the model with tensorflowjs_converter`,
  );
}

/** A layers model holds a Keras configuration, a graph model the nodes of a GraphDef. */
function kindOf(
  topology: Readonly<Record<string, unknown>>,
  format: string | undefined,
  path: string,
): TfjsModel['kind'] {
  if (format === 'graph-model' || (format === undefined && Array.isArray(topology.node))) {
    if (Array.isArray(topology.node)) return 'graph-model';
    throw new InputError(`${path}: is a graph model whose topology has no list of nodes; convert the model again`);
  }
  if (format !== undefined && format !== 'layers-model')
    throw new InputError(`${path}: has the format "${format}", and "layers-model" and "graph-model" are known`);
  if (typeof topology.model_config === 'object' || typeof topology.config === 'object') return 'layers-model';
  throw new InputError(`${path}: is a layers model whose topology has no model_config; convert the model again`);
}

/** What a configuration of layers calls sizes: what they multiply to is allocated before any weight is read. */
const SIZES = new Set([
  ...['units', 'filters', 'input_dim', 'output_dim', 'batch_input_shape', 'batch_shape', 'target_shape', 'kernel_size'],
  ...['size', 'padding', 'pool_size', 'n', 'depth_multiplier', 'dilation_rate', 'shape'],
]);

/** @throws InputError where some size in the topology is one that no model has, or it is nested without end */
function checkExtents(topology: unknown, path: string): void {
  const visit = (value: unknown, key: string, depth: number): void => {
    if (depth > DEEPEST) throw new InputError(`${path}: is nested more than ${DEEPEST} deep; this is no network`);
    if (SIZES.has(key)) {
      const product = [value]
        .flat(2)
        .filter((n) => typeof n === 'number')
        .reduce((all, n) => all * Math.max(1, Math.abs(n)), 1);
      if (product > MOST_ELEMENTS)
        throw new InputError(`${path}: "${key}" is ${JSON.stringify(value)}: more elements than a model here may have`);
    }
    if (typeof value !== 'object' || value === null) return;
    for (const [name, part] of Object.entries(value)) visit(part, Array.isArray(value) ? '' : name, depth + 1);
  };
  visit(topology, '', 0);
}

function bytesOf({ name, shape, dtype, quantization }: WeightSpec, place: string): number {
  const count = shape.reduce((product, n) => product * n, 1);
  if (count > MOST_ELEMENTS)
    throw new InputError(
      `${place}: "${name}" has the shape ${shape.join(' × ')}: more elements than a model here may have`,
    );
  if (quantization === undefined) return count * WEIGHT_BYTES[dtype];
  const { dtype: stored, scale, min } = quantization;
  const affine = stored !== 'float16';
  if (dtype !== 'float32' && !(affine && dtype === 'int32'))
    throw new InputError(`${place}: "${name}" is ${dtype}, and cannot be quantized to ${stored}`);
  if (affine && !(Number.isFinite(scale) && Number.isFinite(min)))
    throw new InputError(`${place}: the quantization of "${name}" has no scale and min; convert the model again`);
  return count * QUANTIZED_BYTES[stored];
}

/** Bytes of a file of weights, whose name must be a plain one: nothing leads out of the folder, nothing is fetched. */
function shardSize(name: string, beside: Files, place: string): number {
  if (!/^[\w][\w .@+=-]*(\/[\w][\w .@+=-]*)*$/.test(name))
    throw new InputError(
      `${place}: the path ${JSON.stringify(name)} is no plain name of a file; weights lie in the folder of model.json`,
    );
  try {
    return beside.size(name);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const why = beside.exists(name) ? 'is no file' : 'is not there, or a link that leads out';
    throw new InputError(`${place}: the file ${name} ${why}; copy the whole folder of the model`, { cause: error });
  }
}

function firstTwice(names: readonly string[]): string | null {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return null;
}
