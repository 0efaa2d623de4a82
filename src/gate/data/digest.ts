import { createHash } from 'node:crypto';
import type { ModelConfig } from '../config/load.ts';
import { splitPath } from './arrays.ts';
import type { Files } from './files.ts';
import { isMasks } from './masks.ts';

/**
 * SHA-256 of the samples of a model's entry and of how they are read and scored: two entries of one digest see the same data.
 * @throws InputError where a file is missing
 */
export function digestData({ data, metric, metricOptions, score, paths }: ModelConfig, files: Files): string {
  const settings = Object.keys(metricOptions).length === 0 ? [] : [inOrder(metricOptions)];
  const hash = createHash('sha256').update(JSON.stringify([inOrder(data), metric, score ?? null, ...settings]));
  for (const { kind, path } of paths) {
    const { file } = splitPath(path);
    // Labels need not be a file.
    if (kind === 'model' || kind === 'fp32' || (kind === 'labels' && !files.exists(file) && !isMasks(path, files)))
      continue;
    for (const name of files.expand(file)) hash.update(`\n${JSON.stringify(name)} ${files.digest(name)}`);
  }
  if (typeof data.classes === 'string') hash.update(`\n${files.digest(data.classes)}`);
  return hash.digest('hex');
}

/** With the keys of every mapping in the order of the alphabet: they mean the same in any. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, inOrder(part)]),
  );
}
