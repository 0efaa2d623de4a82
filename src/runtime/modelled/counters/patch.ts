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
import { branch, countUp, displaced, reaches } from './encode.ts';
import { findSites, type Site } from './sites.ts';

/** The functions of native/runner/marks.h between which counts are taken, and the words that say where counters are. */
const BEGIN = 'int8_gate_counting_begin';
const END = 'int8_gate_counting_end';
const PLACE = 'int8_gate_counters';
/** Segments that are mapped may not share a page; pages of ARM64 Linux have up to 64 KiB. */
const PAGE = 0x10000;

/** A program with counters, which counts as it runs, and what it counts. */
export interface Counting {
  readonly program: Buffer;
  readonly sites: readonly Site[];
}

/**
 * Puts counters into a statically linked ARM64 program. Each site's instruction is replaced by a branch to code of its
 * own, which adds 1 to the site's 64-bit counter, does what the instruction did and branches back. The counters lie
 * behind the program's data, that code in a segment behind them. Pure. Throws an EnvironmentError for a program that
 * cannot be treated so: another format, no symbols, or too large for a branch.
 */
export function addCounters(original: Buffer): Counting {
  const refuse = (why: string) =>
    new EnvironmentError(`the program cannot be made to count what it executes: ${why}; measure on ARM64 hardware`);
  if (!isArm64Program(original)) throw refuse('it is no static ARM64 program for Linux');
  const place = readSymbols(original).find(({ name }) => name === PLACE);
  if (!place) throw refuse(`it has no symbol ${PLACE}`);

  const program = Buffer.from(original);
  const sites = findSites(original, new Set([BEGIN, END]));
  const segments = readSegments(original);
  const data = segments.filter(({ type }) => type === PT_LOAD).reduce((a, b) => (b.address > a.address ? b : a));
  if ((data.flags & PF_W) === 0) throw refuse('its last segment is not that of its data');
  if (!segments.some(({ type }) => type === PT_NOTE)) throw refuse('it has no note whose place a segment could take');

  // Twice: the counters themselves, and a copy that the end of the counting leaves.
  const counters = Math.ceil((data.address + data.memoryBytes) / 64) * 64;
  const dataEnd = counters + 2 * 8 * sites.length;
  const offset = Math.ceil(program.length / PAGE) * PAGE;
  const address = Math.ceil(dataEnd / PAGE) * PAGE;

  const locate = locator(original);
  const code: number[] = [];
  for (const [i, site] of sites.entries()) {
    const at = address + 4 * code.length;
    if (!reaches(site.address, at)) throw refuse('it is too large (more than 128 MiB)');
    const count = countUp(at, counters + 8 * i);
    code.push(...count, ...displaced(site.word, site.address, at + 4 * count.length));
    program.writeUInt32LE(branch(site.address, at), locate(site.address));
  }
  if (!reaches(address + 4 * code.length, sites[0]?.address ?? address))
    throw refuse('it is too large (more than 128 MiB)');

  const words = [counters, counters + 8 * sites.length, sites.length];
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
  return { program: Buffer.concat([program, Buffer.alloc(offset - program.length), text]), sites };
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
export function readCounts(bytes: Buffer, sites: readonly Site[], original: Buffer): Counts {
  if (bytes.length !== 8 * sites.length)
    throw new EnvironmentError(`the run left ${bytes.length} bytes of counts instead of ${8 * sites.length}`);
  const locate = locator(original);
  const addresses: number[] = [];
  const counts: number[] = [];
  for (const [i, { first, end }] of sites.entries()) {
    const count = Number(bytes.readBigUInt64LE(8 * i));
    for (let address = first; count > 0 && address < end; address += 4) {
      addresses.push(address);
      counts.push(count);
    }
  }
  if (addresses.length === 0) throw new EnvironmentError('the run counted no instruction of the inference');
  return { addresses, words: addresses.map((address) => original.readUInt32LE(locate(address))), counts };
}
