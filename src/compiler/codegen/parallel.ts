/** C that distributes the work of an operator among threads. */
import { partsWorth } from '../emission/parts.ts';

/** The outer steps of an operator: `groups` of `each` are distributed; the remainder belongs to the last group. */
interface Steps {
  readonly count: number;
  readonly groups: number;
  readonly each: number;
}

/** The parts of an operator's outer steps. */
export interface Split extends Steps {
  readonly parts: number;
}

/** The parts of an operator for a number of threads; null: a single part. */
export function splitOf(threads: number, steps: Steps, macs: number): Split | null {
  const parts = Math.min(steps.groups, partsWorth(threads, macs));
  return parts > 1 ? { ...steps, parts } : null;
}

/** The sequential `parallel_for` that `run` uses in a model with parts. */
export const SERIAL = `static void serial(void *context, int32_t count, void (*task)(void *, int32_t), void *closure) {
  (void)context;
  for (int32_t i = 0; i < count; i++) task(closure, i);
}
`;

/**
 * The task that runs one part of the node function `name`, and its closure. `parameters`: those of the function without its range;
 * `scratchBytes`: per part; if not 0, the last parameter is the scratch memory.
 */
export function partTask(name: string, parameters: readonly string[], scratchBytes: number, split: Split): string {
  const { parts, count, groups, each } = split;
  const members = parameters.map((parameter) => parameter.replace('restrict ', ''));
  const args = members.map((member) => {
    const field = member.replace(/.*\W/, '');
    return `c->${field}${field === 'scratch' ? ` + part * ${scratchBytes}` : ''}`;
  });
  const from = `part * ${groups} / ${parts} * ${each}`;
  const to = `part == ${parts - 1} ? ${count} : (part + 1) * ${groups} / ${parts} * ${each}`;
  return `typedef struct {
${members.map((member) => `  ${member};\n`).join('')}} ${name}_call;
static void ${name}_task(void *closure, int32_t part) {
  const ${name}_call *c = closure;
  ${name}(${[...args, from, to].join(', ')});
}
`;
}

/** The statement that runs all parts of the node function. */
export const partCall = (name: string, args: readonly string[], { parts }: Split): string =>
  `parallel_for(context, ${parts}, ${name}_task, &(${name}_call){${args.join(', ')}});`;
