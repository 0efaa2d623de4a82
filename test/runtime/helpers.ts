import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import type { Build, Port } from '../../src/compiler/build.ts';
import { parseTarget, type Target } from '../../src/compiler/targets/index.ts';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const host = parseTarget('host');
export const aarch64 = parseTarget('aarch64');

/** A folder for one test file, removed after its tests. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'int8-gate-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Folders that devices left behind. */
export const scratchFolders = () => readdirSync(tmpdir()).filter((name) => /^int8-gate-run-/.test(name));

/** A hand-written model: the C statements of init and run, over `in`, `out` and `state`, arrays of `n` bytes. */
export interface HandModel {
  readonly symbol: string;
  readonly run: string;
  readonly init?: string;
  /** Definitions before the functions. */
  readonly prelude?: string;
  readonly n?: number;
}

const port = (name: string, n: number): Port => ({ name, dtype: 'int8', shape: [n], bytes: n, quantization: null });

/** Compiles a hand-written model into the archive that a build is. */
export function handBuild(folder: string, target: Target, model: HandModel): Build {
  const { symbol, n = 4 } = model;
  const here = join(folder, `${symbol}-${target.name}`);
  mkdirSync(here, { recursive: true });
  const source = `#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <signal.h>
#include <unistd.h>
#include "int8_gate.h"
${model.prelude ?? ''}
static int init(void *arena) { int8_t *state = arena; (void)state; ${model.init ?? ''} return 0; }
static int run(void *arena, const void *const *inputs, void *const *outputs) {
  int8_t *state = arena; const int8_t *in = inputs[0]; int8_t *out = outputs[0];
  const int n = ${n}; (void)state; (void)in; (void)out; (void)n;
  ${model.run}
  return 0;
}
static const int32_t dims[] = {${n}};
static const int8_gate_tensor in_port = {"in", INT8_GATE_INT8, 1, dims, ${n}, 0, 0}, out_port = {"out", INT8_GATE_INT8, 1, dims, ${n}, 0, 0};
static const int8_gate_model model = {1, "${symbol}", "${target.name}", "tflite", ${n}, 64, 1, 1, &in_port, &out_port, init, run};
const int8_gate_model *int8_gate_model_${symbol}(void);
const int8_gate_model *int8_gate_model_${symbol}(void) { return &model; }
`;
  const c = join(here, 'model.c');
  const o = join(here, 'model.o');
  const archive = join(here, 'model.a');
  writeFileSync(c, source);
  const cross = target.arch === 'aarch64' && process.arch !== 'arm64' ? 'aarch64-linux-gnu-' : '';
  execFileSync(`${cross}gcc`, ['-O2', ...target.flags, '-I', join(root, 'native/include'), '-c', c, '-o', o]);
  rmSync(archive, { force: true });
  execFileSync(`${cross}ar`, ['rcsD', archive, o]);
  const [inputs, outputs] = [[port('in', n)], [port('out', n)]];
  return { name: symbol, symbol, target, profile: 'tflite', inputs, outputs, arenaBytes: n, archive, macs: n };
}
