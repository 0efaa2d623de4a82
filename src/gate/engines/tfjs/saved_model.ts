import { createHash } from 'node:crypto';
import { createReadStream, existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { EnvironmentError, InputError } from '../../../errors.ts';

/** A SavedModel that may be given to TensorFlow. */
export interface SavedModel {
  /** Absolute. */
  readonly folder: string;
  /** SHA-256 of the names and contents of all its files, in hex. */
  readonly digest: string;
}

const MOST_GRAPH = 2 ** 30;
const MOST_BYTES = 4 * 2 ** 30;
const MOST_FILES = 10_000;

/** Operators of TensorFlow that write files, run programs or load code: no network needs them. */
const REFUSED = ['WriteFile', 'PyFunc', 'EagerPyFunc', 'PyFuncStateless', 'LoadLibrary', 'DebugIdentityV3'];

/**
 * Looks at the files of a SavedModel before TensorFlow does.
 * @param folder absolute
 * @param path what messages call it
 * @throws InputError where files are missing, too large, or lead out of the folder, or the graph would touch files
 */
export async function readSavedModel(folder: string, path: string): Promise<SavedModel> {
  const files = filesOf(folder, path);
  const of = (name: string) => files.find((file) => file.name === name);
  const graph = of('saved_model.pb');
  if (graph === undefined)
    throw new InputError(`${path}: has no saved_model.pb; give the folder of a TensorFlow SavedModel`);
  if (graph.size === 0 || graph.size > MOST_GRAPH)
    throw new InputError(`${path}/saved_model.pb: has ${graph.size} bytes; export the model again`);
  checkVariables(
    files.map(({ name }) => name),
    path,
  );
  const bytes = readFileSync(join(folder, 'saved_model.pb'));
  // A node names its operator in field 2, a string: tag, length, name.
  const odd = REFUSED.find((op) => bytes.includes(Buffer.from(`\x12${String.fromCharCode(op.length)}${op}`)));
  if (odd !== undefined)
    throw new InputError(`${path}: its graph has the operator ${odd}, which does more than compute, and is not run`);
  const hash = createHash('sha256');
  for (const { name } of files) {
    hash.update(`\n${JSON.stringify(name)} `);
    for await (const chunk of createReadStream(join(folder, name))) hash.update(chunk as Buffer);
  }
  return { folder, digest: hash.digest('hex') };
}

/** The shards that belong together are all there. */
function checkVariables(names: readonly string[], path: string): void {
  const shards = names.flatMap((name) => {
    const found = /^variables\/variables\.data-(\d{5})-of-(\d{5})$/.exec(name);
    return found === null ? [] : [{ index: Number(found[1]), of: Number(found[2]) }];
  });
  const index = names.includes('variables/variables.index');
  if (!index && shards.length === 0) return; // a model without variables: all its weights are constants
  const count = shards[0]?.of ?? 1;
  const missing = Array.from({ length: count }, (_, i) => i).filter((i) => !shards.some((shard) => shard.index === i));
  const five = (n: number) => String(n).padStart(5, '0');
  const lacks = [
    ...(index ? [] : ['variables/variables.index']),
    ...missing.slice(0, 5).map((i) => `variables/variables.data-${five(i)}-of-${five(count)}`),
  ];
  if (lacks.length > 0) throw new InputError(`${path}: lacks ${lacks.join(', ')}; copy the whole folder of the model`);
}

/** All files below a folder, in the order of their names. */
function filesOf(folder: string, path: string): { readonly name: string; readonly size: number }[] {
  const inside = `${realpathSync(folder)}${sep}`;
  const found: { name: string; size: number }[] = [];
  let total = 0;
  const walk = (at: string, depth: number): void => {
    if (depth > 8) throw new InputError(`${path}: its folders are nested more than 8 deep; this is no SavedModel`);
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const full = join(at, entry.name);
      const name = relative(folder, full).split(sep).join('/');
      if (entry.isSymbolicLink() && !(existsSync(full) && realpathSync(full).startsWith(inside)))
        throw new InputError(`${path}/${name}: a link that leads out of the model's folder, and is not followed`);
      if (entry.isDirectory()) walk(full, depth + 1);
      else {
        const size = lstatSync(realpathSync(full)).size;
        total += size;
        found.push({ name, size });
      }
      if (found.length > MOST_FILES || total > MOST_BYTES)
        throw new InputError(`${path}: more than ${MOST_FILES} files or 4 GiB; this is no SavedModel of a network`);
    }
  };
  walk(folder, 0);
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const PACKAGE = '@tensorflow/tfjs-node';

/**
 * The path of tfjs-node: in the project, its parents, NODE_PATH, or among npm's global packages. It is no dependency:
 * it brings 500 MB of TensorFlow.
 * @throws EnvironmentError that says how to get one
 */
export function findTfjsNode(root: string, path: string): string {
  const globals = join(dirname(dirname(process.execPath)), 'lib', 'node_modules');
  try {
    return createRequire(join(root, 'package.json')).resolve(PACKAGE, {
      paths: [root, ...pathsOfEnvironment(), globals],
    });
  } catch (error) {
    throw new EnvironmentError(
      `${path}: a SavedModel needs ${PACKAGE} (looked from ${root}, in NODE_PATH and ${globals}). Install it with "npm install ${PACKAGE}@4.22.0", or convert the model: to TF.js with tensorflowjs_converter, which needs nothing more, or to .tflite`,
      { cause: error },
    );
  }
}

const pathsOfEnvironment = (): string[] => (process.env.NODE_PATH ?? '').split(':').filter((path) => path !== '');
