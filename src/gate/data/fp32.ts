import { InputError } from '../../errors.ts';
import type { Files } from './files.ts';

/** What `fp32` may name, by what lies there. */
export type Fp32Kind = 'tflite' | 'saved-model' | 'tfjs';

/**
 * @throws InputError where the path leads nowhere, or to a folder that is no SavedModel
 */
export function fp32KindOf(path: string, files: Files): Fp32Kind {
  const folder = path.replace(/\/+$/, '');
  if (files.exists(`${folder}/saved_model.pb`)) return 'saved-model';
  if (files.exists(`${folder}/model.json`))
    throw new InputError(`${path}: is the folder of a TF.js model; give the file in it: ${folder}/model.json`);
  try {
    files.size(path);
  } catch (error) {
    if (!(error instanceof InputError) || !files.exists(path)) throw error;
    throw new InputError(
      `${path}: is a folder without saved_model.pb, so no SavedModel; fp32 is a .tflite, the folder of a SavedModel, or the model.json of a TF.js model`,
      { cause: error },
    );
  }
  if (/(^|\/)saved_model\.pb(txt)?$/.test(path))
    throw new InputError(`${path}: is a part of a SavedModel; give the folder that it lies in`);
  return /\.json$/i.test(path) ? 'tfjs' : 'tflite';
}
