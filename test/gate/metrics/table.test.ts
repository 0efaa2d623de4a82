import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRIC_PATTERN, METRICS, metricNamed, namesOf } from '../../../src/gate/metrics/index.ts';
import type { MetricDefinition } from '../../../src/gate/metrics/metric.ts';

const rows = Object.entries<MetricDefinition>(METRICS);
const page = readFileSync(new URL('../../../docs/config.md', import.meta.url), 'utf8');
/** What a configuration writes for each row. */
const written = rows.map(([key, { names }]) => ({ key, name: names?.examples.split(/[, ]/)[0] ?? key }));

describe('metrics', () => {
  it.each(written)('$key is found by its name, and stands in docs/config.md', ({ key, name }) => {
    expect(name).toMatch(METRIC_PATTERN);
    expect(metricNamed(name)).toBe(METRICS[key as keyof typeof METRICS]);
    expect(page).toContain(`\`${name}\``);
  });

  it.each(rows)('%s scores something', (_, { labelled, against }) => {
    expect(labelled ?? against).toBeDefined();
  });

  it('have no other names', () => {
    for (const name of ['top0', 'top', 'topN', 'top12345', 'AUC', 'constructor', '']) {
      expect(metricNamed(name)).toBeUndefined();
    }
  });

  it('are listed as a sentence does', () => {
    const { topN, auc, mse, mae } = METRICS;
    expect(namesOf((definition) => definition === auc)).toBe('auc');
    expect(namesOf((definition) => definition === mse || definition === mae)).toBe('mse or mae');
    expect(namesOf((definition) => [topN, auc, mse].includes(definition))).toBe('top1, top5 (any topN), auc or mse');
  });
});
