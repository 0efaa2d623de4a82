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

/** What the frame's header says. */
interface Frame {
  readonly progressive: boolean;
  readonly components: readonly Component[];
  /** Interleaved units of a scan of all components. */
  readonly units: number;
}

/** A component in a scan. */
interface ScanComponent {
  readonly component: Component;
  readonly keep: boolean;
  /** Numbers of its tables: DC in the upper half, AC in the lower. */
  readonly selectors: number;
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
  const out: number[] = [0xff, 0xd8, 0xff, 0xee, 0, 14];
  out.push(...Buffer.from(ADOBE), 0, 100, 0, 0, 0, 0, transform);
  const tables = new Map<number, Huffman>();
  let frame: Frame | null = null;
  let interval = 0;
  const emit = (marker: number, body: readonly number[] | Uint8Array) =>
    out.push(0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255, ...body);

  for (let at = 2; at + 1 < bytes.length; ) {
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === 0 || marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0xd9) {
      out.push(0xff, 0xd9);
      return Uint8Array.from(out);
    }
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2;
      continue;
    }
    const end = at + 2 + u16(bytes, at + 2);
    const body = bytes.subarray(at + 4, end);
    at = end;
    if (marker === 0xdd) interval = u16(body, 0);
    if (marker === 0xc4) readTables(body, tables);
    if (marker === 0xdb || marker === 0xc4 || marker === 0xdd) emit(marker, body);
    if (marker === 0xc0 || marker === 0xc1 || marker === 0xc2) {
      if (frame !== null || body.length < 18) throw damaged();
      frame = readFrame(body, drop, marker === 0xc2);
      emit(marker, [...body.subarray(0, 5), 3, ...without(drop, frame.components).flatMap((c) => [...c.bytes])]);
    }
    if (marker === 0xda) {
      const scan = readScan(body, drop, frame);
      const kept = scan.filter(({ keep }) => keep);
      if (kept.length === 1 && scan.length > 1) throw new Error('its components are interleaved in an unusual way');
      const spectrum = body.subarray(1 + 2 * body[0]);
      const chosen = kept.flatMap(({ component, selectors }) => [component.id, selectors]);
      if (kept.length > 0) emit(marker, [kept.length, ...chosen, ...spectrum]);
      if (kept.length === scan.length || kept.length === 0) {
        const next = endOfScan(bytes, at);
        if (kept.length > 0) for (; at < next; at++) out.push(bytes[at]);
        at = next;
      } else {
        copyScan(new BitCopier(bytes, at, out), scan, frame!, spectrum, tables, interval);
      }
    }
  }
  throw new Error('it is cut short');
}

const u16 = (bytes: Uint8Array, i: number): number => bytes[i] * 256 + bytes[i + 1];
const without = (drop: number, components: readonly Component[]) => components.filter((_, i) => i !== drop);

/** Huffman tables by class and number, as scans select them. */
function readTables(body: Uint8Array, tables: Map<number, Huffman>): void {
  for (let i = 0; i + 17 <= body.length; ) {
    const table = readHuffman(body.subarray(i + 1));
    tables.set(body[i], table);
    i += 17 + table.symbols.length;
  }
}

function readFrame(body: Uint8Array, drop: number, progressive: boolean): Frame {
  const components = [0, 1, 2, 3].map((i): Component => {
    const bytes = body.subarray(6 + 3 * i, 9 + 3 * i);
    return { id: bytes[0], bytes, h: bytes[1] >> 4, v: bytes[1] & 15 };
  });
  const most = (of: readonly Component[]) => [Math.max(...of.map((c) => c.h)), Math.max(...of.map((c) => c.v))];
  const [h, v] = most(components);
  if (h < 1 || v < 1 || most(without(drop, components)).join() !== `${h},${v}`)
    throw new Error('its components are subsampled in an unusual way');
  const units = Math.ceil(u16(body, 3) / (8 * h)) * Math.ceil(u16(body, 1) / (8 * v));
  return { progressive, components, units };
}

function readScan(body: Uint8Array, drop: number, frame: Frame | null): ScanComponent[] {
  const components = frame?.components ?? [];
  return Array.from({ length: body[0] }, (_, i) => {
    const component = components.find(({ id }) => id === body[1 + 2 * i]);
    if (component === undefined || body.length < 4 + 2 * body[0]) throw damaged();
    return { component, keep: component !== components[drop], selectors: body[2 + 2 * i] };
  });
}

/** The next marker that is no restart. */
function endOfScan(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const next = bytes[at + 1];
    if (bytes[at] === 0xff && next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at;
  }
  return bytes.length;
}

/** The codes of the components that are kept, from a scan of all. */
function copyScan(
  copier: BitCopier,
  scan: readonly ScanComponent[],
  { progressive, units }: Frame,
  [start, , approximation]: Uint8Array,
  tables: ReadonlyMap<number, Huffman>,
  interval: number,
): void {
  if (progressive && start !== 0) throw damaged();
  const table = (selector: number): Huffman => {
    const found = tables.get(selector);
    if (found === undefined) throw damaged();
    return found;
  };
  for (let unit = 0; unit < units; unit++) {
    if (interval > 0 && unit > 0 && unit % interval === 0) copier.align(true);
    for (const { component, keep, selectors } of scan) {
      copier.writing = keep;
      for (let block = 0; block < component.h * component.v; block++) {
        if (progressive && approximation >> 4 > 0) copier.skip(1);
        else copyBlock(copier, table(selectors >> 4), progressive ? null : table(16 + (selectors & 15)));
      }
    }
  }
  copier.align(false);
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
