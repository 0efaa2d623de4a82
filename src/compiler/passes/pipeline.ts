import type { Model } from '../../model/ir/graph.ts';
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

/** The passes every graph goes through before code is generated, in order. */
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

/** `model` in the form that code is generated from; it computes the same, bit for bit. */
export function optimize(model: Model): Model {
  const local = localHandles(model);
  return {
    ...local,
    subgraphs: local.subgraphs.map((graph) => PIPELINE.reduce((current, { pass }) => pass(current), graph)),
  };
}
