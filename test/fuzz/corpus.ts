/** What the fuzzer starts from: small files of our own writer, with every operator among them. */
import fc from 'fast-check';
import type { Model } from '../../src/model/ir/graph.ts';
import type { OpKind } from '../../src/model/ops/attrs.ts';
import { readRoot, writeRoot } from '../../src/model/tflite/flatbuffer.ts';
import { IDENTIFIER, type ModelRecord, ModelTable, type TensorRecord } from '../../src/model/tflite/schema/model.ts';
import { writeModel } from '../../src/model/tflite/writer.ts';
import { models } from '../model/graphs.ts';
import { kinds } from '../property/kinds.ts';
import { networks } from '../property/networks.ts';
import { type Site, sitesOf } from './sites.ts';

/** A sound file, what it says, and where its numbers stand. */
export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly record: ModelRecord;
  readonly sites: readonly Site[];
}

const DRAWN = 16;
const KEPT = 3;

/** A convolution with explicit padding is the compiler's own and has no file form. */
function written(model: Model): Uint8Array[] {
  try {
    return [writeModel(model)];
  } catch {
    return [];
  }
}

/** The smallest of several files: they are quick to read, and a mutation more often hits what matters. */
function smallest(name: string, source: fc.Arbitrary<Model>): Seed[] {
  const files = fc.sample(source, { seed: 1, numRuns: DRAWN }).flatMap(written);
  return files
    .sort((a, b) => a.length - b.length)
    .slice(0, KEPT)
    .map((bytes, i) => seedOf(`${name} ${i}`, bytes));
}

const recordOf = (bytes: Uint8Array): ModelRecord => readRoot(ModelTable, bytes, 'seed').value;
const seedOf = (name: string, bytes: Uint8Array): Seed => ({
  ...{ name, bytes, record: recordOf(bytes), sites: sitesOf(bytes) },
});

/** The writer writes dense constants only: one of `seed`'s as rows of which some are stored. */
function sparse(seed: Seed): Seed[] {
  const [graph, ...others] = seed.record.subgraphs ?? [];
  const tensors = graph.tensors ?? [];
  const at = tensors.findIndex((t) => t.type === 'INT8' && t.shape?.length === 2 && t.buffer > 0);
  if (at < 0) return [];
  const [rows, columns] = tensors[at].shape!;
  const every = (n: number) => Array.from({ length: n }, (_, i) => i);
  const listed = (values: readonly number[]) => ({ type: 'Int32Vector' as const, value: { values } });
  const sparsity: TensorRecord['sparsity'] = {
    traversalOrder: [0, 1],
    blockMap: [],
    dimMetadata: [
      { format: 'DENSE', denseSize: rows, arraySegments: null, arrayIndices: null },
      {
        ...{ format: 'SPARSE_CSR', denseSize: 0, arraySegments: listed(every(rows + 1)) },
        arrayIndices: listed(every(rows).map((r) => r % columns)),
      },
    ],
  };
  const changed = { ...graph, tensors: tensors.with(at, { ...tensors[at], sparsity }) };
  const record = { ...seed.record, subgraphs: [changed, ...others] };
  return [seedOf(`${seed.name} sparse`, writeRoot(ModelTable, record, IDENTIFIER))];
}

/** The same files in every run. */
export function corpus(): Seed[] {
  const single = (Object.keys(kinds) as OpKind[]).flatMap((kind) =>
    smallest(
      kind,
      kinds[kind].map(({ model }) => model),
    ),
  );
  const several = [
    ...smallest(
      'network',
      networks.map(({ model }) => model),
    ),
    ...smallest('chain', models),
  ];
  const dense = single.filter(({ name }) => name.startsWith('nn.dense'));
  return [...single, ...several, ...dense.flatMap(sparse)];
}
