import type { CaseResult } from './run.ts';

/** The results of one engine as `verify --json` writes them. */
export interface CaseSummary {
  readonly cases: number;
  readonly passed: number;
  readonly failed: readonly {
    readonly name: string;
    readonly op: string;
    readonly form: string;
    readonly differing: number;
    readonly total: number;
    /** null where one side is NaN or infinite and the other is not. */
    readonly max_abs: number | null;
    readonly error?: string;
  }[];
}

export const summaryOf = (results: readonly CaseResult[]): CaseSummary => ({
  cases: results.length,
  passed: results.filter((r) => r.passed).length,
  failed: results
    .filter((r) => !r.passed)
    .map(({ name, op, form, differing, total, maxAbs, error }) => ({
      name,
      op,
      form,
      differing,
      total,
      max_abs: Number.isFinite(maxAbs) ? maxAbs : null,
      ...(error === undefined ? {} : { error }),
    })),
});

/** One line of what went wrong with a case. */
export function describeFailure(r: CaseResult): string {
  const why = r.error ?? `${r.differing} of ${r.total} values differ, by up to ${r.maxAbs}`;
  return `${r.name} (${r.op} ${r.form}): ${why}`;
}

/** How many cases passed, per operator (rows) and form (columns), as plain text. */
export function summaryTable(results: readonly CaseResult[]): string {
  const forms = [...new Set(results.map((r) => r.form))].sort();
  const operators = [...new Set(results.map((r) => r.op))].sort();
  const cell = (op: string | null, form: string | null): string => {
    const of = results.filter((r) => (op === null || r.op === op) && (form === null || r.form === form));
    return of.length === 0 ? '' : `${of.filter((r) => r.passed).length}/${of.length}`;
  };
  const rows = [
    ['operator', ...forms, 'all'],
    ...operators.map((op) => [op, ...forms.map((form) => cell(op, form)), cell(op, null)]),
    ['all', ...forms.map((form) => cell(null, form)), cell(null, null)],
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]): string =>
    row.map((text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join('  ');
  return rows.map(line).join('\n');
}
