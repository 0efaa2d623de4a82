import type { CommentMode } from './inputs.ts';
import { payload, problem } from './payload.ts';

/** Where the comment goes. */
export interface PullRequest {
  readonly owner: string;
  readonly repo: string;
  readonly number: number;
}

/** The pull request of this run, if there is one to comment on; a warning where the event cannot be understood. */
export interface Event {
  readonly pullRequest: PullRequest | null;
  readonly warning: string | null;
}

/**
 * Reads the event that started the run. `auto` looks at pull request events alone; `always` also takes the pull
 * request that another event names (a comment on it, a workflow that ran for it).
 */
export function readEvent(mode: CommentMode, env: NodeJS.ProcessEnv = process.env): Event {
  const none = (warning: string | null): Event => ({ pullRequest: null, warning });
  if (mode === 'never') return none(null);
  if (problem !== null) return none(`${problem}; treated as a run without a pull request`);
  const isPullRequest = /^pull_request(_target)?$/.test(env.GITHUB_EVENT_NAME ?? '');
  if (!isPullRequest && mode === 'auto') return none(null);
  const number = isPullRequest ? at(payload, 'pull_request', 'number') : numberElsewhere(payload);
  if (!isNumber(number))
    return none(`this ${env.GITHUB_EVENT_NAME || 'unnamed'} event names no pull request to comment on`);
  const [owner, repo, ...rest] = (env.GITHUB_REPOSITORY ?? at(payload, 'repository', 'full_name') ?? '')
    .toString()
    .split('/');
  if (!owner || !repo || rest.length > 0)
    return none('GITHUB_REPOSITORY is not of the form owner/name; no comment posted');
  return { pullRequest: { owner, repo, number }, warning: null };
}

/** The branch that a pull request shall go to, and its last commit; null where the event names none. */
export function readBranches(
  env: NodeJS.ProcessEnv = process.env,
): { readonly target: string; readonly pullRequest: string } | null {
  if (!/^pull_request(_target)?$/.test(env.GITHUB_EVENT_NAME ?? '')) return null;
  const target = at(payload, 'pull_request', 'base', 'ref');
  const pullRequest = at(payload, 'pull_request', 'head', 'sha');
  return typeof target === 'string' && typeof pullRequest === 'string' ? { target, pullRequest } : null;
}

function numberElsewhere(payload: unknown): unknown {
  if (at(payload, 'issue', 'pull_request') !== undefined) return at(payload, 'issue', 'number');
  return at(payload, 'pull_request', 'number') ?? at(payload, 'workflow_run', 'pull_requests', '0', 'number');
}

const isNumber = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;

/** The value at a path of keys in parsed JSON; undefined where the path leaves it. */
function at(value: unknown, ...keys: readonly string[]): unknown {
  let here = value;
  for (const key of keys) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = (here as Record<string, unknown>)[key];
  }
  return here;
}
