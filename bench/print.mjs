// The tables that a bench prints.

const cell = (text, width) => String(text).padStart(width);
const integer = (n) => Math.round(n).toLocaleString('en-US');
const fixed = (n, digits) => (n === null || n === undefined ? '–' : n.toFixed(digits));
const kib = (bytes) => (bytes < 100 * 1024 ? fixed(bytes / 1024, 1) : integer(bytes / 1024));

function geometricMean(values) {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.exp(known.reduce((sum, value) => sum + Math.log(value), 0) / known.length);
}

const side = ({ cycles, instructions, rate, shareOfPeak, ratio, arenaBytes, tfliteArenaBytes, binaryBytes }) =>
  [
    cell(integer(cycles), 12),
    cell(integer(instructions), 12),
    cell(fixed(rate, 2), 9),
    cell(`${fixed(100 * shareOfPeak, 0)} %`, 6),
    cell(fixed(ratio, 3), 7),
    cell(kib(arenaBytes), 7),
    cell(kib(tfliteArenaBytes), 7),
    cell(kib(binaryBytes), 7),
  ].join(' ');

const HEAD = ['cycles', 'instructions', 'MAC/cycle', 'peak', 'ratio', 'arena', 'TFLite', 'binary'];
const WIDTHS = [12, 12, 9, 6, 7, 7, 7, 7];

/** Both sides of every model on one CPU. */
export function printCpu(cpu, results) {
  const [{ compiler, table, peak }] = results;
  const width = Math.max(...results.map(({ model }) => model.length));
  console.log(`\n${cpu}: modelled cycles (table ${table}), ${compiler}`);
  for (const [name, best] of [
    ['int8', 'the best other library'],
    ['fp32', 'XNNPACK'],
  ]) {
    console.log(`\n  ${name.toUpperCase()}: peak ${peak[name]} MAC/cycle, ratio to ${best}, sizes in KiB`);
    console.log(`  ${''.padEnd(width)} ${HEAD.map((text, i) => cell(text, WIDTHS[i])).join(' ')}  speedup`);
    for (const result of results)
      console.log(`  ${result.model.padEnd(width)} ${side(result[name])} ${cell(fixed(result.speedup, 2), 8)}`);
    const mean = fixed(geometricMean(results.map((result) => result[name].ratio)), 3);
    const speedup = fixed(geometricMean(results.map((result) => result.speedup)), 2);
    console.log(`  ${'geometric mean'.padEnd(width)} ${cell(mean, 50)} ${cell(speedup, 32)}`);
  }
}

/** How long the gate took. */
export function printTimes(cpu, times) {
  if (times.length === 0) return;
  const stages = ['import', 'generate', 'cold', 'warm', 'run'];
  const width = Math.max(...times.map(({ model }) => model.length));
  console.log(`\nSeconds for INT8 and FP32 on ${cpu}: import; passes and C; compile (nothing cached, all cached); run`);
  console.log(`  ${''.padEnd(width)} ${stages.map((text) => cell(text, 9)).join(' ')}`);
  for (const time of times)
    console.log(`  ${time.model.padEnd(width)} ${stages.map((name) => cell(fixed(time[name], 2), 9)).join(' ')}`);
}
