export type { Accused, Drift, DriftLayer } from '../figures/drift.ts';
export { type DriftRequest, measureDrift } from './measure.ts';
