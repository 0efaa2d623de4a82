import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { type CheckOptions, runCheck } from '../../../src/gate/check/run.ts';
import type { Report, TargetReport } from '../../../src/gate/verdict/report.ts';

/** A folder of files for checks on target host, removed after the tests of the file. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'int8-gate-check-'));
  /** What relative paths count from. */
  root = process.cwd();
  private configs = 0;

  constructor() {
    afterAll(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  /** Writes a file; returns its path. */
  file(name: string, content: string | Uint8Array): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** Checks one model entry without speed; `head` stands before the models. JSON is YAML. */
  async check(model: object, head: object = {}, more: Partial<CheckOptions> = {}): Promise<Report> {
    const content = { version: 1, targets: ['host'], ...head, models: [{ name: 'm', ...model }] };
    const config = this.file(`gate${this.configs++}.yml`, JSON.stringify(content, null, 1));
    return runCheck({ now: new Date(), root: this.root, config, measure: 'none', ...more });
  }

  /** The verdict, and of each check and note what matters. */
  async verdict(model: object, head: object = {}): Promise<Found> {
    const report = await this.check(model, head);
    const [target] = report.models[0].targets;
    return {
      verdict: report.verdict,
      statuses: Object.fromEntries(target.checks.map(({ id, status }) => [id, status])),
      reason: (id: string) => target.checks.find((check) => check.id === id)?.reason ?? '',
      notes: target.notes.join(' '),
      target,
      report,
    };
  }
}

export interface Found {
  readonly verdict: string;
  readonly statuses: Readonly<Record<string, string>>;
  readonly reason: (id: string) => string;
  readonly notes: string;
  readonly target: TargetReport;
  readonly report: Report;
}
