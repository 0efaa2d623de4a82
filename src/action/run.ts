/** A run of a workflow, as far as runs of the same workflow can be put in order. */
export interface Run {
  /** GitHub counts the runs of a workflow. */
  readonly number: number;
  /** Of the run: 2 where somebody ran it again. */
  readonly attempt: number;
}

const NOTE = /^<!-- run (\d{1,15})\.(\d{1,15}) -->$/;

/** This run, by GitHub's environment; the number is 0 where it says nothing. */
export const runOf = ({ GITHUB_RUN_NUMBER, GITHUB_RUN_ATTEMPT }: NodeJS.ProcessEnv): Run => ({
  number: counted(GITHUB_RUN_NUMBER),
  attempt: counted(GITHUB_RUN_ATTEMPT),
});

const counted = (text = ''): number => (/^\d{1,15}$/.test(text) ? Number(text) : 0);

/** The hidden line of a comment that says which run wrote it. */
export const noteOf = ({ number, attempt }: Run): string => `<!-- run ${number}.${attempt} -->`;

/** The run that wrote a comment, by its second line; null where none is named there. */
export function readNote(body: string): Run | null {
  const found = NOTE.exec(body.split(/\r?\n/, 2)[1] ?? '');
  return found && { number: Number(found[1]), attempt: Number(found[2]) };
}

/**
 * Whether the one run is later than the other. A run of an older commit that is run again stays older: its number is the
 * same. Runs without a number are not in order.
 */
export const isLater = (a: Run, b: Run): boolean =>
  b.number > 0 && (a.number > b.number || (a.number === b.number && a.attempt > b.attempt));
