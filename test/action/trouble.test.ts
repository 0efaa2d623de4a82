import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { postComment } from '../../src/action/comment.ts';
import { isRateLimit, statusOf, whyNot } from '../../src/action/trouble.ts';
import { startGitHub, TOKEN } from './github.ts';

const MARKER = '<!-- int8-gate 0 -->';

/** Posts a comment to `url` with little patience; the error that it ends with. */
async function failure(url: string, patience = { requestMs: 5_000, totalMs: 20_000 }): Promise<Error> {
  vi.stubEnv('GITHUB_API_URL', url);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const comment = { marker: MARKER, run: { number: 1, attempt: 1 }, body: MARKER };
  return postComment(TOKEN, { owner: 'org', repo: 'app', number: 7 }, comment, patience).then(
    () => expect.fail('a comment was posted'),
    (error) => error,
  );
}

describe('a comment that cannot be posted', () => {
  it('is given up where GitHub does not answer in time, each request and all of them', async () => {
    const github = await startGitHub();
    github.answer = ({ method, path }) =>
      method === 'POST' && path !== '/graphql' ? { status: 201, delayMs: 70_000 } : null;
    const started = performance.now();
    const error = await failure(github.url, { requestMs: 300, totalMs: 2500 });
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(whyNot(error)).toMatch(/^GitHub could not be reached \(no answer within 0\.\d s\)/);
    const posts = github.requests.filter(({ method, path }) => method === 'POST' && path !== '/graphql');
    expect(posts.length).toBeGreaterThan(1);
    // A connection left open would keep the step from ending until GitHub answers after all.
    await vi.waitFor(() => expect(github.waiting).toBe(0), 5_000);
  });

  it('says so where nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const error = await failure(`http://127.0.0.1:${port}`, { requestMs: 5_000, totalMs: 700 });
    expect(statusOf(error)).toBe(0);
    expect(whyNot(error)).toMatch(/^GitHub could not be reached \(.*ECONNREFUSED.*\)$/);
  });

  it.each([
    [
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1893456000' },
      'API rate limit exceeded',
      '2030-01-01T00:00:00',
    ],
    [{ 'retry-after': '3600' }, 'You have exceeded a secondary rate limit', 'more in 3600 s'],
    [{}, 'You have exceeded a secondary rate limit', 'too many requests'],
  ])('is no question of permission at a rate limit: %j', async (headers, message, words) => {
    const github = await startGitHub();
    github.answer = ({ method, path }) =>
      method === 'POST' && path !== '/graphql' ? { status: 403, message, headers } : null;
    const error = await failure(github.url);
    expect(isRateLimit(error)).toBe(true);
    expect(whyNot(error)).toContain(words);
    expect(whyNot(error)).not.toMatch(/permission|read-only/);
  });

  it('is one where GitHub refuses', async () => {
    const github = await startGitHub();
    github.answer = ({ method, path }) =>
      method === 'POST' && path !== '/graphql'
        ? {
            status: 403,
            message: 'Resource not accessible by integration',
            headers: { 'x-ratelimit-remaining': '4999' },
          }
        : null;
    expect(whyNot(await failure(github.url))).toMatch(/answered 403 .*pull-requests: write/);
  });
});
