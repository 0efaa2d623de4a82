import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { error, info, setFailed, setOutput, summary, warning } from '@actions/core';
import { mindStreams } from '../cli/streams.ts';
import { InputError, reasonOf } from '../errors.ts';
import type { BaselineRequest } from '../gate/baseline/request.ts';
import { runCheck } from '../gate/check/run.ts';
import type { Report } from '../gate/verdict/report.ts';
import { COMMENT_LIMIT } from '../report/markdown.ts';
import { renderTerminal } from '../report/terminal.ts';
import { markerOf, postComment } from './comment.ts';
import { readBranches, readEvent } from './event.ts';
import { type Inputs, readInputs } from './inputs.ts';
import { type Annotation, broken, judged, type Outcome } from './outcome.ts';
import { noteOf, runOf } from './run.ts';
import { inert, logLine, quiet } from './text.ts';
import { whyNot } from './trouble.ts';

/** GitHub drops a step's summary when it is larger (1 MiB; characters outside ASCII take up to three bytes). */
const MAX_SUMMARY = (1024 * 1024) / 3;

/**
 * The action: everything is written (report, summary, annotations, comment, outputs) before the step fails, so that a
 * red check always comes with its reason. What cannot be written is a warning and keeps nothing else from being written:
 * the step ends as the check did.
 */
async function main(): Promise<void> {
  let inputs: Inputs | null = null;
  let outcome: Outcome;
  try {
    inputs = readInputs();
    outcome = await check(inputs);
  } catch (reason) {
    outcome = broken(reason);
  }
  process.exitCode = outcome.status;
  if (outcome.report !== null) printReport(outcome.report);
  output('report-json', outcome.report === null ? '' : writeReport(outcome.report));
  await writeSummary(outcome.markdown(MAX_SUMMARY));
  const root = resolve(inputs?.workingDirectory ?? '.');
  for (const annotation of outcome.annotations) annotate(annotation, root);
  output('comment-url', inputs === null ? '' : await comment(inputs, outcome));
  output('report-html', '');
  output('verdict', outcome.verdict);
  output('summary', inert(outcome.summary));
  if (outcome.failure === null) return;
  setFailed(inert(outcome.failure)); // sets the exit status to 1
  process.exitCode = outcome.status;
}

function output(name: string, value: string): void {
  try {
    setOutput(name, value);
  } catch (reason) {
    warning(`cannot write the output ${name}: ${reasonOf(reason)}`);
  }
}

/** The table and the verdict in the step's log, line by line so that no name can pass for a workflow command. */
function printReport(report: Report): void {
  for (const line of renderTerminal(report).trimEnd().split('\n')) info(quiet(line));
}

async function check(inputs: Inputs): Promise<Outcome> {
  const { workingDirectory, config, models, targets, measure, failOn } = inputs;
  const report = await runCheck({
    root: existing(workingDirectory),
    now: new Date(),
    config,
    configKey: "the action's input config",
    only: models,
    targets: targets.length > 0 ? targets : undefined,
    measure,
    baseline: baselineOf(inputs.baseline),
    references: inputs.references,
    progress: (line) => info(logLine(line)),
  });
  return judged(report, failOn);
}

/** Nothing said: the merge base of a pull request, where it can be had; nothing elsewhere. */
function baselineOf(asked: Inputs['baseline']): BaselineRequest | null {
  const branches = readBranches();
  if (asked === 'auto') return branches && { kind: 'merge-base', ...branches, fetch: true, optional: true };
  if (asked === null || asked.kind === 'report') return asked;
  return asked.kind === 'merge-base' ? { ...asked, ...branches, fetch: true } : { ...asked, fetch: true };
}

/** The folder that the configuration's paths count from. */
function existing(folder: string): string {
  const root = resolve(folder);
  try {
    if (statSync(root).isDirectory()) return root;
  } catch {
    // said below
  }
  throw new InputError(`input working-directory: there is no folder "${folder}" in the workspace; is it checked out?`);
}

/**
 * Writes report.json to a folder of its own outside the workspace: the runner's, or the machine's where that cannot be
 * written. Returns its path, or '' with a warning.
 */
function writeReport(report: Report): string {
  const text = `${JSON.stringify(report, null, 2)}\n`;
  const failures: string[] = [];
  for (const parent of new Set([process.env.RUNNER_TEMP || tmpdir(), tmpdir()])) {
    let folder = '';
    try {
      folder = mkdtempSync(join(parent, 'int8-gate-'));
      const file = join(folder, 'report.json');
      writeFileSync(file, text);
      return file;
    } catch (reason) {
      if (folder !== '') rmSync(folder, { recursive: true, force: true });
      failures.push(`${parent}: ${reasonOf(reason)}`);
    }
  }
  warning(
    `cannot write the report: ${failures.join('; ')}. RUNNER_TEMP or TMPDIR must be a folder that can be written`,
  );
  return '';
}

async function writeSummary(markdown: string): Promise<void> {
  try {
    await summary.addRaw(markdown, true).write();
  } catch (reason) {
    warning(`cannot write the job summary: ${reasonOf(reason)}`);
  }
}

/** `root`: what the paths of annotations count from. */
function annotate({ level, title, message, at }: Annotation, root: string): void {
  const workspace = resolve(process.env.GITHUB_WORKSPACE || '.');
  const place =
    at === null
      ? {}
      : { file: relative(workspace, resolve(root, at.file)), startLine: at.line, startColumn: at.column };
  (level === 'error' ? error : warning)(inert(message), { title: inert(title), ...place });
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
    inputs.id,
  ];
  const marker = markerOf(gate);
  const run = runOf(env);
  const [head, foot] = [`${marker}\n${noteOf(run)}\n`, runLink()];
  const body = `${head}${outcome.markdown(COMMENT_LIMIT - head.length - foot.length)}${foot}`;
  try {
    const { address, newer } = await postComment(inputs.token, event.pullRequest, { marker, run, body });
    if (newer) info('the comment is of a newer run, and is left as it is');
    return address;
  } catch (reason) {
    warning(`no comment posted: ${whyNot(reason)}; the report is in the job summary`);
    return '';
  }
}

/** Which run and which commit the comment speaks of. */
function runLink(): string {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_SHA } = process.env;
  if (!GITHUB_SERVER_URL || !GITHUB_REPOSITORY || !GITHUB_RUN_ID) return '';
  // On a pull request GITHUB_SHA is a merge that nobody has seen.
  const commit = readBranches()?.pullRequest ?? GITHUB_SHA ?? '';
  const of = /^[0-9a-f]{7,64}$/.test(commit) ? ` of commit ${commit.slice(0, 7)}` : '';
  return `\n\n[Run ${GITHUB_RUN_ID}](${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID})${of}\n`;
}

mindStreams();
await main();
