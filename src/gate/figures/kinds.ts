/** What kind of number a metric gives. */
export interface FigureKind {
  /** The unit in which the figure itself is shown. */
  readonly unit: string;
  /** The unit of the drop. */
  readonly dropUnit: string;
  readonly higherIsBetter: boolean;
  /** Least and largest value; null where there are none. */
  readonly range: readonly [number, number] | null;
  /** How much worse INT8 is than FP32, in `dropUnit`. */
  drop(int8: number, fp32: number): number;
}

export const KINDS = {
  share: {
    unit: 'share',
    dropUnit: 'points',
    higherIsBetter: true,
    range: [0, 1],
    drop: (int8, fp32) => 100 * (fp32 - int8),
  },
  error: { unit: 'error', dropUnit: 'error', higherIsBetter: false, range: null, drop: (int8, fp32) => int8 - fp32 },
  cosine: {
    unit: 'cosine',
    dropUnit: 'cosine',
    higherIsBetter: true,
    range: [-1, 1],
    drop: (int8, fp32) => fp32 - int8,
  },
  sqnr: { unit: 'dB', dropUnit: 'dB', higherIsBetter: true, range: null, drop: (int8, fp32) => fp32 - int8 },
} as const satisfies Record<string, FigureKind>;

export type Kind = keyof typeof KINDS;
