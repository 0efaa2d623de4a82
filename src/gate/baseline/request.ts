import { InputError } from '../../errors.ts';
import type { CommitRequest } from './commit.ts';

/** A commit to compare with. */
export type FromGit = CommitRequest & {
  /** Whether what a shallow clone lacks may be fetched. */
  readonly fetch?: boolean;
  /** Whether a check goes on without a baseline that cannot be had, unless the configuration sets limits against it. */
  readonly optional?: boolean;
};

/** What to compare with: a commit, or a report of an earlier check. */
export type BaselineRequest = FromGit | { readonly kind: 'report'; readonly file: string };

/**
 * What a user asks for: `merge-base`, `none` (null), the path of a report (by its `.json`), or a revision as git takes it.
 *
 * @param where the option or input that it stands in
 * @throws InputError where it is empty, or an option of git
 */
export function parseBaseline(text: string, where: string): BaselineRequest | null {
  if (text === 'none') return null;
  if (text === 'merge-base') return { kind: 'merge-base' };
  if (/\.json$/i.test(text)) return { kind: 'report', file: text };
  if (text.trim() === '' || text.startsWith('-') || /\p{Cc}/u.test(text))
    throw new InputError(`${where}: give merge-base, a commit, the path of a report.json, or none`);
  return { kind: 'ref', ref: text };
}
