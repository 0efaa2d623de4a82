import type { TensorData } from '../../../model/tensor/dtype.ts';
import type { Shape } from '../../../model/tensor/shape.ts';
import type { TfjsModel } from './manifest.ts';

/** Nodes of a TensorFlow GraphDef as model.json writes them, and the constants that they name. */

type Dtype = 'float32' | 'int32';
const DT: Readonly<Record<Dtype, string>> = { float32: 'DT_FLOAT', int32: 'DT_INT32' };

/** An attribute of a node. Text is in base64, and whole numbers are text, as in protobuf's JSON. */
type Attr = object;
export const text = (value: string): Attr => ({ s: Buffer.from(value).toString('base64') });
export const ints = (values: readonly number[]): Attr => ({ list: { i: values.map(String) } });
export const int = (value: number): Attr => ({ i: String(value) });
export const float = (value: number): Attr => ({ f: value });
export const flag = (value: boolean): Attr => ({ b: value });
const type = (dtype: Dtype): Attr => ({ type: DT[dtype] });
const shapeAttr = (shape: Shape): Attr => ({ shape: { dim: shape.map((n) => ({ size: String(n) })) } });

/** What one output of a node is called. */
export type Ref = string;

/** Collects a graph node by node. */
export class GraphDef {
  private readonly nodes: object[] = [];
  private readonly specs: { name: string; shape: number[]; dtype: Dtype }[] = [];
  private readonly data: Uint8Array[] = [];

  /** Adds a node, and tells its first output. */
  op(
    op: string,
    input: readonly Ref[],
    attr: Readonly<Record<string, Attr>> = {},
    name = `n${this.nodes.length}`,
  ): Ref {
    this.nodes.push({ name, op, input, attr: { T: type('float32'), ...attr } });
    return name;
  }

  placeholder(name: string, dtype: Dtype, shape: Shape): Ref {
    return this.op('Placeholder', [], { dtype: type(dtype), shape: shapeAttr(shape) }, name);
  }

  constant(values: Float32Array | Int32Array, shape: Shape): Ref {
    const dtype = values instanceof Float32Array ? 'float32' : 'int32';
    const tensor = { tensor: { dtype: DT[dtype], tensorShape: (shapeAttr(shape) as { shape: object }).shape } };
    const name = this.op('Const', [], { dtype: type(dtype), value: tensor });
    this.specs.push({ name, shape: [...shape], dtype });
    this.data.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return name;
  }

  /** A vector of int32, such as axes and shapes. */
  indices(values: readonly number[]): Ref {
    return this.constant(Int32Array.from(values), [values.length]);
  }

  scalar(value: number): Ref {
    return this.constant(Float32Array.of(value), []);
  }

  /** What TF.js loads; inputs and outputs stand in the order given. */
  artifacts(inputs: readonly Ref[], outputs: readonly Ref[]): TfjsModel['artifacts'] {
    const named = (refs: readonly Ref[]) => Object.fromEntries(refs.map((name) => [name, { name }]));
    return {
      format: 'graph-model',
      modelTopology: { node: this.nodes, library: {}, versions: {} },
      signature: { inputs: named(inputs), outputs: named(outputs) },
      weightSpecs: this.specs,
      weightData: new Uint8Array(Buffer.concat(this.data)),
    };
  }
}

/** int64 as int32, in which TF.js counts; null for what it has no type for. */
export function plainData(data: TensorData): Float32Array | Int32Array | null {
  if (data instanceof Float32Array || data instanceof Int32Array) return data;
  return data instanceof BigInt64Array ? Int32Array.from(data, Number) : null;
}
