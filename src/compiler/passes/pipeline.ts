import { InputError } from '../../errors.ts';
import { inferCallShapes } from '../../model/ir/call_shapes.ts';
import type { Model } from '../../model/ir/graph.ts';
import { verifyModel } from '../../model/ir/verify.ts';
import { boundShapes } from './bound_shapes.ts';
import { removeDeadCode } from './dead_code.ts';
import { dropIdentities } from './drop_identities.ts';
import { foldConstants } from './fold_constants.ts';
import { foldPadding } from './fold_padding.ts';
import { fuseActivations } from './fuse_activations.ts';
import { localHandles } from './local_handles.ts';
import { lowerTransposed } from './lower_transposed.ts';
import { updateLists } from './update_lists.ts';
import type { Pass } from './view.ts';

/** The pass pipeline, in order. */
export const PIPELINE: readonly { readonly name: string; readonly pass: Pass }[] = [
  { name: 'bound shapes', pass: boundShapes },
  { name: 'fold constants', pass: foldConstants },
  { name: 'update lists', pass: updateLists },
  { name: 'drop identities', pass: dropIdentities },
  { name: 'fuse activations', pass: fuseActivations },
  { name: 'lower transposed convolutions', pass: lowerTransposed },
  { name: 'fold padding', pass: foldPadding },
  { name: 'remove dead code', pass: removeDeadCode },
];

/**
 * `model` after all passes; it computes the same results bit for bit.
 * @throws InputError if a graph is called with shapes that its operators cannot have
 */
export function optimize(model: Model): Model {
  const local = localHandles(fitCalls(model));
  return {
    ...local,
    subgraphs: local.subgraphs.map((graph) => PIPELINE.reduce((current, { pass }) => pass(current), graph)),
  };
}

/** Called graphs, with the shapes of their arguments. */
function fitCalls(model: Model): Model {
  if (model.subgraphs.length === 1) return model;
  const fitted = inferCallShapes(model);
  const faults = verifyModel(fitted);
  if (faults.length > 0) throw new InputError(`${model.name}: ${faults.join('; ')}`);
  return fitted;
}
