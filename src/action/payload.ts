import { readFileSync } from 'node:fs';

/**
 * The event that started the run, read before anything else: @actions/github parses the event file as it is imported
 * and throws on a malformed one, so a file that cannot be read is taken out of the environment here.
 */
export const { payload, problem } = load(process.env.GITHUB_EVENT_PATH);
if (problem !== null) delete process.env.GITHUB_EVENT_PATH;

function load(path: string | undefined): { payload: unknown; problem: string | null } {
  if (!path) return { payload: null, problem: 'GITHUB_EVENT_PATH is not set' };
  try {
    return { payload: JSON.parse(readFileSync(path, 'utf8')), problem: null };
  } catch (error) {
    return { payload: null, problem: `cannot read the event file: ${(error as Error).message}` };
  }
}
