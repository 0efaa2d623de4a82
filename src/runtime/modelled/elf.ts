/** The little of the ELF format that modelling needs; 64-bit little-endian files only. Source: System V ABI, gabi 4+. */

export interface ElfSymbol {
  readonly name: string;
  readonly address: number;
  /** 0 where the assembler was not told. */
  readonly bytes: number;
  readonly isFunction: boolean;
}

export interface ElfSection {
  readonly address: number;
  readonly bytes: number;
  /** Place in the file. */
  readonly offset: number;
  /** Whether it holds instructions. */
  readonly isCode: boolean;
}

/** An entry of the program header table: what of the file is mapped where. */
export interface ElfSegment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  readonly align: number;
}

export const PT_LOAD = 1;
export const PT_NOTE = 4;
export const PT_GNU_PROPERTY = 0x6474e553;
export const PF_X = 1;
export const PF_W = 2;
export const PF_R = 4;
const EM_AARCH64 = 183;
const ET_EXEC = 2;
const SHT_PROGBITS = 1;
const SHT_SYMTAB = 2;
const SHF_EXECINSTR = 4;
const STT_FUNC = 2;
const HEADER = 64;
const SEGMENT = 56;

const isElf64 = (file: Buffer) =>
  file.length >= HEADER && file.readUInt32BE(0) === 0x7f454c46 && file[4] === 2 && file[5] === 1;

/** Whether the file is a program for ARM64 Linux, linked at a fixed address. */
export const isArm64Program = (file: Buffer): boolean =>
  isElf64(file) && file.readUInt16LE(16) === ET_EXEC && file.readUInt16LE(18) === EM_AARCH64;

const long = (file: Buffer, offset: number) => Number(file.readBigUInt64LE(offset));

/** Offsets of the section headers. */
function sectionHeaders(file: Buffer): number[] {
  if (!isElf64(file)) return [];
  const [table, size] = [long(file, 40), file.readUInt16LE(58)];
  return Array.from({ length: file.readUInt16LE(60) }, (_, i) => table + i * size);
}

/** The sections that have an address. */
export function readSections(file: Buffer): ElfSection[] {
  return sectionHeaders(file).flatMap((header) => {
    const [address, offset, bytes] = [16, 24, 32].map((field) => long(file, header + field));
    const isCode =
      (file.readUInt32LE(header + 8) & SHF_EXECINSTR) !== 0 && file.readUInt32LE(header + 4) === SHT_PROGBITS;
    return address === 0 ? [] : [{ address, bytes, offset, isCode }];
  });
}

/** The symbols that have an address, in ascending order; none when the file was stripped. */
export function readSymbols(file: Buffer): ElfSymbol[] {
  const headers = sectionHeaders(file);
  const symbols: ElfSymbol[] = [];
  for (const section of headers) {
    if (file.readUInt32LE(section + 4) !== SHT_SYMTAB) continue;
    const strings = long(file, headers[file.readUInt32LE(section + 40)] + 24);
    const begin = long(file, section + 24);
    for (let symbol = begin; symbol < begin + long(file, section + 32); symbol += 24) {
      const address = long(file, symbol + 8);
      if (address === 0) continue;
      const start = strings + file.readUInt32LE(symbol);
      const name = file.toString('latin1', start, file.indexOf(0, start));
      const isFunction = (file[symbol + 4] & 15) === STT_FUNC;
      symbols.push({ name, address, bytes: long(file, symbol + 16), isFunction });
    }
  }
  return symbols.sort((a, b) => a.address - b.address);
}

/** The functions of an executable's symbol table by ascending address. */
export const readFunctions = (file: Buffer): ElfSymbol[] => readSymbols(file).filter((symbol) => symbol.isFunction);

/** The function that holds an address, from a list by ascending address. */
export function functionAt(functions: readonly ElfSymbol[], address: number): ElfSymbol | null {
  let low = 0;
  let high = functions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (functions[middle].address <= address) low = middle + 1;
    else high = middle;
  }
  const found = functions[low - 1];
  return found && (found.bytes === 0 || address < found.address + found.bytes) ? found : null;
}

export function readSegments(file: Buffer): ElfSegment[] {
  const table = long(file, 32);
  return Array.from({ length: file.readUInt16LE(56) }, (_, i) => {
    const at = table + i * SEGMENT;
    const [offset, address, , fileBytes, memoryBytes, align] = [8, 16, 24, 32, 40, 48].map((k) => long(file, at + k));
    const [type, flags] = [file.readUInt32LE(at), file.readUInt32LE(at + 4)];
    return { type, flags, offset, address, fileBytes, memoryBytes, align };
  });
}

/** Writes the program header table in place; there may be fewer entries than before, not more. */
export function writeSegments(file: Buffer, segments: readonly ElfSegment[]): void {
  const table = long(file, 32);
  file.writeUInt16LE(segments.length, 56);
  for (const [i, { type, flags, offset, address, fileBytes, memoryBytes, align }] of segments.entries()) {
    const at = table + i * SEGMENT;
    file.writeUInt32LE(type, at);
    file.writeUInt32LE(flags, at + 4);
    for (const [k, value] of [offset, address, address, fileBytes, memoryBytes, align].entries())
      file.writeBigUInt64LE(BigInt(value), at + 8 + 8 * k);
  }
}
