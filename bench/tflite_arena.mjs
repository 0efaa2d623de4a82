// The arena that TFLite plans for a graph, by the rules of its ArenaPlanner and SimpleMemoryArena.
import { tensorBytes } from '../build/js/compiler/codegen/storage.js';

const ALIGNMENT = 64;
/** Operators whose first result may be an operand's memory: the first only seen under another shape; the first, or two. */
const VIEWS = new Set(['reshape', 'expand_dims', 'squeeze']);
const SHARED_OPERANDS = { 'nn.softmax': 1, add: 2, subtract: 2, multiply: 2, divide: 2 };
/** Results that are no larger do not take an operand's place. */
const SCALAR_BYTES = 4;

/**
 * Bytes of it. Inputs stay until the end, and lie at the bottom; outputs stay once made; the rest goes by size into the
 * smallest gap that fits. Variables lie elsewhere, and what kernels allocate besides is not counted.
 */
export function tfliteArena(graph) {
  const { tensors, nodes, inputs, outputs } = graph;
  const inArena = (id) => id >= 0 && tensors[id].data === null && !tensors[id].variable;
  const bytes = (id) => tensorBytes(graph, id);
  const actual = sharedTensors(graph, inArena, bytes);
  const lives = new Map(inputs.filter(inArena).map((id) => [id, { first: 0, last: Infinity }]));
  const stays = new Set([...inputs, ...outputs]);
  for (const [step, node] of nodes.entries()) {
    for (const id of node.outputs)
      if (inArena(id) && !actual.has(id) && !lives.has(id)) lives.set(id, { first: step, last: Infinity });
    for (const id of node.inputs.map((input) => actual.get(input) ?? input))
      if (lives.has(id) && !stays.has(id)) lives.get(id).last = step;
  }
  const isWhole = ([, { first, last }]) => first === 0 && last === Infinity;
  const order = [...lives].sort(
    (a, b) =>
      isWhole(b) - isWhole(a) || (isWhole(a) ? a[0] - b[0] : bytes(b[0]) - bytes(a[0]) || a[1].first - b[1].first),
  );
  const placed = [];
  for (const [id, { first, last }] of order) {
    const met = placed.filter((other) => first <= other.last && other.first <= last);
    placed.push({ first, last, from: bestFit(met, bytes(id)), size: bytes(id) });
  }
  return placed.reduce((most, { from, size }) => Math.max(most, from + size), 0);
}

/** The smallest gap among those placed, or what follows them. */
function bestFit(placed, size) {
  const up = (n) => Math.ceil(n / ALIGNMENT) * ALIGNMENT;
  let [best, fit, end] = [null, Infinity, 0];
  for (const other of placed.sort((a, b) => a.from - b.from)) {
    const from = up(end);
    if (from + size <= other.from && other.from - from < fit) [best, fit] = [from, other.from - end];
    end = Math.max(end, other.from + other.size);
  }
  return best ?? up(end);
}

/** By result that shares an operand's memory: the tensor whose memory that is. */
function sharedTensors({ tensors, nodes, inputs, outputs }, inArena, bytes) {
  const uses = new Map();
  const ids = [...nodes.flatMap((node) => node.inputs), ...inputs, ...outputs];
  for (const id of ids) uses.set(id, (uses.get(id) ?? 0) + 1);
  const actual = new Map();
  for (const { kind, inputs: operands, outputs: results } of nodes) {
    const view = VIEWS.has(kind);
    const [result] = results;
    const operand = operands.slice(0, view ? 1 : (SHARED_OPERANDS[kind] ?? 0)).find((id) => {
      if (!inArena(id) || inputs.includes(id) || outputs.includes(result) || bytes(id) !== bytes(result)) return false;
      return view || (bytes(id) > SCALAR_BYTES && uses.get(id) === 1);
    });
    if (operand === undefined || tensors[result].variable) continue;
    const owner = actual.get(operand) ?? operand;
    if (view || uses.get(owner) === 1) actual.set(result, owner);
  }
  return actual;
}
