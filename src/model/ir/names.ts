/**
 * What terminals and web pages obey or hide: control characters but line feeds and tabs, marks of direction, characters
 * without width, tags, and what is left of broken surrogate pairs.
 */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Cs}/gu;

/** Text that may hold names from a file, fit for a terminal; JSON stays JSON. */
export const printable = (text: string): string => text.replace(UNSEEN, escaped);

/** A name from a file as messages show it: quoted, with control characters escaped, and cut where it is endless. */
export function quoteName(name: string): string {
  const short = name.length > 80 ? `${name.slice(0, 77)}…` : name;
  return printable(JSON.stringify(short));
}

const escaped = (text: string): string =>
  [...Array(text.length).keys()].map((i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
