/** A model of a configuration, as two states of it are compared by. */
export interface Named {
  readonly name: string;
  /** Path of the INT8 model. */
  readonly int8: string;
  /** SHA-256 of its content; null where it cannot be read. */
  readonly digest: string | null;
}

export interface Matches<B extends Named> {
  /** For each model of head, what it was at the base; null for a new one. */
  readonly of: readonly (B | null)[];
  /** Models of the base that are in head no longer. */
  readonly removed: readonly B[];
}

/**
 * Says which models are the same: those of one name; of the others, those of the same content; of the rest, those of the
 * same path. Each model of the base is taken once. Pure.
 */
export function matchModels<B extends Named>(head: readonly Named[], base: readonly B[]): Matches<B> {
  const left = new Set(base);
  const of = new Array<B | null>(head.length).fill(null);
  const same: readonly ((a: Named, b: Named) => boolean)[] = [
    (a, b) => a.name === b.name,
    (a, b) => a.digest !== null && a.digest === b.digest,
    (a, b) => a.int8 === b.int8,
  ];
  for (const isSame of same) {
    for (const [i, model] of head.entries()) {
      const found = of[i] === null ? [...left].find((candidate) => isSame(model, candidate)) : undefined;
      if (found === undefined) continue;
      of[i] = found;
      left.delete(found);
    }
  }
  return { of, removed: [...left] };
}
