import { Builder } from 'flatbuffers';
import { charge, fail, follow, inside, openReader, showPath, tableAt, vectorAt } from './reader.ts';
import { type Field, field, type Type, type ValueOf } from './scalars.ts';

/**
 * FlatBuffers by declaration: `table({ padding: enumeration('Padding', ['SAME', 'VALID']), strideW: int32 })` is at once
 * the TypeScript type, a reader that trusts nothing, and a writer. Slots are numbered in the order of declaration.
 * Values read whole: a table becomes a plain object, a vector an array, an absent offset null.
 */

/** A value that stands out of line. */
export type Offset<T> = Type<T> &
  Field<T | null> & {
    /** Writes the value; the result is where it stands, for an offset to it. */
    write(b: Builder, value: T): number;
  };

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
function offset<T>(readAt: Type<T>['readAt'], write: (b: Builder, value: T) => number): Offset<T> {
  const prepare = (b: Builder, value: T) => {
    const written = write(b, value);
    return (inner: Builder) => inner.addOffset(written);
  };
  return { ...field<T, null>({ size: 4, readAt, prepare }, null), write };
}

/** UTF-8; bytes that are not become U+FFFD. */
export const string = offset<string>(
  (r, at) => {
    const [length, start] = vectorAt(r, at, 1, 'string');
    return decoder.decode(r.bytes.subarray(start, start + length));
  },
  (b, value) => b.createString(value) as number,
);

/** A vector of bytes, as a view into the file; written at a multiple of 16, where TFLite expects constants. */
export const bytes = offset<Uint8Array>(
  (r, at) => {
    const target = follow(r, at);
    const length = r.view.getUint32(target, true);
    inside(r, target + 4, length, `a block of ${length} bytes`);
    return r.bytes.subarray(target + 4, target + 4 + length);
  },
  (b, value) => {
    b.prep(4, value.length);
    b.prep(16, value.length);
    return b.createByteVector(value);
  },
);

export function vector<T>(item: Type<T>): Offset<readonly T[]> {
  return offset<readonly T[]>(
    (r, at) => {
      const [length, start] = vectorAt(r, at, item.size, 'vector');
      const out: T[] = [];
      for (let i = 0; i < length; i++) {
        r.path.push(i);
        out.push(item.readAt(r, start + i * item.size));
        r.path.pop();
      }
      return out;
    },
    (b, values) => {
      const items = values.map((value) => item.prepare(b, value));
      b.startVector(item.size, items.length, item.size);
      for (const add of items.reverse()) add(b);
      return b.endVector();
    },
  );
}

/** A slot that the schema no longer uses. */
export const deprecated: Field<undefined> = { slots: 1, fallback: undefined, read: () => undefined, build: () => [] };

type Fields = Readonly<Record<string, Field<unknown>>>;
type TableValue<F extends Fields> = {
  readonly [K in keyof F as F[K] extends Field<undefined> ? never : K]: ValueOf<F[K]>;
};
export interface Table<T> extends Offset<T> {
  /** A whole value: what is not given has its default. */
  of(given: Partial<T>): T;
  readonly fieldCount: number;
}

// biome-ignore lint/suspicious/noExplicitAny: a field's type is invariant, and a table holds fields of all types
export function table<F extends Record<string, Field<any>>>(fields: F): Table<TableValue<F>> {
  let slots = 0;
  const layout = Object.entries(fields).map(([key, declared]) => {
    const slot = slots;
    slots += declared.slots;
    return { key, declared, slot };
  });
  const live = layout.filter(({ declared }) => declared !== deprecated);
  const of = (given: Partial<TableValue<F>>): TableValue<F> =>
    Object.fromEntries(
      live.map(({ key, declared }) => [key, (given as Record<string, unknown>)[key] ?? declared.fallback]),
    ) as TableValue<F>;
  const base = offset<TableValue<F>>(
    (r, at) => {
      const locate = tableAt(r, follow(r, at));
      const out: Record<string, unknown> = {};
      for (const { key, declared, slot } of live) {
        r.path.push(key);
        out[key] = declared.read(r, locate, slot);
        r.path.pop();
      }
      return out as TableValue<F>;
    },
    (b, value) => {
      const placed = live.flatMap(({ key, declared, slot }) =>
        declared.build(b, (value as Record<string, unknown>)[key], slot),
      );
      b.startObject(slots);
      // Large fields first: no padding between them.
      for (const { slot, add } of placed.sort((x, y) => y.size - x.size)) {
        add(b);
        b.slot(slot);
      }
      return b.endObject();
    },
  );
  return { ...base, of, fieldCount: live.length };
}

/** A member chosen by name, or null where the file has none or one that the declaration does not know. */
export type Chosen<M> = { readonly [N in keyof M]: { readonly type: N; readonly value: ValueOf<M[N]> & {} } }[keyof M];

/** `names[tag]` is the member's name (0 is NONE); only those with a declaration in `members` are read. */
// biome-ignore lint/suspicious/noExplicitAny: see table
export function union<const M extends Record<string, Table<any>>>(
  name: string,
  names: readonly string[],
  members: M,
): Field<Chosen<M> | null> {
  return {
    slots: 2,
    fallback: null,
    read(r, locate, slot) {
      const tagAt = locate(slot, 1);
      const tag = tagAt === 0 ? 0 : r.view.getUint8(tagAt);
      const at = locate(slot + 1, 4);
      if (tag === 0 || at === 0) return null;
      const type = names[tag];
      if (type === undefined) r.problems.push(`${showPath(r.path)}: ${tag} is not a known ${name}`);
      if (type === undefined || members[type] === undefined) return null;
      return { type, value: members[type].readAt(r, at) } as Chosen<M>;
    },
    build(b, chosen, slot) {
      if (chosen === null) return [];
      const tag = names.indexOf(chosen.type as string);
      const add = members[chosen.type].prepare(b, chosen.value);
      return [
        { slot, size: 1, add: (inner) => inner.addInt8(tag) },
        { slot: slot + 1, size: 4, add },
      ];
    },
  };
}

/** Reads a whole file. Throws InputError where its structure is broken; other faults are listed in `problems`. */
export function readRoot<T>(
  root: Table<T>,
  data: Uint8Array,
  file: string,
): { readonly value: T; readonly problems: readonly string[] } {
  const r = openReader(data, file);
  inside(r, 0, 8, 'the header');
  charge(r, 8);
  const value = root.readAt(r, 0);
  if (value === null) fail(r, 'no root table');
  return { value, problems: r.problems };
}

/** The bytes of a file with `identifier` whose root is `value`. */
export function writeRoot<T>(root: Table<T>, value: T, identifier: string): Uint8Array {
  const b = new Builder(1024);
  b.finish(root.write(b, value), identifier);
  return b.asUint8Array().slice();
}
