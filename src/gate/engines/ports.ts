import type { Port } from '../../compiler/build.ts';
import type { Model } from '../../model/ir/graph.ts';
import { itemSize } from '../../model/tensor/dtype.ts';
import { elements } from '../../model/tensor/shape.ts';

/** The inputs or outputs of a model's main graph, as its builds have them. */
export const modelPorts = ({ subgraphs: [graph] }: Model, which: 'inputs' | 'outputs'): Port[] =>
  graph[which].map((id) => {
    const { name, dtype, shape, quantization } = graph.tensors[id];
    return { name, dtype, shape, quantization, bytes: elements(shape) * itemSize(dtype) };
  });
