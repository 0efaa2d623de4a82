import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/errors.ts';
import { openFiles } from '../../../../src/gate/data/files.ts';
import { fp32KindOf } from '../../../../src/gate/data/fp32.ts';
import { openForeign } from '../../../../src/gate/engines/tfjs/index.ts';
import { readTfjsModel } from '../../../../src/gate/engines/tfjs/manifest.ts';
import { findTfjsNode, readSavedModel } from '../../../../src/gate/engines/tfjs/saved_model.ts';
import { denseLayers, int8Model, temporaryFolder } from './models.ts';

const folder = temporaryFolder();
const files = openFiles(folder.path);
const { document, bytes } = denseLayers([1, 2, 3, 4, 5, 6], [7, 8]);

let made = 0;
/** A model.json beside sound weights. */
function write(json: unknown): string {
  const name = `m${made++}`;
  folder.write(`${name}/weights.bin`, bytes);
  folder.write(`${name}/model.json`, typeof json === 'string' ? json : JSON.stringify(json));
  return `${name}/model.json`;
}
const read = (json: unknown) => () => readTfjsModel(write(json), files);
const [group] = document.weightsManifest;
const withGroup = (change: object) => ({ ...document, weightsManifest: [{ ...group, ...change }] });
const withWeight = (change: object) => withGroup({ weights: [{ ...group.weights[0], ...change }, group.weights[1]] });

describe('model.json', () => {
  it('is read where it is sound', () => {
    const { kind, artifacts } = read(document)();
    expect(kind).toBe('layers-model');
    expect(artifacts.weightData).toEqual(bytes);
    expect(artifacts.weightSpecs.map(({ name }) => name)).toEqual(['d/kernel', 'd/bias']);
  });

  it.each([
    '../weights.bin',
    '/etc/passwd',
    'a/../../weights.bin',
    'https://example.org/weights.bin',
    'file:///etc/passwd',
    'a\\..\\weights.bin',
    './weights.bin',
    '..',
    'weights.bin\u0000',
  ])('may not name weights as %j', (path) => {
    expect(read(withGroup({ paths: [path] }))).toThrow('is no plain name of a file');
  });

  it('may not lead out by a link', () => {
    const path = write(withGroup({ paths: ['link.bin'] }));
    folder.write('outside.bin', bytes);
    symlinkSync(join(folder.path, 'outside.bin'), join(folder.path, path, '..', 'link.bin'));
    expect(() => readTfjsModel(path, files)).toThrow(/the file link\.bin is not there, or a link that leads out/);
  });

  it('is refused where shards are missing, or longer or shorter than the weights', () => {
    expect(read(withGroup({ paths: ['group1-shard2of2.bin'] }))).toThrow('the file group1-shard2of2.bin is not there');
    expect(read(withWeight({ shape: [3, 3] }))).toThrow('its weights take 44 bytes, and weights.bin hold 32');
    expect(read(withGroup({ paths: [] }))).toThrow('its weights take 32 bytes, and no file hold 0');
  });

  it('is refused where a shape is beyond all models', () => {
    expect(read(withWeight({ shape: [100_000, 100_000] }))).toThrow('"d/kernel" has the shape 100000 × 100000');
    expect(read(withWeight({ shape: [1e12] }))).toThrow('weightsManifest.0.weights.0.shape.0');
    expect(read(withWeight({ shape: [-3, 2] }))).toThrow('shape.0');
    const text = JSON.stringify(document);
    expect(read(text.replace('"units":2', '"units":2500000000'))).toThrow('"units" is 2500000000');
    expect(read(text.replace('[null,3]', '[null,50000,50000]'))).toThrow('"batch_input_shape" is [null,50000,50000]');
  });

  it('is refused where it is no such thing', () => {
    expect(read('{')).toThrow('is no JSON');
    expect(read([])).toThrow('is no model.json of TF.js');
    expect(read({ nodes: [] })).toThrow('modelTopology');
    expect(read({ ...document, format: 'onnx' })).toThrow('has the format "onnx"');
    expect(read({ ...document, format: 'graph-model' })).toThrow('no list of nodes');
    expect(read(withWeight({ dtype: 'string' }))).toThrow('dtype');
    expect(read(withWeight({ quantization: { dtype: 'uint8' } }))).toThrow('has no scale and min');
    expect(read(withWeight({ quantization: { dtype: 'uint4', scale: 1, min: 0 } }))).toThrow('quantization.dtype');
    expect(read(withWeight({ name: 'd/bias' }))).toThrow('two weights are called "d/bias"');
    const deep = '['.repeat(5000) + ']'.repeat(5000);
    expect(read(JSON.stringify(document).replace('"linear"', deep))).toThrow('nested more than 100 deep');
  });

  it('ends with a message where the library cannot make sense of it', async () => {
    const open = (json: unknown) => {
      const int8 = int8Model([{ name: 'x', shape: [1, 3] }], [{ name: 'y', shape: [1, 2] }]);
      return openForeign({ path: write(json), kind: 'tfjs', options: {}, int8 }, files);
    };
    const text = JSON.stringify(document);
    for (const json of [
      text.replace('"Dense"', '"Lambda"'),
      text.replace('"Dense"', '"__proto__"'),
      text.replaceAll('d/kernel', 'd/other'),
      text.replace('"units":2', '"units":3'),
      text.replace('"layers":', '"layer":'),
    ]) {
      const error = await open(json).then(
        () => null,
        (fault: unknown) => fault,
      );
      expect(error, json).toBeInstanceOf(InputError);
      expect((error as Error).message).toMatch(/^m\d+\/model\.json: cannot be loaded: \S/);
    }
  });
});

describe('the folder of a SavedModel', () => {
  const path = (name: string) => join(folder.path, name);
  const variables = (name: string, files: readonly string[]) => {
    folder.write(`${name}/saved_model.pb`, 'graph');
    for (const file of files) folder.write(`${name}/variables/variables.${file}`, 'x');
    return readSavedModel(path(name), name);
  };

  it('is told from files and from other folders', () => {
    folder.write('sm/saved_model.pb', 'graph');
    folder.write('plain/readme', '');
    expect(fp32KindOf('sm', files)).toBe('saved-model');
    expect(fp32KindOf('sm/', files)).toBe('saved-model');
    expect(() => fp32KindOf('sm/saved_model.pb', files)).toThrow('give the folder that it lies in');
    expect(() => fp32KindOf('plain', files)).toThrow('is a folder without saved_model.pb');
    expect(() => fp32KindOf('nowhere', files)).toThrow('no such file');
    const model = write(document);
    expect(fp32KindOf(model, files)).toBe('tfjs');
    expect(() => fp32KindOf(model.replace('/model.json', ''), files)).toThrow(`give the file in it: ${model}`);
  });

  it('must be whole', async () => {
    await expect(variables('v0', ['index', 'data-00000-of-00001'])).resolves.toMatchObject({ folder: path('v0') });
    await expect(variables('v1', ['index'])).rejects.toThrow('v1: lacks variables/variables.data-00000-of-00001');
    await expect(variables('v2', ['data-00000-of-00001'])).rejects.toThrow('lacks variables/variables.index');
    await expect(variables('v3', ['index', 'data-00001-of-00002'])).rejects.toThrow(
      'lacks variables/variables.data-00000-of-00002',
    );
    folder.write('v4/saved_model.pb', '');
    await expect(readSavedModel(path('v4'), 'v4')).rejects.toThrow('v4/saved_model.pb: has 0 bytes');
    await expect(variables('v5', ['index', 'data-00000-of-99999'])).rejects.toThrow('lacks');
  });

  it('has no links that lead out', async () => {
    folder.write('l/saved_model.pb', 'graph');
    mkdirSync(path('l/variables'));
    symlinkSync('/etc/passwd', path('l/variables/variables.index'));
    await expect(readSavedModel(path('l'), 'l')).rejects.toThrow('l/variables/variables.index: a link that leads out');
    folder.write('k/saved_model.pb', 'graph');
    symlinkSync(path('l'), path('k/assets'));
    await expect(readSavedModel(path('k'), 'k')).rejects.toThrow('k/assets: a link that leads out');
  });

  it('may only compute', async () => {
    // A NodeDef: field 1 its name, field 2 its operator.
    folder.write('w/saved_model.pb', '\n\u0001n\u0012\u0009WriteFile');
    await expect(readSavedModel(path('w'), 'w')).rejects.toThrow('its graph has the operator WriteFile');
  });

  it('needs tfjs-node, and says where to get it', () => {
    expect(() => findTfjsNode(folder.path, 'models/kws')).toThrow(
      /^models\/kws: a SavedModel needs @tensorflow\/tfjs-node .*Install it with "npm install @tensorflow\/tfjs-node@4\.22\.0", or convert the model/,
    );
  });
});
