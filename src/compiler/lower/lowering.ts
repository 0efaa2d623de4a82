import type { Profile } from '../../model/arithmetic/multiplier.ts';
import type { OpKind } from '../../model/ops/attrs.ts';
import type { OpView } from '../../model/ops/definition.ts';
import type { Layer } from './layers.ts';

/** The layer of an operator of one kind; null if its result has no elements. */
export type Lowering<K extends OpKind> = (op: OpView<K>, profile: Profile) => Layer | null;
export type LoweringTable<Family> = { readonly [K in keyof Family & OpKind]: Lowering<K> };
