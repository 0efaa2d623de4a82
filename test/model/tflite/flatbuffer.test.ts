import fc from 'fast-check';
import { Builder } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import {
  bytes,
  deprecated,
  readRoot,
  string,
  table,
  union,
  vector,
  writeRoot,
} from '../../../src/model/tflite/flatbuffer.ts';
import { bool, enumeration, float32, int32, int64, uint8, withDefault } from '../../../src/model/tflite/scalars.ts';

const Leaf = table({ label: string, weight: float32 });
const Box = table({ size: withDefault(int32, 7), on: withDefault(bool, true) });
const Root = table({
  count: int32,
  gone: deprecated,
  mode: enumeration('Mode', ['A', 'B', 'C']),
  big: int64,
  flags: vector(bool),
  numbers: vector(int32),
  raw: bytes,
  leaves: vector(Leaf),
  choice: union('Choice', ['NONE', 'Leaf', 'Box'], { Leaf, Box }),
  small: uint8,
  name: string,
});

const leaf = fc.record({
  label: fc.option(fc.string({ unit: 'grapheme' })),
  weight: fc.float({ noNaN: true }),
});
const roots = fc.record({
  count: fc.integer(),
  mode: fc.constantFrom('A' as const, 'B' as const, 'C' as const),
  big: fc.maxSafeInteger(),
  flags: fc.option(fc.array(fc.boolean())),
  numbers: fc.option(fc.array(fc.integer())),
  raw: fc.option(fc.uint8Array()),
  leaves: fc.option(fc.array(leaf)),
  choice: fc.option(
    fc.oneof(
      leaf.map((value) => ({ type: 'Leaf' as const, value })),
      fc.record({ size: fc.integer(), on: fc.boolean() }).map((value) => ({ type: 'Box' as const, value })),
    ),
  ),
  small: fc.nat(255),
  name: fc.option(fc.string({ unit: 'grapheme' })),
});
// -0 in an absent field reads as 0: a default is not stored.
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, v) => (v instanceof Uint8Array ? [...v] : v)));

describe('tables by declaration', () => {
  it('read back what was written', () => {
    fc.assert(
      fc.property(roots, (root) => {
        const { value, problems } = readRoot(Root, writeRoot(Root, root, 'TEST'), 'a file');
        expect(plain(value)).toEqual(plain(root));
        expect(problems).toEqual([]);
      }),
    );
  });

  it('take defaults for what is absent', () => {
    const { value } = readRoot(Box, writeRoot(Box, Box.of({}), 'TEST'), 'a file');
    expect(value).toEqual({ size: 7, on: true });
  });

  it('list unknown enum values with their place and go on', () => {
    const Newer = table({ inner: vector(table({ mode: enumeration('Mode', ['A', 'B', 'C', 'D']) })) });
    const Older = table({ inner: vector(table({ mode: enumeration('Mode', ['A', 'B']) })) });
    const written = writeRoot(Newer, { inner: [{ mode: 'C' }, { mode: 'B' }, { mode: 'D' }] }, 'TEST');
    const { value, problems } = readRoot(Older, written, 'a file');
    expect(problems).toEqual(['inner[0].mode: 2 is not a known Mode', 'inner[2].mode: 3 is not a known Mode']);
    expect(value.inner?.[1]).toEqual({ mode: 'B' });
  });

  it('place blocks of bytes at multiples of 16', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1 }), { minLength: 1 }), (blocks) => {
        const Blocks = table({ blocks: vector(table({ data: bytes })) });
        const file = writeRoot(Blocks, { blocks: blocks.map((data) => ({ data })) }, 'TEST');
        const { value } = readRoot(Blocks, file, 'a file');
        for (const [i, block] of (value.blocks ?? []).entries()) {
          expect(block.data).toEqual(blocks[i]);
          expect(((block.data?.byteOffset ?? 0) - file.byteOffset) % 16).toBe(0);
        }
      }),
    );
  });
});

describe('a damaged file', () => {
  it('is refused with an InputError or read, but nothing else, whatever bytes are changed', () => {
    fc.assert(
      fc.property(
        roots,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 12 }),
        (root, changes) => {
          const file = writeRoot(Root, root, 'TEST');
          for (const [at, byte] of changes) file[at % file.length] = byte;
          try {
            readRoot(Root, file, 'a file');
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is refused with an InputError when cut short anywhere that matters', () => {
    const file = writeRoot(Root, Root.of({ numbers: [1, 2, 3], name: 'x'.repeat(40) }), 'TEST');
    for (let length = 0; length < file.length - 4; length++)
      expect(() => readRoot(Root, file.slice(0, length), 'a file'), `cut to ${length} bytes`).toThrow(InputError);
  });

  it('cannot make the reader do more work than the file is long', () => {
    // 20,000 entries that are all the same table, with a vector of 20,000 numbers: 400 million numbers in 160 kB.
    const b = new Builder();
    const numbers = vector(int32).prepare(b, new Array(20_000).fill(1));
    b.startObject(1);
    numbers(b);
    b.slot(0);
    const shared = b.endObject();
    b.startVector(4, 20_000, 4);
    for (let i = 0; i < 20_000; i++) b.addOffset(shared);
    const list = b.endVector();
    b.startObject(1);
    b.addFieldOffset(0, list, 0);
    b.finish(b.endObject(), 'TEST');
    const Bomb = table({ list: vector(table({ numbers: vector(int32) })) });
    expect(() => readRoot(Bomb, b.asUint8Array(), 'a file')).toThrow(/more data than it holds/);
  });
});
