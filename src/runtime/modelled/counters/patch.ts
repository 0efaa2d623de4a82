import { BLOB } from '../../../compiler/codegen/model_code.ts';
import { EnvironmentError } from '../../../errors.ts';
import type { Counts } from '../blocks.ts';
import {
  type ElfSegment,
  isArm64Program,
  PF_R,
  PF_W,
  PF_X,
  PT_GNU_PROPERTY,
  PT_LOAD,
  PT_NOTE,
  readSections,
  readSegments,
  readSymbols,
  writeSegments,
} from '../elf.ts';
import { branch, countUp, displaced, reaches, tellAccess } from './encode.ts';
import { type AccessSite, findAccesses, findSites, type Site } from './sites.ts';

/** The words of native/runner/marks.h that say where counters are. */
const PLACE = 'int8_gate_counters';
/** The routine of native/modelled/cache.c that is told of loads and stores. */
const ROUTINE = 'int8_gate_cache_access';
/** What counts is neither counted nor looked at. */
const APART = new Set([
  'int8_gate_counting_begin',
  'int8_gate_counting_end',
  'int8_gate_on_stack',
  ROUTINE,
  'int8_gate_cache_simulate',
]);
/** The constants of a build (compiler/codegen): what is static is placed relative to them. */
const ANCHOR = BLOB;
/** Segments that are mapped may not share a page; pages of ARM64 Linux have up to 64 KiB. */
const PAGE = 0x10000;

const TOO_LARGE = 'it is too large (more than 128 MiB)';

/** A program with counters, which counts as it runs, and what it counts. */
export interface Counting {
  readonly program: Buffer;
  readonly sites: readonly Site[];
  readonly accesses: readonly AccessSite[];
}

/**
 * Puts counters into a statically linked ARM64 program, and calls of the simulated caches. Each site's instruction is
 * replaced by a branch to code of its own, which adds 1 to the site's 64-bit counter or tells the caches what will be
 * loaded or stored, does what the instruction did and branches back. The counters lie behind the program's data, that
 * code in a segment behind them. `build`: the place among the program's builds of the one that will be counted. Pure. Throws an EnvironmentError for a program that
 * cannot be treated so: another format, no symbols, or too large for a branch.
 */
export function addCounters(original: Buffer, build = 0): Counting {
  const refuse = (why: string) =>
    new EnvironmentError(`the program cannot be made to count what it executes: ${why}; measure on ARM64 hardware`);
  if (!isArm64Program(original)) throw refuse('it is no static ARM64 program for Linux');
  const symbols = readSymbols(original);
  const [place, routine] = [PLACE, ROUTINE].map((wanted) => symbols.find(({ name }) => name === wanted));
  if (!place || !routine) throw refuse(`it has no symbol ${place ? ROUTINE : PLACE}`);

  const program = Buffer.from(original);
  const sites = findSites(original, APART);
  const accesses = findAccesses(original, APART);
  const segments = readSegments(original);
  const data = segments.filter(({ type }) => type === PT_LOAD).reduce((a, b) => (b.address > a.address ? b : a));
  if ((data.flags & PF_W) === 0) throw refuse('its last segment is not that of its data');
  if (!segments.some(({ type }) => type === PT_NOTE)) throw refuse('it has no note whose place a segment could take');

  // The counters twice: themselves, and a copy that the end of the counting leaves.
  const counters = Math.ceil((data.address + data.memoryBytes) / 64) * 64;
  const copy = counters + 8 * sites.length;
  const lines = copy + 8 * sites.length;
  const dataEnd = lines + 8 * accesses.length;
  const offset = Math.ceil(program.length / PAGE) * PAGE;
  const address = Math.ceil(dataEnd / PAGE) * PAGE;

  const locate = locator(original);
  const code: number[] = [];
  const counted = new Map(sites.map((site, i) => [site.address, { word: site.word, counter: counters + 8 * i }]));
  const told = new Map(accesses.map((access, i) => [access.address, { ...access, site: i }]));
  const patched = [...new Set([...counted.keys(), ...told.keys()])];
  for (const from of patched) {
    const at = address + 4 * code.length;
    if (!reaches(from, at)) throw refuse(TOO_LARGE);
    const here = () => address + 4 * code.length;
    const [site, access] = [counted.get(from), told.get(from)];
    if (site) code.push(...countUp(here(), site.counter));
    if (access) code.push(...tellAccess(access.access, from, here(), routine.address, access.site));
    code.push(...displaced((site ?? access)!.word, from, here()));
    program.writeUInt32LE(branch(from, at), locate(from));
  }
  if (!reaches(address + 4 * code.length, patched[0] ?? address)) throw refuse(TOO_LARGE);

  const anchors = symbols.filter(({ name }) => name === ANCHOR);
  const anchor = (anchors[build] ?? anchors[0])?.address ?? 0;
  const words = [counters, copy, sites.length, lines, accesses.length, anchor];
  for (const [k, word] of words.entries()) program.writeBigUInt64LE(BigInt(word), locate(place.address) + 8 * k);
  const bytes = 4 * code.length;
  const added = {
    type: PT_LOAD,
    flags: PF_R | PF_X,
    offset,
    address,
    fileBytes: bytes,
    memoryBytes: bytes,
    align: PAGE,
  };
  writeSegments(program, withSegment(segments, data, { ...data, memoryBytes: dataEnd - data.address }, added));
  const text = Buffer.from(Uint32Array.from(code).buffer);
  return { program: Buffer.concat([program, Buffer.alloc(offset - program.length), text]), sites, accesses };
}

/** File offsets of addresses in sections. */
function locator(file: Buffer): (address: number) => number {
  const sections = readSections(file);
  return (address) => {
    const section = sections.find((s) => address >= s.address && address < s.address + s.bytes)!;
    return section.offset + address - section.address;
  };
}

/**
 * The table with `data` replaced and `added` behind the last segment that is mapped, as their order demands. A note
 * makes room, and so does the mark of programs whose indirect branches may only lead to certain instructions.
 */
function withSegment(segments: readonly ElfSegment[], data: ElfSegment, longer: ElfSegment, added: ElfSegment) {
  const kept = segments.filter(({ type }) => type !== PT_GNU_PROPERTY && type !== PT_NOTE);
  return kept.flatMap((segment) => (segment === data ? [longer, added] : [segment]));
}

/** The counts of a run, from the counters that it wrote. Throws an EnvironmentError when they are not all there. */
export function readCounts(
  bytes: Buffer,
  { sites, accesses }: Pick<Counting, 'sites' | 'accesses'>,
  original: Buffer,
): Counts {
  const wanted = 8 * (sites.length + accesses.length);
  if (bytes.length !== wanted)
    throw new EnvironmentError(`the run left ${bytes.length} bytes of counts instead of ${wanted}`);
  const locate = locator(original);
  const number = (k: number) => Number(bytes.readBigUInt64LE(8 * k));
  const addresses: number[] = [];
  const counts: number[] = [];
  for (const [i, { first, end }] of sites.entries()) {
    const count = number(i);
    for (let address = first; count > 0 && address < end; address += 4) {
      addresses.push(address);
      counts.push(count);
    }
  }
  if (addresses.length === 0) throw new EnvironmentError('the run counted no instruction of the inference');
  const lines = accesses.flatMap(({ address }, i) => {
    const moved = number(sites.length + i);
    return moved === 0 ? [] : [{ address, lines: moved }];
  });
  return { addresses, words: addresses.map((address) => original.readUInt32LE(locate(address))), counts, lines };
}
