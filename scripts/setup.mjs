#!/usr/bin/env node
/**
 * Makes a fresh clone ready for `npm test` and `npm run demo` on a machine that has only Node 20+, git and apt.
 * Depends on nothing but Node. What is missing is found by trying it: a program is compiled, linked and run.
 *
 *   node scripts/setup.mjs [--no-modules]        --no-modules: leave npm packages alone (dist/ needs none)
 *
 * apt is used as root, or through sudo where it asks for no password and either CI=true or a person at a terminal
 * stands behind the run. INT8_GATE_NO_INSTALL=1 forbids it. Exit status 3: something is missing; the message says what to install.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const onArm64 = process.arch === 'arm64';

const say = (text) => process.stderr.write(`setup: ${text}\n`);
function fail(text) {
  say(text);
  process.exit(3);
}

/** Runs a program without a shell; true when it ended with status 0. Its output goes to stderr where `show` is set. */
function succeeds(program, args, { show = false, cwd, env } = {}) {
  const out = show ? 2 : 'ignore';
  return spawnSync(program, args, { cwd, env, stdio: ['ignore', out, out] }).status === 0;
}

/** Names on PATH that are `name` or `name-<version>`: the plain name first, then from the newest version down. */
function versionsOf(name) {
  const versions = new Set();
  let plain = false;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    let files = [];
    try {
      files = readdirSync(folder);
    } catch {} // a folder on PATH that is not there
    for (const file of files) {
      if (file === name) plain = true;
      else if (file.startsWith(`${name}-`) && /^\d+$/.test(file.slice(name.length + 1)))
        versions.add(Number(file.slice(name.length + 1)));
    }
  }
  return [...(plain ? [name] : []), ...[...versions].sort((a, b) => b - a).map((version) => `${name}-${version}`)];
}

/** Whether a compiler turns a C program into a static executable that runs. */
function compiles(compiler, flags, runner) {
  const folder = mkdtempSync(join(tmpdir(), 'int8-gate-setup-'));
  try {
    const source = join(folder, 'probe.c');
    const program = join(folder, 'probe');
    writeFileSync(
      source,
      '#include <math.h>\n#include <stdio.h>\nint main(int n, char **v) { (void)v; return printf("%g", sqrt(n)) < 0; }\n',
    );
    if (!succeeds(compiler, [...flags, '-O1', '-static', source, '-o', program, '-lm'])) return false;
    return runner === undefined ? succeeds(program, []) : succeeds(runner[0], [...runner.slice(1), program]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const qemu = () => versionsOf('qemu-aarch64').length > 0;
const cross = ['--target=aarch64-linux-gnu', '-fuse-ld=lld'];
const underQemu = ['qemu-aarch64'];

/** What the project needs of a Linux machine. `packages` are Debian's and Ubuntu's names, `llvm` being the chosen LLVM version or ''. */
const needs = [
  {
    what: "a C compiler for this machine's own processor (gcc or clang, with libc's headers and static libraries)",
    met: () => ['cc', 'gcc', ...versionsOf('clang')].some((compiler) => compiles(compiler, [])),
    packages: () => ['gcc', 'libc6-dev'],
  },
  {
    what: 'QEMU user mode (qemu-aarch64), which runs ARM64 builds elsewhere and counts modelled cycles',
    met: qemu,
    packages: () => ['qemu-user'],
  },
  {
    what: 'a C compiler for ARM64 (clang with lld, or gcc)',
    met: () =>
      onArm64 ||
      versionsOf('clang').some((clang) => compiles(clang, cross, underQemu)) ||
      compiles('aarch64-linux-gnu-gcc', [], underQemu),
    // clang links against the C library and the start files of the gcc cross toolchain.
    packages: (llvm) => [
      ...(llvm === '' ? [] : [`clang-${llvm}`, `lld-${llvm}`]),
      'gcc-aarch64-linux-gnu',
      'libc6-dev-arm64-cross',
    ],
  },
];

/** LLVM versions that the project looks for, the one it is measured with first. */
const LLVM_VERSIONS = ['19', '20', '18', '17', '16', '15', '14'];

/** The LLVM version to install: the first of those that apt offers, else ''. */
function aptLlvm() {
  const found = spawnSync('apt-cache', ['search', '--names-only', '^clang-[0-9]+$'], { encoding: 'utf8' });
  const offered = new Set([...(found.stdout ?? '').matchAll(/^clang-(\d+) /gm)].map((match) => match[1]));
  return LLVM_VERSIONS.find((version) => offered.has(version)) ?? '';
}

/** How apt-get may be run: the words before it, or null when it may not be. */
function aptPrefix() {
  if (process.env.INT8_GATE_NO_INSTALL === '1' || !succeeds('apt-get', ['--version'])) return null;
  if (process.getuid?.() === 0) return [];
  const someoneAgrees = process.env.CI === 'true' || process.stdin.isTTY === true;
  return someoneAgrees && succeeds('sudo', ['-n', 'true']) ? ['sudo', '-n'] : null;
}

function packagesFor(missing) {
  const llvm = aptLlvm();
  return [...new Set(missing.flatMap((need) => need.packages(llvm)))];
}

/** Installs what `missing` names by apt; false when apt may not be used. */
function installPackages(missing) {
  const prefix = aptPrefix();
  if (prefix === null) return false;
  const apt = (...args) => {
    const words = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y', ...args];
    return succeeds(words[0], words.slice(1), { show: true });
  };
  // Package lists may be absent (containers) or old; a failed update is no end, the lists at hand may do.
  if (!apt('update')) say('apt-get update failed; going on with the package lists at hand');
  const packages = packagesFor(missing);
  say(`installing ${packages.join(' ')}`);
  return apt('install', '--no-install-recommends', ...packages);
}

function ensureTools() {
  if (process.platform !== 'linux') {
    if (!succeeds('cc', ['--version']))
      fail('no C compiler; install one (macOS: xcode-select --install) and run this again');
    if (!onArm64) fail('ARM64 builds run on ARM64 machines, or on Linux under QEMU user mode; use one of those');
    return;
  }
  let missing = needs.filter((need) => !need.met());
  if (missing.length === 0) return;
  for (const need of missing) say(`missing: ${need.what}`);
  if (installPackages(missing)) missing = needs.filter((need) => !need.met());
  if (missing.length === 0) return;
  const names = missing.map((need) => `  - ${need.what}`).join('\n');
  fail(
    `still missing:\n${names}\nInstall (Debian, Ubuntu) and run this again:\n  sudo apt-get update && sudo apt-get install ${packagesFor(missing).join(' ')}`,
  );
}

function ensureModules() {
  const lock = join(root, 'package-lock.json');
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  say('installing npm packages (npm ci)');
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
  const npm = process.env.npm_execpath; // set when npm runs this script: the same npm, wherever it stands
  const done =
    npm?.endsWith('npm-cli.js') === true
      ? succeeds(process.execPath, [npm, ...args], { show: true, cwd: root })
      : succeeds('npm', args, { show: true, cwd: root });
  if (!done) fail('npm ci failed (its own message stands above); the npm registry must be reachable once');
}

if (Number(process.versions.node.split('.')[0]) < 20)
  fail(`Node ${process.versions.node} is too old; install Node 20 or newer`);
if (!process.argv.includes('--no-modules')) ensureModules();
ensureTools();
