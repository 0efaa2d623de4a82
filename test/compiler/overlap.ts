/** Memory planners that test the overlap claims of emitters (`Emission.inPlace`, `scratchInPlace`). */
import { type Buffer, planMemory } from '../../src/compiler/codegen/plan.ts';
import type { Planner } from '../../src/compiler/codegen/storage.ts';
import type { Graph, Node } from '../../src/model/ir/graph.ts';
import { itemSize } from '../../src/model/tensor/dtype.ts';

/** Overlap claim: the first result of a node, or its scratch memory, may overlap a buffer that the node reads. */
export interface Claim {
  readonly node: Node;
  readonly of: 'result' | 'scratch';
  /** The buffers that are written and read. */
  readonly buffer: number;
  readonly over: number;
  readonly lead: number;
}

/** By what it says: `in place` element by element, `lead` from some bytes before on, `read first` of all that is read. */
export const kindOf = ({ of, lead }: Claim): string =>
  of === 'scratch' ? 'scratch' : lead === -Infinity ? 'read first' : lead === 0 ? 'in place' : 'lead';

/** An operator kind with the types of its first operands and its result. */
export const formOf = ({ tensors }: Graph, { kind, inputs, outputs }: Node): string =>
  `${kind} ${[...inputs.slice(0, 2), outputs[0]].map((id) => tensors[id]?.dtype ?? '-').join(' ')}`;

export const claimsOf = (buffers: readonly Buffer[], graph: Graph): Claim[] =>
  buffers.flatMap(({ tensor, first, over = [] }, buffer) =>
    over.map(({ buffer: other, lead }) => ({
      ...{ node: graph.nodes[first], of: tensor === undefined ? 'scratch' : 'result', buffer, over: other, lead },
    })),
  );

/** All memory apart: no claim is used. */
export const apart: Planner = (buffers) => planMemory(buffers.map((buffer) => ({ ...buffer, over: [] })));

/** A planner that also says which claims its plans make use of. */
export const watched =
  (planner: Planner, onClaim: (claim: Claim, graph: Graph) => void): Planner =>
  (buffers, graph) => {
    const plan = planner(buffers, graph);
    for (const claim of claimsOf(buffers, graph))
      if (isOver(buffers, plan.offsets, claim.buffer, claim.over)) onClaim(claim, graph);
    return plan;
  };

const isOver = (buffers: readonly Buffer[], offsets: readonly number[], a: number, b: number): boolean =>
  offsets[a] < offsets[b] + buffers[b].bytes && offsets[b] < offsets[a] + buffers[a].bytes;

const up = (n: number): number => Math.ceil(n / LINE) * LINE;
const LINE = 64;

/**
 * One claim of each node at its tightest: what is written begins exactly its lead before what is read; where all is said
 * to be read first, somewhere over it. Everything else lies apart. `pick`: the claim among those of a node.
 */
export const tight =
  (pick: (claims: readonly Claim[]) => Claim | undefined): Planner =>
  (buffers, graph) => {
    const all = claimsOf(buffers, graph);
    const picked = [...new Set(all.map(({ node }) => node))].flatMap(
      (own) => pick(all.filter(({ node }) => node === own)) ?? [],
    );
    const [writers, read] = [new Map(picked.map((claim) => [claim.buffer, claim])), new Set(picked.map((c) => c.over))];
    const room = up(Math.max(...buffers.map(({ bytes }) => bytes), 0)) + LINE;
    const offsets: number[] = [];
    const placed: number[] = [];
    let top = 0;
    for (const i of buffers.map((_, b) => b).sort((a, b) => buffers[a].first - buffers[b].first)) {
      const { bytes, first } = buffers[i];
      const claim = writers.get(i);
      offsets[i] = claim === undefined ? -1 : offsets[claim.over] + shiftOf(claim, buffers, graph);
      const isTaken = placed.some(
        (j) => j !== claim?.over && buffers[j].last >= first && isOver(buffers, offsets, i, j),
      );
      if (offsets[i] < 0 || isTaken) {
        // Memory of its own, with room around it for what lies over it.
        const around = read.has(i) ? room : 0;
        offsets[i] = up(top + around);
        top = offsets[i] + bytes + around;
      }
      placed.push(i);
    }
    return { offsets, bytes: up(buffers.reduce((most, { bytes }, i) => Math.max(most, offsets[i] + bytes), top)) };
  };

/** How far behind the beginning of what is read to write: on cache lines for scratch memory, else where the type may lie. */
function shiftOf({ buffer, over, lead }: Claim, buffers: readonly Buffer[], { tensors }: Graph): number {
  const { tensor, bytes, first } = buffers[buffer];
  const unit = tensor === undefined ? LINE : itemSize(tensors[tensor].dtype);
  const shift = lead === -Infinity ? [LINE, 0, buffers[over].bytes / 2, -bytes / 2][first % 4] : -lead;
  return Math.floor(shift / unit) * unit;
}
