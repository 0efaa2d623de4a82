import type { Core } from './cpus.ts';
import type { Target } from './target.ts';

export type { Core } from './cpus.ts';

export const coreOf = (target: Target): Core => target.core;
