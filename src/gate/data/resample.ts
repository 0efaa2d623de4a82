import type { ResizeMethod } from '../config/data_schema.ts';

/** Which elements of a line make up one element of the resized line, and by how much. */
export interface Tap {
  readonly first: number;
  readonly weights: readonly number[];
}

/** [height, width, channels], row by row. */
export interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Float32Array;
}

/** A filter over the distance in source elements; zero beyond `support`. */
interface Filter {
  readonly support: number;
  at(x: number): number;
}

const triangle: Filter = { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) };
/** Keys' cubic convolution with a = -0.5, as Pillow and TensorFlow have it. */
const cubic: Filter = {
  support: 2,
  at(x) {
    const [a, d] = [-0.5, Math.abs(x)];
    if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
  },
};
const sinc = (x: number) => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));
const lanczos: Filter = { support: 3, at: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) };

/** Taps for every element of a line of `to` elements made from one of `from`. */
type Taps = (from: number, to: number) => Tap[];
type Method = Exclude<ResizeMethod, 'none'>;

/** How each method makes its taps, and whether it computes with whole pixels (0 to 255) in both directions. */
const METHODS: Readonly<Record<Method, { readonly taps: Taps; readonly antialiased?: Taps; readonly whole?: true }>> = {
  bilinear: {
    taps: linear((i, from, to) => f32(f32(f32(i + 0.5) * scaleOf(from, to)) - 0.5)),
    antialiased: spans(triangle),
  },
  bicubic: { taps: tableCubic, antialiased: spans(cubic) },
  nearest: { taps: closest },
  'tf1-bilinear': { taps: linear((i, from, to) => f32(i * scaleOf(from, to))) },
  'tf1-bilinear-corners': {
    taps: linear((i, from, to) => f32(i * (to > 1 ? f32((from - 1) / (to - 1)) : scaleOf(from, to)))),
  },
  pillow: { taps: fixedPoint(triangle), whole: true },
  'pillow-bicubic': { taps: fixedPoint(cubic), whole: true },
  'pillow-lanczos': { taps: fixedPoint(lanczos), whole: true },
};

/** Resizes as the method's library does; an image of the right size stays as it is. */
export function resample(
  image: Pixels,
  size: { readonly height: number; readonly width: number },
  method: Method,
  antialias = false,
): Pixels {
  if (image.height === size.height && image.width === size.width) return image;
  const { taps, antialiased, whole } = METHODS[method];
  const tapsOf = antialias && antialiased !== undefined ? antialiased : taps;
  // Columns first, then rows; the order shows only where pixels are whole in between, and there Pillow's is this one.
  const columns = image.width === size.width ? null : tapsOf(image.width, size.width);
  const rows = image.height === size.height ? null : tapsOf(image.height, size.height);
  const across = columns === null ? image : alongRows(image, columns, whole === true);
  return rows === null ? across : alongColumns(across, rows, whole === true);
}

const f32 = Math.fround;
const scaleOf = (from: number, to: number) => f32(from / to);

/** Linear interpolation at a position in float32, as TensorFlow's ResizeBilinear: edges repeat. */
function linear(position: (i: number, from: number, to: number) => number): Taps {
  return (from, to) =>
    Array.from({ length: to }, (_, i) => {
      const at = position(i, from, to);
      const floor = Math.floor(at);
      const lower = Math.max(floor, 0);
      const upper = Math.min(Math.ceil(at), from - 1);
      const weight = f32(at - floor);
      return upper <= lower ? { first: upper, weights: [1] } : { first: lower, weights: [1 - weight, weight] };
    });
}

/** Half-pixel centres, as TensorFlow's ResizeNearestNeighbor. */
function closest(from: number, to: number): Tap[] {
  const scale = scaleOf(from, to);
  return Array.from({ length: to }, (_, i) => ({
    first: Math.min(from - 1, Math.floor(f32(f32(i + 0.5) * scale))),
    weights: [1],
  }));
}

/** TensorFlow's ResizeBicubic with half-pixel centres: weights from a table of 1024 steps; none beyond the edges. */
function tableCubic(from: number, to: number): Tap[] {
  const scale = scaleOf(from, to);
  return Array.from({ length: to }, (_, i) => {
    const at = f32(f32(f32(i + 0.5) * scale) - 0.5);
    const floor = Math.floor(at);
    const step = roundHalfEven(f32(at - floor) * 1024) / 1024;
    return normalised(from, floor - 1, floor + 3, (j) => cubic.at(j - floor - step));
  });
}

/** TensorFlow's ScaleAndTranslate, which tf.image.resize takes with antialias: the filter widens as the line shrinks. */
function spans({ support, at }: Filter): Taps {
  return (from, to) => {
    const scale = f32(1 / f32(to / from));
    const widen = Math.max(1, scale);
    return Array.from({ length: to }, (_, i) => {
      const center = f32(f32(i + 0.5) * scale);
      const first = Math.ceil(center - support * widen - 0.5);
      const last = Math.floor(center + support * widen - 0.5);
      return normalised(from, first, last + 1, (j) => at((j + 0.5 - center) / widen));
    });
  };
}

/** Pillow's filters: they widen as the line shrinks, and their weights have 22 fractional bits. */
function fixedPoint({ support, at }: Filter): Taps {
  return (from, to) => {
    const scale = from / to;
    const widen = Math.max(1, scale);
    return Array.from({ length: to }, (_, i) => {
      const center = (i + 0.5) * scale;
      const first = Math.trunc(Math.max(0, center - support * widen + 0.5));
      const end = Math.trunc(center + support * widen + 0.5);
      const { weights } = normalised(from, first, end, (j) => at((j - center + 0.5) * (1 / widen)));
      return { first, weights: weights.map((w) => Math.trunc(w * UNIT + (w < 0 ? -0.5 : 0.5)) / UNIT) };
    });
  };
}

const UNIT = 2 ** 22;

/** The weights of elements `first` to `end` (exclusive) that exist, divided by their sum. */
function normalised(from: number, first: number, end: number, weight: (j: number) => number): Tap {
  const start = Math.max(0, first);
  const weights = Array.from({ length: Math.min(from, end) - start }, (_, k) => weight(start + k));
  const total = weights.reduce((a, b) => a + b, 0);
  return { first: start, weights: weights.map((w) => w / total) };
}

/** To the nearest whole number, halves to the even one: C's lrint, Python's round. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

/** A whole pixel. The sum of products of bytes and 22-bit fractions is exact in a double. */
const toByte = (x: number) => Math.min(255, Math.max(0, Math.floor(x + 0.5)));

function alongRows({ height, width, channels, data }: Pixels, columns: readonly Tap[], whole: boolean): Pixels {
  const out = new Float32Array(height * columns.length * channels);
  let o = 0;
  for (let y = 0; y < height; y++) {
    for (const { first, weights } of columns) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        let i = (y * width + first) * channels + c;
        for (let k = 0; k < weights.length; k++, i += channels) sum += weights[k] * data[i];
        out[o++] = whole ? toByte(sum) : sum;
      }
    }
  }
  return { height, width: columns.length, channels, data: out };
}

function alongColumns({ width, channels, data }: Pixels, rows: readonly Tap[], whole: boolean): Pixels {
  const line = width * channels;
  const out = new Float32Array(rows.length * line);
  rows.forEach(({ first, weights }, y) => {
    for (let x = 0; x < line; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * data[(first + k) * line + x];
      out[y * line + x] = whole ? toByte(sum) : sum;
    }
  });
  return { height: rows.length, width, channels, data: out };
}
