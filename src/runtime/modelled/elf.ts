/** The little of the ELF format that modelling needs; 64-bit little-endian files only. Source: System V ABI, gabi 4+. */

export interface ElfFunction {
  readonly name: string;
  readonly address: number;
  /** 0 where the assembler was not told. */
  readonly bytes: number;
}

const SHT_SYMTAB = 2;
const STT_FUNC = 2;
const PT_INTERP = 3;

const isElf64 = (file: Buffer) =>
  file.length >= 64 && file.readUInt32BE(0) === 0x7f454c46 && file[4] === 2 && file[5] === 1;

/** Whether the program loads shared libraries; true for what is no ELF file (a script in front of one, say). */
export function isDynamic(file: Buffer): boolean {
  if (!isElf64(file)) return true;
  const table = Number(file.readBigUInt64LE(32));
  const size = file.readUInt16LE(54);
  return Array.from({ length: file.readUInt16LE(56) }, (_, i) => file.readUInt32LE(table + i * size)).includes(
    PT_INTERP,
  );
}

/** The functions of an executable's symbol table by ascending address; none when it was stripped. */
export function readFunctions(file: Buffer): ElfFunction[] {
  if (!isElf64(file)) return [];
  const at = (offset: number) => Number(file.readBigUInt64LE(offset));
  const headers = at(40);
  const headerSize = file.readUInt16LE(58);
  const header = (index: number) => headers + index * headerSize;
  const functions: ElfFunction[] = [];
  for (let i = 0; i < file.readUInt16LE(60); i++) {
    const section = header(i);
    if (file.readUInt32LE(section + 4) !== SHT_SYMTAB) continue;
    const strings = at(header(file.readUInt32LE(section + 40)) + 24);
    const begin = at(section + 24);
    for (let symbol = begin; symbol < begin + at(section + 32); symbol += 24) {
      if ((file[symbol + 4] & 15) !== STT_FUNC || at(symbol + 8) === 0) continue;
      const start = strings + file.readUInt32LE(symbol);
      const name = file.toString('latin1', start, file.indexOf(0, start));
      functions.push({ name, address: at(symbol + 8), bytes: at(symbol + 16) });
    }
  }
  return functions.sort((a, b) => a.address - b.address);
}

/** The function that holds an address, from a list by ascending address. */
export function functionAt(functions: readonly ElfFunction[], address: number): ElfFunction | null {
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
