/** Untrusted text (names, paths, reasons) on its way into Markdown or a terminal. */

const MOST = 300;

/** Marks of direction and what has no width, but the joiners that words and emoji are written with. */
const UNSEEN =
  /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Cs}/gu;

/** Without control characters, line breaks and direction overrides, and of a sensible length. */
export function clean(text: string, most = MOST): string {
  const flat = text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(UNSEEN, '')
    .trim();
  const characters = [...flat];
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : flat;
}

/**
 * Markdown gives meaning to ASCII punctuation only; as character references it is plain text everywhere, in tables
 * too. GitHub's Markdown also makes links of what starts with "www.".
 */
const entities = (text: string): string =>
  text
    .replace(/[!#$&*+/:<>?@[\\\]^_`{|}~]/g, (c) => `&#${c.charCodeAt(0)};`)
    .replace(/\bwww\./gi, (www) => `${www.slice(0, 3)}&#46;`);

/**
 * Text as Markdown that shows it and does nothing: no HTML, no link, no table cell of its own, and, by an invisible
 * space after the sign, no mention of a user (@) or an issue (#, GH-).
 */
export const escapeText = (text: string, most?: number): string =>
  entities(clean(text, most))
    .replace(/&#64;/g, '&#64;\u200b')
    .replace(/&#35;/g, '&#35;\u200b')
    .replace(/\b(gh)-(?=\d)/gi, '$1\u200b-');

/** A name or path as code: GitHub links and mentions nothing in there, and it can be copied as it is. */
export const escapeCode = (text: string, most?: number): string => `<code>${entities(clean(text, most))}</code>`;
