import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Build } from '../../compiler/build.ts';
import type { Shape } from '../../model/tensor/shape.ts';
import type { Device, Job, JobResult, RunnerImage, RunOptions, Session } from './device.ts';

/** Fewer samples than this are not worth a process of their own. */
const LEAST_SAMPLES = 4;

/** A run of neighbouring samples of one job. */
export interface Chunk {
  readonly job: number;
  readonly first: number;
  readonly samples: number;
}

/** Cuts jobs whose samples are independent (reset before each) into near-equal pieces for `workers` processes. */
export function splitJobs(jobs: readonly Pick<Job, 'samples' | 'reset'>[], workers: number): Chunk[] {
  return jobs.flatMap((job, index) => {
    const pieces = job.reset ? Math.max(1, Math.min(workers, Math.floor(job.samples / LEAST_SAMPLES))) : 1;
    return Array.from({ length: pieces }, (_, k) => {
      const first = Math.floor((job.samples * k) / pieces);
      return { job: index, first, samples: Math.floor((job.samples * (k + 1)) / pieces) - first };
    });
  });
}

/**
 * Runs jobs on a device, spread over as many runner processes as there are processors. The results do not depend on
 * how many those are. Throws the first EnvironmentError; the other processes are then stopped.
 */
export async function runJobs(
  session: Device['session'],
  image: RunnerImage,
  jobs: readonly Job[],
  options: RunOptions = {},
): Promise<JobResult[]> {
  const builds = jobs.map((job) => checkedBuild(image, job));
  const results = jobs.map((job, j) => ({
    outputs: builds[j].outputs.map((port) => new Uint8Array(port.bytes * job.samples)),
    shapes: builds[j].outputs.some((port) => port.varies) ? new Array<Shape[]>(job.samples) : null,
  }));
  const workers = availableParallelism();
  const chunks = splitJobs(jobs, workers);
  const done = chunks.map(() => 0);
  const stop = new AbortController();
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => stop.abort(), options.timeoutMs);
  let next = 0;

  const work = () =>
    session(image, { signal: stop.signal }, async (runner) => {
      while (next < chunks.length && !stop.signal.aborted) {
        const index = next++;
        const { job, first } = chunks[index];
        const onDone = (samples: number) => {
          done[index] = samples;
          options.onProgress?.(done.reduce((sum, n) => sum + n, 0));
        };
        const { outputs, shapes } = await runChunk(runner, jobs[job], builds[job], chunks[index], onDone);
        const ports = builds[job].outputs;
        for (const [k, port] of ports.entries()) results[job].outputs[k].set(outputs[k], first * port.bytes);
        for (let s = 0; s < chunks[index].samples && results[job].shapes !== null; s++)
          results[job].shapes[first + s] = shapes.slice(s * ports.length, (s + 1) * ports.length);
      }
    });
  let failure: unknown = null;
  const workerOrStop = () =>
    work().catch((error) => {
      failure ??= error;
      stop.abort();
    });
  await Promise.all(Array.from({ length: Math.min(workers, chunks.length) }, workerOrStop));
  clearTimeout(timer);
  if (failure !== null) throw failure;
  return results;
}

async function runChunk(
  runner: Session,
  job: Job,
  build: Build,
  { first, samples }: Chunk,
  onDone: (samples: number) => void,
): Promise<{ readonly outputs: readonly Uint8Array[]; readonly shapes: readonly Shape[] }> {
  const inputs = build.inputs.map((_, i) => `in${i}.bin`);
  const outputs = build.outputs.map((_, i) => `out${i}.bin`);
  for (const [i, port] of build.inputs.entries()) {
    const bytes = job.inputs[i].subarray(first * port.bytes, (first + samples) * port.bytes);
    await runner.write(inputs[i], bytes);
  }
  const command = ['run', job.build, samples, job.reset ? 1 : 0, ...inputs, ...outputs].join(' ');
  const lines = await runner.send(command, build, (line) => {
    if (line.startsWith('done ')) onDone(Number(line.slice(5)));
  });
  const results = await Promise.all(outputs.map((name) => runner.read(name)));
  await Promise.all([...inputs, ...outputs].map((name) => rm(join(runner.folder, name))));
  onDone(samples);
  // "dims OUTPUT EXTENT.."
  const shapes = lines.flatMap((line) => (line.startsWith('dims ') ? [line.split(' ').slice(2).map(Number)] : []));
  return { outputs: results, shapes };
}

/** A mistake here is ours, not the user's: data sets are checked against the model long before. */
function checkedBuild(image: RunnerImage, job: Job): Build {
  const build = image.builds[job.build];
  if (!build) throw new RangeError(`the image holds ${image.builds.length} builds, not build ${job.build}`);
  if (job.inputs.length !== build.inputs.length) {
    throw new RangeError(`${build.name} takes ${build.inputs.length} inputs, not ${job.inputs.length}`);
  }
  for (const [i, port] of build.inputs.entries()) {
    if (job.inputs[i].length !== port.bytes * job.samples) {
      const wanted = `${job.samples} samples of ${port.bytes} bytes`;
      throw new RangeError(`input ${port.name} of ${build.name} takes ${wanted}, not ${job.inputs[i].length} bytes`);
    }
  }
  return build;
}
