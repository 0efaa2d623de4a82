import { InputError } from '../../errors.ts';

/** How numbers of tokens become texts, and texts become what is counted. All pure. */
export interface Alphabet {
  /** @throws InputError where there is no such token */
  textOf(tokens: readonly number[]): string;
  /** A label as such a text. */
  readLabel(text: string): string;
  words(text: string): string[];
  characters(text: string): string[];
}

/** What stands for a space in the alphabets that speech models come with. */
const SPACES = /^(\s|\||<space>)$|▁/;

const split = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
const characters = (text: string): string[] => Array.from(text.trim());

/**
 * The alphabet of a model whose classes are tokens.
 *
 * Tokens are put together without anything between them where the alphabet has a space, or no label has one. Else labels are
 * sequences of tokens divided by spaces (phonemes, words), and so are texts; without names, of their numbers.
 *
 * @param names of the classes, with or without one for the blank; null without names
 * @param classes of the model, the blank included; null where its outputs are numbers of classes
 * @param texts of the labels
 * @throws InputError where names and classes differ in number
 */
export function alphabetOf(
  names: readonly string[] | null,
  classes: number | null,
  blank: number,
  texts: readonly string[],
): Alphabet {
  if (names === null) return ofNumbers(classes, blank);
  const full = classes === null || names.length === classes ? names : withBlank(names, classes, blank);
  const spaced = full.some((name, k) => k !== blank && SPACES.test(name));
  const divided = !spaced && texts.some((text) => /\S\s+\S/.test(text));
  const spelled = full.map((name) =>
    SPACES.test(name) ? name.replace(/▁/g, ' ').replace(/^(\||<space>)$/, ' ') : name,
  );
  const textOf = (tokens: readonly number[]) =>
    tokens
      .map((token) => named(spelled, token, blank))
      .join(divided ? ' ' : '')
      .normalize('NFC')
      .trim();
  const numbered = isNumbered(texts) && !names.some((name) => /\d/.test(name));
  return {
    textOf,
    readLabel: (text) => (numbered ? textOf(split(text).map(Number)) : text.normalize('NFC').trim()),
    words: split,
    characters: divided ? split : characters,
  };
}

const isNumbered = (texts: readonly string[]) => texts.every((text) => /^[\d\s]*$/.test(text));

function withBlank(names: readonly string[], classes: number, blank: number): readonly string[] {
  if (names.length !== classes - 1)
    throw new InputError(
      `data.classes: ${names.length} tokens, but the model tells ${classes} classes apart; name all of them, or all but the blank`,
    );
  return [...names.slice(0, blank), '', ...names.slice(blank)];
}

function named(names: readonly string[], token: number, blank: number): string {
  const name = names[token];
  if (token === blank || name === undefined)
    throw new InputError(
      `token ${token} is ${token === blank ? 'the blank, which no label holds; see metric.blank' : `none of the ${names.length} tokens in data.classes`}`,
    );
  return name;
}

function ofNumbers(classes: number | null, blank: number): Alphabet {
  return {
    textOf: (tokens) => tokens.join(' '),
    readLabel(text) {
      for (const word of split(text)) {
        const token = /^\d{1,7}$/.test(word) ? Number(word) : -1;
        if (token >= 0 && (classes === null || token < classes) && token !== blank) continue;
        const what = token < 0 ? 'no number of a token' : token === blank ? 'the blank' : `none of ${classes} tokens`;
        throw new InputError(
          `data.labels: ${JSON.stringify(word.slice(0, 40))} is ${what}; for labels that are texts, data.classes names the tokens in the order of their numbers`,
        );
      }
      return split(text).map(Number).join(' ');
    },
    words: split,
    characters: split,
  };
}
