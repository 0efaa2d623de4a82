import { EXIT, exitStatusOf, faultOfSystem, InputError } from '../errors.ts';
import { type FailOn, fails } from '../gate/verdict/fail_on.ts';
import type { Check, Report, Status } from '../gate/verdict/report.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { codeBlock, inert } from './text.ts';

/** Something to show at a line of the workspace's files, or on the run where `at` is null. */
export interface Annotation {
  readonly level: 'error' | 'warning';
  readonly title: string;
  readonly message: string;
  readonly at: NonNullable<InputError['at']> | null;
}

/** How the gate ended, in the forms in which GitHub shows it. A pure function of the report or the error makes it. */
export interface Outcome {
  readonly verdict: Status | 'error';
  readonly report: Report | null;
  /** For the job summary and the comment; the result has at most `limit` characters. */
  readonly markdown: (limit: number) => string;
  readonly annotations: readonly Annotation[];
  /** Short JSON for later steps. */
  readonly summary: string;
  /** Why the step fails; null when it does not. */
  readonly failure: string | null;
  /** One of EXIT. */
  readonly status: number;
}

/** The outcome of a check that came to a verdict. */
export function judged(report: Report, failOn: FailOn): Outcome {
  const failed = fails(report.verdict, failOn);
  const names = report.models.filter(({ verdict }) => fails(verdict, failOn)).map(({ name }) => name);
  return {
    verdict: report.verdict,
    report,
    markdown: (limit) => renderMarkdown(report, { limit }),
    annotations: report.models.flatMap((model) =>
      model.targets.flatMap(({ target, checks }) => {
        const subject = `${model.name} on ${target}`;
        if (checks.length === 0) return [idle(subject, model.at)];
        return checks.flatMap((check) => (check.status === 'pass' ? [] : [annotationOf(check, subject, model.at)]));
      }),
    ),
    summary: JSON.stringify({
      verdict: report.verdict,
      models: report.models.map(({ name, verdict, targets }) => ({
        name,
        verdict,
        targets: targets.map(({ target, verdict, accuracy, latency }) => ({
          target,
          verdict,
          drop: accuracy?.drop ?? null,
          speedup: latency?.speedup ?? null,
        })),
      })),
    }),
    failure: failed ? `the gate's verdict is ${report.verdict}: ${names.join(', ')}` : null,
    status: failed ? EXIT.failed : EXIT.passed,
  };
}

/** A model that nothing was asked of. */
const idle = (subject: string, at: Annotation['at']): Annotation => ({
  ...{ level: 'warning', title: `${subject}: nothing judged`, message: 'no threshold is in force', at },
});

const annotationOf = (check: Check, subject: string, model: Annotation['at']): Annotation => ({
  level: check.status === 'fail' ? 'error' : 'warning',
  title: `${subject}: ${check.id} ${check.status === 'fail' ? 'failed' : 'is inconclusive'}`,
  message: check.reason,
  at: check.at ?? model,
});

const FAULTS: Readonly<Record<ReturnType<typeof exitStatusOf>, string>> = {
  [EXIT.input]: 'The configuration, a model or the data is at fault',
  [EXIT.environment]: 'The environment is at fault',
  [EXIT.internal]: 'Internal error of the gate; please report it',
};

/** The outcome of a check that ended without a verdict. */
export function broken(thrown: unknown): Outcome {
  const error = faultOfSystem(thrown) ?? thrown;
  const status = exitStatusOf(error);
  const what = FAULTS[status];
  const heading = `### INT8 gate: no verdict\n\n${what}.\n\n`;
  const message = inert(
    status === EXIT.internal ? ((error as Error | undefined)?.stack ?? String(error)) : (error as Error).message,
  );
  return {
    verdict: 'error',
    report: null,
    markdown: (limit) => `${heading}${codeBlock(message, limit - heading.length - 1)}\n`,
    annotations:
      error instanceof InputError && error.at !== undefined
        ? [{ level: 'error', title: 'INT8 gate', message, at: error.at }]
        : [],
    summary: JSON.stringify({ verdict: 'error', error: message }),
    failure: message,
    status,
  };
}
