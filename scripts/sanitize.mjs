// The runner and generated C, portable level, under AddressSanitizer and UndefinedBehaviorSanitizer on golden cases:
// `npm run sanitize -- --cases FILE.jsonl [--filter REGEX]`. What a sanitizer reports fails the case, and the run.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';

const js = (path) => import(new URL(`../build/js/${path}.js`, import.meta.url).href);
const { buildEngine } = await js('gate/engines/build');
const { parseCases } = await js('gate/cases/case');
const { runCases } = await js('gate/cases/run');
const { parseTarget } = await js('compiler/targets/index');
const { SANITIZERS } = await js('compiler/toolchain/index');

const values = new Command('npm run sanitize --')
  .description('run cases on host under AddressSanitizer and UBSan; exit status 1 on a report')
  .requiredOption('--cases <file.jsonl>', 'models with inputs and expected outputs, as verify takes them')
  .option('--filter <regex>', 'those with such a name', '')
  .parse()
  .opts();
const folder = dirname(resolve(values.cases));
const wanted = new RegExp(values.filter);
const cases = parseCases(readFileSync(values.cases, 'utf8'), values.cases).filter((c) => wanted.test(c.name));

const engine = buildEngine(parseTarget('host'), { toolchain: { flags: SANITIZERS } });

const reported = (error = '') => /Sanitizer|runtime error|SIGSEGV|SIGABRT|SIGBUS|SIGILL/.test(error);
let dirty = 0;
const other = [];
const results = await runCases(cases, engine, (file) => readFile(resolve(folder, file)), {
  onResult: (result, done) => {
    if (reported(result.error)) {
      dirty++;
      process.stdout.write(`SANITIZER ${result.name}: ${result.error}\n`);
    } else if (!result.passed) other.push(`${result.name}${result.error ? `: ${result.error.split('\n')[0]}` : ''}`);
    if (done % 50 === 0) process.stderr.write(`${done} of ${cases.length} cases\n`);
  },
});
for (const name of other) process.stdout.write(`not passed, but clean: ${name}\n`);
process.stdout.write(`${results.length} cases, ${dirty} with reports of a sanitizer\n`);
process.exitCode = dirty > 0 ? 1 : 0;
