import type { Build } from '../../compiler/build.ts';
import type { EnvironmentError } from '../../errors.ts';

interface Command {
  readonly build: Build | null;
  readonly lines: string[];
  readonly onLine?: (line: string) => void;
  resolve(lines: string[]): void;
  reject(error: EnvironmentError): void;
}

/** Lines of an answer; `ok` ends it. */
const ANSWER = /^(model|input|output|done|dims|batch|clock|pass|instructions) /;

/** Commands that a runner was sent: it answers them in order. */
export class Commands {
  readonly #waiting: Command[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #silenceMs: number;
  readonly #onSilence: () => void;

  /** @param onSilence called where an answer is due and nothing was heard for `silenceMs` */
  constructor(silenceMs: number, onSilence: () => void) {
    this.#silenceMs = silenceMs;
    this.#onSilence = onSilence;
  }

  /** Whether an answer is due. */
  get due(): boolean {
    return this.#waiting.length > 0;
  }

  /** The build that the command in work is about. */
  get build(): Build | null {
    return this.#waiting[0]?.build ?? null;
  }

  /** The lines of the answer to a further command; `onLine` hears each at once. */
  add(build: Build | null, onLine?: (line: string) => void): Promise<string[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ build, lines: [], onLine, resolve, reject });
      this.heard();
    });
  }

  /** Takes a line of the answer that is due; false where it is none. */
  take(line: string): boolean {
    const [current] = this.#waiting;
    if (current === undefined) return false;
    if (line === 'ok') {
      this.#waiting.shift();
      current.resolve(current.lines);
      return true;
    }
    if (!ANSWER.test(line)) return false;
    current.lines.push(line);
    current.onLine?.(line);
    return true;
  }

  /** Counts the silence from now on. */
  heard(): void {
    clearTimeout(this.#timer);
    if (this.due) this.#timer = setTimeout(this.#onSilence, this.#silenceMs);
  }

  /** Ends all of them. */
  fail(error: EnvironmentError): void {
    clearTimeout(this.#timer);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
