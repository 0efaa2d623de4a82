import { z } from 'zod';
import { PROFILES } from '../../model/arithmetic/multiplier.ts';

/**
 * The report model: what a check found, as data. `check --json` writes it, everything that people read (Markdown,
 * terminal, HTML) is drawn from it, and `schema/report.schema.json` is published from the schemas below.
 * Fields may be added; none changes its meaning.
 */

export const REPORT_SCHEMA = 'int8-gate/report@1';

const finite = z.number();
/** JSON has no infinities: a figure without a finite value (SQNR of equal outputs) is null. */
const figure = finite.nullable();
const interval = z
  .tuple([finite, finite])
  .nullable()
  .describe('95 % confidence interval [low, high]; null where there is none to give');

export const statusSchema = z.enum(['pass', 'fail', 'inconclusive']);
export type Status = z.infer<typeof statusSchema>;

/** Where a threshold stands in the configuration, for annotations. */
const placeSchema = z.object({
  file: z.string(),
  line: z.int().positive(),
  column: z.int().positive(),
});
export type Place = z.infer<typeof placeSchema>;

const checkSchema = z.object({
  id: z
    .string()
    .describe(
      'name of the threshold, as in the configuration: max-accuracy-drop, min-speedup, …; or evidence-…: why the data decide nothing',
    ),
  status: statusSchema,
  measured: figure.describe('in the unit below'),
  threshold: figure,
  unit: z
    .string()
    .describe('points (percentage points), share (0 to 1), ratio, ns, cycles, dB, cosine, error, samples or p'),
  reason: z.string().describe('one sentence for people'),
  at: placeSchema.nullable().describe('the line of the configuration that sets the threshold'),
});
export type Check = z.infer<typeof checkSchema>;

const comparisonSchema = z
  .object({
    agreement: figure.describe(
      'share of samples whose largest output is the same; null unless outputs are class scores',
    ),
    sqnr: figure.describe('10·log10(Σ fp32² / Σ (int8 − fp32)²) in dB; null where it is no finite number: see noSqnr'),
    noSqnr: z
      .enum(['equal', 'no-signal', 'class-numbers', 'not-finite'])
      .nullable()
      .describe(
        'why sqnr is null. equal: no error, +∞; no-signal: FP32 outputs are all zero and those of INT8 are not, −∞; class-numbers: the outputs are numbers of classes, not values; not-finite: the twin gave NaN or infinities',
      ),
    cosine: figure.describe('mean over samples of the cosine between the outputs'),
    mse: figure,
    mae: figure,
  })
  .describe('INT8 outputs, dequantized, against FP32 outputs of the same samples');
export type Comparison = z.infer<typeof comparisonSchema>;

const chanceSchema = z.object({
  level: finite.describe('the metric of a model that never looks at the data'),
  p: finite.describe('how often such a model is at least as good as FP32, one-sided: binomial for top-N'),
  pInt8: finite.describe('the same for INT8'),
  by: z.enum(['guessing', 'the commonest class', 'the mean of the labels']).describe('how that model answers'),
});
export type Chance = z.infer<typeof chanceSchema>;

const evidenceSchema = z
  .object({
    distinct: z.int().nonnegative().describe('samples whose inputs differ from those of every earlier sample'),
    clipped: figure.describe(
      'largest share, over the inputs, of values outside the range of the INT8 input by more than a step; null where no INT8 input is quantized',
    ),
    chance: chanceSchema.nullable().describe('null without labels'),
    constant: z.boolean().describe('FP32 gives the same outputs for every sample'),
    oneClass: z.boolean().describe('FP32 chooses the same class everywhere'),
    ties: z
      .int()
      .nonnegative()
      .describe(
        'samples on which INT8 scores the right class and another equally, so that their order decided (top-N)',
      ),
    notFinite: z.int().nonnegative().describe('samples for which the twin gave NaN or infinities'),
  })
  .describe('what the data can tell: docs/verdict.md');
export type Evidence = z.infer<typeof evidenceSchema>;

const accuracySchema = z.object({
  metric: z.string(),
  kind: z
    .enum(['share', 'error', 'cosine', 'sqnr'])
    .describe('what int8 and fp32 are: a share is 0 to 1, higher is better'),
  samples: z.int().nonnegative(),
  inferences: z.int().nonnegative().describe('more than samples where a record is cut into windows'),
  int8: figure,
  fp32: figure,
  twin: z
    .boolean()
    .describe('FP32 is the dequantized twin of the INT8 model: what its weights lost is not in the drop'),
  drop: figure.describe(
    'fp32 − int8 in percentage points for a share; how much worse INT8 is, in its own unit, otherwise',
  ),
  interval: interval.describe('95 % bootstrap interval of the drop over paired samples'),
  resolution: finite.nullable().describe('what one sample is worth, in the unit of the drop (top-k and agreement)'),
  discordant: z
    .object({
      int8Only: z.int().describe('samples that only INT8 gets right'),
      fp32Only: z.int().describe('samples that only FP32 gets right'),
      p: finite.describe("McNemar's exact test, two-sided"),
    })
    .nullable(),
  fp32Target: z
    .string()
    .describe('the build that FP32 accuracy was computed with; `host` where emulation would take too long'),
  comparison: comparisonSchema,
  evidence: evidenceSchema,
});
export type Accuracy = z.infer<typeof accuracySchema>;

const basisSchema = z
  .object({
    compiler: z.string().nullable().describe('of the builds, such as clang 19.1.7'),
    table: z.int().nullable().describe('version of the CPU tables; null for times on hardware'),
    disassembler: z.string().nullable().describe('what read the instructions; null for times on hardware'),
  })
  .describe('what the figures depend on besides the model: figures of different ones must not be compared');

const latencySchema = z.object({
  mode: z.enum(['hardware', 'modelled']),
  unit: z.enum(['ns', 'cycles']),
  int8: finite.describe('median of one inference'),
  fp32: finite,
  speedup: finite.describe('FP32 over INT8: above 1, INT8 is faster'),
  interval: interval.describe('95 % interval of the speedup; null for modelled cycles, which are deterministic'),
  cpu: z.string().nullable().describe('the processor that was timed, or the one whose pipeline is modelled'),
  basis: basisSchema.optional().describe('absent in reports of versions that did not know it'),
});
export type Latency = z.infer<typeof latencySchema>;

const targetSchema = z.object({
  target: z.string(),
  device: z.string().describe('native or qemu'),
  cpu: z.string().nullable(),
  neon: z.boolean().describe('false for target host: portable C for the machine at hand, no ARM64 NEON build'),
  verdict: statusSchema,
  accuracy: accuracySchema.nullable(),
  latency: latencySchema.nullable(),
  checks: z.array(checkSchema),
  notes: z.array(z.string()).describe('what a reader should know about these figures'),
});
export type TargetReport = z.infer<typeof targetSchema>;

const modelSchema = z.object({
  name: z.string(),
  verdict: statusSchema,
  int8: z.string().describe('path of the INT8 model, as in the configuration'),
  fp32: z.string().nullable().describe('path of its partner; null: the dequantized twin of the INT8 model'),
  profile: z.enum(PROFILES).optional().describe('the integer rounding of the INT8 build: docs/arithmetic.md'),
  at: placeSchema.nullable(),
  targets: z.array(targetSchema),
});
export type ModelReport = z.infer<typeof modelSchema>;

const environmentSchema = z.object({
  version: z.string().describe('of int8-gate'),
  config: z.string(),
  os: z.string(),
  arch: z.string(),
  node: z.string(),
  cpu: z.string().nullable().describe('of the machine that ran the check'),
  started: z.string().describe('ISO 8601'),
  seconds: z.number().nonnegative(),
});

export const reportSchema = z.object({
  schema: z.literal(REPORT_SCHEMA),
  verdict: statusSchema,
  models: z.array(modelSchema),
  notes: z.array(z.string()),
  environment: environmentSchema,
});
export type Report = z.infer<typeof reportSchema>;

const RANK: Record<Status, number> = { pass: 0, inconclusive: 1, fail: 2 };

/** The worst of several verdicts: fail before inconclusive before pass; of none, pass. */
export const worst = (statuses: readonly Status[]): Status =>
  statuses.reduce<Status>((a, b) => (RANK[b] > RANK[a] ? b : a), 'pass');
