/** Changes in what a file says, which the writer then writes soundly: wrong are only the values. */
import type { ModelRecord } from '../../src/model/tflite/schema/model.ts';
import { type Dice, ODD } from './mutate.ts';

type Value = unknown;
/** A place in a record, named by its field: what stands in fields of one name can be exchanged. */
interface Place {
  readonly holder: Record<string | number, Value>;
  readonly key: string | number;
  readonly field: string;
}

const isBranch = (value: Value): value is Record<string | number, Value> =>
  typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);

function places(value: Value, field: string, found: Place[]): Place[] {
  if (!isBranch(value)) return found;
  for (const key of Object.keys(value)) {
    const place = {
      holder: value,
      key: Array.isArray(value) ? Number(key) : key,
      field: Array.isArray(value) ? field : key,
    };
    found.push(place);
    const child = value[key];
    // The members of a union stand under its name, and are exchanged whole.
    const chosen = isBranch(child) && 'type' in child && 'value' in child;
    places(chosen ? child.value : child, place.field, found);
  }
  return found;
}

const copy = <T>(value: T): T => structuredClone(value);

function mutateList(list: Value[], dice: Dice): void {
  const at = dice.below(list.length + 1);
  const item = list.length > 0 ? copy(dice.choose(list)) : 0;
  const way = dice.below(4);
  if (way === 0) list.splice(at, 1);
  else if (way === 1) list.splice(at, 0, item);
  else if (way === 2) list.length = Math.min(at, list.length);
  else if (list.length > 0) list[Math.min(at, list.length - 1)] = item;
}

function mutatePlace({ holder, key, field }: Place, lent: readonly Place[], dice: Dice): void {
  const value = holder[key];
  const alike = lent.filter((p) => p.field === field && Array.isArray(p.holder) === Array.isArray(holder));
  // Numbers and names of enums mean the same in any field of their name; so do whole tables.
  if (alike.length > 0 && dice.chance(0.4)) {
    const { holder: from, key: at } = dice.choose(alike);
    if (typeof from[at] === typeof value || value === null || from[at] === null) holder[key] = copy(from[at]);
    return;
  }
  if (typeof value === 'number') holder[key] = dice.chance(0.5) ? value + dice.choose([-1, 1]) : dice.choose(ODD);
  else if (typeof value === 'boolean') holder[key] = !value;
  else if (value instanceof Uint8Array) holder[key] = value.subarray(0, dice.below(value.length + 1));
  else if (Array.isArray(value)) mutateList(value, dice);
  else if (isBranch(value) && !Array.isArray(holder) && dice.chance(0.5)) holder[key] = null;
}

/** A few changes of a record; parts may come from `other`. */
export function mutateRecord(record: ModelRecord, other: ModelRecord, dice: Dice): ModelRecord {
  const changed = copy(record);
  const own = places(changed, 'model', []);
  const lent = [...own, ...places(other, 'model', [])];
  for (let n = 1 + dice.below(3); n > 0; n--) mutatePlace(dice.choose(own), lent, dice);
  return changed;
}
