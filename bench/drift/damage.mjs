// Damages one layer of an INT8 model, as mistakes of converters and of calibration do.

const WEIGHTED = { 'nn.conv2d': 0, 'nn.depthwise_conv2d': 3, 'nn.dense': 0 };

export const isWeighted = (node) => node.kind in WEIGHTED;

/** A copy of the model with some tensors of its main graph replaced. */
function withTensors(model, changes) {
  const [main, ...others] = model.subgraphs;
  const tensors = main.tensors.map((t, id) => (changes.has(id) ? { ...t, ...changes.get(id) } : t));
  return { ...model, subgraphs: [{ ...main, tensors }, ...others] };
}

/** Weights as a list of channels, each a list of places. */
function placesOf(w, axis) {
  const channels = w.shape[axis];
  const step = w.shape.slice(axis + 1).reduce((n, d) => n * d, 1);
  const places = Array.from({ length: channels }, () => []);
  for (let i = 0; i < w.data.length; i++) places[Math.floor(i / step) % channels].push(i);
  return places;
}

/** Tensors that hold the codes of `id` under its parameters: what only changes shape, and pools. */
function sameCodes(graph, id) {
  const all = [id];
  for (const node of graph.nodes)
    if (['reshape', 'squeeze', 'nn.avg_pool2d', 'nn.max_pool2d'].includes(node.kind) && all.includes(node.inputs[0]))
      all.push(...node.outputs);
  return all;
}

const withParameters = (graph, id, change) =>
  new Map(sameCodes(graph, id).map((t) => [t, { quantization: { ...graph.tensors[t].quantization, ...change } }]));

/** Each takes a model, the index of a node and a strength from 0 to 1; null where the node has nothing to damage. */
export const DAMAGES = {
  // The scale of the weights is wrong.
  scale(model, node, graph, strength) {
    const id = node.inputs[1];
    const q = graph.tensors[id].quantization;
    const factor = strength < 0.5 ? 1.3 + strength : 1 / (1.3 + strength);
    return withTensors(
      model,
      new Map([[id, { quantization: { ...q, scales: q.scales.map((s) => Math.fround(s * factor)) } }]]),
    );
  },
  // The scale of the output is wrong, and nobody told the next layers.
  'output-scale'(model, node, graph, strength) {
    const q = graph.tensors[node.outputs[0]].quantization;
    const change = { scales: q.scales.map((s) => Math.fround(s * (1.3 + strength))) };
    return withTensors(model, withParameters(graph, node.outputs[0], change));
  },
  'zero-point'(model, node, graph, strength) {
    const { quantization: q, dtype } = graph.tensors[node.outputs[0]];
    const by = Math.round(60 + 60 * strength);
    const [lo, hi] = dtype === 'uint8' ? [0, 255] : [-128, 127];
    const [z] = q.zeroPoints;
    const change = { zeroPoints: [z + by <= hi ? z + by : Math.max(lo, z - by)] };
    return withTensors(model, withParameters(graph, node.outputs[0], change));
  },
  channels(model, node, graph, strength, random) {
    const id = node.inputs[1];
    const w = graph.tensors[id];
    const places = placesOf(w, WEIGHTED[node.kind]);
    const data = w.data.slice();
    const pairs = Math.max(1, Math.round((places.length / 4) * strength));
    const order = places.map((_, c) => c).sort(() => random() - 0.5);
    for (let p = 0; p < pairs && 2 * p + 1 < order.length; p++) {
      const [x, y] = [places[order[2 * p]], places[order[2 * p + 1]]];
      x.forEach((at, k) => {
        data[at] = w.data[y[k]];
        data[y[k]] = w.data[at];
      });
    }
    return withTensors(model, new Map([[id, { data }]]));
  },
  bias(model, node, graph) {
    const id = node.inputs[2];
    if (id === undefined || id < 0) return null;
    return withTensors(model, new Map([[id, { data: graph.tensors[id].data.map(() => 0) }]]));
  },
  // The range of the output is cut, as by a calibration on too few samples; biases that follow are made for it.
  range(model, node, graph, strength) {
    const [out] = node.outputs;
    const factor = 0.15 + 0.3 * strength;
    const changes = withParameters(graph, out, {
      scales: [Math.fround(graph.tensors[out].quantization.scales[0] * factor)],
    });
    for (const next of graph.nodes) {
      const bias = next.inputs[2];
      if (!isWeighted(next) || !changes.has(next.inputs[0]) || bias === undefined || bias < 0) continue;
      const { data, quantization: q } = graph.tensors[bias];
      changes.set(bias, {
        data: data.map((b) => Math.round(b / factor)),
        ...(q && { quantization: { ...q, scales: q.scales.map((s) => Math.fround(s * factor)) } }),
      });
    }
    return withTensors(model, changes);
  },
  weights(model, node, graph, strength) {
    const id = node.inputs[1];
    const w = graph.tensors[id];
    const grid = strength < 0.5 ? 32 : 64;
    const z = w.quantization.zeroPoints[0];
    const clamp = (q) => (w.dtype === 'uint8' ? Math.min(255, Math.max(0, q)) : Math.min(127, Math.max(-127, q)));
    return withTensors(
      model,
      new Map([[id, { data: w.data.map((q) => clamp(z + grid * Math.round((q - z) / grid))) }]]),
    );
  },
};

/** The damaged model, or null. */
export function damage(model, index, kind, strength, random) {
  const [graph] = model.subgraphs;
  return DAMAGES[kind](model, graph.nodes[index], graph, strength, random);
}
