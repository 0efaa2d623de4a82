/**
 * The gate on the project's own examples: one configuration that passes and one that fails, and why. Runs the committed
 * dist/ as a user would; exit status 0 when both ended as announced.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const MEANING = ['passed', 'the gate failed', 'the input is at fault', 'the environment is at fault'];

const runs = [
  {
    config: 'examples/passing.yml',
    expected: 0,
    about: 'Two image and audio classifiers, quantized as they should be.',
  },
  {
    config: 'examples/failing.yml',
    expected: 1,
    about: 'The same image classifier twice; the second was calibrated on pictures in the wrong range.',
  },
];

const say = (text = '') => process.stdout.write(`${text}\n`);

function demonstrate({ config, expected, about }) {
  say(`\n${'─'.repeat(100)}\n${about}\n$ node dist/cli/index.js check --config ${config}\n`);
  const started = performance.now();
  const args = [join('dist', 'cli', 'index.js'), 'check', '--config', config];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  say(`\nexit status ${status}: ${MEANING[status] ?? 'internal error'} (${seconds} s)`);
  if (status !== expected) say(`  but ${expected} was expected`);
  return status === expected;
}

const ended = runs.map(demonstrate);
say(`\n${'─'.repeat(100)}`);
say(
  'In a pull request the second run turns the check red, with the same table as a comment. README.md shows the workflow.',
);
process.exitCode = ended.every(Boolean) ? 0 : 1;
