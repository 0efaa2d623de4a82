// How often verdicts are right, on machines and data that are simulated: npm run bench:verdict -- --help; see docs/verdict.md.
import { Worker } from 'node:worker_threads';
import { Command } from 'commander';
import { coverResamples, judgeDrop, planFor } from './accuracy.mjs';
import { MACHINES } from './machines.mjs';

const options = new Command('npm run bench:verdict --')
  .description('false fails, coverage, power, false passes and time of verdicts, by the code that the gate judges with')
  .option('--trials <n>', 'of each machine, or set of data', '1000')
  .option('--only <text>', 'machines whose name contains it')
  .option('--margins <list>', 'how far the true speedup is above its limit', '0,0.01,0.02,0.05,-0.02,-0.05,-0.1')
  .option('--jobs <n>', 'machines at once, each on a processor of its own', '1')
  .option('--accuracy', 'verdicts on drops of accuracy instead')
  .option('--seed <n>', 'other draws', '1')
  .parse()
  .opts();

const [trials, seed] = [Number(options.trials), Number(options.seed)];
const margins = options.margins.split(',').map(Number);
const cell = (text, width) => String(text).padStart(width);
const share100 = (x) => (100 * x).toFixed(1);
/** True drops in points, and shares of discordant samples in %. */
const PLANS = [
  [0, 1],
  [0, 4],
  [0.5, 4],
  [2, 4],
  [3, 10],
];
const share = (x) => (100 * x).toFixed(x > 0 && x < 0.0995 ? 2 : 1);

if (options.accuracy) accuracy();
else await speed();

async function speed() {
  console.log(`Shares in % of ${trials} trials; margin: how far the true speedup is above its limit`);
  const heads = margins.map((margin) => cell(`${100 * margin} %: fail pass inc s`, 24)).join(' ');
  console.log(`${'machine'.padEnd(38)} ${cell('covered', 8)} ${cell('± %', 6)} ${heads} unfit`);
  const chosen = MACHINES.flatMap(({ name }, i) =>
    options.only === undefined || name.includes(options.only) ? [i] : [],
  );
  // Each waits for the one that had its place, so that so many are in work, and rows appear in their order.
  const rows = [];
  for (const [k, machine] of chosen.entries()) {
    rows.push(Promise.resolve(rows[k - Number(options.jobs)]).then(() => simulated(machine)));
  }
  for (const [k, row] of rows.entries()) console.log(line(MACHINES[chosen[k]].name, await row));
}

/** The rows of a machine, one a margin, by a thread. */
function simulated(machine) {
  return new Promise((resolve, reject) => {
    const workerData = { machine, margins, trials, seed };
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData });
    worker.once('message', resolve).once('error', reject);
  });
}

function line(name, rows) {
  const covered = Math.min(...rows.map((row) => row.covered));
  const [{ halfWidth, unfit }] = rows;
  const verdicts = rows.map((row) => {
    const { fail, pass, inconclusive, seconds } = row;
    return cell(`${share(fail)} ${share(pass)} ${share(inconclusive)} ${seconds.toFixed(0)}`, 24);
  });
  const head = `${name.padEnd(38)} ${cell(share(covered), 8)} ${cell((100 * halfWidth).toFixed(2), 6)}`;
  return `${head} ${verdicts.join(' ')} ${share(unfit)}`;
}

function accuracy() {
  const drops = [0, 0.5, 0.8, 1.2, 1.5, 2, 3];
  const [discordant, sizes] = [4, [50, 120, 240, 500, 1000, 2000, 5000]];
  console.log(`pass/fail/inconclusive in % of ${trials} sets: limit 1 point, ${discordant} % of samples discordant`);
  for (const confidence of ['point', 0.8, 0.9, 0.95]) {
    const heads = drops.map((drop) => cell(`drop ${drop}`, 10)).join(' ');
    console.log(`\n${confidence === 'point' ? 'by point' : `at ${confidence}`}`.padEnd(10), heads);
    for (const samples of sizes) {
      const cells = drops.map((drop) => {
        const { pass, fail, inconclusive } = judgeDrop({ samples, drop, discordant, confidence }, trials, seed);
        return cell([pass, fail, inconclusive].map((x) => (100 * x).toFixed(0)).join('/'), 10);
      });
      console.log(cell(samples, 9), cells.join(' '));
    }
  }
  console.log('\nsamples that the gate asks for, and how often they decide; limit 1 point');
  for (const confidence of [0.8, 0.95]) {
    for (const [drop, share] of PLANS) {
      const { samples, decided } = planFor({ drop, discordant: share, confidence }, trials, seed);
      console.log(`at ${confidence}, drop ${drop}, ${share} % discordant: ${samples} samples, ${share100(decided)} %`);
    }
  }
  console.log('\none-sided bounds that miss the true drop, in %: lower, upper');
  for (const samples of sizes) {
    const cells = [0, 1, 2, 3].map((drop) => {
      const found = [0.8, 0.95].map((confidence) => judgeDrop({ samples, drop, discordant, confidence }, trials, seed));
      return cell(found.map(({ low, high }) => `${share100(low)}, ${share100(high)}`).join(' | '), 24);
    });
    console.log(cell(samples, 9), cells.join(' '));
  }
  console.log(`\n95 % intervals by bootstrap hold the truth, in % of ${Math.ceil(trials / 5)} sets`);
  for (const samples of [30, 50, 120, 500]) {
    const cells = coverResamples(samples, Math.ceil(trials / 5), seed);
    console.log(cell(samples, 9), cells.map(({ name, covered }) => `${name} ${share(covered)}`).join('; '));
  }
}
