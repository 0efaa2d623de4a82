/** A text as a Markdown code block of at most `limit` characters. Indented: no text can break out of it, as it can of a fence. */
export function codeBlock(text: string, limit: number): string {
  const block = text
    .split(/\r\n?|\n/)
    .map((line) => `    ${line}`)
    .join('\n');
  return block.length <= limit ? block : `${block.slice(0, Math.max(0, limit - 1))}…`;
}

/** One line for the log that the runner cannot take for a workflow command, whatever names it quotes. */
export const logLine = (text: string): string =>
  `int8-gate: ${text.replace(/\p{Cc}+/gu, ' ').replaceAll('##[', '## [')}`;
