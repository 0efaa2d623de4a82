import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openFiles } from '../../../../src/gate/data/files.ts';
import { openForeign } from '../../../../src/gate/engines/tfjs/index.ts';
import { int8Model } from './models.ts';

/**
 * A folder with tfjs-node in node_modules, a SavedModel in saved_model (signature serving_default, input [?, 8, 8, 3], output
 * [?, 5]), and what TensorFlow's Python gave for it in saved_model.json. Not part of the project: tfjs-node is 500 MB.
 */
const folder = process.env.TFJS_NODE_DIR;

it('runs a SavedModel in tfjs-node', async () => {
  if (folder === undefined) {
    console.log(
      'NOT RUN: SavedModels in tfjs-node. Set TFJS_NODE_DIR to a folder with tfjs-node and a SavedModel (docs/fp32.md).',
    );
    return;
  }
  const golden = JSON.parse(readFileSync(join(folder, 'saved_model.json'), 'utf8')) as Record<
    'input' | 'output',
    number[]
  >;
  const int8 = int8Model([{ name: 'x', shape: [1, 8, 8, 3] }], [{ name: 'y', shape: [1, 5] }]);
  const source = { path: 'saved_model', kind: 'saved-model', int8 } as const;
  const files = openFiles(folder);
  const runner = await openForeign({ ...source, options: {} }, files);
  expect(runner.engine).toMatch(/^tfjs-node \d/);
  const [[found]] = await runner.run([[Float32Array.from(golden.input)]]);
  for (const [i, value] of golden.output.entries()) expect(found[i]).toBeCloseTo(value, 5);
  await expect(openForeign({ ...source, options: { signature: 'train' } }, files)).rejects.toThrow(
    /saved_model: cannot be loaded: has no signature "train"; it has .*"serving_default"/,
  );
});
