/**
 * Prints `PASSED FAILED` from a file that vitest's JSON reporter wrote and vitest's exit status. A suite that did not
 * load and a run that broke off have no failed test of their own: each counts as one failure.
 *
 *   node scripts/count-tests.mjs RESULTS.json STATUS
 */
import { readFileSync } from 'node:fs';

const [file, status] = process.argv.slice(2);

function count() {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, 'utf8'));
    const unloaded = testResults.filter((suite) => suite.status === 'failed' && suite.assertionResults.length === 0);
    return [numPassedTests, numFailedTests + unloaded.length];
  } catch {
    return [0, 0]; // no results: the run broke off, which its status says
  }
}

const [passed, failed] = count();
process.stdout.write(`${passed} ${failed === 0 && (status !== '0' || passed === 0) ? 1 : failed}\n`);
