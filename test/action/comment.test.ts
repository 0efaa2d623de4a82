import { describe, expect, it } from 'vitest';
import { runGate, type Step, workspace } from './gate.ts';
import { BOT, type GitHub, startGitHub } from './github.ts';

/**
 * The comment does not depend on how the check ended, so these runs end at once: their configuration is missing. What
 * the comment says of a verdict, verdict.test.ts sees to.
 */
const MISSING = 2;
const run = (step: Step) => runGate(workspace({}), step);
const isPost = ({ method, path }: { method: string; path: string }) => method === 'POST' && path !== '/graphql';
const changes = (github: GitHub) =>
  github.requests.filter(({ method, path }) => method !== 'GET' && path !== '/graphql');
const SOMEONE = { login: 'someone', type: 'User' } as const;
const OTHER_BOT = { login: 'other[bot]', type: 'Bot' } as const;

describe('the comment on a pull request', () => {
  it('is updated by the next run, never repeated', async () => {
    const github = await startGitHub();
    const first = await run({ github });
    const second = await run({ github, env: { GITHUB_RUN_ID: '43' } });
    expect([first.status, second.status]).toEqual([MISSING, MISSING]);
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0].body).toContain('/actions/runs/43');
    expect(second.outputs['comment-url']).toBe(first.outputs['comment-url']);
    expect(changes(github).map(({ method }) => method)).toEqual(['POST', 'PATCH']);
  });

  it('is found behind hundreds of others', async () => {
    const github = await startGitHub();
    for (let i = 0; i < 130; i++) github.post(`before ${i}`, SOMEONE);
    await run({ github });
    for (let i = 0; i < 130; i++) github.post(`after ${i}`, BOT);
    const ended = await run({ github, env: { GITHUB_RUN_ID: '43' } });
    expect(github.gates()).toHaveLength(1);
    expect(github.gates()[0].body).toContain('/actions/runs/43');
    expect(ended.outputs['comment-url']).toBe(github.gates()[0].html_url);
  });

  it('leaves alone what others wrote, even under the same marker', async () => {
    const github = await startGitHub();
    await run({ github });
    const text = github.comments[0].body;
    github.comments.length = 0;
    github.post(text, SOMEONE);
    github.post(text, OTHER_BOT);
    await run({ github, env: { GITHUB_RUN_ID: '43' } });
    expect(github.comments.map(({ user }) => user.login)).toEqual(['someone', 'other[bot]', BOT.login]);
    expect(github.comments.map(({ body }) => body.includes('/runs/43'))).toEqual([false, false, true]);
  });

  it("is still the bot's own where the account cannot be asked for", async () => {
    const github = await startGitHub();
    github.answer = ({ path }) => (path === '/graphql' ? { status: 404 } : null);
    await run({ github });
    github.post(github.comments[0].body, SOMEONE);
    await run({ github, env: { GITHUB_RUN_ID: '43' } });
    expect(github.comments.map(({ body }) => body.includes('/runs/43'))).toEqual([true, false]);
  });

  it('is one for each gate of a pull request', async () => {
    const github = await startGitHub();
    const gates: Step[] = [
      { with: { config: 'a.yml' } },
      { with: { config: 'b.yml' } },
      { with: { config: 'a.yml', targets: 'host' } },
      { with: { config: 'a.yml' }, env: { GITHUB_WORKFLOW: 'nightly' } },
    ];
    for (let round = 0; round < 2; round++) for (const gate of gates) await run({ github, ...gate });
    expect(github.comments).toHaveLength(gates.length);
    expect(new Set(github.comments.map(({ body }) => body.split('\n')[0])).size).toBe(gates.length);
  });

  it('is one for each leg of a matrix, whatever else the legs have in common', async () => {
    const github = await startGitHub();
    const legs = ['{\n  "target": "cortex-a53"\n}', '{\n  "target": "cortex-a72"\n}', 'null'];
    for (let round = 0; round < 2; round++) for (const id of legs) await run({ github, with: { id } });
    expect(github.comments).toHaveLength(legs.length);
    expect(new Set(github.comments.map(({ body }) => body.split('\n')[0])).size).toBe(legs.length);
  });

  it.each([
    ['an earlier run', '41', '1', 'left'],
    ['an earlier run of an older commit, run again', '41', '3', 'left'],
    ['an earlier attempt', '42', '1', 'left'],
    ['the same attempt', '42', '2', 'replaced'],
    ['a later attempt', '42', '3', 'replaced'],
    ['a later run', '43', '1', 'replaced'],
  ])('of a run is, by %s, %s.%s: %4$s', async (_, number, attempt, then) => {
    const github = await startGitHub();
    const by = (id: string, run: string, again: string) => ({
      ...{ GITHUB_RUN_ID: id, GITHUB_RUN_NUMBER: run, GITHUB_RUN_ATTEMPT: again },
    });
    await run({ github, env: by('900', '42', '2') });
    const second = await run({ github, env: by('901', number, attempt) });
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0].body).toContain(then === 'left' ? '/runs/900' : '/runs/901');
    expect(second.outputs['comment-url']).toBe(github.comments[0].html_url);
    expect(second.log.includes('the comment is of a newer run')).toBe(then === 'left');
  });

  it('that a later run posts meanwhile is the one that stays', async () => {
    const github = await startGitHub();
    await run({ github, env: { GITHUB_RUN_NUMBER: '43' } });
    const [newer] = github.comments.splice(0);
    // It comes between the first look and the post.
    github.answer = (request) => {
      if (isPost(request)) github.comments.push(newer);
      return null;
    };
    const older = await run({ github, env: { GITHUB_RUN_NUMBER: '42' } });
    expect(github.comments).toEqual([newer]);
    expect(older.outputs['comment-url']).toBe(newer.html_url);
  });

  it('names the commit that somebody pushed, not the merge that GitHub tests', async () => {
    const github = await startGitHub();
    const pull = { number: 7, base: { ref: 'main' }, head: { sha: `abcdef0${'1'.repeat(33)}` } };
    const event = { name: 'pull_request', text: JSON.stringify({ pull_request: pull }) };
    await run({ github, event, env: { GITHUB_SHA: 'f'.repeat(40) } });
    expect(github.comments[0].body).toContain('/actions/runs/42) of commit abcdef0\n');
    expect(github.comments[0].body).not.toContain('fffffff');
  });

  it.each([401, 403, 404])('is left out with a warning where GitHub answers %i', async (status) => {
    const github = await startGitHub();
    github.answer = (request) =>
      isPost(request) ? { status, message: 'Resource not accessible by integration' } : null;
    const ended = await run({ github });
    expect(ended.status).toBe(MISSING);
    expect(ended.log).toMatch(new RegExp(`::warning::no comment posted: GitHub answered ${status}`));
    expect(ended.outputs['comment-url']).toBe('');
    expect(ended.summary).toContain('int8-gate.yml');
    expect(github.requests.filter(isPost)).toHaveLength(1);
  });

  it('is tried again when GitHub stumbles', async () => {
    const github = await startGitHub();
    let stumbles = 2;
    github.answer = (request) => (isPost(request) && stumbles-- > 0 ? { status: 502 } : null);
    const ended = await run({ github });
    expect(github.comments).toHaveLength(1);
    expect(ended.outputs['comment-url']).toBe(github.comments[0].html_url);
    expect(ended.log).not.toContain('::warning');
  });

  it('waits as long as GitHub asks when there were too many requests', async () => {
    const github = await startGitHub();
    const times: number[] = [];
    github.answer = (request) => {
      if (!isPost(request)) return null;
      times.push(performance.now());
      return times.length === 1
        ? { status: 403, message: 'secondary rate limit', headers: { 'retry-after': '2' } }
        : null;
    };
    await run({ github });
    expect(github.comments).toHaveLength(1);
    expect(times[1] - times[0]).toBeGreaterThan(1900);
  });

  it('is given up with a warning when GitHub stays down', async () => {
    const github = await startGitHub();
    github.answer = ({ path }) => (path === '/graphql' ? null : { status: 500, message: 'down' });
    const ended = await run({ github });
    expect(ended.status).toBe(MISSING);
    expect(ended.log).toContain('::warning::no comment posted: GitHub answered 500');
    expect(github.requests.filter(({ path }) => path !== '/graphql')).toHaveLength(4);
  });

  it('is given up with a warning when nobody answers', async () => {
    const ended = await run({});
    expect(ended.status).toBe(MISSING);
    expect(ended.log).toContain('::warning::no comment posted');
  });

  it('is one even when a post that seemed to fail did not', async () => {
    const github = await startGitHub();
    let lies = 1;
    github.answer = (request) => (isPost(request) && lies-- > 0 ? { status: 500, afterwards: true } : null);
    const ended = await run({ github });
    expect(github.comments).toHaveLength(1);
    expect(ended.outputs['comment-url']).toBe(github.comments[0].html_url);
  });

  it('is one when another run creates it at the same time', async () => {
    const github = await startGitHub();
    github.answer = (request) => {
      const body = String(JSON.parse(request.body || '{}').body);
      if (isPost(request) && github.comments.length === 0) github.post(body.replace('/runs/42', '/runs/41'), BOT);
      return null;
    };
    const ended = await run({ github });
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0].body).toContain('/runs/42');
    expect(ended.outputs['comment-url']).toBe(github.comments[0].html_url);
  });

  it('is one after two runs that really are at the same time', async () => {
    const github = await startGitHub();
    await Promise.all([run({ github }), run({ github }), run({ github })]);
    await run({ github });
    expect(github.comments).toHaveLength(1);
  });

  it('is created anew when somebody deletes it between look and update', async () => {
    const github = await startGitHub();
    await run({ github });
    github.answer = ({ method }) => {
      if (method === 'PATCH') github.comments.length = 0;
      return null;
    };
    const ended = await run({ github });
    expect(github.comments).toHaveLength(1);
    expect(ended.outputs['comment-url']).toBe(github.comments[0].html_url);
  });
});

describe('the event', () => {
  it('brings no comment where it is no pull request', async () => {
    const github = await startGitHub();
    const ended = await run({ github, event: { name: 'push', text: '{"ref":"refs/heads/main"}' } });
    expect(ended.status).toBe(MISSING);
    expect(ended.log).not.toContain('::warning');
    expect(github.requests).toEqual([]);
  });

  it('brings a comment where another event names a pull request and comment is always', async () => {
    const github = await startGitHub();
    const events = {
      issue_comment: { issue: { number: 7, pull_request: { url: 'x' } } },
      workflow_run: { workflow_run: { pull_requests: [{ number: 7 }] } },
    };
    for (const [name, payload] of Object.entries(events)) {
      const event = { name, text: JSON.stringify(payload) };
      expect((await run({ github, event })).outputs['comment-url']).toBe('');
      expect((await run({ github, event, with: { comment: 'always' } })).outputs['comment-url']).toMatch(
        /issuecomment/,
      );
    }
    expect(github.comments).toHaveLength(1);
  });

  it('brings no comment where comment is never or the token is empty', async () => {
    const github = await startGitHub();
    await run({ github, with: { comment: 'never' } });
    const ended = await run({ github, with: { token: '' } });
    expect(ended.log).toContain('::warning::input token is empty');
    expect(github.requests).toEqual([]);
  });

  it.each([
    ['absent', null],
    ['malformed', '{"pull_request": {"num'],
    ['of another shape', '[7]'],
    ['without a number', '{"pull_request": {"number": "7; rm"}}'],
    ['null', 'null'],
  ])('is taken for none, with a warning, where its file is %s', async (_, text) => {
    const github = await startGitHub();
    const ended = await run({ github, event: { name: 'pull_request', text } });
    expect(ended.status).toBe(MISSING);
    expect(ended.log).toContain('::warning::');
    expect(ended.log).not.toContain('SyntaxError:');
    expect(ended.summary).toContain('int8-gate.yml');
    expect(github.requests).toEqual([]);
  });
});

describe('the token', () => {
  it('is hidden from the log', async () => {
    const github = await startGitHub();
    const ended = await run({ github });
    expect(ended.log.replace('::add-mask::a-token', '')).not.toContain('a-token');
  });
});
