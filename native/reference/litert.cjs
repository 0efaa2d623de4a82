/**
 * A process that runs one model in LiteRT, TFLite's runtime as WebAssembly, single-threaded; src/gate/engines/litert.ts starts it.
 * A process of its own: WebAssembly that aborts, hangs or fills its memory takes nothing else down.
 *
 *   litert.cjs GLUE WASM        Emscripten's JavaScript and the program that it loads
 *
 * Messages come from the parent in turn: first `{ model }`, a file's bytes, then `{ signature, inputs }` for each inference.
 * Each is answered by `{ value }` or by `{ fault }`, LiteRT's words.
 */
const { readFileSync } = require('node:fs');
const { dirname } = require('node:path');
const { compileFunction } = require('node:vm');
const { Worker } = require('node:worker_threads');

const [, , glue, wasm] = process.argv;

/** What LiteRT wrote since the last answer: some faults it only writes. */
let written = [];
const MOST_LINES = 200;
const write = (line) => {
  if (written.length < MOST_LINES) written.push(String(line).slice(0, 1000));
};

/** Emscripten's factory. Evaluated, not required: beside a bundle the file counts as an ES module, which it is not. */
function factoryOf(path) {
  const module = { exports: {} };
  const names = ['module', 'exports', 'require', '__filename', '__dirname'];
  const run = compileFunction(readFileSync(path, 'utf8'), names, { filename: path });
  run(module, module.exports, require, path, dirname(path));
  return module.exports;
}

/** Frees the C++ side of each object. */
const free = (...objects) => {
  for (const object of objects) object.delete();
};

function listOf(vector) {
  const list = Array.from({ length: vector.size() }, (_, i) => vector.get(i));
  free(vector);
  return list;
}

/** The code of a type of elements (LiteRT's ElementType). */
function codeOf(type) {
  const { value } = type.elementType();
  free(type);
  return value;
}

let session = null;

async function load({ model: bytes }) {
  const lib = await factoryOf(glue)({ wasmBinary: readFileSync(wasm), print: write, printErr: write });
  lib.setupLogging();
  const environment = lib.LiteRtEnvironment.create(null);
  const at = lib._malloc(bytes.length);
  if (at === 0) throw new Error('there is no memory for the file');
  lib.HEAPU8.set(bytes, at);
  const model = lib.loadModel(environment, at, bytes.length);
  const compiled = await lib.compileModel(environment, model, {
    environment: { liteRtEnvironment: environment },
    ...{ accelerator: 'wasm', cpuOptions: { numThreads: 1 }, gpuOptions: {}, webNNOptions: {} },
  });
  session = { lib, environment, model, compiled };
  return Array.from({ length: model.getNumSignatures() }, (_, s) => {
    const signature = model.getSignature(s);
    const ports = (names, typeOf) => listOf(names).map((name, i) => ({ name, code: codeOf(typeOf(s, i)) }));
    const read = {
      key: signature.key(),
      inputs: ports(signature.inputNames(), (...at) => model.getInputTensorType(...at)),
      outputs: ports(signature.outputNames(), (...at) => model.getOutputTensorType(...at)),
    };
    free(signature);
    return read;
  });
}

/** A buffer with an input's bytes. Its shape is ours: LiteRT resizes inputs that the file leaves open. */
function bufferOf({ code, dims, bytes }) {
  const { lib, environment } = session;
  const extents = new lib.VectorInt32();
  for (const extent of dims) extents.push_back(extent);
  const layout = lib.LiteRtLayout.create(extents);
  const type = lib.LiteRtRankedTensorType.create({ value: code }, layout);
  const buffer = lib.LiteRtTensorBuffer.createManaged(
    environment,
    lib.LiteRtTensorBufferType.HOST_MEMORY,
    type,
    bytes.length,
  );
  free(extents, layout, type);
  const at = buffer.lock(lib.LiteRtTensorBufferLockMode.WRITE);
  lib.HEAPU8.set(bytes, at);
  buffer.unlock();
  return buffer;
}

async function infer({ signature, inputs }) {
  const { lib, compiled } = session;
  const given = inputs.map(bufferOf);
  const results = await compiled.run(signature, given);
  const read = results.map((buffer) => {
    const at = buffer.lock(lib.LiteRtTensorBufferLockMode.READ);
    const bytes = lib.HEAPU8.slice(at, at + buffer.packedSize());
    buffer.unlock();
    return bytes;
  });
  free(...given, ...results);
  return read;
}

/** LiteRT's words about a fault: what it wrote says more than what it threw. */
function faultOf(error) {
  const lines = written.filter((line) => /^ERROR:/.test(line));
  return [...new Set(lines.length > 0 ? lines : [String(error?.message ?? error)])].slice(0, 3).join(' ');
}

async function answer(message) {
  written = [];
  try {
    const value = await (message.model === undefined ? infer(message) : load(message));
    // An operator that fails is written of, and the inference ends as if nothing were.
    if (written.some((line) => /^ERROR:.*(failed to invoke|Failed to invoke)/.test(line))) throw new Error('it failed');
    return { value };
  } catch (error) {
    return { fault: faultOf(error) };
  }
}

process.on('message', async (message) => process.send(await answer(message)));
process.on('disconnect', () => process.exit(0));

// WebAssembly that does not return hears nothing of that: a thread sees to it that no such process outlives its parent.
const outlived = `setInterval(() => process.ppid === ${process.ppid} || process.kill(process.pid, 'SIGKILL'), 1000)`;
new Worker(outlived, { eval: true }).unref();
