/** Where a file's numbers stand: every place that the importer looks at, found by watching it read. */
import { openReader } from '../../src/model/tflite/reader.ts';
import { ModelTable } from '../../src/model/tflite/schema/model.ts';

export interface Site {
  readonly at: number;
  readonly size: 1 | 2 | 4 | 8;
  readonly float: boolean;
}

/** How the importer reads numbers, and how wide they are. */
const WIDTHS = {
  ...{ getUint8: 1, getInt8: 1, getUint16: 2, getInt32: 4, getUint32: 4, getFloat32: 4 },
  ...{ getBigInt64: 8, getBigUint64: 8 },
} as const satisfies Partial<Record<keyof DataView, Site['size']>>;

/** Offsets, lengths of vectors, entries of vtables and scalars of a sound file. */
export function sitesOf(bytes: Uint8Array): Site[] {
  const reader = openReader(bytes, 'seed');
  const sites = new Map<number, Site>();
  for (const name of Object.keys(WIDTHS) as (keyof typeof WIDTHS)[]) {
    const read = reader.view[name].bind(reader.view) as (at: number, little?: boolean) => unknown;
    const watched = (at: number, little?: boolean): unknown => {
      sites.set(at, { at, size: WIDTHS[name], float: name === 'getFloat32' });
      return read(at, little);
    };
    Object.defineProperty(reader.view, name, { value: watched });
  }
  ModelTable.readAt(reader, 0);
  return [...sites.values()];
}
