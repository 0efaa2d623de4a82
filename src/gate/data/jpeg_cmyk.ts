import { BitCopier, type Huffman, readHuffman } from './jpeg_bits.ts';

/** A component as the frame declares it: its three bytes there, and its blocks in an interleaved unit. */
interface Component {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly h: number;
  readonly v: number;
}

const ADOBE = 'Adobe';
const damaged = () => new Error('its headers are damaged');

/** Whether a JPEG of four components holds YCCK (Adobe's transform 2) rather than CMYK. */
export function isYcck(bytes: Uint8Array): boolean {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(ADOBE, 0, 'latin1');
  return (
    at >= 0 && bytes[at - 3] !== undefined && bytes[at - 4] === 0xff && bytes[at - 3] === 0xee && bytes[at + 11] !== 0
  );
}

/**
 * A JPEG of four components without one of them, lossless: Huffman codes are copied, coefficients are not touched. libjpeg
 * makes RGB of three components, not of four.
 *
 * @param drop index of the component left out
 * @param transform Adobe's colour transform of what remains: 0 as it is, 1 from YCbCr
 * @throws Error where the file is damaged, or the component left out is the only one of full resolution
 */
export function dropComponent(bytes: Uint8Array, drop: number, transform: 0 | 1): Uint8Array {
  const u16 = (i: number) => bytes[i] * 256 + bytes[i + 1];
  const out: number[] = [0xff, 0xd8, 0xff, 0xee, 0, 14];
  out.push(...Buffer.from(ADOBE), 0, 100, 0, 0, 0, 0, transform);
  const tables = new Map<number, Huffman>();
  let components: Component[] = [];
  let units = 0;
  let interval = 0;
  let progressive = false;
  const emit = (marker: number, body: readonly number[] | Uint8Array) =>
    out.push(0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255, ...body);

  for (let at = 2; at + 1 < bytes.length; ) {
    if (bytes[at] !== 0xff || bytes[at + 1] === 0 || bytes[at + 1] === 0xff) {
      at++;
      continue;
    }
    const marker = bytes[at + 1];
    if (marker === 0xd9) {
      out.push(0xff, 0xd9);
      return Uint8Array.from(out);
    }
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2;
      continue;
    }
    const end = at + 2 + u16(at + 2);
    const body = bytes.subarray(at + 4, end);
    at = end;
    if (marker === 0xdb || marker === 0xc4 || marker === 0xdd) {
      if (marker === 0xdd) interval = body[0] * 256 + body[1];
      if (marker === 0xc4) {
        for (let i = 0; i + 17 <= body.length; ) {
          const table = readHuffman(body.subarray(i + 1));
          tables.set(body[i], table);
          i += 17 + table.symbols.length;
        }
      }
      emit(marker, body);
    } else if (marker === 0xc0 || marker === 0xc1 || marker === 0xc2) {
      if (components.length > 0 || body.length < 18) throw damaged();
      progressive = marker === 0xc2;
      components = [0, 1, 2, 3].map((i) => {
        const own = body.subarray(6 + 3 * i, 9 + 3 * i);
        return { id: own[0], bytes: own, h: own[1] >> 4, v: own[1] & 15 };
      });
      const most = (of: readonly Component[]) => [Math.max(...of.map((c) => c.h)), Math.max(...of.map((c) => c.v))];
      const [h, v] = most(components);
      const kept = components.filter((_, i) => i !== drop);
      if (h < 1 || v < 1 || most(kept).join() !== `${h},${v}`)
        throw new Error('its components are subsampled in an unusual way');
      units = Math.ceil((body[3] * 256 + body[4]) / (8 * h)) * Math.ceil((body[1] * 256 + body[2]) / (8 * v));
      emit(marker, [...body.subarray(0, 5), 3, ...kept.flatMap((c) => [...c.bytes])]);
    } else if (marker === 0xda) {
      const scan = Array.from({ length: body[0] }, (_, i) => {
        const component = components.find(({ id }) => id === body[1 + 2 * i]);
        if (component === undefined || body.length < 4 + 2 * body[0]) throw damaged();
        return { component, keep: component !== components[drop], tables: body[2 + 2 * i] };
      });
      const kept = scan.filter(({ keep }) => keep);
      if (kept.length === 1 && scan.length > 1) throw new Error('its components are interleaved in an unusual way');
      const [start, , approximation] = body.subarray(1 + 2 * body[0]);
      if (kept.length > 0) {
        const selectors = kept.flatMap((c) => [c.component.id, c.tables]);
        emit(marker, [kept.length, ...selectors, ...body.subarray(1 + 2 * body[0])]);
      }
      if (kept.length === scan.length || kept.length === 0) {
        // Copied or left out as a whole, up to the next marker that is no restart.
        for (; at < bytes.length; at++) {
          const next = bytes[at + 1];
          if (bytes[at] === 0xff && next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) break;
          if (kept.length > 0) out.push(bytes[at]);
        }
        continue;
      }
      if (progressive && start !== 0) throw damaged();
      const copier = new BitCopier(bytes, at, out);
      const table = (selector: number) => {
        const found = tables.get(selector);
        if (found === undefined) throw damaged();
        return found;
      };
      for (let unit = 0; unit < units; unit++) {
        if (interval > 0 && unit > 0 && unit % interval === 0) copier.align(true);
        for (const { component, keep, tables: selectors } of scan) {
          copier.writing = keep;
          for (let block = 0; block < component.h * component.v; block++) {
            if (progressive && approximation >> 4 > 0) copier.skip(1);
            else copyBlock(copier, table(selectors >> 4), progressive ? null : table(16 + (selectors & 15)));
          }
        }
      }
      copier.align(false);
    }
  }
  throw new Error('it is cut short');
}

/** The codes of one block: the difference of its mean, and where there is a table for them its other coefficients. */
function copyBlock(copier: BitCopier, dc: Huffman, ac: Huffman | null): void {
  copier.skip(copier.symbol(dc));
  if (ac === null) return;
  for (let k = 1; k < 64; k++) {
    const symbol = copier.symbol(ac);
    if (symbol === 0) return;
    copier.skip(symbol & 15);
    k += symbol >> 4;
  }
}
