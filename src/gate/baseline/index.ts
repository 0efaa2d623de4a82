import { isAbsolute, join, normalize, relative, resolve } from 'node:path';
import { EnvironmentError, InputError } from '../../errors.ts';
import type { Model } from '../../model/ir/graph.ts';
import { enterSignature } from '../../model/ir/signature.ts';
import { importModel } from '../../model/tflite/importer.ts';
import { type Config, type ModelConfig, parseConfig } from '../config/load.ts';
import { digestData } from '../data/digest.ts';
import type { Files } from '../data/files.ts';
import { decodeText } from '../data/text.ts';
import type { Accuracy } from '../figures/accuracy.ts';
import type { Latency } from '../figures/latency.ts';
import type { BaselineFigures } from '../figures/regression.ts';
import { type Commit, findCommit } from './commit.ts';
import { openRepository, type Repository } from './git.ts';
import { matchModels, type Named } from './match.ts';
import type { FromGit } from './request.ts';
import { fetchLfs, withTree } from './tree.ts';

/** A model of this checkout as it was at the baseline. */
export type BaseModel =
  | { readonly status: 'new' }
  | { readonly status: 'unknown'; readonly name: string | null; readonly int8: string | null; readonly reason: string }
  | {
      readonly status: 'recorded';
      readonly name: string;
      readonly int8: string;
      readonly dataDigest: string | null;
      readonly targets: readonly RecordedTarget[];
    }
  | ({ readonly status: 'unchanged' } & Known)
  | ({ readonly status: 'changed'; readonly model: Model; readonly profile: ModelConfig['profile'] } & Known);

/** What a report says of a model on a target. */
export interface RecordedTarget {
  readonly target: string;
  readonly accuracy: Accuracy | null;
  readonly latency: Latency | null;
}

interface Known {
  readonly name: string;
  readonly int8: string;
  /** Whether the data, and how they are read, are the same; null where those of the baseline are not to be had. */
  readonly sameData: boolean | null;
  readonly sameFp32: boolean;
}

export interface Baseline {
  readonly about: BaselineFigures;
  readonly notes: readonly string[];
  of(entry: ModelConfig): BaseModel;
}

/** The checkout that is compared. */
export interface Head {
  readonly root: string;
  /** Path of the configuration, as given. */
  readonly file: string;
  readonly config: Config;
  readonly files: Files;
  /** The models that are checked. */
  readonly entries: readonly ModelConfig[];
}

/**
 * Gives `use` a commit as the baseline; its files are there until that ends.
 * @throws InputError where the commit cannot be had, with what to type
 */
export async function withCommit<T>(
  request: FromGit,
  head: Head,
  use: (baseline: Baseline | null, notes: readonly string[]) => Promise<T>,
): Promise<T> {
  let found: { readonly repository: Repository; readonly commit: Commit };
  try {
    const repository = await openRepository(head.root);
    found = { repository, commit: await findCommit(repository, request, request.fetch ?? false) };
  } catch (error) {
    const expected = error instanceof InputError || error instanceof EnvironmentError;
    if (!expected || !request.optional || head.config.regression) throw error;
    return use(null, [`Nothing was compared with the merge base: ${error.message}.`]);
  }
  const { repository, commit } = found;
  return withTree(repository, commit, async (tree) => {
    const baseline = await openBaseline(repository, commit, head, tree, request.fetch ?? false);
    return use(baseline, [...(commit.commit === commit.head ? [itself(commit)] : []), ...baseline.notes]);
  });
}

const itself = ({ commit }: Commit): string =>
  `The baseline is HEAD itself, ${commit.slice(0, 12)}: only what is not committed can differ from it.`;

async function openBaseline(
  repository: Repository,
  commit: Commit,
  head: Head,
  tree: Files,
  fetch: boolean,
): Promise<Baseline> {
  const { kind, ref } = commit;
  const about: BaselineFigures = { kind, ref, commit: commit.commit, removed: [] };
  const short = commit.commit.slice(0, 12);
  const file = inside(head.file, head, repository);
  if (!tree.exists(file)) {
    const notes = [`There is no ${head.file} at the baseline ${short}: every model is new.`];
    return { about, notes, of: () => ({ status: 'new' }) };
  }
  let config: Config;
  try {
    config = parseConfig(decodeText(tree.read(file), head.file), head.file);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const reason = `the configuration at the baseline ${short} cannot be read: ${error.message.split('\n')[0]}`;
    return { about, notes: [], of: () => ({ status: 'unknown', name: null, int8: null, reason }) };
  }
  const candidates = config.models.map((entry) => named(entry, tree, head.root));
  const { of, removed } = matchModels(
    head.config.models.map((entry) => named(entry, head.files, head.root)),
    candidates,
  );
  const pairs = new Map(head.config.models.map((entry, i) => [entry.name, of[i]]));
  const needed = head.entries.flatMap(({ name, int8 }) => {
    const base = pairs.get(name);
    return base && base.digest !== digestOf(int8, head.files) ? [base.path] : [];
  });
  if (fetch && needed.some((path) => !isReadable(path, tree)))
    await fetchLfs(
      repository,
      commit,
      needed.map((path) => join(repository.prefix, path)),
    );
  const names = removed.map(({ name }) => name);
  return {
    about: { ...about, removed: names },
    notes:
      names.length === 0
        ? []
        : [`In the configuration at the baseline ${short}, and no longer in this one: ${names.join(', ')}.`],
    of(entry) {
      const base = pairs.get(entry.name) ?? null;
      return base === null ? { status: 'new' } : compare(entry, head, base, tree, short);
    },
  };
}

interface Candidate extends Named {
  readonly entry: ModelConfig;
  /** Of the INT8 model, from the root of its checkout. */
  readonly path: string;
}

/** A path of a configuration, which may be absolute in the checkout, as one that counts from the root of any. */
const relocate = (path: string, root: string): string => (isAbsolute(path) ? relative(root, path) : path);

function named(entry: ModelConfig, files: Files, root: string): Candidate {
  const path = relocate(entry.int8, root);
  return { entry, path, name: entry.name, int8: entry.int8, digest: digestOf(path, files) };
}

/** null where there is no such file to read. */
function digestOf(path: string, files: Files): string | null {
  try {
    return files.digest(path);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

function isReadable(path: string, files: Files): boolean {
  try {
    return files.read(path).length > 0;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

/** A SavedModel or TF.js model is several files, of which the tree shows one or none: whether it changed is not known. */
function sameFp32({ fp32 }: ModelConfig, files: Files, base: string | null): boolean {
  if (fp32 === undefined || base === null) return fp32 === undefined && base === null;
  return !/\.json$/i.test(fp32) && digestOf(fp32, files) === base;
}

function compare(entry: ModelConfig, { files, root }: Head, base: Candidate, tree: Files, short: string): BaseModel {
  const { name, int8, profile, signature, fp32 } = base.entry;
  const known: Known = {
    ...{ name, int8, sameData: sameData(entry, files, base.entry, tree) },
    sameFp32: sameFp32(entry, files, fp32 === undefined ? null : digestOf(relocate(fp32, root), tree)),
  };
  const sameFile = base.digest !== null && base.digest === digestOf(entry.int8, files);
  if (sameFile && profile === entry.profile && signature === entry.signature) return { status: 'unchanged', ...known };
  try {
    const whole = importModel(tree.read(base.path), int8);
    const model = signature === undefined ? whole : enterSignature(whole, signature);
    return { status: 'changed', model, profile, ...known };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return {
      status: 'unknown',
      name,
      int8,
      reason: `the model at the baseline ${short} cannot be compared: ${error.message.split('\n')[0]}`,
    };
  }
}

function sameData(entry: ModelConfig, files: Files, base: ModelConfig, tree: Files): boolean | null {
  try {
    return digestData(entry, files) === digestData(base, tree);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** The path of the configuration from the root. @throws InputError where it lies outside of the repository */
function inside(file: string, { root }: Head, { prefix }: Repository): string {
  const path = relative(root, resolve(root, file));
  if (!normalize(join(prefix, path)).startsWith('..') && !isAbsolute(path)) return path;
  throw new InputError(
    `${file}: lies outside of the repository, so that it has no state at a baseline; put it into the repository, or use baseline none`,
  );
}
