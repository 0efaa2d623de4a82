import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pathWithout, root } from './cli.ts';

/** Runs scripts/setup.mjs where nothing may be installed. */
function setup(PATH = process.env.PATH) {
  const env = { ...process.env, PATH, INT8_GATE_NO_INSTALL: '1' };
  return spawnSync(process.execPath, [join(root, 'scripts', 'setup.mjs'), '--no-modules'], { env, encoding: 'utf8' });
}

describe('scripts/setup.mjs', () => {
  it('has nothing to say where all is there', () => {
    const { status, stdout, stderr } = setup();
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it.each([
    ['compilers', /gcc|g\+\+|clang|^cc$|^c\+\+$|^c[89]9/, [/C compiler/, /apt-get install.* gcc libc6-dev/]],
    ['an emulator', /^qemu-/, [/qemu-aarch64/, /apt-get install.* qemu-user/]],
  ])('says what to install on a machine without %s', (_, hidden, words) => {
    const { status, stderr } = setup(pathWithout(hidden));
    expect(status).toBe(3);
    for (const word of words) expect(stderr).toMatch(word);
  });
});
