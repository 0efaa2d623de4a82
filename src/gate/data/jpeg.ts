import factory from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';
import { packageFile } from '../../package_file.ts';
import { dropComponent, isYcck } from './jpeg_cmyk.ts';

/** What is used of WebAssembly's interface, which TypeScript declares for browsers only. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: object);
    readonly exports: object;
  }
}

/** Red, green, blue, alpha, row by row. */
export interface Rgba {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** What Emscripten makes of mozjpeg; its functions stand on the object once the instance is there. */
interface Codec {
  decode(bytes: Uint8Array, preserveOrientation: boolean): Rgba | null;
}

let compiled: WebAssembly.Module | undefined;
let codec: Codec | undefined;
let messages: string[] = [];

/**
 * An instance of mozjpeg. It comes up at once, without a promise: Emscripten fills the object that it is given as soon
 * as `instantiateWasm` has called back.
 */
function instantiate(): Codec {
  compiled ??= new WebAssembly.Module(packageFile('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'));
  const module = compiled;
  const options = {
    noInitialRun: true,
    locateFile: (name: string) => name,
    print: () => {},
    printErr: (line: string) => messages.push(line),
    instantiateWasm(imports: object, callback: (instance: WebAssembly.Instance) => void) {
      const instance = new WebAssembly.Instance(module, imports);
      callback(instance);
      return instance.exports;
    },
  };
  factory(options as never);
  return options as unknown as Codec;
}

/**
 * Decodes a JPEG of one or three components as libjpeg does by default (accurate integer DCT, interpolated chroma), and
 * hence as Pillow does; orientation is not applied. Damaged data are decoded as far as they go, as there.
 *
 * @throws Error in libjpeg's words where it is not decodable or cut short
 */
export function decodeJpeg(bytes: Uint8Array): Rgba {
  messages = [];
  codec ??= instantiate();
  let image: Rgba | null = null;
  try {
    image = codec.decode(bytes, false);
  } catch (error) {
    codec = undefined; // libjpeg has left by exit(): its memory and stack are lost
    if ((error as Error).name !== 'ExitStatus') messages.push((error as Error).message);
  }
  if (image === null) throw new Error(messages[0] ?? 'it is damaged');
  const short = messages.find((line) => /^Premature end of JPEG/.test(line));
  if (short !== undefined) throw new Error('it is cut short');
  return image;
}

/**
 * Decodes a JPEG of four components to RGB as Pillow does: Adobe's inverted CMYK or YCCK, R = K · (255 − C) / 255.
 * @throws Error as decodeJpeg
 */
export function decodeCmyk(bytes: Uint8Array): Rgba {
  const ycck = isYcck(bytes);
  const colours = decodeJpeg(dropComponent(bytes, 3, ycck ? 1 : 0));
  const black = decodeJpeg(dropComponent(bytes, 1, 0));
  const data = new Uint8ClampedArray(colours.data.length);
  for (let i = 0; i < data.length; i++) {
    const light = black.data[(i & ~3) + 2];
    const ink = ycck ? colours.data[i] : 255 - colours.data[i];
    const product = ink * light + 128;
    data[i] = light - (((product >> 8) + product) >> 8);
  }
  return { ...colours, data };
}
