import type { Place } from '../../errors.ts';
import type { Profile } from '../../model/arithmetic/multiplier.ts';
import { metricNamed, namesOf } from '../metrics/index.ts';
import { type Confidence, DEFAULT_CONFIDENCE } from '../metrics/intervals.ts';
import { foreignSettings, type MetricSettings } from '../metrics/settings.ts';
import { readDocument } from './document.ts';
import type { Fp32Options } from './fp32_schema.ts';
import { type Limits, limitsOf, NATIVE } from './limits.ts';
import { type KeyPath, type Locate, type Problem, refuse } from './problems.ts';
import type { RawConfig, RawModel } from './schema.ts';

/** A model entry with the defaults applied. */
export interface ModelConfig extends Omit<RawModel, 'thresholds' | 'fp32' | 'metric'>, Limits {
  /** Path of the FP32 model: a .tflite, a SavedModel's folder or a TF.js model.json. */
  readonly fp32?: string;
  /** How an FP32 model that another library runs fits the INT8 one, as far as it is written. */
  readonly fp32Options: Fp32Options;
  /** Its name. */
  readonly metric: string;
  /** What the configuration says about it beside its name. */
  readonly metricOptions: MetricSettings;
  readonly profile: Profile;
  readonly threads: number;
  readonly confidence: Confidence;
  /** Of limits on speed; undefined: each limit's own. */
  readonly tolerance?: number;
  /** The line of the configuration that starts this entry. */
  readonly at: Place;
  /** Every path of this entry. */
  readonly paths: readonly ConfigPath[];
}

/** A path or glob that a configuration names. */
export interface ConfigPath {
  readonly path: string;
  readonly kind: 'model' | 'fp32' | 'inputs' | 'labels';
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

/**
 * Reads a configuration.
 *
 * @param text the file's content
 * @param file its path, for messages
 * @throws InputError that lists every problem as `file:line:column: what is wrong`
 */
export function parseConfig(text: string, file: string): Config {
  const { raw, at } = readDocument(text, file);
  return resolve(raw, file, at);
}

/** Applies the defaults and checks what a schema cannot: names are unique, thresholds fit the metric. */
function resolve(raw: RawConfig, file: string, at: Locate): Config {
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
    const { name: metric, ...metricOptions } = metricOf(model);
    const limits = limitsOf(raw, { index: i, metric }, at, problems);
    if (model.score !== undefined && !metricNamed(metric)?.takesScore) {
      const takers = namesOf(({ takesScore }) => takesScore === true);
      problems.push({ at: at([...path, 'score']), text: `models[${i}].score belongs to "metric: ${takers}"` });
    }
    for (const key of foreignSettings(metricOptions, metricNamed(metric)?.settings ?? [])) {
      const text = `models[${i}].metric.${key} ${noSetting(metric)}`;
      problems.push({ at: at([...path, 'metric', key]), text });
    }
    const { average } = metricOptions;
    const averages = metricNamed(metric)?.averages;
    if (average !== undefined && averages !== undefined && !averages.includes(average)) {
      const text = `models[${i}].metric.average is ${average}; the metric ${metric} knows ${averages.join(' and ')}`;
      problems.push({ at: at([...path, 'metric', 'average']), text });
    }
    return {
      ...{ ...model, ...fp32Of(model), metric, metricOptions },
      profile: model.profile ?? raw.defaults?.profile ?? 'tflite',
      confidence: model.confidence ?? raw.defaults?.confidence ?? DEFAULT_CONFIDENCE,
      threads: model.threads ?? raw.defaults?.threads ?? 1,
      tolerance: model.tolerance ?? raw.defaults?.tolerance,
      ...{ ...limits, at: at(path), paths: pathsOf(model, path, at) },
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

function pathsOf(model: RawModel, top: KeyPath, at: Locate): ConfigPath[] {
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
  add('fp32', fp32Of(model).fp32, ...(typeof model.fp32 === 'object' ? ['fp32', 'path'] : ['fp32']));
  add('inputs', model.data.inputs, 'data', 'inputs');
  add('labels', model.data.labels, 'data', 'labels');
  return paths;
}

/** A path and what stands beside it; no path where there is none. */
function fp32Of({ fp32 }: RawModel): { fp32: string | undefined; fp32Options: Fp32Options } {
  if (typeof fp32 !== 'object') return { fp32, fp32Options: {} };
  const { path, ...fp32Options } = fp32;
  return { fp32: path, fp32Options };
}

/** The metric in force, and what is said about it. */
function metricOf({ metric, data }: RawModel): { readonly name: string } & MetricSettings {
  if (typeof metric === 'object') return metric;
  return { name: metric ?? (data.labels === undefined ? 'agreement' : 'top1') };
}

/** Why a setting is none of a metric's. */
function noSetting(metric: string): string {
  const own = metricNamed(metric)?.settings ?? [];
  return `is no setting of the metric ${metric}${own.length === 0 ? '' : `, which takes ${own.join(', ')}`}`;
}
