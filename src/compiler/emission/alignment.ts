/** Buffers start on cache lines, and vector loads at their start are aligned. */
export const ALIGNMENT = 64;

export const alignUp = (n: number): number => Math.ceil(n / ALIGNMENT) * ALIGNMENT;
