import { expect, test } from 'vitest';
import { CORTEX_A53 } from '../../../../src/compiler/templates/in_order/core.ts';
import { OPERATIONS } from '../../../../src/compiler/templates/in_order/instruction.ts';
import { classify } from '../../../../src/runtime/modelled/classify.ts';
import { A53, A55 } from '../../../../src/runtime/modelled/in_order.ts';
import { costOf } from '../../../../src/runtime/modelled/pipeline.ts';

/** As a disassembler prints it, the operands in registers 0, 1, 2. */
const disassembled = (text: string): string =>
  text
    .replace(/%(\d)\./g, 'v$1.')
    .replace(/%([dw])(\d)/g, '$1$2')
    .replace(/%(\d)/g, 'x$1')
    .replace(/^ins /, 'mov ');

const UNITS: Readonly<Record<string, 'vector' | 'memory'>> = { N: 'vector', L: 'memory' };

test.each(Object.entries(OPERATIONS))('%s costs what the model of the Cortex-A53 says', (_, { text, kind }) => {
  const found = classify(disassembled(text));
  const cost = costOf(A53, found.kind);
  const timing = CORTEX_A53.timing[kind];
  expect(timing.unit).toBe(UNITS[cost.ports[0]] ?? null);
  expect(timing.occupancy).toBe(cost.busy);
  // Nobody waits for a store.
  expect(timing.latency).toBe(kind === 'store' ? 0 : cost.latency);
  // The model lets no half of a register wait for the other one.
  if (found.accumulator !== null) expect(timing.forwarded ?? timing.latency).toBe(cost.accumulate);
  // The A55 keeps no unit longer, and no result.
  const later = costOf(A55, found.kind);
  expect(later.busy).toBeLessThanOrEqual(cost.busy);
  expect(later.latency).toBeLessThanOrEqual(cost.latency);
});

test('issues as many instructions a cycle', () => {
  expect(CORTEX_A53.width).toBe(A53.width);
});
