import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { error, info, setFailed, setOutput, summary, warning } from '@actions/core';
import { InputError } from '../errors.ts';
import { runCheck } from '../gate/check/run.ts';
import type { Report } from '../gate/verdict/report.ts';
import { COMMENT_LIMIT } from '../report/markdown.ts';
import { markerOf, postComment, statusOf } from './comment.ts';
import { readEvent } from './event.ts';
import { type Inputs, readInputs } from './inputs.ts';
import { type Annotation, broken, judged, type Outcome } from './outcome.ts';
import { logLine } from './text.ts';

/** GitHub drops a step's summary when it is larger (1 MiB; characters outside ASCII take up to three bytes). */
const MAX_SUMMARY = (1024 * 1024) / 3;

/**
 * The action: everything is written (report, summary, annotations, comment, outputs) before the step fails, so that a
 * red check always comes with its reason.
 */
async function main(): Promise<void> {
  const workspace = resolve(process.env.GITHUB_WORKSPACE || '.');
  let inputs: Inputs | null = null;
  let outcome: Outcome;
  try {
    inputs = readInputs();
    outcome = await check(inputs);
  } catch (reason) {
    outcome = broken(reason);
  }
  setOutput('report-json', outcome.report === null ? '' : writeReport(outcome.report));
  await writeSummary(outcome.markdown(MAX_SUMMARY));
  for (const annotation of outcome.annotations) annotate(annotation, workspace);
  setOutput('comment-url', inputs === null ? '' : await comment(inputs, outcome));
  setOutput('report-html', '');
  setOutput('verdict', outcome.verdict);
  setOutput('summary', outcome.summary);
  if (outcome.failure === null) return;
  setFailed(outcome.failure);
  process.exitCode = outcome.status;
}

async function check(inputs: Inputs): Promise<Outcome> {
  enter(inputs.workingDirectory);
  const { config, models, targets, measure, failOn } = inputs;
  const report = await runCheck({
    config,
    only: models,
    targets: targets.length > 0 ? targets : undefined,
    measure,
    progress: (line) => info(logLine(line)),
  });
  return judged(report, failOn);
}

function enter(folder: string): void {
  try {
    process.chdir(folder);
  } catch {
    throw new InputError(
      `input working-directory: there is no folder "${folder}" in the workspace; is it checked out?`,
    );
  }
}

/** Writes report.json to a folder of its own outside the workspace; returns its path. */
function writeReport(report: Report): string {
  const folder = mkdtempSync(join(process.env.RUNNER_TEMP || tmpdir(), 'int8-gate-'));
  const file = join(folder, 'report.json');
  writeFileSync(`${file}.tmp`, `${JSON.stringify(report, null, 2)}\n`);
  renameSync(`${file}.tmp`, file);
  return file;
}

async function writeSummary(markdown: string): Promise<void> {
  try {
    await summary.addRaw(markdown, true).write();
  } catch (reason) {
    warning(`cannot write the job summary: ${(reason as Error).message}`);
  }
}

function annotate({ level, title, message, at }: Annotation, workspace: string): void {
  const place =
    at === null ? {} : { file: relative(workspace, resolve(at.file)), startLine: at.line, startColumn: at.column };
  (level === 'error' ? error : warning)(message, { title, ...place });
}

/** Posts the comment where there is a pull request; returns its address, or '' with a warning that says why not. */
async function comment(inputs: Inputs, outcome: Outcome): Promise<string> {
  const event = readEvent(inputs.comment);
  if (event.warning !== null) warning(event.warning);
  if (event.pullRequest === null) return '';
  if (inputs.token === '') {
    warning('input token is empty: no comment posted; the report is in the job summary');
    return '';
  }
  const { config, workingDirectory, models, targets } = inputs;
  const env = process.env;
  const gate = [
    env.GITHUB_WORKFLOW ?? '',
    env.GITHUB_JOB ?? '',
    workingDirectory,
    config,
    models.join(),
    targets.join(),
  ];
  const marker = markerOf(gate);
  const foot = runLink();
  const body = `${marker}\n${outcome.markdown(COMMENT_LIMIT - marker.length - foot.length - 1)}${foot}`;
  try {
    return await postComment(inputs.token, event.pullRequest, marker, body);
  } catch (reason) {
    warning(`no comment posted: ${whyNot(reason)}; the report is in the job summary`);
    return '';
  }
}

/** Which run the comment speaks of. */
function runLink(): string {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID } = process.env;
  return GITHUB_SERVER_URL && GITHUB_REPOSITORY && GITHUB_RUN_ID
    ? `\n\n[Run ${GITHUB_RUN_ID}](${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID})\n`
    : '';
}

function whyNot(reason: unknown): string {
  const status = statusOf(reason);
  const answer = `GitHub answered ${status} (${(reason as Error).message})`;
  if (status === 401) return `${answer}: the token is not valid`;
  if (status !== 403 && status !== 404) return status === 0 ? (reason as Error).message : answer;
  return `${answer}: the token may not write to the pull request; pull requests from forks have a read-only token, others need permissions: pull-requests: write`;
}

await main();
