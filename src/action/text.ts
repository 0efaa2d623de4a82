import { printable } from '../model/ir/names.ts';

/** A text as a Markdown code block of at most `limit` characters. Indented: no text can break out of it, as it can of a fence. */
export function codeBlock(text: string, limit: number): string {
  const block = text
    .split(/\r\n?|\n/)
    .map((line) => `    ${line}`)
    .join('\n');
  return block.length <= limit ? block : `${block.slice(0, Math.max(0, limit - 1))}…`;
}

/** A text from the outside, fit for logs, annotations and outputs: nothing in it turns, hides or colours what is read. */
export const inert = (text: string): string => printable(text);

/** A line that the runner cannot take for a workflow command, whatever names it quotes. */
export const quiet = (text: string): string =>
  printable(text.replace(/[\r\n]+/g, ' '))
    .replace(/^(\s*)::/, '$1: :')
    .replaceAll('##[', '## [');

/** One line of progress for the log. */
export const logLine = (text: string): string => `int8-gate: ${quiet(text)}`;
