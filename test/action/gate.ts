import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type GitHub, TOKEN } from './github.ts';

export const root = join(import.meta.dirname, '..', '..');

/** What a step of a workflow is given. */
export interface Step {
  readonly github?: GitHub;
  /** The step's `with:` block. */
  readonly with?: Readonly<Record<string, string>>;
  /** Name of the event and the text of its file; a pull request, number 7, when absent. */
  readonly event?: { readonly name: string; readonly text: string | null };
  readonly env?: Readonly<Record<string, string>>;
}
export interface Ended {
  readonly status: number | null;
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

export const PULL_REQUEST = { name: 'pull_request', text: JSON.stringify({ pull_request: { number: 7 } }) };

/** A folder that stands for the checked-out repository: files by name, and copies of folders of this repository. */
export function workspace(files: Readonly<Record<string, string>>, copies: readonly string[] = []): string {
  const folder = mkdtempSync(join(tmpdir(), 'int8-gate-workspace-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of copies) cpSync(join(root, name), join(folder, name), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** Runs the built action in `folder` as GitHub's runner would. */
export async function runGate(folder: string, step: Step): Promise<Ended> {
  const runner = mkdtempSync(join(tmpdir(), 'int8-gate-runner-'));
  onTestFinished(() => rmSync(runner, { recursive: true, force: true }));
  const event = step.event ?? PULL_REQUEST;
  const files = { output: join(runner, 'output'), summary: join(runner, 'summary'), event: join(runner, 'event.json') };
  writeFileSync(files.output, '');
  writeFileSync(files.summary, '');
  if (event.text !== null) writeFileSync(files.event, event.text);
  const inputs = Object.entries({ token: TOKEN, ...step.with }).map(([name, text]) => [
    `INPUT_${name.toUpperCase()}`,
    text,
  ]);
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    GITHUB_ACTIONS: 'true',
    GITHUB_OUTPUT: files.output,
    GITHUB_STEP_SUMMARY: files.summary,
    GITHUB_EVENT_NAME: event.name,
    GITHUB_EVENT_PATH: files.event,
    GITHUB_REPOSITORY: 'org/app',
    GITHUB_WORKFLOW: 'gate',
    GITHUB_JOB: 'gate',
    GITHUB_RUN_ID: '42',
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_API_URL: step.github?.url ?? 'http://127.0.0.1:9', // port 9: nobody listens there
    GITHUB_WORKSPACE: folder,
    RUNNER_TEMP: runner,
    ...Object.fromEntries(inputs),
    ...step.env,
  };
  const child = spawn(process.execPath, [join(root, 'dist', 'gate', 'index.js')], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  const status = await new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject));
  return {
    status,
    log,
    outputs: parseOutputs(readFileSync(files.output, 'utf8')),
    summary: readFileSync(files.summary, 'utf8'),
  };
}

/** The runner's format: `name<<delimiter`, the lines of the value, `delimiter`. */
function parseOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  for (const [, name, , value] of text.matchAll(/^(.+?)<<(\S+)\n([\s\S]*?)\n?^\2$/gm))
    outputs[name] = value.replace(/\n$/, '');
  return outputs;
}
