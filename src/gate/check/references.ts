import { EnvironmentError } from '../../errors.ts';
import { spread } from '../../runtime/timing/index.ts';
import type { BuildRunner } from '../engines/build.ts';
import type { Tensors } from '../engines/engine.ts';
import { identityOf, kept } from '../engines/kept.ts';
import { inferencesOf } from '../engines/stream.ts';
import { type ReferenceFigures, referenceSchema } from '../figures/references.ts';
import { REFERENCES, type ReferenceName } from '../references/index.ts';
import { runReference } from '../references/run.ts';
import type { ModelPair } from './pair.ts';
import { timedSamples } from './speed.ts';

/** How many windows of a record are run. */
const WINDOWS = 4;

/**
 * The pair's builds against the same models in other runtimes, on a few samples spread over the data; or what an earlier
 * run found with the same program, file and data.
 *
 * @param file the INT8 model's bytes
 */
export async function compareWithReferences(
  pair: ModelPair,
  file: Uint8Array,
  builds: OwnBuilds,
  names: readonly ReferenceName[],
): Promise<ReferenceFigures[]> {
  const found: ReferenceFigures[] = [];
  for (const name of names) {
    const start = performance.now();
    const build = builds[REFERENCES[name].side];
    const figures = build === null ? noBuild(pair, name) : await keptFigures(pair, file, build, name);
    found.push({ ...figures, seconds: Math.round((performance.now() - start) / 10) / 100 });
  }
  return found;
}

/** The builds of a pair that references look at; FP32 null where another library runs it. */
export interface OwnBuilds {
  readonly int8: BuildRunner;
  readonly fp32: BuildRunner | null;
}

const noBuild = ({ config }: ModelPair, name: ReferenceName): ReferenceFigures => ({
  ...{ name, version: REFERENCES[name].version, target: 'none', samples: 0, values: 0, differing: 0, largest: 0 },
  ...{ unit: 'real', explanation: null, seconds: 0 },
  fault: `FP32 is ${config.fp32}, which another library runs: there is no build of ours to compare`,
});

/** A fault is not kept: it may be one of the moment. */
async function keptFigures(
  { config, models, dataset, dataDigest }: ModelPair,
  file: Uint8Array,
  build: BuildRunner,
  name: ReferenceName,
): Promise<ReferenceFigures> {
  const { title, version, side } = REFERENCES[name];
  const { profile, signature } = config;
  const about = `reference ${name} ${version} ${profile} ${signature ?? ''}`;
  let failed: ReferenceFigures | null = null;
  try {
    return await kept(
      [about, dataDigest, file, ...identityOf(build)],
      (value) => referenceSchema.parse(value),
      async () => {
        const samples = samplesOf();
        const figures = await runReference(name, REFERENCES[name], {
          ...{ model: models[side], file, signature, profile, build, samples },
        });
        if (figures.fault === null) return figures;
        failed = figures;
        throw new EnvironmentError(`${title}: ${figures.fault}`);
      },
    );
  } catch (error) {
    if (failed !== null) return failed;
    throw error;
  }

  function* samplesOf(): Generator<readonly Tensors[]> {
    for (const index of timedSamples(dataset.size))
      yield spread(inferencesOf(dataset.load(index), side, build.inputs), WINDOWS);
  }
}
