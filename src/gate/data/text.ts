import { InputError } from '../../errors.ts';

/** Byte order marks, which tell how a text is encoded: Excel and PowerShell write UTF-16. */
const MARKS = [
  { mark: [0xff, 0xfe], encoding: 'utf-16le' },
  { mark: [0xfe, 0xff], encoding: 'utf-16be' },
] as const;

/**
 * The text in a file: UTF-8, or what its byte order mark says.
 * @throws InputError where it is neither
 */
export function decodeText(bytes: Uint8Array, path: string): string {
  const marked = MARKS.find(({ mark }) => mark.every((byte, i) => bytes[i] === byte));
  if (marked === undefined && bytes.includes(0))
    throw new InputError(`${path}: no text in UTF-8 (it holds zero bytes); save it as UTF-8`);
  return new TextDecoder(marked?.encoding).decode(bytes);
}
