'use strict';
/**
 * Runs one TF.js model or one SavedModel, and answers over the channel of child_process.fork. A process of its own, so
 * that an abort of native code or a loop without end costs the check a message and no more. All that it is given has been
 * checked by src/gate/engines/tfjs; it opens no files but the libraries' own, and those of a SavedModel.
 *
 * `open` loads the model and tells its inputs and outputs; `run` computes inferences, one after another.
 */
const { createRequire } = require('node:module');
const path = require('node:path');
const util = require('node:util');

/** What is loaded: `run` maps tensors in the order of the inputs to tensors in the order of the outputs. */
let loaded = null;

const VERBS = {
  async open(request) {
    loaded = request.kind === 'saved-model' ? await openSavedModel(request) : await openTfjs(request);
    const { inputs, outputs, version } = loaded;
    return { inputs, outputs, version };
  },

  async run({ inferences }) {
    const results = [];
    for (const inference of inferences) {
      const tensors = inference.map(({ data, shape, dtype }) => loaded.tf.tensor(data, shape, dtype));
      const outputs = await loaded.run(tensors);
      results.push(await Promise.all(outputs.map(async (t) => ({ data: await t.data(), shape: t.shape }))));
      for (const tensor of [...tensors, ...outputs]) tensor.dispose();
    }
    return results;
  },
};

/** A layers or graph model on the WASM backend. */
async function openTfjs({ kind, artifacts, wasm }) {
  const tf = require('@tensorflow/tfjs-core');
  const { setWasmPaths } = require('@tensorflow/tfjs-backend-wasm');
  // One thread: results do not depend on the machine, and no workers are started.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  setWasmPaths(`${wasm ?? path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}${path.sep}`);
  await tf.setBackend('wasm');
  if (tf.getBackend() !== 'wasm') throw new Error('the WASM backend does not start');
  const { weightData } = artifacts;
  const buffer = weightData.buffer.slice(weightData.byteOffset, weightData.byteOffset + weightData.byteLength);
  const handler = { load: async () => ({ ...artifacts, weightData: buffer }) };
  const version = tf.version_core;
  if (kind === 'layers-model') {
    const model = await require('@tensorflow/tfjs-layers').loadLayersModel(handler);
    const run = async (tensors) => {
      model.resetStates();
      return [model.predict(tensors.length === 1 ? tensors[0] : tensors)].flat();
    };
    const ports = (all, names) => all.map((t, i) => ({ names: [names?.[i] ?? t.name], dtype: t.dtype, shape: [...t.shape] }));
    return { tf, run, version, inputs: ports(model.inputs, model.inputNames), outputs: ports(model.outputs, model.outputNames) };
  }
  const model = await require('@tensorflow/tfjs-converter').loadGraphModel(handler);
  const keys = (which) => Object.entries(artifacts.signature?.[which] ?? {}).map(([key, { name }]) => [name, key]);
  const portsOf = (which) => {
    const aliases = new Map(keys(which));
    return model[which].map(({ name, dtype, shape }) => ({
      names: [name, ...(aliases.has(name) ? [aliases.get(name)] : [])],
      ...{ dtype: dtype ?? 'float32', shape: shape ? shape.map((n) => (n > 0 ? n : null)) : null },
    }));
  };
  const [inputs, outputs] = [portsOf('inputs'), portsOf('outputs')];
  const names = outputs.map((port) => port.names[0]);
  const run = async (tensors) => {
    const feed = Object.fromEntries(inputs.map((port, i) => [port.names[0], tensors[i]]));
    try {
      return [model.execute(feed, names)].flat();
    } catch (error) {
      if (!/executeAsync|dynamic/i.test(error.message)) throw error;
      return [await model.executeAsync(feed, names)].flat();
    }
  };
  return { tf, run, version, inputs, outputs };
}

/** A signature of a SavedModel in TensorFlow itself. */
async function openSavedModel({ library, folder, signature }) {
  // tfjs-node 4.22 calls what Node 23 took away.
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
  const tf = createRequire(library)(library);
  const graphs = await tf.node.getMetaGraphsFromSavedModel(folder);
  const graph = graphs.find(({ tags }) => tags.includes('serve'));
  if (graph === undefined) throw new Error(`no graph is tagged "serve" (tags: ${graphs.map(({ tags }) => tags.join('+')).join(', ') || 'none'})`);
  const names = Object.keys(graph.signatureDefs).filter((name) => !name.startsWith('__'));
  const usual = names.includes('serving_default') ? 'serving_default' : names[0];
  const chosen = signature ?? usual;
  const list = names.map((name) => `"${name}"`).join(', ') || 'none';
  if (signature !== undefined && !names.includes(signature)) throw new Error(`has no signature "${signature}"; it has ${list}`);
  if (chosen === undefined) throw new Error('has no signature; export one with tf.saved_model.save(…, signatures=…)');
  if (signature === undefined && names.length > 1 && chosen !== 'serving_default')
    throw new Error(`has the signatures ${list}; choose one with "signature:" below fp32`);
  const { inputs: takes, outputs: gives } = graph.signatureDefs[chosen];
  const model = await tf.node.loadSavedModel(folder, graph.tags, chosen);
  const portsOf = (infos) =>
    Object.entries(infos).map(([key, { name, dtype, shape }]) => ({
      names: [key, name],
      ...{ dtype, shape: shapeOf(shape) },
    }));
  const [inputs, outputs] = [portsOf(takes), portsOf(gives)];
  const run = async (tensors) => {
    const result = await model.predict(Object.fromEntries(inputs.map((port, i) => [port.names[0], tensors[i]])));
    return outputs.map((port) => result[port.names[0]] ?? result);
  };
  return { tf, run, version: tf.version['tfjs-node'], inputs, outputs };
}

/** tfjs-node gives TensorFlow's message for each extent: its size is the first of its fields. */
function shapeOf(shape) {
  if (!Array.isArray(shape)) return null;
  const sizes = shape.map((n) => Number(typeof n === 'object' && n !== null ? (n.getSize?.() ?? n.u?.[0]) : n));
  return sizes.map((n) => (n > 0 ? n : null));
}

process.on('message', async ({ id, verb, request }) => {
  try {
    process.send({ id, result: await VERBS[verb](request) });
  } catch (error) {
    process.send({ id, error: String(error?.message ?? error).slice(0, 4000) });
  }
});
process.on('disconnect', () => process.exit(0));
