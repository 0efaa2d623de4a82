/** What kind of number a metric gives. */
export interface FigureKind {
  /** The unit in which the figure itself is shown. */
  readonly unit: string;
  /** The unit of the drop. */
  readonly dropUnit: string;
  readonly higherIsBetter: boolean;
  /** Least and largest value; null where there are none. */
  readonly range: readonly [number, number] | null;
  /** How far the figure moves if all samples change, where that is known: for what no resample shows. */
  readonly span: number | null;
  /** How much worse INT8 is than FP32, in `dropUnit`; linear in both. */
  drop(int8: number, fp32: number): number;
}

const fall = (int8: number, fp32: number) => fp32 - int8;
const rise = (int8: number, fp32: number) => int8 - fp32;
const points =
  (drop: FigureKind['drop']): FigureKind['drop'] =>
  (int8, fp32) =>
    100 * drop(int8, fp32);

export const KINDS = {
  share: { unit: 'share', dropUnit: 'points', higherIsBetter: true, range: [0, 1], span: 1, drop: points(fall) },
  /** A share that should be small. */
  rate: { unit: 'share', dropUnit: 'points', higherIsBetter: false, range: [0, 1], span: 1, drop: points(rise) },
  /** Errors for each token there should be: answers that are too long take it beyond 1, a sample without any is 1. */
  'error-rate': { unit: 'share', dropUnit: 'points', higherIsBetter: false, range: null, span: 1, drop: points(rise) },
  error: { unit: 'error', dropUnit: 'error', higherIsBetter: false, range: null, span: null, drop: rise },
  /** 1 at best, without a lower bound. */
  r2: { unit: 'r2', dropUnit: 'r2', higherIsBetter: true, range: null, span: null, drop: fall },
  cosine: { unit: 'cosine', dropUnit: 'cosine', higherIsBetter: true, range: [-1, 1], span: 2, drop: fall },
  ssim: { unit: 'ssim', dropUnit: 'ssim', higherIsBetter: true, range: [-1, 1], span: 2, drop: fall },
  sqnr: { unit: 'dB', dropUnit: 'dB', higherIsBetter: true, range: null, span: null, drop: fall },
  psnr: { unit: 'dB', dropUnit: 'dB', higherIsBetter: true, range: null, span: null, drop: fall },
} as const satisfies Record<string, FigureKind>;

export type Kind = keyof typeof KINDS;

/** Whether INT8's figure over FP32's says how much is kept: a figure from 0 to 1, and higher is better. */
export const hasRatio = ({ higherIsBetter, range }: FigureKind): boolean =>
  higherIsBetter && range !== null && range[0] === 0 && range[1] === 1;

/** Least and largest drop there can be; null where the figure has no bounds. */
export function rangeOfDrop({ range, drop }: FigureKind): readonly [number, number] | null {
  if (range === null) return null;
  const most = Math.abs(drop(...range));
  return [-most, most];
}

/** How far the drop moves if all samples change; null where that is not known. */
export const spanOfDrop = ({ span, drop }: FigureKind): number | null => span && Math.abs(drop(span, 0));
