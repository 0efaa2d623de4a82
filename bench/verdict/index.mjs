// How often verdicts are right on machines that are simulated: npm run bench:verdict -- --help; see docs/verdict.md.
import { Command } from 'commander';
import { MACHINES } from './machines.mjs';
import { judgeSpeed } from './speed.mjs';

const options = new Command('npm run bench:verdict --')
  .description('false fails, coverage, power, false passes and time of verdicts on simulated machines')
  .option('--trials <n>', 'a machine', '1000')
  .option('--only <text>', 'machines whose name contains it')
  .option('--seed <n>', 'other draws', '1')
  .parse()
  .opts();

const MARGINS = [0, 0.01, 0.02, 0.05, -0.02, -0.05, -0.1];
const cell = (text, width) => String(text).padStart(width);
const share = (x) => (100 * x).toFixed(x > 0 && x < 0.0995 ? 2 : 1);

console.log(`Shares in % of ${options.trials} trials; margin: how far the true speedup is above its limit`);
console.log(
  `${'machine'.padEnd(38)} ${cell('covered', 8)} ${cell('± %', 6)} ${MARGINS.map((m) => cell(`${100 * m} %: fail pass inc s`, 24)).join(' ')} unfit`,
);
for (const { name, pair, noise } of MACHINES) {
  if (options.only !== undefined && !name.includes(options.only)) continue;
  const rows = await judgeSpeed(noise, pair, MARGINS, Number(options.trials), Number(options.seed));
  const worst = Math.min(...rows.map(({ covered }) => covered));
  const cells = rows.map(({ fail, pass, inconclusive, seconds }) =>
    cell(`${share(fail)} ${share(pass)} ${share(inconclusive)} ${seconds.toFixed(0)}`, 24),
  );
  console.log(
    `${name.padEnd(38)} ${cell(share(worst), 8)} ${cell((100 * rows[2].halfWidth).toFixed(2), 6)} ${cells.join(' ')} ${share(rows[2].unfit)}`,
  );
}
