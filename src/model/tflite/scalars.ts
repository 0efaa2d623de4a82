import type { Builder } from 'flatbuffers';
import { type Locate, type Reader, showPath } from './reader.ts';

/** A value that fits inside a table or vector: itself, or an offset to where it stands. */
export interface Type<T> {
  readonly size: number;
  readAt(r: Reader, at: number): T;
  /** Writes what stands out of line; the result writes what stands in line. */
  prepare(b: Builder, value: T): (b: Builder) => void;
}
export interface Placed {
  readonly slot: number;
  readonly size: number;
  add(b: Builder): void;
}
/** What a table's declaration is made of; a union takes two slots, all else one. */
export interface Field<T> {
  readonly slots: number;
  /** What an absent field means. */
  readonly fallback: T;
  read(r: Reader, locate: Locate, slot: number): T;
  build(b: Builder, value: T, slot: number): Placed[];
}
export type Scalar<T> = Type<T> & Field<T>;
/** The value a field or type describes. */
export type ValueOf<F> = F extends Field<infer T> ? T : never;

/** The field of a table that holds a value of `type`. */
export function field<T, Absent>(type: Type<T>, fallback: Absent): Type<T> & Field<T | Absent> {
  return {
    ...type,
    slots: 1,
    fallback,
    read(r, locate, slot) {
      const at = locate(slot, type.size);
      return at === 0 ? fallback : type.readAt(r, at);
    },
    build: (b, value, slot) =>
      value === fallback ? [] : [{ slot, size: type.size, add: type.prepare(b, value as T) }],
  };
}

function scalar<T>(size: number, fallback: T, readAt: Type<T>['readAt'], add: (b: Builder, v: T) => void): Scalar<T> {
  return field({ size, readAt, prepare: (_b, value) => (b) => add(b, value) }, fallback);
}

export const bool = scalar(
  1,
  false,
  (r, at) => r.view.getUint8(at) !== 0,
  (b, v) => b.addInt8(v ? 1 : 0),
);
export const int8 = scalar(
  1,
  0,
  (r, at) => r.view.getInt8(at),
  (b, v) => b.addInt8(v),
);
export const uint8 = scalar(
  1,
  0,
  (r, at) => r.view.getUint8(at),
  (b, v) => b.addInt8(v),
);
export const uint16 = scalar(
  2,
  0,
  (r, at) => r.view.getUint16(at, true),
  (b, v) => b.addInt16(v),
);
export const int32 = scalar(
  4,
  0,
  (r, at) => r.view.getInt32(at, true),
  (b, v) => b.addInt32(v),
);
export const uint32 = scalar(
  4,
  0,
  (r, at) => r.view.getUint32(at, true),
  (b, v) => b.addInt32(v),
);
export const float32 = scalar(
  4,
  0,
  (r, at) => r.view.getFloat32(at, true),
  (b, v) => b.addFloat32(v),
);
/** 64-bit integers are read as doubles: beyond 2^53 inexact, which no field of a model needs. */
export const int64 = scalar(
  8,
  0,
  (r, at) => Number(r.view.getBigInt64(at, true)),
  (b, v) => b.addInt64(BigInt(v)),
);
export const uint64 = scalar(
  8,
  0,
  (r, at) => Number(r.view.getBigUint64(at, true)),
  (b, v) => b.addInt64(BigInt(v)),
);

/** The same scalar with another meaning of absence. */
export const withDefault = <T>(type: Scalar<T>, fallback: T): Scalar<T> => field<T, T>(type, fallback);

/** Consecutive names from 0. A number without a name is reported and read as the default. */
export function enumeration<const N extends string>(
  name: string,
  names: readonly N[],
  fallback: N = names[0],
  base: Scalar<number> = int8,
): Scalar<N> {
  return scalar<N>(
    base.size,
    fallback,
    (r, at) => {
      const number = base.readAt(r, at);
      if (names[number] === undefined) r.problems.push(`${showPath(r.path)}: ${number} is not a known ${name}`);
      return names[number] ?? fallback;
    },
    (b, value) => base.prepare(b, names.indexOf(value))(b),
  );
}
