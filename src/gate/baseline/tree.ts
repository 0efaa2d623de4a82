import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError, InputError } from '../../errors.ts';
import { withScratch } from '../../runtime/devices/scratch.ts';
import { type Files, openFiles } from '../data/files.ts';
import type { Commit } from './commit.ts';
import { complaintOf, type Repository, tryGit } from './git.ts';

type Source = Pick<Commit, 'commit' | 'remote'>;

/**
 * Gives `use` the files of a commit, checked out into a folder of its own, which is gone afterwards, whatever happens.
 * The repository is left as it is: index and folder are apart from its own. Relative paths count from the same place as in the
 * repository; nothing leads out of the folder. Files of Git LFS are read from the repository's store.
 *
 * @throws EnvironmentError where git cannot check the commit out
 */
export async function withTree<T>(
  repository: Repository,
  { commit, remote }: Source,
  use: (files: Files) => Promise<T>,
): Promise<T> {
  return withScratch(async (folder) => {
    const tree = join(folder, 'tree');
    await mkdir(join(tree, repository.prefix), { recursive: true });
    const where = [`--git-dir=${repository.gitDir}`, `--work-tree=${tree}`];
    const result = await tryGit(tree, [...where, 'read-tree', '--reset', '-u', commit], {
      GIT_INDEX_FILE: join(folder, 'index'),
    });
    if (result.code !== 0)
      throw new EnvironmentError(`git cannot check out the baseline ${commit}: ${complaintOf(result)}`);
    const lfsObject = (sha256: string, path: string) => readLfsObject(repository, { commit, remote }, sha256, path);
    return use(openFiles(join(tree, repository.prefix), { within: tree, lfsObject }));
  });
}

const placeOf = ({ commonDir }: Repository, sha256: string): string =>
  join(commonDir, 'lfs', 'objects', sha256.slice(0, 2), sha256.slice(2, 4), sha256);

/** An object of Git LFS; its store is laid out as docs/spec.md of Git LFS says. */
function readLfsObject(repository: Repository, { commit, remote }: Source, sha256: string, path: string): Uint8Array {
  const place = placeOf(repository, sha256);
  const bytes = existsSync(place) ? readFileSync(place) : null;
  if (bytes !== null && createHash('sha256').update(bytes).digest('hex') === sha256) return bytes;
  throw new InputError(
    `${path} is a Git LFS pointer at ${commit.slice(0, 12)}, and the file itself was not downloaded: "lfs: true" of actions/checkout takes those of HEAD alone; type: git lfs fetch ${remote} ${commit}`,
  );
}

/**
 * Downloads what the pointers of a commit stand for, as far as Git LFS is there and the remote gives it; what is still missing
 * is said where it is read.
 */
export async function fetchLfs({ top }: Repository, { commit, remote }: Source, paths: readonly string[]) {
  await tryGit(top, ['lfs', 'fetch', remote, commit, `--include=${paths.join()}`]);
}
