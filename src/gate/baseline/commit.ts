import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../errors.ts';
import { commitNamed, complaintOf, gitLines, type Repository, tryGit } from './git.ts';

/** Where HEAD was branched off. */
export interface MergeBaseRequest {
  readonly kind: 'merge-base';
  /** The branch that the changes shall go to; the remote's default branch where nobody says. */
  readonly target?: string;
  /** The last commit of the pull request: HEAD may be its merge into the target branch. */
  readonly pullRequest?: string;
}

/** Where HEAD was branched off, or a commit that the user names. */
export type CommitRequest = MergeBaseRequest | { readonly kind: 'ref'; readonly ref: string };

export interface Commit {
  readonly kind: CommitRequest['kind'];
  /** What it was found by: a branch, or what the user named. */
  readonly ref: string;
  readonly commit: string;
  /** What is checked out. */
  readonly head: string;
  /** Where more can be fetched from. */
  readonly remote: string;
}

/** How many commits a cut-off history is fetched back to, before all of it. */
const DEPTHS = [50, 500, 5000];

/**
 * The exact commit to compare HEAD with.
 *
 * @param fetch whether what a shallow clone lacks may be fetched from the remote
 * @throws InputError that says what to type where the commit, or the history that leads to it, is not here
 */
export async function findCommit(repository: Repository, request: CommitRequest, fetch: boolean): Promise<Commit> {
  const head = await commitNamed(repository, 'HEAD');
  if (head === null) throw new InputError(`${repository.top}: HEAD is no commit yet, so there is no baseline`);
  const finder: Finder = { repository, head, remote: await remoteOf(repository), fetch };
  const found = await (request.kind === 'ref' ? findRef(finder, request.ref) : findMergeBase(finder, request));
  return { kind: request.kind, ...found, head, remote: finder.remote };
}

type Found = Pick<Commit, 'ref' | 'commit'>;

interface Finder {
  readonly repository: Repository;
  readonly head: string;
  readonly remote: string;
  readonly fetch: boolean;
}

async function remoteOf({ top }: Repository): Promise<string> {
  const remotes = (await gitLines(top, 'remote')) ?? [];
  return remotes.includes('origin') ? 'origin' : remotes[0] || 'origin';
}

async function findRef(finder: Finder, ref: string): Promise<Found> {
  const { repository, remote } = finder;
  const known = await commitNamed(repository, ref);
  if (known !== null) return { ref, commit: known };
  const wanted = isName(ref) ? await fetched(finder, [ref]) : 'it is no name of a commit';
  if (wanted === null) return { ref, commit: (await commitNamed(repository, 'FETCH_HEAD'))! };
  const type = isName(ref) ? `; type: git fetch ${depthArgs(repository)}${remote} ${ref}` : '';
  throw new InputError(`baseline ${ref}: there is no such commit in this clone (${wanted})${type}`);
}

async function findMergeBase(finder: Finder, { target, pullRequest }: MergeBaseRequest): Promise<Found> {
  const parents = await parentsOf(finder);
  // GitHub checks out the merge of a pull request into its target: what it changes, it changes against the first parent.
  if (parents.length === 2 && pullRequest !== undefined && parents[1] === pullRequest) {
    await ensureCommit(finder, parents[0]);
    return { ref: target ?? 'the first parent of HEAD', commit: parents[0] };
  }
  const branch = await targetBranch(finder, target);
  for (const depth of [0, ...DEPTHS, Number.POSITIVE_INFINITY]) {
    const failure = depth === 0 ? null : await deepen(finder, branch, depth);
    const tip = await commitNamed(finder.repository, branch.ref);
    const base = tip === null ? null : await mergeBase(finder, tip);
    if (base !== null) return { ref: branch.name, commit: base };
    const whole = tip !== null && !(await isShallow(finder));
    if (whole)
      throw new InputError(
        `baseline merge-base: HEAD and ${branch.name} have no commit in common; name the commit to compare with, or use none`,
      );
    if (failure !== null || !finder.fetch) throw cutOff(finder, branch, failure);
  }
  throw cutOff(finder, branch, null);
}

const isShallow = async ({ repository }: Finder): Promise<boolean> =>
  (await gitLines(repository.top, 'rev-parse', '--is-shallow-repository'))?.[0] === 'true';

/** Its parents as the commit names them: a shallow clone hides those that it lacks. */
async function parentsOf({ repository, head }: Finder): Promise<string[]> {
  const lines = (await gitLines(repository.top, 'cat-file', 'commit', head)) ?? [];
  const header = lines.slice(0, lines.indexOf(''));
  return header.flatMap((line) => /^parent ([0-9a-f]{40,64})$/.exec(line)?.[1] ?? []);
}

interface Branch {
  readonly name: string;
  readonly ref: string;
}

async function targetBranch({ repository, remote, fetch }: Finder, target?: string): Promise<Branch> {
  if (target !== undefined && !isName(target))
    throw new InputError(`baseline merge-base: "${target}" is no name of a branch`);
  const remotely = (name: string): Branch => ({ name, ref: `refs/remotes/${remote}/${name}` });
  const locally = (name: string): Branch => ({ name, ref: `refs/heads/${name}` });
  if (target !== undefined) {
    const [there, here] = [remotely(target), locally(target)];
    const local =
      (await commitNamed(repository, there.ref)) === null && (await commitNamed(repository, here.ref)) !== null;
    return local && !fetch ? here : there;
  }
  const set = (await gitLines(repository.top, 'symbolic-ref', '--quiet', `refs/remotes/${remote}/HEAD`))?.[0];
  const names = [...(set === undefined ? [] : [set.slice(`refs/remotes/${remote}/`.length)]), 'main', 'master'];
  for (const branch of [...names.map(remotely), ...names.map(locally)])
    if ((await commitNamed(repository, branch.ref)) !== null) return branch;
  throw new InputError(
    'baseline merge-base: nothing says which branch the changes shall go to (there is neither a default branch of the remote, nor main, nor master); name the commit: --baseline "$(git merge-base BRANCH HEAD)"',
  );
}

/**
 * The best common ancestor of HEAD and `tip`; null where there is none, or where history that is cut off may hide a
 * better one: some commit that leads to it has parents that are not here.
 */
async function mergeBase({ repository, head }: Finder, tip: string): Promise<string | null> {
  const base = (await gitLines(repository.top, 'merge-base', head, tip))?.[0];
  if (base === undefined) return null;
  const cut = new Set((await readFile(join(repository.commonDir, 'shallow'), 'utf8').catch(() => '')).split('\n'));
  // A commit whose parents are cut off has none.
  const since = (await gitLines(repository.top, 'rev-list', '--max-parents=0', head, tip, `^${base}`)) ?? [];
  return since.some((commit) => commit !== '' && cut.has(commit)) ? null : base;
}

async function ensureCommit(finder: Finder, commit: string): Promise<void> {
  if ((await commitNamed(finder.repository, commit)) !== null) return;
  const failure = finder.fetch ? await fetched(finder, [commit]) : 'this clone is shallow';
  if (failure === null && (await commitNamed(finder.repository, commit)) !== null) return;
  throw new InputError(
    `baseline merge-base: the commit ${commit} that the pull request is merged into is not in this clone (${failure}); type: git fetch --depth=1 ${finder.remote} ${commit} (in a workflow: fetch-depth: 2 on actions/checkout)`,
  );
}

async function deepen(finder: Finder, { name, ref }: Branch, depth: number): Promise<string | null> {
  if (!finder.fetch) return null;
  const shallow = await isShallow(finder);
  const how = !shallow ? [] : Number.isFinite(depth) ? [`--depth=${depth}`] : ['--unshallow'];
  const branch = `+refs/heads/${name}:${ref}`;
  // A commit that was never pushed is not there to be fetched, but the branch is.
  const both = await fetchWith(finder, how, [branch, finder.head]);
  return both === null ? null : fetchWith(finder, how, [branch]);
}

/** Fetches commits without what leads to them, where the clone is shallow anyhow; says what git complained about. */
const fetched = (finder: Finder, wanted: readonly string[]): Promise<string | null> =>
  finder.fetch
    ? fetchWith(finder, depthArgs(finder.repository).split(' ').filter(Boolean), wanted)
    : Promise.resolve(finder.repository.shallow ? 'it is shallow' : 'git knows no such name');

async function fetchWith({ repository, remote }: Finder, how: readonly string[], wanted: readonly string[]) {
  const result = await tryGit(repository.top, [
    'fetch',
    '--no-tags',
    '--no-recurse-submodules',
    '--quiet',
    ...how,
    remote,
    ...wanted,
  ]);
  return result.code === 0 ? null : complaintOf(result);
}

/** A depth makes a whole clone shallow: only one that is shallow gets it. */
const depthArgs = ({ shallow }: Repository): string => (shallow ? '--depth=1 ' : '');

function cutOff({ repository, remote }: Finder, { name }: Branch, failure: string | null): InputError {
  const why = failure === null ? '' : ` and could not be fetched (${failure})`;
  const depth = repository.shallow ? '--unshallow ' : '';
  return new InputError(
    `baseline merge-base: the history that HEAD and ${name} have in common is not in this clone${why}; type: git fetch ${depth}${remote} ${name}:refs/remotes/${remote}/${name} (in a workflow: fetch-depth: 0 on actions/checkout)`,
  );
}

/** What may stand in a command: no option, no pattern, no other repository. */
const isName = (text: string): boolean => /^[\w@][\w./@+-]*$/.test(text) && !text.includes('..');
