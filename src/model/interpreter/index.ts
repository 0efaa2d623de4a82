export { type InterpretOptions, interpret, interpretValues, type State } from './interpret.ts';
export type { Value } from './value.ts';
