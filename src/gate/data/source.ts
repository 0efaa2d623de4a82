import type { Port } from '../../compiler/build.ts';
import { InputError } from '../../errors.ts';
import { type DType, fromBytes, itemSize, type TensorData } from '../../model/tensor/dtype.ts';
import type { NpyArray } from '../../model/tensor/npy.ts';
import { elements, showShape } from '../../model/tensor/shape.ts';
import type { DataConfig, ResizeConfig } from '../config/data_schema.ts';
import { affineNote, affineOf, dequantize } from './affine.ts';
import { isArrayFile, readArray, toReals } from './arrays.ts';
import type { Files } from './files.ts';
import type { Size } from './fit.ts';
import { CONVERT, decodeImage } from './image.ts';
import { imageToPixels, normalise, resizeOf } from './preprocess.ts';
import { cutWindows, type Window, windowOf } from './window.ts';

/** One input's part of a sample. */
export interface Part {
  readonly inferences: number;
  /** Real values, the windows one after another. */
  readonly real: Float32Array;
  /** The elements for the INT8 model where the data already are what it takes. */
  readonly asInt8?: TensorData;
  /** Names the sample in messages. */
  readonly what: string;
}

/** All samples of one input. */
export interface Source {
  readonly count: number;
  readonly notes: readonly string[];
  read(index: number): Part;
}

const isImage = (path: string): boolean => /\.(png|jpe?g|jpe|jfif)$/i.test(path);
/** Pictures that are not read, by their names: without this they would be taken for bare elements. */
const isOtherImage = (path: string): boolean => /\.(bmp|gif|webp|tiff?|heic|heif|avif|jp2|jxl)$/i.test(path);

/**
 * Opens the files of one input: many files with one sample each, or one file (.npy, .npz, IDX, .bin of a declared
 * dtype) with many samples along its first axis.
 */
export function openSource(
  paths: readonly string[],
  port: Port,
  config: DataConfig,
  labelWindow: { readonly bytes: number; readonly step: number } | undefined,
  files: Files,
): Source {
  if (port.quantization !== null && port.quantization.scales.length > 1) {
    throw new InputError(`input "${port.name}" is quantized per axis, which inputs cannot be`);
  }
  checkChannels(config, port);
  const other = paths.find(isOtherImage);
  if (other !== undefined) throw new InputError(`${other}: PNG and JPEG are the images that are read; ${CONVERT}`);
  const kinds = { image: isImage, array: isArrayFile, raw: (path: string) => !isImage(path) && !isArrayFile(path) };
  for (const [kind, test] of Object.entries(kinds)) {
    if (!test(paths[0])) continue;
    const odd = paths.find((path) => !test(path));
    if (odd !== undefined)
      throw new InputError(`${odd}: cannot be mixed with ${paths[0]}; data.inputs takes one kind of file`);
    if (kind === 'image') return imageSource(paths, port, config, files);
    const window = windowOf(config, labelWindow, elements(port.shape));
    const input = { port, config, window, files };
    return kind === 'array' ? arraySource(paths, input) : rawSource(paths, input, labelWindow?.bytes);
  }
  throw new InputError('data.inputs: no files');
}

/** What reading an array needs to know. */
interface Input {
  readonly port: Port;
  readonly config: DataConfig;
  readonly window: Window | null;
  readonly files: Files;
}

/** .npy, .npz and IDX files. */
function arraySource(paths: readonly string[], input: Input): Source {
  const { port, config, window, files } = input;
  const first = readArray(paths[0], files);
  const notes = affineNote(first.dtype, port, config);
  if (paths.length === 1) return { ...splitArray(first, paths[0], input), notes };
  const read = (index: number) => {
    const array = readArray(paths[index], files);
    if (window === null && array.data.length !== elements(port.shape)) {
      throw new InputError(
        `${paths[index]}: shape ${showShape(array.shape)} does not fit input "${port.name}" ${showShape(port.shape)}; where there are several files, each holds one sample`,
      );
    }
    return prepare(array, paths[index], input);
  };
  return { count: paths.length, notes, read };
}

/** Files of bare elements. */
function rawSource(paths: readonly string[], input: Input, windowBytes: number | undefined): Source {
  const { port, config, window, files } = input;
  const n = elements(port.shape);
  const dtype = rawType(paths[0], input, windowBytes);
  const notes = affineNote(dtype, port, config);
  const size = itemSize(dtype);
  const parse = (path: string) => {
    const bytes = files.read(path);
    if (bytes.length % size !== 0) throw wrongSize(path, bytes.length, port, [dtype]);
    const data = fromBytes(dtype, bytes);
    return { dtype, shape: [data.length], data };
  };
  if (paths.length === 1 && window === null) {
    const { data } = parse(paths[0]);
    if (data.length === 0 || data.length % n !== 0) throw wrongSize(paths[0], data.length * size, port, [dtype]);
    return { ...splitArray({ dtype, shape: [data.length / n, n], data }, paths[0], input), notes };
  }
  const odd = window === null ? paths.find((path) => files.size(path) !== n * size) : undefined;
  if (odd !== undefined) throw wrongSize(odd, files.size(odd), port, [dtype]);
  return { count: paths.length, notes, read: (index) => prepare(parse(paths[index]), paths[index], input) };
}

/** Real values of one sample, cut into windows where it is a record. */
function prepare(array: NpyArray, what: string, { port, config, window }: Input): Part {
  const affine = affineOf(array.dtype, port, config);
  const real = affine === null ? Float32Array.from(toReals(array.data, array.dtype)) : dequantize(array, affine);
  checkFinite(real, what, affine === null ? null : 'data.quantized');
  if (affine === null) checkFinite(normalise(real, config.preprocess ?? {}), what, 'data.preprocess');
  if (window === null) return { inferences: 1, real, what, ...(affine?.own ? { asInt8: array.data } : {}) };
  const cut = cutWindows(real, window, what);
  return { inferences: cut.length / window.length, real: cut, what };
}

/** One array as samples along its first axis; or as one sample where it is just that, or one record for windows. */
function splitArray(whole: NpyArray, path: string, input: Input): Pick<Source, 'count' | 'read'> {
  const { port, window } = input;
  const { dtype, shape, data } = whole;
  const n = elements(port.shape);
  const single = window === null ? data.length === n : shape.length < 2;
  const count = single ? 1 : (shape[0] ?? 1);
  if (count === 0 || data.length === 0) throw new InputError(`${path}: shape ${showShape(shape)} holds zero samples`);
  const each = data.length / count;
  if (window === null && each !== n) {
    throw new InputError(
      `${path}: shape ${showShape(shape)} does not fit input "${port.name}" ${showShape(port.shape)}: a sample has ${n} elements`,
    );
  }
  const read = (i: number) =>
    prepare({ dtype, shape: [each], data: data.slice(i * each, (i + 1) * each) }, `${path} [${i}]`, input);
  return { count, read };
}

function imageSource(paths: readonly string[], port: Port, config: DataConfig, files: Files): Source {
  if (config.window !== undefined) throw new InputError('data.window: images cannot be cut into windows');
  if (config.quantized)
    throw new InputError('data.quantized: images hold pixel values, not quantized ones; leave it out');
  const shape = port.shape.length === 3 ? [...port.shape, 1] : port.shape;
  const [batch, height, width, channels] = shape;
  if (shape.length !== 4 || batch !== 1 || (channels !== 1 && channels !== 3)) {
    throw new InputError(
      `input "${port.name}" ${showShape(port.shape)} takes no image; images need [1, height, width, 1 or 3]`,
    );
  }
  const preprocess = config.preprocess ?? {};
  checkResize(resizeOf(preprocess), port, { height, width });
  const read = (index: number): Part => {
    const what = paths[index];
    const pixels = imageToPixels(decodeImage(files.read(what), what), { height, width, channels }, preprocess);
    if (pixels.length !== height * width * channels) {
      throw new InputError(
        `${what}: not ${width}×${height} pixels after cropping, as the model takes; leave out "resize: none"`,
      );
    }
    const real = normalise(pixels, preprocess);
    checkFinite(real, what, 'data.preprocess');
    return { inferences: 1, real, what };
  };
  return { count: paths.length, notes: [], read };
}

/** Options of a resize that exclude each other, or the model's size. */
function checkResize(resize: ResizeConfig, port: Port, { height, width }: Size): void {
  const at = 'data.preprocess.resize';
  const side = resize['shorter-side'];
  if (side !== undefined && resize.letterbox !== undefined)
    throw new InputError(`${at}: shorter-side and letterbox exclude each other`);
  if (side !== undefined && side < Math.max(height, width)) {
    throw new InputError(
      `${at}.shorter-side is ${side}, less than the ${height}×${width} pixels that input "${port.name}" takes; raise it`,
    );
  }
  if (resize.method === 'none' && (side !== undefined || resize.letterbox !== undefined))
    throw new InputError(`${at}: shorter-side and letterbox need a method that resizes, not none`);
  if (resize.antialias === true && resize.method !== 'bilinear' && resize.method !== 'bicubic') {
    throw new InputError(
      `${at}.antialias belongs to bilinear and bicubic, not to ${resize.method}; Pillow's methods are antialiased anyway`,
    );
  }
}

/** The element type of .bin files: as declared, else by the size of the first one or of the windows in the labels. */
function rawType(path: string, { port, config, window, files }: Input, windowBytes: number | undefined): DType {
  if (config.dtype !== undefined) return config.dtype;
  const n = elements(port.shape);
  const candidates: DType[] = port.dtype === 'float32' ? ['float32'] : [port.dtype, 'float32'];
  if (window !== null) {
    const bytes = config.window === undefined && windowBytes !== undefined ? windowBytes / n : itemSize('float32');
    return candidates.find((dtype) => itemSize(dtype) === bytes) ?? 'float32';
  }
  const size = files.size(path);
  const dtype = candidates.find((type) => size === n * itemSize(type));
  if (dtype === undefined) throw wrongSize(path, size, port, candidates);
  return dtype;
}

function wrongSize(path: string, size: number, port: Port, types: readonly DType[]): InputError {
  const n = elements(port.shape);
  const right = types.map((type) => `${n * itemSize(type)} as ${type}`).join(' or ');
  return new InputError(
    `${path}: ${size} bytes, but a sample of input "${port.name}" ${showShape(port.shape)} has ${right}; check the file, or declare data.dtype or data.window`,
  );
}

/** `by`: the key whose numbers have made the values out of finite ones; null where they are as they were read. */
function checkFinite(values: Float32Array, what: string, by: string | null): void {
  const i = values.findIndex((value) => !Number.isFinite(value));
  if (i < 0) return;
  const cause = by === null ? '' : ` after ${by}, whose numbers lead beyond float32`;
  throw new InputError(`${what}: element ${i} is ${values[i]}${cause}; data must be finite numbers`);
}

function checkChannels(config: DataConfig, port: Port): void {
  const channels = port.shape.at(-1) ?? 1;
  for (const key of ['mean', 'std'] as const) {
    const value = config.preprocess?.[key];
    if (Array.isArray(value) && value.length !== 1 && value.length !== channels) {
      throw new InputError(
        `data.preprocess.${key}: ${value.length} numbers, but input "${port.name}" ${showShape(port.shape)} has ${channels} channels`,
      );
    }
    if ([value ?? 1].flat().some((v) => key === 'std' && v === 0))
      throw new InputError('data.preprocess.std: division by zero');
  }
}
