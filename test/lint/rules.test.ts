import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const program = (name: string): string => join(root, 'node_modules', '.bin', name);

interface Rule {
  readonly name: string;
}
interface Cruise {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly to: string; readonly rule: Rule }[];
    readonly ruleSetUsed: { readonly forbidden: readonly Rule[] };
  };
}

it('every rule on dependencies finds what breaks it', () => {
  const args = ['--config', join(root, 'lint', 'dependencies.mjs'), '--output-type', 'json', 'src'];
  const { stdout } = spawnSync(program('depcruise'), args, {
    cwd: join(root, 'test', 'fixtures', 'house'),
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const { violations: found, ruleSetUsed } = (JSON.parse(stdout) as Cruise).summary;
  const shown = found
    .filter(({ rule }) => rule.name !== 'no-dead-modules')
    .map(
      ({ rule, from, to }) => `${rule.name}: ${from} → ${to.replace(/^.*node_modules\/((@[^/]+\/)?[^/]+).*/, '$1')}`,
    );
  expect(shown.sort()).toEqual([
    'commands-in-cli: src/report/markdown.ts → commander',
    'declared-packages: src/report/markdown.ts → vitest',
    'github-in-action: src/report/markdown.ts → @actions/core',
    'no-circle: src/model/ops/conv.ts → src/model/tensor/shape.ts',
    'nothing-below-errors: src/errors.ts → src/model/tensor/shape.ts',
    'order-of-compiler: src/compiler/codegen/c.ts → src/compiler/compile.ts',
    'order-of-gate: src/gate/config/schema.ts → src/gate/data/labels.ts',
    'order-of-model: src/model/tensor/shape.ts → src/model/ops/conv.ts',
    'order-of-ops: src/model/ops/shared/window.ts → src/model/ops/conv.ts',
    'order-of-runtime: src/runtime/devices/run.ts → src/runtime/measure.ts',
    'order-of-wings: src/compiler/compile.ts → src/gate/data/labels.ts',
    'outside-world: src/gate/data/labels.ts → fs',
  ]);
  expect(new Set(found.map(({ rule }) => rule.name))).toEqual(new Set(ruleSetUsed.forbidden.map(({ name }) => name)));
});

it('paths below native/ and working directories have their rooms', () => {
  const folder = mkdtempSync(join(tmpdir(), 'int8-gate-lint-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  cpSync(join(root, 'biome.json'), join(folder, 'biome.json'));
  cpSync(join(root, 'lint'), join(folder, 'lint'), { recursive: true });
  const files = ['src/gate/metrics/roc.ts', 'src/cli/index.ts', 'src/compiler/toolchain/root.ts', 'test/root.ts'];
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(
      join(folder, file),
      "import { join } from 'node:path';\n\nexport const header = join(process.cwd(), 'native', 'include');\n",
    );
  }
  const { stdout } = spawnSync(program('biome'), ['lint', '--reporter=json', ...files], {
    cwd: folder,
    encoding: 'utf8',
  });
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: readonly { category: string; message: string; location: { path: string } }[];
  };
  const shown = diagnostics
    .filter(({ category }) => category === 'plugin')
    .map(({ location, message }) => `${location.path}: ${message.split(/[ :]/).slice(0, 3).join(' ')}`);
  expect(shown.sort()).toEqual([
    'src/cli/index.ts: Paths below native/',
    'src/compiler/toolchain/root.ts: Only action/ and',
    'src/gate/metrics/roc.ts: Only action/ and',
    'src/gate/metrics/roc.ts: Paths below native/',
  ]);
});
