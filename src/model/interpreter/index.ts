export { type InterpretOptions, interpret, interpretValues, type Value } from './interpret.ts';
