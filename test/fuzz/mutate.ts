/** Three ways to spoil a file: single numbers where they stand, what the file says as a whole, and bytes. */
import { writeRoot } from '../../src/model/tflite/flatbuffer.ts';
import { IDENTIFIER, ModelTable } from '../../src/model/tflite/schema/model.ts';
import type { Seed } from './corpus.ts';
import { mutateRecord } from './records.ts';

/** Random choices of one execution. */
export interface Dice {
  below(n: number): number;
  choose<T>(list: readonly T[]): T;
  chance(share: number): boolean;
}

export const diceOf = (random: () => number): Dice => {
  const below = (n: number): number => Math.floor(random() * n);
  return { below, choose: (list) => list[below(list.length)], chance: (share) => random() < share };
};

/** Numbers that break arithmetic, indices and sizes. */
export const ODD = [
  ...[0, 1, 2, 3, 4, 5, 7, 8, 16, 64, 127, 128, 255, 256, 1000, 32767, 32768, 65535, 65536],
  ...[2 ** 20, 2 ** 24, 2 ** 28, 2 ** 30, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, -1, -2, -3, -128, -32768, -(2 ** 31)],
];
const ODD_FLOATS = [0, -0, 1, -1, 0.5, 1e-45, 1e-38, 3e38, Number.NaN, Number.POSITIVE_INFINITY, -1e-3, 2 ** -15];

function writeNumber(view: DataView, { at, size, float }: Seed['sites'][number], dice: Dice): void {
  const near = (old: number): number =>
    dice.chance(0.4) ? old + dice.choose([-8, -4, -2, -1, 1, 2, 4, 8]) : dice.choose(ODD);
  if (float) view.setFloat32(at, dice.choose(ODD_FLOATS), true);
  else if (size === 1) view.setUint8(at, near(view.getUint8(at)));
  else if (size === 2) view.setUint16(at, near(view.getUint16(at, true)), true);
  else if (size === 4) view.setUint32(at, near(view.getUint32(at, true)), true);
  else view.setBigInt64(at, BigInt(dice.choose(ODD)) << BigInt(dice.choose([0, 0, 0, 32])), true);
}

/** A few numbers of the file become others: offsets, lengths, entries of vtables, enums, indices, shapes, scales. */
function mutateNumbers({ bytes, sites }: Seed, dice: Dice): Uint8Array {
  const out = bytes.slice();
  const view = new DataView(out.buffer);
  for (let n = 1 + dice.below(3); n > 0; n--) writeNumber(view, dice.choose(sites), dice);
  return out;
}

/** Bytes change, vanish, repeat, or come from another file. */
function mutateBytes({ bytes }: Seed, other: Seed, dice: Dice): Uint8Array {
  const out = bytes.slice();
  const at = dice.below(out.length);
  const length = 1 + dice.below(Math.min(64, out.length - at));
  switch (dice.below(6)) {
    case 0:
      return out.subarray(0, at);
    case 1:
      return new Uint8Array([...out.subarray(0, at), ...out.subarray(at + length)]);
    case 2:
      return new Uint8Array([...out.subarray(0, at + length), ...out.subarray(at)]);
    case 3:
      out.set(other.bytes.subarray(0, length + at).slice(-length), at);
      return out;
    case 4:
      return out.fill(dice.choose([0, 255]), at, at + length);
    default:
      for (let n = 1 + dice.below(8); n > 0; n--) out[dice.below(out.length)] = dice.below(256);
      return out;
  }
}

/** A spoilt copy of `seed`; `other` lends parts. */
export function mutate(seed: Seed, other: Seed, dice: Dice): Uint8Array {
  const way = dice.below(20);
  if (way < 8) return mutateNumbers(seed, dice);
  if (way < 10) return mutateBytes(seed, other, dice);
  try {
    return writeRoot(ModelTable, mutateRecord(seed.record, other.record, dice), IDENTIFIER);
  } catch {
    // Some values no field can hold.
    return mutateNumbers(seed, dice);
  }
}
