import type { Target } from '../../compiler/targets/index.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { OperatorCost } from '../../runtime/measure.ts';
import { formatFigure } from '../figures/format.ts';
import type { Slow, SlowOperator } from '../figures/slow.ts';
import { joinOperators } from './join.ts';
import { peakOf } from './peak.ts';

/** Costs of operators, from one modelled measurement. */
export interface Costs {
  readonly int8: readonly OperatorCost[];
  readonly fp32: readonly OperatorCost[];
  /** Empty where nothing is compared with. */
  readonly base: readonly OperatorCost[];
}

/** An INT8 operator, and what it is held against. */
interface Case {
  readonly cost: OperatorCost;
  readonly target: Target;
  /** Cycles of its counterpart in FP32; null where it has none. */
  readonly float: number | null;
  /** Cycles at the baseline; null where the operator is new, or there is no baseline. */
  readonly before: number | null;
  readonly peak: number;
  /** Multiply-accumulates a cycle. */
  readonly rate: number;
  /** Whether the rest of the model computes on integers. */
  readonly integer: boolean;
}

/** How many operators are named, and the least share of the cycles that one must have. */
const MOST = 5;
const LEAST_SHARE = 0.02;
/** Slower than the baseline by this share is no rounding of the model: code around an operator may shift it a little. */
const SLOWER = 0.03;
/** Share of the peak below which an operator is far from it: good kernels reach two thirds and more. */
const FAR = 0.5;
/** Channels, and products of a result, that do not fill the 16 bytes of a vector. */
const VECTOR = 16;
/** Cycles of products at the peak below which what is done once a result weighs more. */
const SHALLOW = 2;
/** Cycles for a result of an operator without products above which no vector can be at work. */
const VALUE_BY_VALUE = 2;

type Why = SlowOperator['why'];
interface Rule {
  /** What holds an operator, as the end of a sentence that begins with its name; null where the rule does not apply. */
  says(of: Case): string | null;
  /** Cycles that it costs: the more, the earlier it is named. */
  costs(of: Case): number;
}

const beyondPeak = ({ cost, peak }: Case): number => cost.cycles - cost.macs / peak;
const whole = ({ cost }: Case): number => cost.cycles;
const rateOf = ({ rate, peak }: Case): string =>
  `${rate.toFixed(1)} of at most ${Number(peak.toFixed(1))} multiply-accumulates a cycle`;
const isFar = ({ cost, rate, peak }: Case): boolean => cost.macs > 0 && rate < FAR * peak;
const generic = ({ cost }: Case): boolean =>
  (cost.kernels ?? []).some((file) => /_reference\.h$|^conv_taps\.h$/.test(file));
const isDepthwise = ({ cost }: Case): boolean => cost.kind === 'nn.depthwise_conv2d';
/** Products of one result. */
const depthOf = ({ cost }: Case): number => cost.macs / Math.max(1, elements(cost.result ?? [1]));
const columnsOf = ({ cost }: Case): number => cost.result?.at(-1) ?? VECTOR;

/** The first that applies to an operator is said. */
const RULES = {
  base: {
    says: ({ cost, before }) =>
      before !== null && cost.cycles > (1 + SLOWER) * before
        ? `takes ${(cost.cycles / before).toFixed(2)}× the cycles of the baseline (${cyclesOf(before)} there)`
        : null,
    costs: ({ cost, before }) => cost.cycles - before!,
  },
  float: {
    says: (of) =>
      of.integer && of.cost.numbers === 'float'
        ? 'computes in float32 within the INT8 model: quantize it, or leave out what it is for'
        : null,
    costs: whole,
  },
  conversion: {
    says: ({ cost }) => (cost.kind.startsWith('qnn.') ? 'only changes the type or scale of its values' : null),
    costs: whole,
  },
  memory: {
    says: ({ cost }) =>
      cost.memoryBound
        ? `waits for memory: it moves ${formatFigure(LINE_BYTES * cost.lines, 'bytes')} beyond the second level of cache, and does little with them`
        : null,
    costs: whole,
  },
  generic: {
    says: (of) => (isFar(of) && generic(of) ? `runs in a generic kernel: ${rateOf(of)}` : null),
    costs: beyondPeak,
  },
  depthwise: {
    says: (of) =>
      isFar(of) && isDepthwise(of)
        ? `is depthwise, with ${Math.round(depthOf(of))} products a result, and loads and rounding outweigh them: ${rateOf(of)}`
        : null,
    costs: beyondPeak,
  },
  channels: {
    says: (of) => {
      if (!isFar(of)) return null;
      if (columnsOf(of) < VECTOR)
        return `is too narrow for full vectors, with ${columnsOf(of)} channels: ${rateOf(of)}`;
      return depthOf(of) < Math.max(VECTOR, SHALLOW * of.peak)
        ? `has only ${Math.round(depthOf(of))} products a result, which rounding it outweighs: ${rateOf(of)}`
        : null;
    },
    costs: beyondPeak,
  },
  far: { says: (of) => (isFar(of) ? `does ${rateOf(of)}` : null), costs: beyondPeak },
  instructions: {
    says: (of) =>
      of.cost.macs > 0 && !isDepthwise(of) && of.cost.numbers === 'integer' && !of.target.features.dotprod
        ? `is near what this CPU can do without dot products: ${rateOf(of)}`
        : null,
    costs: beyondPeak,
  },
  values: {
    says: ({ cost }) => {
      const each = cost.cycles / Math.max(1, elements(cost.result ?? []));
      return cost.macs === 0 && cost.result !== undefined && each > VALUE_BY_VALUE
        ? `works value by value: ${each.toFixed(1)} cycles a result`
        : null;
    },
    costs: whole,
  },
  'no-gain': {
    says: ({ cost, float }) => (float !== null && cost.cycles >= float ? 'gains nothing over FP32' : null),
    costs: ({ cost, float }) => cost.cycles - float!,
  },
} satisfies Record<Why, Rule>;

const LINE_BYTES = 64;
const cyclesOf = (n: number): string => formatFigure(Math.round(n), 'cycles');

/**
 * The operators of INT8 that cost most beyond what the target's CPU could do, and what holds each of them, in a sentence.
 * Pure. Peaks: `peakOf`.
 */
export function explainSlow({ int8, fp32, base }: Costs, target: Target): Slow {
  const total = int8.reduce((sum, { cycles }) => sum + cycles, 0);
  const operators = int8.filter(({ op }) => op !== null);
  const [floats, before] = [fp32, base].map((others) => joinOperators(operators, others));
  const integer = operators.some(({ numbers, macs }) => numbers === 'integer' && macs > 0);
  const found = operators.flatMap((cost): (SlowOperator & { readonly lost: number })[] => {
    const share = cost.cycles / total;
    if (!(share >= LEAST_SHARE)) return [];
    const peak = peakOf(target, cost);
    const of: Case = {
      ...{ cost, target, peak, integer },
      ...{ rate: cost.macs / cost.cycles, float: floats.get(cost)?.cycles ?? null },
      before: before.get(cost)?.cycles ?? null,
    };
    const [why, said] = firstOf(of);
    if (said === null) return [];
    const operator = cost.op!;
    const sentence = `${shortened(operator)} (${(100 * share).toFixed(0)} % of the cycles) ${said}${besideFloat(of)}.`;
    return [{ operator, why, cycles: cost.cycles, share, sentence, lost: RULES[why].costs(of) }];
  });
  const sorted = found.toSorted((a, b) => b.lost - a.lost);
  // What the instruction set lacks is said once, of the operator that it costs most.
  const named = sorted.filter(({ why }, i) => why !== 'instructions' || sorted.findIndex((s) => s.why === why) === i);
  return named.slice(0, MOST).map(({ lost: _, ...slow }) => slow);
}

/** What FP32 takes, where INT8 takes as long or longer. */
const besideFloat = ({ cost, float }: Case): string =>
  float !== null && cost.cycles >= float ? `; FP32 takes ${cyclesOf(float)}` : '';

function firstOf(of: Case): [Why, string | null] {
  for (const [why, rule] of Object.entries(RULES) as [Why, Rule][]) {
    const said = rule.says(of);
    if (said !== null) return [why, said];
  }
  return ['far', null];
}

const shortened = (name: string): string => ([...name].length > 60 ? `${[...name].slice(0, 59).join('')}…` : name);
