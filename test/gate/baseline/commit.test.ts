import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { type CommitRequest, findCommit } from '../../../src/gate/baseline/commit.ts';
import { openRepository } from '../../../src/gate/baseline/git.ts';
import { TestRepository } from './repository.ts';

const find = async ({ folder }: TestRepository, request: CommitRequest, fetch = false) =>
  findCommit(await openRepository(folder), request, fetch);

const MERGE_BASE = { kind: 'merge-base' } as const;

/** A branch of two commits off the first of two of main. */
function branched() {
  const repository = TestRepository.create();
  const fork = repository.commit({ a: '1' });
  const main = repository.commit({ b: '1' });
  repository.git('checkout', '--quiet', '-b', 'topic', fork);
  repository.commit({ c: '1' });
  const topic = repository.commit({ c: '2' });
  return { repository, fork, main, topic };
}

/** What GitHub checks out for a pull request: its merge into the target branch, which has gone on. */
function pullRequest() {
  const { repository, main, topic } = branched();
  repository.git('checkout', '--quiet', '--detach', 'main');
  repository.git('merge', '--quiet', '--no-ff', '--no-edit', 'topic');
  const merge = repository.git('rev-parse', 'HEAD');
  repository.git('update-ref', 'refs/pull/7/merge', merge);
  repository.git('checkout', '--quiet', 'main');
  return { repository, main, topic, merge };
}

/** A checkout as actions/checkout makes it: one commit, detached. */
function checkedOut(from: TestRepository, commit: string, depth = 1): TestRepository {
  const clone = TestRepository.create();
  clone.git('remote', 'add', 'origin', `file://${from.folder}`);
  clone.git('fetch', '--quiet', '--no-tags', `--depth=${depth}`, 'origin', commit);
  clone.git('checkout', '--quiet', '--detach', commit);
  return clone;
}

describe('the merge base', () => {
  it('is where HEAD was branched off from main, the default branch, or one that is named', async () => {
    const { repository, fork, main } = branched();
    expect(await find(repository, MERGE_BASE)).toMatchObject({ kind: 'merge-base', ref: 'main', commit: fork });
    expect(await find(repository, { ...MERGE_BASE, target: 'main' })).toMatchObject({ commit: fork });
    repository.git('checkout', '--quiet', 'main');
    expect(await find(repository, MERGE_BASE)).toMatchObject({ commit: main });
    repository.git('checkout', '--quiet', 'topic');
    // The default branch of a remote has any name.
    repository.git('branch', '--move', 'main', 'trunk');
    await expect(find(repository, MERGE_BASE)).rejects.toThrow(/which branch .* --baseline "\$\(git merge-base/);
    repository.git('checkout', '--quiet', 'trunk');
    const clone = repository.clone();
    clone.git('checkout', '--quiet', '-b', 'mine');
    clone.commit({ d: '1' });
    expect(await find(clone, MERGE_BASE)).toMatchObject({ ref: 'trunk', commit: main });
  });

  it('of a merge that GitHub checked out is what the pull request is merged into', async () => {
    const { repository, main, topic, merge } = pullRequest();
    repository.git('checkout', '--quiet', '--detach', merge);
    const request = { ...MERGE_BASE, target: 'main', pullRequest: topic };
    expect(await find(repository, request)).toMatchObject({ ref: 'main', commit: main });
    // That of a clone which only has the merge: its parents are known, and not there.
    const clone = checkedOut(repository, merge);
    await expect(find(clone, request)).rejects.toThrow(
      `type: git fetch --depth=1 origin ${main} (in a workflow: fetch-depth: 2 on actions/checkout)`,
    );
    expect(await find(clone, request, true)).toMatchObject({ commit: main });
    expect(clone.git('rev-list', '--count', main)).toBe('1');
    expect(await find(checkedOut(repository, merge, 2), request)).toMatchObject({ commit: main });
  });

  it('of a branch into which main was merged is the commit of main, whatever the first parent is', async () => {
    const { repository, main } = branched();
    repository.git('merge', '--quiet', '--no-edit', 'main');
    const last = repository.commit({ e: '1' });
    expect(await find(repository, { ...MERGE_BASE, target: 'main', pullRequest: last })).toMatchObject({
      commit: main,
    });
  });

  it('of a shallow clone is fetched, or refused with the command', async () => {
    const { repository, fork, topic } = branched();
    const request = { ...MERGE_BASE, target: 'main', pullRequest: topic };
    const clone = checkedOut(repository, topic);
    const error = await find(clone, request).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toContain('type: git fetch --unshallow origin main:refs/remotes/origin/main');
    expect((error as Error).message).toContain('fetch-depth: 0 on actions/checkout');
    expect(await find(clone, request, true)).toMatchObject({ ref: 'main', commit: fork });
    // The command of the message does it, too.
    const other = checkedOut(repository, topic);
    other.git('fetch', '--quiet', '--unshallow', 'origin', 'main:refs/remotes/origin/main');
    expect(await find(other, request)).toMatchObject({ commit: fork });
  });

  it('is not taken from a history that may hide a better one', async () => {
    // main is merged into topic by a commit that lies beyond the depth of the clone: an older one is seen in common.
    const repository = TestRepository.create();
    const fork = repository.commit({ a: '1' });
    const later = repository.commit({ a: '2' });
    repository.git('checkout', '--quiet', '-b', 'topic', fork);
    repository.commit({ c: '1' });
    repository.git('merge', '--quiet', '--no-edit', 'main');
    const merged = repository.git('rev-parse', 'HEAD');
    repository.git('checkout', '--quiet', '-b', 'side', fork);
    repository.commit({ d: '1' });
    repository.git('checkout', '--quiet', 'topic');
    repository.git('merge', '--quiet', '--no-edit', 'side');
    const topic = repository.git('rev-parse', 'HEAD');
    const clone = checkedOut(repository, topic, 2);
    clone.git('fetch', '--quiet', '--depth=3', 'origin', 'side', 'main:refs/remotes/origin/main');
    clone.git('fetch', '--quiet', '--depth=1', 'origin', merged);
    const request = { ...MERGE_BASE, target: 'main' };
    expect(clone.git('merge-base', topic, 'origin/main')).toBe(fork);
    await expect(find(clone, request)).rejects.toThrow('git fetch --unshallow origin');
    expect(await find(clone, request, true)).toMatchObject({ commit: later });
  });

  it('does not exist where histories have nothing in common', async () => {
    const repository = TestRepository.create();
    repository.commit({ a: '1' });
    repository.git('checkout', '--quiet', '--orphan', 'other');
    repository.commit({ b: '1' });
    await expect(find(repository, MERGE_BASE)).rejects.toThrow(
      'HEAD and main have no commit in common; name the commit to compare with, or use none',
    );
  });

  it('cannot be fetched from a remote that is gone', async () => {
    const { repository, topic } = branched();
    const clone = checkedOut(repository, topic);
    clone.git('remote', 'set-url', 'origin', 'file:///nowhere/at/all');
    await expect(find(clone, { ...MERGE_BASE, target: 'main' }, true)).rejects.toThrow(
      /could not be fetched \(.*does not .*\); type: git fetch/,
    );
  });
});

describe('a commit that is named', () => {
  it('is a branch, a tag, a hash or an expression', async () => {
    const { repository, fork, main } = branched();
    repository.git('tag', '--annotate', '--message', 'x', 'v1', main);
    for (const ref of ['main', 'v1', main, main.slice(0, 10), 'HEAD~2', 'HEAD^{/a change}'])
      expect(await find(repository, { kind: 'ref', ref })).toMatchObject({ kind: 'ref', ref });
    expect(await find(repository, { kind: 'ref', ref: 'v1' })).toMatchObject({ commit: main });
    expect(await find(repository, { kind: 'ref', ref: 'HEAD~2' })).toMatchObject({ commit: fork });
  });

  it('is fetched where the clone lacks it, or refused with the command', async () => {
    const { repository, main, topic } = branched();
    const clone = checkedOut(repository, topic);
    await expect(find(clone, { kind: 'ref', ref: 'main' })).rejects.toThrow(
      'there is no such commit in this clone (it is shallow); type: git fetch --depth=1 origin main',
    );
    expect(await find(clone, { kind: 'ref', ref: 'main' }, true)).toMatchObject({ commit: main });
    await expect(find(clone, { kind: 'ref', ref: 'nothing' }, true)).rejects.toThrow(
      /couldn't find remote ref nothing/,
    );
  });

  it.each(['--all', '--output=/tmp/x', 'a b', 'ext::sh -c touch% x', 'main..topic'])(
    'is no option and no range: %s',
    async (ref) => {
      const { repository } = branched();
      await expect(find(repository, { kind: 'ref', ref }, true)).rejects.toThrow(InputError);
    },
  );
});

it('says what a folder is that is no repository', async () => {
  const { folder } = TestRepository.create();
  await expect(openRepository('/')).rejects.toThrow(
    /^\/: a baseline is a commit, and this is no checkout .*not a git repository/,
  );
  await expect(findCommit(await openRepository(folder), MERGE_BASE, false)).rejects.toThrow('HEAD is no commit yet');
});
