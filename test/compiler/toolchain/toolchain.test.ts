import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import {
  compileModelSource,
  compilerName,
  findCompiler,
  projectRoot,
  runTool,
  trimOutput,
  tryTool,
} from '../../../src/compiler/toolchain/index.ts';
import { EnvironmentError } from '../../../src/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'int8-gate-toolchain-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['clang', 'Debian clang version 19.1.7 (3~deb12u1)', 'clang 19.1.7'],
  ['clang', 'Ubuntu clang version 18.1.3 (1ubuntu1)', 'clang 18.1.3'],
  ['clang', 'Apple clang version 15.0.0 (clang-1500.3.9.4)', 'Apple clang 15.0.0'],
  ['gcc', 'aarch64-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0', 'gcc 12.2.0'],
  ['gcc', 'gcc (GCC) 15.1.1 20250425', 'gcc 15.1.1'],
] as const)('a %s that says "%s" is called %s', (family, version, name) => {
  expect(compilerName({ family, version })).toBe(name);
});

test('the project’s root holds the native folder', () => {
  expect(existsSync(join(projectRoot(), 'native', 'kernels', 'arith.h'))).toBe(true);
});

describe('programs', () => {
  const node = process.execPath;

  test('answer with status and output', async () => {
    const result = await runTool(node, ['-e', 'console.log(process.argv[1]); console.error("e")', '$(id) `x`; *']);
    expect(result).toMatchObject({ code: 0, stdout: '$(id) `x`; *\n', stderr: 'e\n' });
  });

  test('that do not exist are null, or an environment error', async () => {
    expect(await tryTool('int8-gate-no-such-program', [])).toBeNull();
    await expect(runTool('int8-gate-no-such-program', [])).rejects.toThrow(EnvironmentError);
  });

  test('that fail show the beginning of what they said', async () => {
    const script = 'for (let i = 0; i < 50; i++) console.error("line " + i); process.exit(3)';
    await expect(runTool(node, ['-e', script])).rejects.toThrow(/exit status 3:\nline 0\n[\s\S]*… 30 more lines$/);
    expect(trimOutput('x'.repeat(1000)).length).toBeLessThan(500);
  });

  test('that hang are killed', async () => {
    const start = Date.now();
    await expect(runTool(node, ['-e', 'setInterval(() => {}, 1000)'], { timeoutMs: 300 })).rejects.toThrow(
      /within 0.3 s/,
    );
    expect(Date.now() - start).toBeLessThan(10_000);
  });
});

describe('compiling', () => {
  const model = (source: string) => ({ symbol: 'm', source, blob: new Uint8Array(64) });
  const options = { cacheDir: join(folder, 'objects') };

  test('compiles once, and again for other content', async () => {
    const target = parseTarget('host');
    const [a, again, b] = [
      await compileModelSource(model('int a;\n'), target, options),
      await compileModelSource(model('int a;\n'), target, options),
      await compileModelSource(model('int b;\n'), target, options),
    ];
    expect(again.archive).toBe(a.archive);
    expect(b.archive).not.toBe(a.archive);
    expect(readdirSync(a.folder).sort()).toEqual(['entry.json', 'model.a', 'model.c', 'model.o', 'weights.bin']);
  });

  test('a source that does not compile is an environment error with the compiler’s words', async () => {
    await expect(compileModelSource(model('#error told you so\n'), parseTarget('host'), options)).rejects.toThrow(
      /exit status 1:\n[\s\S]*told you so/,
    );
  });

  test.each(['gcc', 'clang'] as const)('finds %s for both architectures', async (family) => {
    for (const target of ['host', 'aarch64']) {
      const compiler = await findCompiler(parseTarget(target), family);
      expect(compiler.family).toBe(family);
      expect(compiler.version).toMatch(/\d+\.\d+/);
    }
  });
});
