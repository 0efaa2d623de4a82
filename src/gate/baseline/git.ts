import { resolve } from 'node:path';
import { type ToolResult, trimOutput, tryTool } from '../../compiler/toolchain/index.ts';
import { EnvironmentError, InputError } from '../../errors.ts';

/** A git repository, as seen from a folder in it. */
export interface Repository {
  /** The top folder of what is checked out. */
  readonly top: string;
  /** From there to the folder that was asked about: empty, or with a slash at its end. */
  readonly prefix: string;
  readonly gitDir: string;
  /** That of the main checkout, where this is a linked one. */
  readonly commonDir: string;
  /** Whether its history is cut off somewhere. */
  readonly shallow: boolean;
}

/**
 * What a repository holds is not trusted: no hook runs, and neither does the filter of Git LFS, which would download.
 * Attributes of a commit can only name filters that the user's own configuration has.
 */
const GUARDED = [
  ...['core.hooksPath=/dev/null', 'core.fsmonitor=false', 'core.splitIndex=false', 'protocol.ext.allow=never'],
  // What git would go on with after it has ended.
  ...['gc.auto=0', 'maintenance.auto=false'],
  ...['filter.lfs.smudge=', 'filter.lfs.process=', 'filter.lfs.required=false'],
].flatMap((setting) => ['-c', setting]);

/** Git speaks English, asks nobody, and looks at the folder that it is given, also where a hook started this process. */
const ENVIRONMENT = {
  ...{ LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', GIT_LFS_SKIP_SMUDGE: '1' },
  ...{ GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_INDEX_FILE: undefined, GIT_PREFIX: undefined },
};

/**
 * Runs git in a folder and returns what it said, whatever its exit status.
 * @throws EnvironmentError where there is no git, or it does not end
 */
export async function tryGit(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<ToolResult> {
  const result = await tryTool('git', ['-C', folder, ...GUARDED, ...args], { env: { ...ENVIRONMENT, ...env } });
  if (result === null)
    throw new EnvironmentError('a baseline needs git, and there is no program git: install it, or use baseline none');
  return result;
}

/**
 * The lines that a successful git wrote; null where it failed.
 * @throws as tryGit does
 */
export async function gitLines(folder: string, ...args: string[]): Promise<string[] | null> {
  const { code, stdout } = await tryGit(folder, args);
  return code === 0 ? stdout.trimEnd().split('\n') : null;
}

/** What git complained about, on one line. */
export const complaintOf = ({ stderr, stdout }: ToolResult): string =>
  trimOutput(stderr || stdout, 5)
    .replace(/\s*\n\s*/g, '; ')
    .replace(/^(fatal|error): /, '');

/**
 * The repository that `folder` is checked out from.
 * @throws InputError where it is none
 */
export async function openRepository(folder: string): Promise<Repository> {
  const questions = ['--show-toplevel', '--absolute-git-dir', '--git-common-dir', '--is-shallow-repository'];
  const found = await tryGit(folder, ['rev-parse', ...questions, '--show-prefix']);
  if (found.code !== 0)
    throw new InputError(
      `${folder}: a baseline is a commit, and this is no checkout of a git repository (${complaintOf(found)}); use a report.json or none`,
    );
  const [top, gitDir, common, shallow, prefix = ''] = found.stdout.split('\n');
  return { top, prefix, gitDir, commonDir: resolve(folder, common), shallow: shallow === 'true' };
}

/** The full name of the commit that `revision` means; null where there is none here. */
export async function commitNamed({ top }: Repository, revision: string): Promise<string | null> {
  if (revision.startsWith('-')) return null; // an option is no revision
  const found = await gitLines(top, 'rev-parse', '--verify', '--quiet', `${revision}^{commit}`);
  return found?.[0] ?? null;
}
