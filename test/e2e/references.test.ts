import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { int8Gate, root, scratch } from './cli.ts';

it('the command brings LiteRT along, and runs it in every check unless told otherwise', async () => {
  const folder = scratch();
  const check = async (...more: string[]) => {
    const json = join(folder, 'report.json');
    const args = ['check', '--config', 'examples/host.yml', '--measure', 'none', '--json', json, ...more];
    const ended = await int8Gate(root, args, { INT8_GATE_CACHE: join(folder, 'cache') });
    return { ...ended, model: ended.status === 0 ? JSON.parse(readFileSync(json, 'utf8')).models[0] : null };
  };
  const usual = await check();
  expect(usual.status, usual.stderr).toBe(0);
  expect(usual.stdout).toMatch(
    /Three drifts:\ntones quantization.*\ntones compiler, LiteRT → our build: \d+ of 64 values/,
  );
  expect(usual.model.references).toMatchObject([{ name: 'litert', samples: 8, fault: null }]);
  const none = await check('--reference', 'none');
  expect(none.model).not.toHaveProperty('references');
  expect(none.stdout).not.toContain('Three drifts');
  const odd = await check('--reference', 'tensorflow');
  expect(odd.status).toBe(2);
  expect(odd.stderr).toContain('--reference: "tensorflow" is not one of litert');
});
