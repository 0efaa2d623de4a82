import {
  type Document,
  isMap,
  isNode,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLParseError,
} from 'yaml';
import type { Place } from '../../errors.ts';
import { InputError } from '../../errors.ts';
import type { Profile } from '../../model/arithmetic/multiplier.ts';
import { metricNamed, namesOf } from '../metrics/index.ts';
import { type Confidence, DEFAULT_CONFIDENCE } from '../metrics/intervals.ts';
import {
  acceptsNothing,
  misfit,
  misfitOf,
  REGRESSION,
  REGRESSION_DEFAULTS,
  type RegressionId,
  type Regressions,
  type ThresholdId,
  type Thresholds,
} from '../thresholds/index.ts';
import { plainWords } from '../words/words.ts';
import { configSchema, type RawConfig, type RawModel } from './schema.ts';

/** Keys and indexes from the top of the file to a value. */
export type KeyPath = readonly (string | number)[];

/** A model entry with the defaults applied. */
export interface ModelConfig extends RawModel {
  readonly metric: string;
  readonly profile: Profile;
  readonly threads: number;
  readonly confidence: Confidence;
  /** Of limits on speed; undefined: each limit's own. */
  readonly tolerance?: number;
  readonly thresholds: Thresholds;
  /** The line of the configuration that starts this entry. */
  readonly at: Place;
  /** Every path of this entry. */
  readonly paths: readonly ConfigPath[];
  /** Where each threshold in force is written: in the model's entry or in the defaults. */
  readonly thresholdAt: { readonly [K in ThresholdId]?: Place };
  /** The limits against a baseline, where one is compared with: those that are written, and the defaults. */
  readonly regressions: Regressions;
  /** Where each of those that are written stands. */
  readonly regressionAt: { readonly [K in RegressionId]?: Place };
}

/** A path or glob that a configuration names. */
export interface ConfigPath {
  readonly path: string;
  readonly kind: 'model' | 'inputs' | 'labels';
  /** The key it stands under, as messages call it. */
  readonly key: string;
  readonly at: Place;
}

export interface Config {
  /** The path as given, for messages. */
  readonly file: string;
  readonly targets: readonly string[];
  /** Where each target is written; null for the one that stands for an absent list. */
  readonly targetsAt: readonly (Place | null)[];
  readonly models: readonly ModelConfig[];
  /** Whether any `regression` limits are written. */
  readonly regression: boolean;
}

/** Where the YAML library speaks to programmers. */
const PLAIN: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key stands twice in its mapping',
  TAB_AS_INDENT: 'a tab; YAML is indented with spaces',
  MULTIPLE_DOCS: 'a second document begins here; a configuration is a single one',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
};

const LIMIT = 1 << 20;
const MOST_PROBLEMS = 20;

/**
 * Reads a configuration.
 *
 * @param text the file's content
 * @param file its path, for messages
 * @throws InputError that lists every problem as `file:line:column: what is wrong`
 */
export function parseConfig(text: string, file: string): Config {
  if (text.length > LIMIT) throw new InputError(`${file}: larger than 1 MiB; this is no configuration of int8-gate`);
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const errors = slipsOf(doc).map(({ code, pos, message }) => ({ at: place(pos[0]), text: PLAIN[code] ?? message }));
  refuse(errors);
  refuse(looseAliases(doc).map(([offset, text]) => ({ at: place(offset), text })));

  let value: unknown;
  try {
    value = doc.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new InputError(`${file}: its aliases unfold to far more than it holds`, { cause: error });
  }
  if (value === null || value === undefined) {
    refuse([
      {
        at: place(0),
        text: 'is empty; a configuration starts with "version: 1" and has "models"; docs/config.md shows one',
      },
    ]);
  }
  const at = (path: KeyPath) => place(offsetOf(doc, path));
  const parsed = configSchema.safeParse(value, { error: plainWords });
  if (!parsed.success) refuse(parsed.error.issues.flatMap((issue) => describe(issue, at)));
  return resolve(parsed.data as RawConfig, file, at);
}

/** The mistakes in a document's syntax. After the first one the reader guesses, so what it says next is left out. */
function slipsOf({ errors }: Document.Parsed): readonly YAMLParseError[] {
  const sorted = [...errors].sort((a, b) => a.pos[0] - b.pos[0]);
  const first = sorted.findIndex(({ code }) => code !== 'DUPLICATE_KEY');
  return first < 0 ? sorted : sorted.slice(0, first + 1);
}

/** Aliases whose anchor does not stand before them, by where they stand. */
function looseAliases(doc: Document.Parsed): (readonly [offset: number, text: string])[] {
  const anchors = new Set<string>();
  const loose: (readonly [number, string])[] = [];
  visit(doc, {
    Alias(_, { source, range }) {
      if (!anchors.has(source))
        loose.push([range?.[0] ?? 0, `the alias *${source} has no anchor &${source} before it`]);
    },
    Value(_, { anchor }) {
      if (anchor !== undefined) anchors.add(anchor);
    },
  });
  return loose;
}

export interface Problem {
  readonly at: Place;
  readonly text: string;
}

/** Throws the problems as one InputError, in the order in which they stand in the file; returns where there are none. */
export function refuse(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const sorted = [...problems].sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
  const shown = sorted.slice(0, MOST_PROBLEMS).map(({ at, text }) => `${at.file}:${at.line}:${at.column}: ${text}`);
  if (sorted.length > shown.length) shown.push(`… and ${sorted.length - shown.length} more`);
  throw new InputError(shown.join('\n'), { at: sorted[0].at });
}

interface Issue {
  readonly code?: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
  /** What each branch of a union says. */
  readonly errors?: readonly (readonly Issue[])[];
}

/** A zod issue as problems; an unknown key is shown where the key stands. */
function describe(issue: Issue, at: (path: KeyPath) => Place): Problem[] {
  const path = issue.path as KeyPath;
  // A value of the kind that one branch of a union takes (a mapping, a list): that branch knows what is wrong inside.
  const inside = issue.errors?.find((branch) => branch.every((e) => e.path.length > 0 || e.keys !== undefined));
  if (inside !== undefined && inside.length > 0) {
    return inside.flatMap((nested) => describe({ ...nested, path: [...issue.path, ...nested.path] }, at));
  }
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n');
    return (issue.keys ?? []).map((key, i) => ({
      at: at([...path, key]),
      text: path.length === 0 ? messages[i] : `${where(path)}has the ${messages[i]}`,
    }));
  }
  return [{ at: at(path), text: `${where(path)}${issue.message}` }];
}

const where = (path: KeyPath): string =>
  path.length === 0
    ? ''
    : `${path.map((k, i) => (typeof k === 'number' ? `[${k}]` : i === 0 ? k : `.${k}`)).join('')} `;

/** Where the value at `path` starts; a key's own place where it names a key, the nearest parent's where it is missing. */
function offsetOf(doc: Document, path: KeyPath): number {
  let node: unknown = doc.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => String((item.key as { value?: unknown })?.value) === String(step));
      if (pair === undefined) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else {
      node = isSeq(node) ? node.items[Number(step)] : undefined;
      if (!isNode(node)) return offset;
      offset = node.range?.[0] ?? offset;
    }
  }
  return offset;
}

/** Applies the defaults and checks what a schema cannot: names are unique, thresholds fit the metric. */
function resolve(raw: RawConfig, file: string, at: (path: KeyPath) => Place): Config {
  const problems: Problem[] = [];
  const seen = new Map<string, number>();
  const models = raw.models.map((model, i): ModelConfig => {
    const path: KeyPath = ['models', i];
    const first = seen.get(model.name);
    if (first !== undefined) {
      problems.push({
        at: at([...path, 'name']),
        text: `the name "${model.name}" is already that of model ${first + 1}`,
      });
    }
    seen.set(model.name, i);
    for (const id of Object.keys(model.thresholds ?? {}) as ThresholdId[]) {
      const reason = misfit(id, metricOf(model));
      if (reason !== null)
        problems.push({ at: at([...path, 'thresholds', id]), text: `models[${i}].thresholds.${id} ${reason}` });
    }
    const defaults = raw.defaults?.thresholds ?? {};
    const thresholds: Record<string, unknown> = {};
    const thresholdAt: Record<string, Place> = {};
    for (const id of Object.keys(defaults) as ThresholdId[]) {
      // A default that this metric has no use for is not in force.
      if (defaults[id] === undefined || misfit(id, metricOf(model)) !== null) continue;
      thresholds[id] = defaults[id];
      thresholdAt[id] = at(['defaults', 'thresholds', id]);
    }
    for (const id of Object.keys(model.thresholds ?? {}) as ThresholdId[]) {
      if (model.thresholds?.[id] === undefined) continue;
      thresholds[id] = model.thresholds[id];
      thresholdAt[id] = at([...path, 'thresholds', id]);
    }
    problems.push(...faultsOfAcceptances(model, thresholds as Thresholds, path, raw.targets ?? NATIVE, at));
    const regression = regressionOf(raw, model, i, at, problems);
    if (model.score !== undefined && !metricNamed(metricOf(model))?.takesScore) {
      const takers = namesOf(({ takesScore }) => takesScore === true);
      problems.push({ at: at([...path, 'score']), text: `models[${i}].score belongs to "metric: ${takers}"` });
    }
    return {
      ...{ ...model, metric: metricOf(model), profile: model.profile ?? raw.defaults?.profile ?? 'tflite' },
      confidence: model.confidence ?? raw.defaults?.confidence ?? DEFAULT_CONFIDENCE,
      threads: model.threads ?? raw.defaults?.threads ?? 1,
      tolerance: model.tolerance ?? raw.defaults?.tolerance,
      ...{
        thresholds: thresholds as Thresholds,
        thresholdAt,
        ...regression,
        at: at(path),
        paths: pathsOf(model, path, at),
      },
    };
  });
  refuse(problems);
  return {
    file,
    targets: raw.targets ?? NATIVE,
    targetsAt: raw.targets?.map((_, i) => at(['targets', i])) ?? [null],
    models,
    regression: raw.defaults?.regression !== undefined || raw.models.some((m) => m.regression !== undefined),
  };
}

/** Where checks run when a configuration does not say. */
const NATIVE: readonly string[] = ['native'];

/** Acceptances that are of no threshold in force, of nothing, of no target, or doubled. */
function faultsOfAcceptances(
  { accept = [] }: RawModel,
  thresholds: Thresholds,
  top: KeyPath,
  targets: readonly string[],
  at: (path: KeyPath) => Place,
): Problem[] {
  return accept.flatMap(({ threshold, worst, targets: where = [] }, i) => {
    const problem = (text: string, ...keys: KeyPath): Problem => ({
      at: at([...top, 'accept', i, ...keys]),
      text: `models[${top[1]}].accept[${i}]${keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')} ${text}`,
    });
    const limit = thresholds[threshold];
    if (limit === undefined) return [problem(`is ${threshold}, which is not in force for this model`, 'threshold')];
    const nothing = acceptsNothing(threshold, worst, limit);
    const foreign = where.flatMap((name, k) =>
      targets.includes(name)
        ? []
        : [problem(`is "${name}", which is none of the targets ${targets.join(', ')}`, 'targets', k)],
    );
    const twice = accept.slice(0, i).some((earlier) => earlier.threshold === threshold && meet(earlier.targets, where));
    return [
      ...(nothing === null ? [] : [problem(nothing, 'worst')]),
      ...(twice
        ? [problem(`is ${threshold} again; one acceptance of a threshold holds on a target`, 'threshold')]
        : []),
      ...foreign,
    ];
  });
}

/** Whether two lists of targets have one in common; an empty one is all. */
const meet = (a: readonly string[] = [], b: readonly string[] = []): boolean =>
  a.length === 0 || b.length === 0 || a.some((name) => b.includes(name));

/** The limits against a baseline: the model's own before the file's defaults before ours, each where it has a meaning. */
function regressionOf(
  raw: RawConfig,
  model: RawModel,
  index: number,
  at: (path: KeyPath) => Place,
  problems: Problem[],
): Pick<ModelConfig, 'regressions' | 'regressionAt'> {
  const metric = metricOf(model);
  const limits: Record<string, unknown> = {};
  const places: Record<string, Place> = {};
  const take = (from: Regressions, place?: (id: RegressionId) => Place) => {
    for (const id of Object.keys(from) as RegressionId[]) {
      if (from[id] === undefined || misfitOf(REGRESSION[id], metric) !== null) continue;
      limits[id] = from[id];
      if (place !== undefined) places[id] = place(id);
    }
  };
  take(REGRESSION_DEFAULTS);
  take(raw.defaults?.regression ?? {}, (id) => at(['defaults', 'regression', id]));
  take(model.regression ?? {}, (id) => at(['models', index, 'regression', id]));
  for (const id of Object.keys(model.regression ?? {}) as RegressionId[]) {
    const reason = misfitOf(REGRESSION[id], metric);
    if (reason === null) continue;
    const where = `models[${index}].regression.${id}`;
    problems.push({ at: at(['models', index, 'regression', id]), text: `${where} ${reason}` });
  }
  return { regressions: limits as Regressions, regressionAt: places };
}

function pathsOf(model: RawModel, top: KeyPath, at: (path: KeyPath) => Place): ConfigPath[] {
  const paths: ConfigPath[] = [];
  const add = (kind: ConfigPath['kind'], value: unknown, ...keys: KeyPath): void => {
    if (typeof value === 'string') paths.push({ path: value, kind, key: keys.join('.'), at: at([...top, ...keys]) });
    else if (Array.isArray(value)) for (const [i, part] of value.entries()) add(kind, part, ...keys, i);
    // An input's options stand beside its files.
    else if (typeof value === 'object' && value !== null && 'files' in value) add(kind, value.files, ...keys, 'files');
    else if (typeof value === 'object' && value !== null)
      for (const [key, part] of Object.entries(value)) add(kind, part, ...keys, key);
  };
  add('model', model.int8, 'int8');
  add('model', model.fp32, 'fp32');
  add('inputs', model.data.inputs, 'data', 'inputs');
  add('labels', model.data.labels, 'data', 'labels');
  return paths;
}

/** The metric in force. */
const metricOf = (model: RawModel): string => model.metric ?? (model.data.labels === undefined ? 'agreement' : 'top1');
