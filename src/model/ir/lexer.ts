import { InputError } from '../../errors.ts';

/** The tokens of the IR's text form: strings (as in JSON), numbers, words with dots, and punctuation. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[A-Za-z_][\w.]*|->|[%()[\]{},:=@]/y;
const SPACE = /\s*/y;

export interface Lexer {
  /** Whether the next token is `token`; it stays. */
  next(token: string): boolean;
  nextIsString(): boolean;
  nextIsNumber(): boolean;
  /** Takes `token` if it is next. */
  accept(token: string): boolean;
  expect(token: string): void;
  string(): string;
  word(): string;
  /** The next number as written, for integers that a double cannot hold. */
  numeral(): string;
  number(): number;
  /** `open item, item … close`, possibly empty. */
  list<T>(open: string, close: string, item: () => T): T[];
  done(): boolean;
  fail(what: string): never;
}

export function openLexer(text: string): Lexer {
  let at = 0;
  let token = '';
  const fail = (what: string): never => {
    throw new InputError(`IR text, line ${text.slice(0, at).split('\n').length}: ${what}`);
  };
  const advance = (): void => {
    SPACE.lastIndex = at;
    SPACE.exec(text);
    at = SPACE.lastIndex;
    TOKEN.lastIndex = at;
    token = TOKEN.exec(text)?.[0] ?? '';
    if (token === '' && at < text.length) fail(`cannot read "${text.slice(at, at + 20)}"`);
  };
  const take = (fits: boolean, wanted: string): string => {
    if (!fits) fail(`expected ${wanted}, found ${token === '' ? 'the end' : token}`);
    const taken = token;
    at += token.length;
    advance();
    return taken;
  };
  const isString = (): boolean => token.startsWith('"');
  const isNumber = (): boolean => /^-?\d/.test(token);
  const expect = (wanted: string): void => void take(token === wanted, `"${wanted}"`);
  const accept = (wanted: string): boolean => {
    if (token !== wanted) return false;
    expect(wanted);
    return true;
  };
  const numeral = (): string => take(isNumber(), 'a number');
  advance();
  return {
    next: (wanted) => token === wanted,
    nextIsString: isString,
    nextIsNumber: isNumber,
    accept,
    expect,
    string: () => JSON.parse(take(isString(), 'a string')) as string,
    word: () => take(/^[A-Za-z_]/.test(token), 'a word'),
    numeral,
    number: () => Number(numeral()),
    list(open, close, item) {
      expect(open);
      const out = [];
      while (token !== close) {
        out.push(item());
        if (!accept(',')) break;
      }
      expect(close);
      return out;
    },
    done: () => token === '',
    fail,
  };
}
