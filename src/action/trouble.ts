/** What stood in the way of a request to GitHub. */

interface Response {
  readonly headers?: Readonly<Record<string, string | number | undefined>>;
}

/** HTTP status of a failed request; 0 where GitHub did not answer: Octokit gives such errors status 500. */
export const statusOf = (error: unknown): number =>
  responseOf(error) === null ? 0 : Number((error as { status?: unknown }).status ?? 0);

const responseOf = (error: unknown): Response | null =>
  (error as { response?: Response | null } | null)?.response ?? null;

/** A header of GitHub's answer; '' where there is none. */
export const headerOf = (error: unknown, name: string): string => String(responseOf(error)?.headers?.[name] ?? '');

/** GitHub's words for "too many requests": a 429, or a 403 that says so in its headers or its message. */
export function isRateLimit(error: unknown): boolean {
  const status = statusOf(error);
  if (status === 429) return true;
  const used = headerOf(error, 'x-ratelimit-remaining') === '0' || headerOf(error, 'retry-after') !== '';
  return status === 403 && (used || /rate limit|abuse detection/i.test((error as Error).message));
}

/** Why there is no comment, for a warning. */
export function whyNot(error: unknown): string {
  const status = statusOf(error);
  const { message } = error as Error;
  if (status === 0) return `GitHub could not be reached (${message})`;
  const answer = `GitHub answered ${status} (${message})`;
  if (isRateLimit(error)) return `${answer}: too many requests with this token${resetOf(error)}`;
  if (status === 401) return `${answer}: the token is not valid`;
  if (status !== 403 && status !== 404) return answer;
  return `${answer}: the token may not write to the pull request; pull requests from forks have a read-only token, others need permissions: pull-requests: write`;
}

/** When GitHub takes requests again, as far as it says. */
function resetOf(error: unknown): string {
  const wait = Number(headerOf(error, 'retry-after') || Number.NaN);
  if (wait >= 0) return `; it takes more in ${wait} s`;
  const reset = new Date(1000 * Number(headerOf(error, 'x-ratelimit-reset') || Number.NaN));
  return Number.isNaN(reset.getTime()) ? '' : `; it takes more from ${reset.toISOString()}`;
}
