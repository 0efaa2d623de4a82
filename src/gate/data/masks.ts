import { basename, extname } from 'node:path';
import { InputError } from '../../errors.ts';
import { showShape } from '../../model/tensor/shape.ts';
import { readArray, toReals } from './arrays.ts';
import type { Files } from './files.ts';
import type { ReadLabels } from './label_table.ts';
import { decodeMask, type Mask } from './mask.ts';

/** Values of all masks together: 4 GB of memory. */
const MOST_VALUES = 2 ** 29;

/** Whether labels are images of class numbers, or arrays of which each file holds one. */
export const isMasks = (path: string, files: Files): boolean =>
  /\.png$/i.test(path) || (/[*?[{].*\.npy$/i.test(path) && !files.exists(path));

/**
 * A mask for each sample: by the name of its file, or where no name fits, in the order of the names.
 *
 * @param samples paths, one a sample; or how many samples one file holds
 * @throws InputError where masks and samples do not match one to one, or masks are not of one size
 */
export function readMasks(pattern: string, samples: readonly string[] | number, files: Files): ReadLabels {
  const { paths, notes } = join(files.expand(pattern), samples, pattern);
  const first = readMask(paths[0], files);
  const { height, width } = first;
  const size = height * width;
  if (size * paths.length > MOST_VALUES)
    throw new InputError(
      `${pattern}: ${paths.length} masks of ${width}×${height} pixels are too many; use fewer files`,
    );
  const values = new Float64Array(size * paths.length);
  for (const [i, path] of paths.entries()) {
    const mask = i === 0 ? first : readMask(path, files);
    if (mask.height !== height || mask.width !== width)
      throw new InputError(
        `${path}: ${mask.width}×${mask.height} pixels, but ${paths[0]} has ${width}×${height}; masks are all of the size of the model's output`,
      );
    values.set(mask.values, i * size);
  }
  return { values, width: size, notes };
}

/** The masks of the samples, in the samples' order. */
function join(masks: readonly string[], samples: readonly string[] | number, pattern: string) {
  const count = typeof samples === 'number' ? samples : samples.length;
  const byName = new Map<string, string>();
  for (const mask of masks) {
    const earlier = byName.get(stem(mask));
    if (earlier !== undefined && typeof samples !== 'number')
      throw new InputError(`${mask}: has the name of ${earlier}; each mask needs its own name`);
    byName.set(stem(mask), mask);
  }
  const missing = typeof samples === 'number' ? [] : samples.filter((sample) => !byName.has(stem(sample)));
  if (typeof samples !== 'number' && missing.length === 0) {
    const paths = samples.map((sample) => byName.get(stem(sample)) as string);
    if (new Set(paths).size < paths.length)
      throw new InputError(`${pattern}: several inputs share one mask; give them names of their own`);
    return { paths, notes: [] };
  }
  if (masks.length !== count || (missing.length > 0 && missing.length < count))
    throw new InputError(
      missing.length > 0
        ? `${pattern}: no mask for ${missing.length} of ${count} inputs: ${missing.slice(0, 3).join(', ')}; a mask has the name of its input but for folder and ending`
        : `${pattern}: ${masks.length} masks, but the inputs hold ${count} samples; there must be one a sample`,
    );
  const notes = [`Masks go by the order of their names (${masks[0]} is the first): no name is that of an input.`];
  return { paths: masks, notes: typeof samples === 'number' ? [] : notes };
}

const stem = (path: string): string => basename(path, extname(path));

function readMask(path: string, files: Files): Mask {
  if (/\.png$/i.test(path)) return decodeMask(files.read(path), path);
  const { dtype, shape, data } = readArray(path, files);
  const [height, width, channels = 1, ...rest] = shape.length > 2 && shape[0] === 1 ? shape.slice(1) : shape;
  if (width === undefined || channels !== 1 || rest.length > 0)
    throw new InputError(`${path}: shape ${showShape(shape)}, but a mask is [height, width]`);
  return checked({ height, width, values: toReals(data, dtype) }, path);
}

function checked(mask: Mask, path: string): Mask {
  if (mask.height * mask.width === 0) throw new InputError(`${path}: holds no labels`);
  for (let i = 0; i < mask.values.length; i++) {
    if (!Number.isFinite(mask.values[i])) throw new InputError(`${path}: holds NaN or infinite values`);
  }
  return mask;
}
