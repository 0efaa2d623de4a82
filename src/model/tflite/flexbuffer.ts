/**
 * The FlexBuffers that carry custom operators' options: one map from names to numbers and truth values. Layout: a map
 * is a vector of values, their packed types behind it; before it stand its length, the width of the keys' offsets and
 * the offset of the keys. Offsets count backwards. The root stands at the end: value, packed type, width.
 */

export type FlexMap = Readonly<Record<string, number | boolean>>;

const TYPE = {
  int: 1,
  uint: 2,
  float: 3,
  indirectInt: 6,
  indirectUint: 7,
  indirectFloat: 8,
  map: 9,
  bool: 26,
} as const;
/** More keys than any operator has. */
const MOST_KEYS = 1000;

/** The map, or what is wrong with the bytes. Values of other types are left out. */
export function readFlexMap(bytes: Uint8Array): FlexMap | string {
  try {
    return readFlexRoot(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    if (error instanceof RangeError) return 'its options are a truncated or damaged FlexBuffer';
    throw error;
  }
}

function readFlexRoot(view: DataView): FlexMap | string {
  const end = view.byteLength;
  const width = view.getUint8(end - 1);
  const packed = view.getUint8(end - 2);
  if (packed >> 2 !== TYPE.map) return 'its options are no map';
  const root = end - 2 - width;
  return readMap(view, root - unsigned(view, root, width), 1 << (packed & 3));
}

function readMap(view: DataView, at: number, width: number): FlexMap | string {
  const length = unsigned(view, at - width, width);
  if (length > MOST_KEYS) return `its options have ${length} entries`;
  const keyWidth = unsigned(view, at - 2 * width, width);
  const keys = at - 3 * width - unsigned(view, at - 3 * width, width);
  const entries: (readonly [string, number | boolean])[] = [];
  for (let i = 0; i < length; i++) {
    const place = keys + i * keyWidth;
    const value = readValue(view, at + i * width, width, view.getUint8(at + length * width + i));
    if (value !== null) entries.push([readKey(view, place - unsigned(view, place, keyWidth)), value]);
  }
  return Object.fromEntries(entries);
}

function readKey(view: DataView, at: number): string {
  let key = '';
  for (let i = at; view.getUint8(i) !== 0; i++) {
    key += String.fromCharCode(view.getUint8(i));
    if (key.length > 100) throw new RangeError('a key without an end');
  }
  return key;
}

function readValue(view: DataView, at: number, width: number, packed: number): number | boolean | null {
  const far = (): readonly [number, number] => [at - unsigned(view, at, width), 1 << (packed & 3)];
  switch (packed >> 2) {
    case TYPE.int:
      return signed(view, at, width);
    case TYPE.uint:
      return unsigned(view, at, width);
    case TYPE.float:
      return real(view, at, width);
    case TYPE.bool:
      return unsigned(view, at, width) !== 0;
    case TYPE.indirectInt:
      return signed(view, ...far());
    case TYPE.indirectUint:
      return unsigned(view, ...far());
    case TYPE.indirectFloat:
      return real(view, ...far());
    default:
      return null;
  }
}

function unsigned(view: DataView, at: number, width: number): number {
  if (width === 1) return view.getUint8(at);
  if (width === 2) return view.getUint16(at, true);
  if (width === 4) return view.getUint32(at, true);
  if (width === 8) return Number(view.getBigUint64(at, true));
  throw new RangeError(`a width of ${width}`);
}

function signed(view: DataView, at: number, width: number): number {
  if (width === 1) return view.getInt8(at);
  if (width === 2) return view.getInt16(at, true);
  if (width === 4) return view.getInt32(at, true);
  return Number(view.getBigInt64(at, true));
}

function real(view: DataView, at: number, width: number): number {
  if (width === 4) return view.getFloat32(at, true);
  if (width === 8) return view.getFloat64(at, true);
  throw new RangeError(`a float of ${width} bytes`);
}

/** `map` with every value in 4 bytes: integers as int32, other numbers as float32. */
export function writeFlexMap(map: FlexMap): Uint8Array {
  const names = Object.keys(map).sort();
  const text = names.map((name) => `${name}\0`).join('');
  const keys = Math.ceil(text.length / 4) * 4 + 4;
  const values = keys + 4 * names.length + 12;
  const types = values + 4 * names.length;
  const root = Math.ceil((types + names.length) / 4) * 4;
  const view = new DataView(new ArrayBuffer(root + 6));
  [...text].forEach((char, i) => void view.setUint8(i, char.charCodeAt(0)));
  const uint = (at: number, value: number): void => view.setUint32(at, value, true);
  uint(keys - 4, names.length);
  uint(values - 12, values - 12 - keys);
  uint(values - 8, 4);
  uint(values - 4, names.length);
  let key = 0;
  names.forEach((name, i) => {
    const value = map[name];
    uint(keys + 4 * i, keys + 4 * i - key);
    key += name.length + 1;
    const type = typeof value === 'boolean' ? TYPE.bool : Number.isInteger(value) ? TYPE.int : TYPE.float;
    if (type === TYPE.float) view.setFloat32(values + 4 * i, Number(value), true);
    else view.setInt32(values + 4 * i, Number(value), true);
    view.setUint8(types + i, (type << 2) | 2);
  });
  uint(root, root - values);
  view.setUint8(root + 4, (TYPE.map << 2) | 2);
  view.setUint8(root + 5, 4);
  return new Uint8Array(view.buffer);
}
