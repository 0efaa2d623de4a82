export { type InterpretOptions, interpret, interpretValues, type State, type Value } from './interpret.ts';
