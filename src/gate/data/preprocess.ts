import type { PreprocessConfig, ResizeConfig } from '../config/data_schema.ts';
import { type Box, centralCrop, fit, type Size } from './fit.ts';
import type { Image } from './image.ts';
import { type Pixels, resample } from './resample.ts';

/**
 * An image as the elements of a model's input, row by row and channel by channel, still 0 to 255: central crop,
 * channel order, resize.
 */
export function imageToPixels(
  image: Image,
  size: { readonly height: number; readonly width: number; readonly channels: 1 | 3 },
  config: PreprocessConfig,
): Float32Array {
  const cropped = pick(image, centralCrop(image, config.crop ?? 1), size.channels, config.channels);
  const resize = resizeOf(config);
  if (resize.method === 'none') return cropped.data;
  const box = fit(cropped, size, resize);
  const resized = resample(cropped, box, resize.method, resize.antialias);
  return place(resized, box, size, resize.letterbox ?? 0).data;
}

/** The resize in force, written out. */
export function resizeOf({ resize }: PreprocessConfig): ResizeConfig {
  return typeof resize === 'object' ? resize : { method: resize ?? 'bilinear' };
}

/** The part of an image, in the channel order asked for. Gray is ITU-R 601 luma in 16-bit fixed point, as Pillow's "L". */
function pick(
  image: Image,
  { top, left, height, width }: Box,
  channels: 1 | 3,
  order: PreprocessConfig['channels'],
): Pixels {
  const data = new Float32Array(height * width * channels);
  let o = 0;
  for (let y = top; y < top + height; y++) {
    for (let x = left; x < left + width; x++) {
      const i = (y * image.width + x) * 3;
      const [r, g, b] = [image.data[i], image.data[i + 1], image.data[i + 2]];
      const luma = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
      if (channels === 1) data[o++] = luma;
      else {
        data[o++] = order === 'gray' ? luma : order === 'bgr' ? b : r;
        data[o++] = order === 'gray' ? luma : g;
        data[o++] = order === 'gray' ? luma : order === 'bgr' ? r : b;
      }
    }
  }
  return { height, width, channels, data };
}

/** Lays an image into one of another size: cuts off what sticks out, fills what stays empty. */
function place(image: Pixels, { top, left }: Box, { height, width }: Size, fill: number): Pixels {
  if (top === 0 && left === 0 && image.height === height && image.width === width) return image;
  const { channels } = image;
  const data = new Float32Array(height * width * channels).fill(fill);
  const [x0, x1] = [Math.max(0, left), Math.min(width, left + image.width)];
  for (let y = Math.max(0, top); y < Math.min(height, top + image.height); y++) {
    const from = ((y - top) * image.width + x0 - left) * channels;
    data.set(image.data.subarray(from, from + (x1 - x0) * channels), (y * width + x0) * channels);
  }
  return { height, width, channels, data };
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
