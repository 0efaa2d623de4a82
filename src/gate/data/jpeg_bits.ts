/** A Huffman table of a JPEG (DHT): codes of each length, canonical, and their symbols. */
export interface Huffman {
  /** For each length 1 to 16: the first code, how many there are, and where their symbols begin. */
  readonly lengths: readonly { readonly first: number; readonly count: number; readonly at: number }[];
  readonly symbols: Uint8Array;
}

/** @param segment 16 counts, then the symbols */
export function readHuffman(segment: Uint8Array): Huffman {
  let [code, at] = [0, 0];
  const lengths = Array.from(segment.subarray(0, 16), (count) => {
    const length = { first: code, count, at };
    code = (code + count) * 2;
    at += count;
    return length;
  });
  return { lengths, symbols: segment.subarray(16, 16 + at) };
}

/** Copies entropy-coded data of a JPEG bit by bit, all of it or parts. */
export class BitCopier {
  readonly #bytes: Uint8Array;
  readonly #out: number[];
  #at: number;
  #bits = 0;
  #left = 0;
  #word = 0;
  #filled = 0;
  /** Whether what is read is written. */
  writing = true;

  constructor(bytes: Uint8Array, at: number, out: number[]) {
    this.#bytes = bytes;
    this.#at = at;
    this.#out = out;
  }

  /** One bit; stuffed zeros are dropped when reading and put back when writing. */
  bit(): number {
    if (this.#left === 0) {
      if (this.#at >= this.#bytes.length) throw new Error('it is cut short');
      this.#bits = this.#bytes[this.#at++];
      if (this.#bits === 0xff && this.#bytes[this.#at++] !== 0) throw new Error('its data are damaged');
      this.#left = 8;
    }
    const bit = (this.#bits >> --this.#left) & 1;
    if (this.writing) this.#write(bit);
    return bit;
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) this.bit();
  }

  symbol({ lengths, symbols }: Huffman): number {
    let code = 0;
    for (const { first, count, at } of lengths) {
      code = code * 2 + this.bit();
      if (code - first < count) return symbols[at + code - first];
    }
    throw new Error('its data are damaged');
  }

  /** Ends a byte on both sides, and copies a restart marker where one is due. */
  align(restart: boolean): void {
    this.#left = 0;
    while (this.#filled > 0) this.#write(1);
    if (!restart) return;
    const marker = this.#bytes[this.#at + 1];
    if (this.#bytes[this.#at] !== 0xff || marker < 0xd0 || marker > 0xd7) throw new Error('its data are damaged');
    this.#out.push(0xff, marker);
    this.#at += 2;
  }

  #write(bit: number): void {
    this.#word = this.#word * 2 + bit;
    if (++this.#filled < 8) return;
    this.#out.push(this.#word);
    if (this.#word === 0xff) this.#out.push(0);
    this.#word = this.#filled = 0;
  }
}
