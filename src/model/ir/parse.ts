import { allocate, DTYPES, type DType, fromBytes, itemSize, type TensorData } from '../tensor/dtype.ts';
import type { Quantization } from '../tensor/quantization.ts';
import { elements } from '../tensor/shape.ts';
import { ABSENT, type Tensor, type TensorId } from '../tensor/tensor.ts';
import type { Graph, Model, Node, Signature } from './graph.ts';
import { type Lexer, openLexer } from './lexer.ts';
import { kindNamed, quantizationAttrs, textName } from './qnn.ts';

/**
 * The model that `printModel` wrote. Throws InputError with the line that cannot be read.
 * @param constants the constants that the text names by digest (`constantsOf` of the model that was printed)
 */
export function parseModel(text: string, constants: ReadonlyMap<string, TensorData> = new Map()): Model {
  const lex = openLexer(text);
  lex.expect('model');
  const name = lex.string();
  const description = lex.accept('description') ? lex.string() : '';
  const subgraphs: Graph[] = [];
  while (lex.accept('graph')) subgraphs.push(parseGraph(lex, constants));
  const signatures: Signature[] = [];
  while (lex.accept('signature')) signatures.push(parseSignature(lex));
  if (!lex.done()) lex.fail('expected "graph", "signature" or the end');
  return { name, description, subgraphs, signatures };
}

function parseSignature(lex: Lexer): Signature {
  const ports = () =>
    lex.list('(', ')', () => {
      const name = lex.string();
      lex.expect(':');
      return { name, tensor: tensorId(lex) };
    });
  const key = lex.string();
  const subgraph = lex.number();
  const inputs = ports();
  lex.expect('->');
  return { key, subgraph, inputs, outputs: ports() };
}

function tensorId(lex: Lexer): TensorId {
  if (lex.accept('_')) return ABSENT;
  lex.expect('%');
  return lex.number();
}

function parseGraph(lex: Lexer, constants: ReadonlyMap<string, TensorData>): Graph {
  const name = lex.string();
  const inputs = lex.list('(', ')', () => tensorId(lex));
  lex.expect('->');
  const outputs = lex.list('(', ')', () => tensorId(lex));
  const tensors: Tensor[] = [];
  const nodes: Node[] = [];
  const declare = (id: TensorId, t: Tensor): void => {
    if (tensors[id] !== undefined) lex.fail(`%${id} is declared twice`);
    tensors[id] = t;
  };
  const graph: Graph = { name, tensors, nodes, inputs, outputs };
  while (lex.next('%') || lex.next('do')) {
    if (lex.accept('do')) {
      nodes.push(parseNode(lex, [], graph));
      continue;
    }
    const id = tensorId(lex);
    if (lex.accept('=')) {
      if (!['constant', 'variable', 'input', 'unused'].includes(lex.word())) lex.fail('expected a kind of tensor');
      const t = parseTensor(lex);
      declare(id, lex.accept('=') ? { ...t, data: parseData(lex, t, constants) } : t);
    } else nodes.push(parseNode(lex, parseResults(lex, id, declare), graph));
  }
  const missing = Array.from(tensors).indexOf(undefined as unknown as Tensor);
  if (missing >= 0) lex.fail(`%${missing} is not declared`);
  return graph;
}

function parseTensor(lex: Lexer): Tensor {
  const name = lex.string();
  const dtype = lex.word() as DType;
  if (!DTYPES.includes(dtype)) lex.fail(`${dtype} is not an element type`);
  const numbers = (): number[] => lex.list('[', ']', () => lex.number());
  const shape = numbers();
  const signature = lex.accept('signature') ? numbers() : undefined;
  const quantization = parseQuantization(lex, numbers);
  const variable = lex.accept('stateful');
  return {
    name,
    dtype,
    shape,
    ...(signature && { signature }),
    quantization,
    data: null,
    ...(variable && { variable }),
  };
}

function parseQuantization(lex: Lexer, numbers: () => number[]): Quantization | null {
  const axis = lex.accept('axis') ? lex.number() : null;
  if (!lex.accept('scale')) return null;
  if (axis === null) {
    const scale = lex.number();
    lex.expect('zero_point');
    return { scales: [scale], zeroPoints: [lex.number()], axis: 0 };
  }
  const scales = numbers();
  lex.expect('zero_point');
  if (lex.next('[')) return { scales, zeroPoints: numbers(), axis };
  const shared = lex.number();
  return { scales, zeroPoints: scales.map(() => shared), axis };
}

function parseData(lex: Lexer, t: Tensor, constants: ReadonlyMap<string, TensorData>): TensorData {
  const count = elements(t.shape);
  const checked = (data: TensorData | undefined, what: string): TensorData => {
    if (data === undefined || data.length !== count) return lex.fail(`${what} for ${count} elements`);
    return data;
  };
  if (lex.accept('sha256')) {
    const digest = lex.string();
    return checked(constants.get(digest), `no constant sha256 "${digest}" was handed in`);
  }
  if (lex.accept('base64')) {
    const bytes = new Uint8Array(Buffer.from(lex.string(), 'base64'));
    if (bytes.length !== count * itemSize(t.dtype)) lex.fail(`${bytes.length} bytes for ${count} elements`);
    return fromBytes(t.dtype, bytes) as TensorData;
  }
  const values = lex.list('[', ']', () => lex.numeral());
  const data = allocate(t.dtype, values.length);
  for (const [i, value] of values.entries())
    data[i] = data instanceof BigInt64Array || data instanceof BigUint64Array ? BigInt(value) : Number(value);
  return checked(data as TensorData, `${values.length} numbers`);
}

/** An operator's results, of which the first one's id has been read. */
function parseResults(lex: Lexer, first: TensorId, declare: (id: TensorId, t: Tensor) => void): TensorId[] {
  const outputs = [first];
  declare(first, parseTensor(lex));
  while (lex.accept(',')) {
    outputs.push(tensorId(lex));
    declare(outputs[outputs.length - 1], parseTensor(lex));
  }
  lex.expect('=');
  return outputs;
}

/** One operator, from its name on. */
function parseNode(lex: Lexer, outputs: readonly TensorId[], graph: Graph): Node {
  const name = lex.word();
  const kind = kindNamed(name) ?? lex.fail(`${name} is not an operator`);
  const inputs = lex.list('(', ')', () => tensorId(lex));
  const given = new Map<string, unknown>();
  while (!lex.next('@')) {
    const key = lex.word();
    lex.expect('=');
    given.set(key, parseValue(lex));
  }
  lex.expect('@');
  const source = lex.number();
  const undeclared = inputs.find((id) => id !== ABSENT && graph.tensors[id] === undefined);
  if (undeclared !== undefined) lex.fail(`%${undeclared} is used before it is declared`);
  const bare = { kind, attrs: {}, inputs, outputs, source } as unknown as Node;
  // What repeats the tensors' parameters must agree with them, or the text would say two things.
  if (textName(graph, bare) !== name) lex.fail(`these tensors make it ${textName(graph, bare)}, not ${name}`);
  for (const [key, value] of quantizationAttrs(graph, bare)) {
    if (String(given.get(key)) !== value) lex.fail(`${key} is ${given.get(key)}, but the tensor says ${value}`);
    given.delete(key);
  }
  const attrs = Object.fromEntries([...given].map(([key, value]) => [toCamel(key), value]));
  return { ...bare, attrs } as Node;
}

const toCamel = (key: string): string => key.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());

function parseValue(lex: Lexer): unknown {
  if (lex.next('[')) return lex.list('[', ']', () => parseValue(lex));
  if (lex.next('{'))
    return Object.fromEntries(
      lex.list('{', '}', () => {
        const key = toCamel(lex.word());
        lex.expect(':');
        return [key, parseValue(lex)];
      }),
    );
  if (lex.nextIsString()) return lex.string();
  if (lex.nextIsNumber()) return lex.number();
  const word = lex.word();
  return word === 'true' ? true : word === 'false' ? false : word === 'null' ? null : word;
}
