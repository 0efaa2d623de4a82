import { branchOf } from '../blocks.ts';
import { type ElfSymbol, readSections, readSymbols } from '../elf.ts';
import { type Access, accessOf } from './access.ts';
import { isRelative } from './encode.ts';

/** An instruction that carries a counter. It runs as often as all of [first, end), neighbours of which it is one. */
export interface Site {
  readonly address: number;
  /** Its word. */
  readonly word: number;
  readonly first: number;
  /** Exclusive. */
  readonly end: number;
}

/** A load or store that the simulated caches are told of. */
export interface AccessSite {
  readonly address: number;
  readonly word: number;
  readonly access: Access;
}

/** The code of one section: a word for each four bytes, and what is known of it. */
interface Code {
  readonly start: number;
  readonly words: Uint32Array;
  /** 0 for data, and for what must not be touched. */
  readonly isCode: Uint8Array;
  /** Whether it stands in a function that can be entered in its middle by branches that name their targets only. */
  readonly isPlain: Uint8Array;
}

/**
 * Where counters go, so that every instruction of the program is counted, but those of the functions in `apart`. Ascending.
 *
 * In a function without computed branches a counter serves a basic block. Elsewhere (switches by jump table, and code that
 * no symbol names) each instruction has its own, so that no jump table need be understood.
 */
export function findSites(program: Buffer, apart: ReadonlySet<string>): Site[] {
  const symbols = readSymbols(program);
  const codes = readCode(program, symbols, apart);
  const targets = new Set(symbols.map(({ address }) => address));
  for (const { start, words, isCode } of codes)
    for (const [i, word] of words.entries()) {
      const to = isCode[i] ? branchOf(start + 4 * i, word)?.to : null;
      if (typeof to === 'number') targets.add(to);
    }
  return codes.flatMap((code) => sitesOf(code, targets));
}

/** The loads and stores of a program, but those of the functions in `apart`. Ascending. */
export function findAccesses(program: Buffer, apart: ReadonlySet<string>): AccessSite[] {
  return readCode(program, readSymbols(program), apart).flatMap(({ start, words, isCode }) => {
    const isExclusive = findExclusive(words);
    return [...words].flatMap((word, i) => {
      const access = isCode[i] && !isExclusive[i] ? accessOf(word) : null;
      return access === null ? [] : [{ address: start + 4 * i, word, access }];
    });
  });
}

function readCode(program: Buffer, symbols: readonly ElfSymbol[], apart: ReadonlySet<string>): Code[] {
  const sections = readSections(program).filter((section) => section.isCode);
  return sections.map(({ address, bytes, offset }) => {
    const words = Uint32Array.from({ length: bytes >> 2 }, (_, i) => program.readUInt32LE(offset + 4 * i));
    const here = symbols.filter((symbol) => symbol.address >= address && symbol.address < address + bytes);
    const isCode = findCode(address, words, here, apart);
    return { start: address, words, isCode, isPlain: findPlain(address, words, here) };
  });
}

/** Function names without the suffixes of clones and of parts that were split off: they share jump tables. */
const baseName = (name: string) => name.replace(/\..*$/, '');

function findCode(start: number, words: Uint32Array, symbols: readonly ElfSymbol[], apart: ReadonlySet<string>) {
  const isCode = new Uint8Array(words.length).fill(1);
  const index = (address: number) => Math.max(0, (address - start) >> 2);
  // Mapping symbols: $d begins data, $x code. Source: ELF for the Arm 64-bit Architecture, 5.5.5.
  const marks = symbols.filter(({ name }) => /^\$[dx]/.test(name));
  for (const [k, { name, address }] of marks.entries())
    if (name[1] === 'd') isCode.fill(0, index(address), k + 1 < marks.length ? index(marks[k + 1].address) : undefined);
  for (const { name, address, bytes } of symbols)
    if (apart.has(baseName(name))) isCode.fill(0, index(address), index(address + bytes));
  for (const [i, word] of words.entries()) {
    if (word >>> 16 === 0) isCode[i] = 0; // udf: filling
  }
  return isCode;
}

function findPlain(start: number, words: Uint32Array, symbols: readonly ElfSymbol[]): Uint8Array {
  const isPlain = new Uint8Array(words.length);
  const ranges = symbols
    .filter(({ isFunction }) => isFunction)
    .map(({ name, address, bytes }) => ({
      name: baseName(name),
      first: (address - start) >> 2,
      end: (address + bytes - start) >> 2,
    }));
  const computed = new Set(
    ranges.filter(({ first, end }) => words.subarray(first, end).some(isComputed)).map(({ name }) => name),
  );
  for (const { first, end } of ranges) isPlain.fill(1, first, end);
  for (const { name, first, end } of ranges) if (computed.has(name)) isPlain.fill(0, first, end);
  return isPlain;
}

/** br, braa and their like: not blr, ret, eret. */
const isComputed = (word: number) => (word & 0xfee00000) >>> 0 === 0xd6000000;

function sitesOf({ start, words, isCode, isPlain }: Code, targets: ReadonlySet<number>): Site[] {
  const sites: Site[] = [];
  const isExclusive = findExclusive(words);
  const at = (i: number) => start + 4 * i;
  for (let i = 0; i < words.length; ) {
    const first = i++;
    if (!isCode[first]) continue;
    const joins = () =>
      i < words.length &&
      isPlain[i - 1] &&
      isPlain[i] &&
      isCode[i] &&
      !targets.has(at(i)) &&
      !endsBlock(at(i - 1), words[i - 1]);
    while (joins()) i++;
    const block = Array.from({ length: i - first }, (_, k) => first + k);
    const free = block.filter((k) => !isExclusive[k]);
    const chosen = free.find((k) => !isRelative(words[k])) ?? free[0] ?? first;
    sites.push({ address: at(chosen), word: words[chosen], first: at(first), end: at(i) });
  }
  return sites;
}

const endsBlock = (address: number, word: number) => branchOf(address, word) !== null;

/**
 * What stands behind a load-exclusive up to its store-exclusive: a counter's own accesses could make the store fail on
 * some processors, again and again.
 */
function findExclusive(words: Uint32Array): Uint8Array {
  const isExclusive = new Uint8Array(words.length);
  let open = false;
  for (const [i, word] of words.entries()) {
    isExclusive[i] = open ? 1 : 0;
    // Not CASP, which shares the encodings of pairs of 32 and 64 bits less bit 31.
    const isPart = (word & 0x3f800000) === 0x08000000 && !((word & 0x00200000) !== 0 && word >>> 31 === 0);
    if (isPart) open = (word & 0x00400000) !== 0;
    else if ((word & 0xfe000000) >>> 0 === 0xd6000000) open = false; // the function ends
  }
  return isExclusive;
}
