import type { PreprocessConfig } from '../config/schema.ts';
import type { Image } from './image.ts';

/**
 * An image as the elements of a model's input, row by row and channel by channel, still 0 to 255: central crop,
 * resize, channel order.
 */
export function imageToPixels(
  image: Image,
  size: { readonly height: number; readonly width: number; readonly channels: 1 | 3 },
  config: PreprocessConfig,
): Float32Array {
  const { top, left, height, width } = centralCrop(image, config.crop ?? 1);
  const cropped = pick(image, top, left, height, width, size.channels, config.channels);
  const resize = config.resize ?? 'bilinear';
  if (resize === 'none' || (height === size.height && width === size.width)) return cropped;
  const rows = taps(height, size.height, resize);
  const columns = taps(width, size.width, resize);
  // Columns first, then rows, as Pillow and TensorFlow do. Pillow's images hold whole pixels after either pass.
  const whole = resize === 'pillow' ? (pixels: Float32Array) => pixels.map((x) => Math.floor(x + 0.5)) : same;
  return whole(
    filterRows(whole(filter(cropped, height, width, size.channels, columns)), size.width * size.channels, rows),
  );
}

const same = (pixels: Float32Array): Float32Array => pixels;

/** The middle part of an image that keeps `fraction` of its height and width, rounded down. */
export function centralCrop({ height, width }: { readonly height: number; readonly width: number }, fraction: number) {
  const h = Math.max(1, Math.floor(height * fraction));
  const w = Math.max(1, Math.floor(width * fraction));
  return { top: Math.floor((height - h) / 2), left: Math.floor((width - w) / 2), height: h, width: w };
}

/** The part of an image, in the channel order asked for. Gray is ITU-R 601 luma in 16-bit fixed point, as Pillow's "L". */
function pick(
  image: Image,
  top: number,
  left: number,
  height: number,
  width: number,
  channels: 1 | 3,
  order: PreprocessConfig['channels'],
): Float32Array {
  const out = new Float32Array(height * width * channels);
  let o = 0;
  for (let y = top; y < top + height; y++) {
    for (let x = left; x < left + width; x++) {
      const i = (y * image.width + x) * 3;
      const [r, g, b] = [image.data[i], image.data[i + 1], image.data[i + 2]];
      const luma = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
      if (channels === 1) out[o++] = luma;
      else {
        out[o++] = order === 'gray' ? luma : order === 'bgr' ? b : r;
        out[o++] = order === 'gray' ? luma : g;
        out[o++] = order === 'gray' ? luma : order === 'bgr' ? r : b;
      }
    }
  }
  return out;
}

/** Which elements of a line make up one element of the resized line, and by how much. */
interface Tap {
  readonly first: number;
  readonly weights: readonly number[];
}

/**
 * The taps of every output element, with half-pixel centres. Bilinear is a triangle filter of half width 1, as in
 * tf.image.resize; Pillow widens it by the factor that the line shrinks.
 */
export function taps(from: number, to: number, method: 'bilinear' | 'pillow' | 'nearest'): Tap[] {
  const scale = from / to;
  const support = method === 'pillow' ? Math.max(1, scale) : 1;
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * scale;
    if (method === 'nearest') return { first: Math.min(from - 1, Math.floor(center)), weights: [1] };
    const weights: number[] = [];
    const first = Math.max(0, Math.ceil(center - support - 0.5));
    const last = Math.min(from - 1, Math.floor(center + support - 0.5));
    for (let j = first; j <= last; j++) weights.push(Math.max(0, 1 - Math.abs(j + 0.5 - center) / support));
    const total = weights.reduce((a, b) => a + b, 0);
    // Pillow computes with weights of 22 fractional bits, which shows at exact halves.
    const rounded = (w: number) => (method === 'pillow' ? Math.floor(w * 2 ** 22 + 0.5) / 2 ** 22 : w);
    return { first, weights: weights.map((w) => rounded(w / total)) };
  });
}

/** Resizes every row of [height, width, channels]. */
function filter(
  data: Float32Array,
  height: number,
  width: number,
  channels: number,
  columns: readonly Tap[],
): Float32Array {
  const out = new Float32Array(height * columns.length * channels);
  let o = 0;
  for (let y = 0; y < height; y++) {
    for (const { first, weights } of columns) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        let i = (y * width + first) * channels + c;
        for (let k = 0; k < weights.length; k++, i += channels) sum += weights[k] * data[i];
        out[o++] = sum;
      }
    }
  }
  return out;
}

/** Resizes [rows, line] along the rows. */
function filterRows(data: Float32Array, line: number, rows: readonly Tap[]): Float32Array {
  const out = new Float32Array(rows.length * line);
  rows.forEach(({ first, weights }, y) => {
    for (let x = 0; x < line; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * data[(first + k) * line + x];
      out[y * line + x] = sum;
    }
  });
  return out;
}

/** Whether values are changed after they are read: scale, mean or std is set. */
export const hasArithmetic = (config: PreprocessConfig): boolean =>
  config.scale !== undefined || config.mean !== undefined || config.std !== undefined;

/** (x · scale − mean) / std in place; mean and std may have one entry a channel, the channel being the last dimension. */
export function normalise(values: Float32Array, config: PreprocessConfig): Float32Array {
  if (!hasArithmetic(config)) return values;
  const means = [config.mean ?? 0].flat();
  const stds = [config.std ?? 1].flat();
  const scale = config.scale ?? 1;
  for (let i = 0; i < values.length; i++) {
    values[i] = (values[i] * scale - means[i % means.length]) / stds[i % stds.length];
  }
  return values;
}
