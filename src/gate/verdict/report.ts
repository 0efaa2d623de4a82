import { z } from 'zod';
import type { Place } from '../../errors.ts';
import { PROFILES } from '../../model/arithmetic/multiplier.ts';
import { accuracySchema } from '../figures/accuracy.ts';
import { driftSchema } from '../figures/drift.ts';
import { latencySchema } from '../figures/latency.ts';
import { referenceSchema } from '../figures/references.ts';
import { baselineSchema, regressionSchema } from '../figures/regression.ts';
import { figure, finite } from '../figures/schema.ts';
import { slowSchema } from '../figures/slow.ts';

/**
 * The report model: what a check found, as data. `check --json` writes it, everything that people read (Markdown,
 * terminal, HTML) is drawn from it, and `schema/report.schema.json` is published from the schemas below.
 * Fields may be added; none changes its meaning.
 */

export const REPORT_SCHEMA = 'int8-gate/report@1';

export const statusSchema = z.enum(['pass', 'fail', 'inconclusive']);
export type Status = z.infer<typeof statusSchema>;

/** Where a threshold stands in the configuration, for annotations. */
const placeSchema = z.object({
  file: z.string(),
  line: z.int().positive(),
  column: z.int().positive(),
}) satisfies z.ZodType<Place>;

const checkSchema = z.object({
  id: z
    .string()
    .describe(
      'name of the threshold, as in the configuration: max-accuracy-drop, min-speedup, regression.max-slowdown, …; or evidence-…: why the data decide nothing',
    ),
  status: statusSchema,
  measured: figure.describe('in the unit below'),
  threshold: figure,
  unit: z
    .string()
    .describe('points (percentage points), share (0 to 1), ratio, ns, cycles, dB, cosine, error, samples or p'),
  reason: z.string().describe('one sentence for people'),
  narrow: z
    .string()
    .optional()
    .describe('why other samples might well have decided otherwise, where the check passed or failed'),
  at: placeSchema.nullable().describe('the line of the configuration that sets the threshold'),
  accepted: z
    .object({
      by: z.string(),
      reason: z.string(),
      until: z.string().describe('the last day, in UTC'),
      worst: finite.describe('the worst figure that is accepted, in the unit above'),
    })
    .optional()
    .describe('the check misses its threshold, and passes because the configuration accepts that'),
});
export type Check = z.infer<typeof checkSchema>;

const targetSchema = z.object({
  target: z.string(),
  device: z.string().describe('native or qemu'),
  cpu: z.string().nullable(),
  neon: z.boolean().describe('false for target host: portable C for the machine at hand, no ARM64 NEON build'),
  verdict: statusSchema,
  accuracy: accuracySchema.nullable(),
  latency: latencySchema.nullable(),
  regression: regressionSchema
    .nullable()
    .optional()
    .describe('against the baseline; null without one, and for models that it has not'),
  slow: slowSchema.optional(),
  checks: z.array(checkSchema),
  notes: z.array(z.string()).describe('what a reader should know about these figures'),
});
export type TargetReport = z.infer<typeof targetSchema>;

const digestsSchema = z
  .object({
    int8: z.string(),
    fp32: z.string().nullable().describe('null: the dequantized twin'),
    data: z.string().describe('of the samples, and of how they are read and scored'),
  })
  .describe('SHA-256: what the figures belong to');

const baseSchema = z
  .object({
    status: z
      .enum(['new', 'unchanged', 'changed', 'unknown', 'recorded'])
      .describe('unknown: it cannot be compared, checks say why; recorded: its figures come from a report'),
    name: z.string().nullable().describe('what it was called; another name than now where it was renamed'),
    int8: z.string().nullable().describe('path of the INT8 model there'),
    sameData: z.boolean().nullable().describe('whether the data, and how they are read, are those of the baseline'),
  })
  .describe('the model at the baseline');

const modelSchema = z.object({
  name: z.string(),
  verdict: statusSchema,
  int8: z.string().describe('path of the INT8 model, as in the configuration'),
  fp32: z.string().nullable().describe('path of its partner; null: the dequantized twin of the INT8 model'),
  profile: z.enum(PROFILES).optional().describe('the integer rounding of the INT8 build: docs/arithmetic.md'),
  at: placeSchema.nullable(),
  digests: digestsSchema.optional(),
  base: baseSchema.nullable().optional().describe('null without a baseline'),
  references: z
    .array(referenceSchema)
    .optional()
    .describe('the INT8 build against the same file in other runtimes, on a few samples; absent: none was asked for'),
  drift: driftSchema
    .nullable()
    .optional()
    .describe('null where it could not be computed; absent where accuracy is not judged'),
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
  baseline: baselineSchema.nullable().optional().describe('what was compared with; null: nothing'),
  models: z.array(modelSchema),
  notes: z.array(z.string()),
  environment: environmentSchema,
});
export type Report = z.infer<typeof reportSchema>;

const RANK: Record<Status, number> = { pass: 0, inconclusive: 1, fail: 2 };

/** The worst of several verdicts: fail before inconclusive before pass; of none, pass. */
export const worst = (statuses: readonly Status[]): Status =>
  statuses.reduce<Status>((a, b) => (RANK[b] > RANK[a] ? b : a), 'pass');
