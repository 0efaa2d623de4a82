import { getInput, setSecret } from '@actions/core';
import { InputError } from '../errors.ts';
import { type BaselineRequest, parseBaseline } from '../gate/baseline/request.ts';
import { SPEED_OPTIONS, type SpeedOption } from '../gate/check/speed.ts';
import { parseReferences, type ReferenceName } from '../gate/references/index.ts';
import { FAIL_ON, type FailOn } from '../gate/verdict/fail_on.ts';

/** What the workflow asks for: the `with:` block of the step, with action.yml's defaults filled in. */
export interface Inputs {
  readonly config: string;
  readonly models: readonly string[];
  readonly targets: readonly string[];
  readonly measure: SpeedOption;
  readonly comment: CommentMode;
  /** Tells this gate's comment from those of other gates and matrix legs. */
  readonly id: string;
  readonly token: string;
  readonly failOn: FailOn;
  readonly workingDirectory: string;
  /** What to compare with; null: nothing; `auto`: the event decides. */
  readonly baseline: BaselineRequest | 'auto' | null;
  /** Other runtimes that models are compared with. */
  readonly references: readonly ReferenceName[];
}

const COMMENT = ['auto', 'always', 'never'] as const;
export type CommentMode = (typeof COMMENT)[number];

/** Inputs whose names are fixed but whose work is still to come, with the values that ask for none of it. */
const RESERVED: Readonly<Record<string, readonly string[]>> = {
  'tuning-records': [''],
  shard: ['', '1/1'],
};

/** Reads INPUT_… of the environment. Throws an InputError that lists every input with a value it cannot have. */
export function readInputs(): Inputs {
  const problems: string[] = [];
  const choice = <T extends string>(name: string, values: readonly T[]): T => {
    const text = getInput(name) || values[0];
    const found = values.find((value) => value === text);
    if (found === undefined) problems.push(`input ${name}: "${text}" is not one of ${values.join(', ')}`);
    return found ?? values[0];
  };
  for (const [name, accepted] of Object.entries(RESERVED)) {
    const text = getInput(name);
    if (accepted.includes(text)) continue;
    const rest = accepted.filter((value) => value !== '').join(', ');
    problems.push(
      `input ${name}: "${text}" is not supported by this version; remove the input${rest && ` or set it to ${rest}`}`,
    );
  }
  const baseline = (): Inputs['baseline'] => {
    const text = getInput('baseline');
    try {
      return text === '' ? 'auto' : parseBaseline(text, 'input baseline');
    } catch (error) {
      problems.push((error as Error).message);
      return null;
    }
  };
  const references = (): Inputs['references'] => {
    try {
      return parseReferences(getInput('reference'), 'input reference');
    } catch (error) {
      problems.push((error as Error).message);
      return [];
    }
  };
  const token = getInput('token');
  if (token !== '') setSecret(token);
  const inputs: Inputs = {
    config: getInput('config') || '.github/int8-gate.yml',
    models: listOf(getInput('models')),
    targets: listOf(getInput('targets')),
    measure: choice('measure', SPEED_OPTIONS),
    comment: choice('comment', COMMENT),
    id: getInput('id'),
    token,
    failOn: choice('fail-on', FAIL_ON),
    workingDirectory: getInput('working-directory') || '.',
    baseline: baseline(),
    references: references(),
  };
  if (problems.length > 0) throw new InputError(problems.join('\n'));
  return inputs;
}

/** Names separated by commas or newlines. */
const listOf = (text: string): string[] =>
  text
    .split(/[,\n]/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
