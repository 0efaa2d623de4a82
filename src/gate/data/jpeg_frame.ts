/** What the headers of a JPEG promise. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Scans: one or a few; about ten in a progressive file. */
  readonly scans: number;
}

const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
/** Markers without a segment: TEM, RST0 to RST7, SOI. */
const isBare = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
const EOI = 0xd9;
const SOS = 0xda;

/**
 * Walks the markers of a JPEG, decoding nothing.
 * @throws Error where there is no frame, or the end of the image is missing
 */
export function readFrame(bytes: Uint8Array): Frame {
  const u16 = (i: number) => bytes[i] * 256 + bytes[i + 1];
  let frame: Omit<Frame, 'scans'> | null = null;
  let scans = 0;
  for (let at = 2; at + 1 < bytes.length; ) {
    // Bytes before a marker are entropy-coded data, or strays that decoders skip.
    if (bytes[at] !== 0xff || bytes[at + 1] === 0 || bytes[at + 1] === 0xff) {
      at++;
      continue;
    }
    const marker = bytes[at + 1];
    if (marker === EOI) {
      if (frame === null) break;
      return { ...frame, scans };
    }
    if (isBare(marker)) {
      at += 2;
      continue;
    }
    if (isFrame(marker) && frame === null && at + 9 < bytes.length) {
      frame = { height: u16(at + 5), width: u16(at + 7), components: bytes[at + 9] };
    }
    if (marker === SOS) scans++;
    at += 2 + u16(at + 2);
  }
  throw new Error(frame === null ? 'it has no frame' : 'it is cut short');
}
