import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import './payload.ts'; // must stand before @actions/github

import { getOctokit } from '@actions/github';
import type { PullRequest } from './event.ts';
import { isLater, type Run, readNote } from './run.ts';
import { headerOf, statusOf } from './trouble.ts';

type Octokit = ReturnType<typeof getOctokit>;
interface Posted {
  readonly id: number;
  readonly html_url: string;
  readonly body?: string;
}

/** What is to stand on the pull request. */
export interface Comment {
  /** Its first line. */
  readonly marker: string;
  /** The run that writes it; its second line says so ({@link noteOf}). */
  readonly run: Run;
  /** All of it. */
  readonly body: string;
}

/** Pauses before the second, third and fourth try of a request that failed for a passing reason. */
const PAUSES_MS = [500, 1000, 2000];
const LONGEST_PAUSE_MS = 30_000;

/** How long the gate waits for GitHub. */
export interface Patience {
  /** For the answer to one request. */
  readonly requestMs: number;
  /** For the comment altogether: all requests and pauses. */
  readonly totalMs: number;
}
const PATIENCE: Patience = { requestMs: 20_000, totalMs: 90_000 };

/**
 * The hidden first line of the comment, by which the next run finds it. `key` tells this gate from others on the same
 * pull request: its workflow, job, configuration and filters.
 */
export const markerOf = (key: readonly string[]): string =>
  `<!-- int8-gate ${createHash('sha256').update(key.join('\0')).digest('hex').slice(0, 16)} -->`;

/**
 * Writes the gate's one comment on a pull request: updates the one that an earlier run left, else creates it. Only
 * comments by the token's own account count. `body` keeps GitHub's limit. A comment that a later run wrote stays as it is.
 *
 * @returns the comment's address, and whether a later run's was left
 * @throws Octokit's RequestError, or an error that says that GitHub did not answer in time
 */
export async function postComment(
  token: string,
  { owner, repo, number }: PullRequest,
  { marker, run, body }: Comment,
  patience: Patience = PATIENCE,
): Promise<{ readonly address: string; readonly newer: boolean }> {
  const octokit = connect(token, patience);
  const { issues } = octokit.rest;
  const author = await ownLogin(octokit);

  /** Our comments, the oldest first. */
  const find = async (): Promise<Posted[]> => {
    const all = await octokit.paginate(issues.listComments, { owner, repo, issue_number: number, per_page: 100 });
    return all
      .filter(
        ({ body: text, user }) =>
          text?.startsWith(marker) && (author === null ? user?.type === 'Bot' : user?.login === author),
      )
      .sort((a, b) => a.id - b.id);
  };
  const create = async (): Promise<Posted> =>
    (await issues.createComment({ owner, repo, issue_number: number, body })).data;
  /** Null when somebody has deleted the comment meanwhile. */
  const update = async ({ id }: Posted): Promise<Posted | null> => {
    try {
      return (await issues.updateComment({ owner, repo, comment_id: id, body })).data;
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw error;
    }
  };
  /** What cannot be deleted now, the next run tries again. */
  const removeAll = (comments: readonly Posted[]) =>
    Promise.allSettled(comments.map(({ id }) => issues.deleteComment({ owner, repo, comment_id: id })));

  const [oldest, ...rest] = await find();
  const later = [oldest, ...rest].find((comment) => isLaterThan(run, comment));
  if (later !== undefined) return { address: later.html_url, newer: true };
  const updated = oldest === undefined ? null : await update(oldest);
  if (updated !== null) {
    await removeAll(rest);
    return written(updated);
  }
  const created = await create();
  // Another run may have created one between our look and our post, or a request that seemed to fail did not: every run
  // keeps the oldest, so that one remains whoever comes first.
  const [first = created, ...others] = await find();
  const winner = [first, ...others].find((comment) => isLaterThan(run, comment));
  if (winner !== undefined) {
    await removeAll([created]);
    return { address: winner.html_url, newer: true };
  }
  if (first.id === created.id) {
    await removeAll(others);
    return written(created);
  }
  const kept = await update(first);
  await removeAll(others.filter(({ id }) => kept !== null || id !== created.id));
  return written(kept ?? created);
}

const written = ({ html_url: address }: Posted) => ({ address, newer: false });

function isLaterThan(run: Run, comment: Posted | undefined): boolean {
  const writer = readNote(comment?.body ?? '');
  return writer !== null && isLater(writer, run);
}

/** A client whose requests end and, when they fail for a passing reason, are tried again. */
function connect(token: string, { requestMs, totalMs }: Patience): Octokit {
  const octokit = getOctokit(token, { baseUrl: process.env.GITHUB_API_URL || 'https://api.github.com' });
  const end = performance.now() + totalMs;
  octokit.hook.wrap('request', async (request, options) => {
    for (let attempt = 0; ; attempt++) {
      const left = end - performance.now();
      if (left <= 0) throw new Error(`no answer within ${totalMs / 1000} s`);
      try {
        return await within(Math.min(requestMs, left), async (signal) => {
          // Octokit's own hooks see these options and no others: a copy with a signal would not get to the connection.
          options.request = { ...options.request, signal };
          return request(options);
        });
      } catch (error) {
        const pause = pauseAfter(error, attempt);
        if (pause === null || performance.now() + pause > end) throw error;
        await sleep(pause);
      }
    }
  });
  return octokit;
}

/** What `work` comes to, unless that takes too long: then its signal fires, and it is waited for no longer. */
async function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${Math.round(ms / 100) / 10} s`));
      controller.abort();
    }, ms);
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** How long to wait before trying again; null: not at all. */
function pauseAfter(error: unknown, attempt: number): number | null {
  if (attempt >= PAUSES_MS.length) return null;
  const status = statusOf(error);
  const seconds = Number(headerOf(error, 'retry-after') || Number.NaN);
  if (seconds >= 0 && (status === 403 || status === 429 || status === 503)) {
    return seconds * 1000 > LONGEST_PAUSE_MS ? null : Math.max(seconds * 1000, PAUSES_MS[attempt]);
  }
  // Status 0: no answer at all.
  return status === 0 || status === 429 || status >= 500 ? PAUSES_MS[attempt] : null;
}

/**
 * The account that the token speaks for. GraphQL alone tells it for every kind of token; null where it does not answer,
 * in which case any bot's comment with our marker is taken for ours.
 */
async function ownLogin(octokit: Octokit): Promise<string | null> {
  try {
    const { viewer } = await octokit.graphql<{ viewer: { login: string } }>('query { viewer { login } }');
    return viewer.login;
  } catch {
    return null;
  }
}
