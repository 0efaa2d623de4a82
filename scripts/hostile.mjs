// Malformed files through the commands: `npm run hostile -- --help`. Each line of the list names
// a file ({name, model, wrong, expect: accept | reject | either}); every command must end with a status of its own, in
// time and in bounds. What is accepted must run as the interpreter runs it. Prints a table; the status is 1 on a miss.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';

const root = new URL('..', import.meta.url).pathname;
const js = (path) => import(new URL(`../build/js/${path}.js`, import.meta.url).href);
const { interpretValues } = await js('model/interpreter/interpret');
const { importModel } = await js('model/tflite/importer');
const { allocate } = await js('model/tensor/dtype');
const { elements } = await js('model/tensor/shape');
const { parseNpy, writeNpy } = await js('model/tensor/npy');

const MOST_MS = 2000;
const MOST_BYTES = 2 ** 30;
const values = new Command('npm run hostile --')
  .description('give malformed files to every command; exit status 1 where one ends as it should not')
  .requiredOption('--list <file.jsonl>', 'the files, and what is expected of each')
  .option('--only <regex>', 'those with such a name', '')
  .parse()
  .opts();
const folder = dirname(resolve(values.list));
const wanted = new RegExp(values.only);
const work = mkdtempSync(join(tmpdir(), 'int8-gate-hostile-'));

/** Runs a command; processor time and peak memory are read off /proc while it runs: other programs must not count. */
function run(args) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(root, 'build/js/cli/index.js'), ...args], { cwd: work });
    const text = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) child[stream].setEncoding('utf8').on('data', (t) => (text[stream] += t));
    let [ms, peak] = [0, 0];
    const look = () => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
        const [user, system] = readFileSync(`/proc/${child.pid}/stat`, 'latin1')
          .split(') ')[1]
          .split(' ')
          .slice(11, 13);
        ms = 10 * (Number(user) + Number(system));
        peak = Math.max(peak, 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
      } catch {}
    };
    const timer = setInterval(look, 10);
    child.on('close', (status, signal) => {
      clearInterval(timer);
      done({ status: status ?? signal, ms, peak, ...text });
    });
  });
}

/** What a command did wrong, whatever the file. `compiles`: it called compilers and a runner, which take their time. */
function misses({ status, ms, peak, stderr }, allowed, compiles) {
  return [
    allowed.includes(status) ? [] : [`status ${status}`],
    /internal error|^\s+at .+:\d+:\d+\)?$/m.test(stderr) ? ['a stack'] : [],
    status !== 0 && !/^int8-gate: .{20}/m.test(stderr) ? ['no message'] : [],
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(stderr) ? ['control characters'] : [],
    ms > MOST_MS && !(compiles && status === 0) ? [`${Math.round(ms)} ms`] : [],
    peak > MOST_BYTES ? [`${Math.round(peak / 2 ** 20)} MiB`] : [],
  ].flat();
}

/** Runs an accepted file on numbers from a ramp and compares with the interpreter. */
async function compare(file, name) {
  const model = importModel(new Uint8Array(readFileSync(file)), file);
  const [graph] = model.subgraphs;
  const inputs = graph.inputs.map((id, i) => {
    const { dtype, shape } = graph.tensors[id];
    const data = allocate(dtype, elements(shape));
    for (let k = 0; k < data.length; k++)
      data[k] = typeof data[k] === 'bigint' ? BigInt(k % 7) : (k % 7) - (/u|bool/.test(dtype) ? 0 : 3);
    const path = join(work, `${name}-${i}.npy`);
    writeFileSync(path, writeNpy({ dtype, shape, data }));
    return { data, arg: `#${i}=${path}` };
  });
  const out = join(work, `${name}-out`);
  const result = await run([
    'run',
    file,
    '--target',
    'host',
    ...inputs.flatMap(({ arg }) => ['--input', arg]),
    '-o',
    out,
  ]);
  const found = misses(result, [0, 2], true);
  if (result.status !== 0) return { result, found };
  const expected = interpretValues(
    model,
    inputs.map(({ data }) => data),
  );
  const files = readdirSync(out).filter((f) => f.endsWith('.npy'));
  if (files.length !== expected.length) found.push(`${files.length} results, not ${expected.length}`);
  if (files.length === 1) {
    const actual = parseNpy(new Uint8Array(readFileSync(join(out, files[0]))), files[0]).data;
    const far = expected[0].data.some(
      (v, i) => !(Object.is(actual[i], v) || Math.abs(Number(actual[i]) - Number(v)) <= 1e-5 * Math.abs(Number(v))),
    );
    if (far || actual.length !== expected[0].data.length) found.push('another result than the interpreter');
  }
  return { result, found };
}

let missed = 0;
let [slowest, largest] = [0, 0];
process.stdout.write(
  '| file | wrong | expected | TFLite | inspect | build | run | misses | message |\n|---|---|---|---|---|---|---|---|---|\n',
);
for (const line of readFileSync(values.list, 'utf8').trim().split('\n')) {
  const { name, model, wrong, expect, tflite } = JSON.parse(line);
  if (!wanted.test(name)) continue;
  const file = join(folder, model);
  const inspected = await run(['inspect', file, '--json']);
  const built = await run(['build', file, '--target', 'host', '-o', join(work, `${name}-build`)]);
  const accepted = built.status === 0;
  const ran = accepted
    ? await compare(file, name)
    : await run(['run', file, '--target', 'host', '-o', join(work, `${name}-out`)]).then((result) => ({
        result,
        found: misses(result, [2], false),
      }));
  const found = [
    ...misses(inspected, [0, 2], false).map((m) => `inspect: ${m}`),
    ...misses(built, [0, 2], true).map((m) => `build: ${m}`),
    ...ran.found.map((m) => `run: ${m}`),
    ...(expect === 'accept' && !accepted ? ['should be accepted'] : []),
    ...(expect === 'reject' && accepted ? ['should be refused'] : []),
  ];
  for (const r of [inspected, built, ran.result]) if (r.status !== 0) slowest = Math.max(slowest, r.ms);
  for (const r of [inspected, built, ran.result]) largest = Math.max(largest, r.peak);
  if (found.length > 0) missed++;
  const message = built.stderr
    .replace(/^int8-gate: /, '')
    .replaceAll(file, name)
    .replaceAll('|', '\\|')
    .replace(/\s+/g, ' ');
  const cells = [
    name,
    wrong,
    expect,
    tflite,
    inspected.status,
    built.status,
    ran.result.status,
    found.join('; '),
    message.slice(0, 240),
  ];
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}
process.stdout.write(
  `\n${missed} files with misses; the slowest refusal ${Math.round(slowest)} ms, the largest process ${Math.round(largest / 2 ** 20)} MiB\n`,
);
rmSync(work, { recursive: true, force: true });
process.exitCode = missed > 0 ? 1 : 0;
