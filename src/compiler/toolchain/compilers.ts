import { EnvironmentError } from '../../errors.ts';
import { type Target, targetFlags } from '../targets/index.ts';
import { runTool, tryTool } from './spawn.ts';

/** A C compiler that can build and link for one architecture. */
export interface Compiler {
  readonly family: 'gcc' | 'clang';
  readonly command: string;
  /** First line of --version: part of cache keys and manifests. */
  readonly version: string;
  /** Arguments of every call, e.g. --target=aarch64-linux-gnu. */
  readonly args: readonly string[];
  /** Further arguments of calls that link. */
  readonly linkArgs: readonly string[];
  readonly ar: string;
}

/** Family and version, as reports name a compiler whatever its distributor writes around them: `clang 19.1.7`. */
export function compilerName({ family, version }: Pick<Compiler, 'family' | 'version'>): string {
  const maker = version.startsWith('Apple') ? 'Apple ' : '';
  // gcc's comes last, behind its package's: "gcc (Debian 12.2.0-14) 12.2.0".
  const numbers = version.replace(/\([^)]*\)/g, '').match(/\d+(?:\.\d+)+/g) ?? [];
  return `${maker}${family} ${numbers[0] ?? version}`;
}

const CLANGS = ['clang-19', 'clang-20', 'clang-18', 'clang-17', 'clang-16', 'clang-15', 'clang-14', 'clang'];
const TRIPLE = 'aarch64-linux-gnu';

const INSTALL = {
  cross: 'sudo apt-get install -y gcc-aarch64-linux-gnu clang lld',
  own: process.platform === 'darwin' ? 'xcode-select --install' : 'sudo apt-get install -y gcc clang',
};

/** The first of `commands` that answers --version, with its answer's first line. */
async function first(commands: readonly string[]): Promise<{ command: string; version: string } | null> {
  for (const command of commands) {
    const result = await tryTool(command, ['--version'], { timeoutMs: 30_000 });
    if (result?.code === 0) return { command, version: result.stdout.split('\n')[0].trim() };
  }
  return null;
}

/** Whether clang finds `file` (a start file of libc, or the linker): it answers with a path when it does. */
async function finds(command: string, args: readonly string[], what: string): Promise<boolean> {
  const { stdout } = await runTool(command, [...args, what], { timeoutMs: 30_000 });
  return stdout.trim().includes('/');
}

async function findCross(family: 'gcc' | 'clang'): Promise<Compiler | null> {
  const ar = await first([`${TRIPLE}-ar`, ...CLANGS.map((name) => name.replace('clang', 'llvm-ar'))]);
  if (ar === null) return null;
  if (family === 'gcc') {
    const gcc = await first([`${TRIPLE}-gcc`]);
    return gcc && { family, ...gcc, args: [], linkArgs: [], ar: ar.command };
  }
  const clang = await first(CLANGS);
  const args = [`--target=${TRIPLE}`];
  // clang cross-compiles by itself, but headers, libc and a linker come with the cross gcc's packages.
  if (clang === null || !(await finds(clang.command, args, '-print-file-name=crt1.o'))) return null;
  const lld = await finds(clang.command, args, '-print-prog-name=ld.lld');
  if (!lld && !(await finds(clang.command, args, '-print-prog-name=ld'))) return null;
  return { family, ...clang, args, linkArgs: lld ? ['-fuse-ld=lld'] : [], ar: ar.command };
}

async function findOwn(family: 'gcc' | 'clang'): Promise<Compiler | null> {
  const ar = await first(process.platform === 'darwin' ? [] : ['ar', 'llvm-ar']);
  const name = ar?.command ?? 'ar';
  const found = await first(family === 'clang' ? [...CLANGS, 'cc'] : ['gcc', 'cc']);
  if (found === null || (family === 'clang' && !found.version.includes('clang'))) return null;
  return { family, ...found, args: [], linkArgs: [], ar: name };
}

const known = new Map<string, Promise<Compiler | null>>();

function lookUp(cross: boolean, family: 'gcc' | 'clang'): Promise<Compiler | null> {
  const key = `${cross} ${family}`;
  const found = known.get(key) ?? (cross ? findCross(family) : findOwn(family));
  known.set(key, found);
  return found;
}

/**
 * The compiler for `target`: clang where it can do the whole job, else gcc.
 * @param family insists on one of the two.
 * @throws EnvironmentError with the command that installs one.
 */
export async function findCompiler(target: Target, family?: 'gcc' | 'clang'): Promise<Compiler> {
  const cross = target.arch === 'aarch64' && process.arch !== 'arm64';
  for (const candidate of family === undefined ? (['clang', 'gcc'] as const) : [family]) {
    const compiler = await lookUp(cross, candidate);
    if (compiler !== null) return compiler;
  }
  throw new EnvironmentError(
    `no ${family ?? 'C'} compiler for target ${target.name} was found. Install one: ${cross ? INSTALL.cross : INSTALL.own}`,
  );
}

/** Each line a reason: the language and its code, integers and buffers, floats. */
const COMMON_FLAGS: readonly string[] = [
  '-std=gnu11 -O3 -fPIC -fvisibility=hidden',
  '-fwrapv -fno-strict-aliasing',
  '-ffp-contract=off -fno-math-errno -fno-trapping-math',
].flatMap((line) => line.split(' '));

/**
 * How everything that runs on a target is compiled. Floats keep their written order and are never contracted, integers
 * wrap, and buffers may be read as another type: the arithmetic is TFLite's, not the optimiser's.
 */
export function compileFlags(compiler: Compiler, target: Target): string[] {
  return [
    ...compiler.args,
    ...targetFlags(target, compiler.family),
    ...COMMON_FLAGS,
    // A kernel must not get slower because a function before it in the program got longer.
    '-falign-functions=64',
    // gcc's first scheduler pulls loads ahead until the register tiles of the kernels spill.
    ...(compiler.family === 'gcc' ? ['-fno-schedule-insns'] : []),
  ];
}

/** A further flag for builds that check what kernels rely on: IG_ASSERT of native/kernels/arith.h. */
export const CHECKS = '-DIG_DEBUG';

/** Further flags for builds and runner that stop at the first stray access or undefined operation. */
export const SANITIZERS: readonly string[] = [
  CHECKS,
  '-O1 -g1 -fno-omit-frame-pointer -fno-sanitize-recover=all',
  '-fsanitize=address,undefined -fsanitize=float-cast-overflow',
].flatMap((line) => line.split(' '));
