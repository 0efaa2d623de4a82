import {
  type Document,
  isMap,
  isNode,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLParseError,
} from 'yaml';
import { InputError, type Place } from '../../errors.ts';
import { plainWords } from '../words/words.ts';
import { type KeyPath, type Locate, type Problem, refuse, written } from './problems.ts';
import { configSchema, type RawConfig } from './schema.ts';

/** Where the YAML library speaks to programmers. */
const PLAIN: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key stands twice in its mapping',
  TAB_AS_INDENT: 'a tab; YAML is indented with spaces',
  MULTIPLE_DOCS: 'a second document begins here; a configuration is a single one',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
};

const LIMIT = 1 << 20;

/** A configuration as it is written, and where each of its values stands. */
export interface RawDocument {
  readonly raw: RawConfig;
  readonly at: Locate;
}

/**
 * Reads YAML and holds it against the schema.
 *
 * @param text the file's content
 * @param file its path, for messages
 * @throws InputError that lists every problem as `file:line:column: what is wrong`
 */
export function readDocument(text: string, file: string): RawDocument {
  if (text.length > LIMIT) throw new InputError(`${file}: larger than 1 MiB; this is no configuration of int8-gate`);
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const errors = slipsOf(doc).map(({ code, pos, message }) => ({ at: place(pos[0]), text: PLAIN[code] ?? message }));
  refuse(errors);
  refuse(looseAliases(doc).map(([offset, text]) => ({ at: place(offset), text })));

  let value: unknown;
  try {
    value = doc.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new InputError(`${file}: its aliases unfold to far more than it holds`, { cause: error });
  }
  if (value === null || value === undefined) {
    refuse([
      {
        at: place(0),
        text: 'is empty; a configuration starts with "version: 1" and has "models"; docs/config.md shows one',
      },
    ]);
  }
  const at: Locate = (path) => place(offsetOf(doc, path));
  const parsed = configSchema.safeParse(value, { error: plainWords });
  if (!parsed.success) refuse(parsed.error.issues.flatMap((issue) => describe(issue, at)));
  return { raw: parsed.data as RawConfig, at };
}

/** The mistakes in a document's syntax. After the first one the reader guesses, so what it says next is left out. */
function slipsOf({ errors }: Document.Parsed): readonly YAMLParseError[] {
  const sorted = [...errors].sort((a, b) => a.pos[0] - b.pos[0]);
  const first = sorted.findIndex(({ code }) => code !== 'DUPLICATE_KEY');
  return first < 0 ? sorted : sorted.slice(0, first + 1);
}

/** Aliases whose anchor does not stand before them, by where they stand. */
function looseAliases(doc: Document.Parsed): (readonly [offset: number, text: string])[] {
  const anchors = new Set<string>();
  const loose: (readonly [number, string])[] = [];
  visit(doc, {
    Alias(_, { source, range }) {
      if (!anchors.has(source))
        loose.push([range?.[0] ?? 0, `the alias *${source} has no anchor &${source} before it`]);
    },
    Value(_, { anchor }) {
      if (anchor !== undefined) anchors.add(anchor);
    },
  });
  return loose;
}

interface Issue {
  readonly code?: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
  /** What each branch of a union says. */
  readonly errors?: readonly (readonly Issue[])[];
}

/** A zod issue as problems; an unknown key is shown where the key stands. */
function describe(issue: Issue, at: Locate): Problem[] {
  const path = issue.path as KeyPath;
  // A value of the kind that one branch of a union takes (a mapping, a list): that branch knows what is wrong inside.
  const inside = issue.errors?.find((branch) => branch.every((e) => e.path.length > 0 || e.keys !== undefined));
  if (inside !== undefined && inside.length > 0) {
    return inside.flatMap((nested) => describe({ ...nested, path: [...issue.path, ...nested.path] }, at));
  }
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n');
    return (issue.keys ?? []).map((key, i) => ({
      at: at([...path, key]),
      text: path.length === 0 ? messages[i] : `${where(path)}has the ${messages[i]}`,
    }));
  }
  return [{ at: at(path), text: `${where(path)}${issue.message}` }];
}

const where = (path: KeyPath): string => (path.length === 0 ? '' : `${written(path)} `);

/** Where the value at `path` starts; a key's own place where it names a key, the nearest parent's where it is missing. */
function offsetOf(doc: Document, path: KeyPath): number {
  let node: unknown = doc.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => String((item.key as { value?: unknown })?.value) === String(step));
      if (pair === undefined) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else {
      node = isSeq(node) ? node.items[Number(step)] : undefined;
      if (!isNode(node)) return offset;
      offset = node.range?.[0] ?? offset;
    }
  }
  return offset;
}
