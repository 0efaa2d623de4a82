/**
 * Inner loops of the operators with weights. Each is monomorphic in its typed arrays, which keeps the engine's
 * compiled code on integers or float32. Integer sums wrap as int32, or are exact up to 2^53 in the wide variant.
 */

/** out[r] = Σ_k x[xAt + k] · w[wAt + r·depth + k], for r below `rows`. */
export function multiplyRows32(
  x: Int16Array,
  xAt: number,
  w: Int16Array,
  wAt: number,
  depth: number,
  rows: number,
  out: Int32Array,
  outAt: number,
): void {
  let r = 0;
  for (; r + 4 <= rows; r += 4) {
    const w0 = wAt + r * depth;
    const w1 = w0 + depth;
    const w2 = w1 + depth;
    const w3 = w2 + depth;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let k = 0; k < depth; k++) {
      const v = x[xAt + k];
      a = (a + Math.imul(v, w[w0 + k])) | 0;
      b = (b + Math.imul(v, w[w1 + k])) | 0;
      c = (c + Math.imul(v, w[w2 + k])) | 0;
      d = (d + Math.imul(v, w[w3 + k])) | 0;
    }
    out[outAt + r] = a;
    out[outAt + r + 1] = b;
    out[outAt + r + 2] = c;
    out[outAt + r + 3] = d;
  }
  for (; r < rows; r++) {
    const w0 = wAt + r * depth;
    let a = 0;
    for (let k = 0; k < depth; k++) a = (a + Math.imul(x[xAt + k], w[w0 + k])) | 0;
    out[outAt + r] = a;
  }
}

/** The same with sums that do not wrap. */
export function multiplyRowsWide(
  x: Int16Array,
  xAt: number,
  w: Int16Array,
  wAt: number,
  depth: number,
  rows: number,
  out: Float64Array,
  outAt: number,
): void {
  for (let r = 0; r < rows; r++) {
    const w0 = wAt + r * depth;
    let sum = 0;
    for (let k = 0; k < depth; k++) sum += x[xAt + k] * w[w0 + k];
    out[outAt + r] = sum;
  }
}

/** The same in float32, each product and sum rounded, in the order of k. */
export function multiplyRowsFloat(
  x: Float32Array,
  xAt: number,
  w: Float32Array,
  wAt: number,
  depth: number,
  rows: number,
  out: Float32Array,
  outAt: number,
): void {
  let r = 0;
  for (; r + 4 <= rows; r += 4) {
    const w0 = wAt + r * depth;
    const w1 = w0 + depth;
    const w2 = w1 + depth;
    const w3 = w2 + depth;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let k = 0; k < depth; k++) {
      const v = x[xAt + k];
      a = Math.fround(a + Math.fround(v * w[w0 + k]));
      b = Math.fround(b + Math.fround(v * w[w1 + k]));
      c = Math.fround(c + Math.fround(v * w[w2 + k]));
      d = Math.fround(d + Math.fround(v * w[w3 + k]));
    }
    out[outAt + r] = a;
    out[outAt + r + 1] = b;
    out[outAt + r + 2] = c;
    out[outAt + r + 3] = d;
  }
  for (; r < rows; r++) {
    const w0 = wAt + r * depth;
    let a = 0;
    for (let k = 0; k < depth; k++) a = Math.fround(a + Math.fround(x[xAt + k] * w[w0 + k]));
    out[outAt + r] = a;
  }
}

/** out[c·m + j] += x[xAt + c] · w[wAt + c·m + j]: one tap of a depthwise convolution. */
export function addTap32(
  x: Int16Array,
  xAt: number,
  w: Int16Array,
  wAt: number,
  channels: number,
  m: number,
  out: Int32Array,
): void {
  if (m === 1) {
    for (let c = 0; c < channels; c++) out[c] = (out[c] + Math.imul(x[xAt + c], w[wAt + c])) | 0;
    return;
  }
  for (let c = 0, o = 0; c < channels; c++) {
    const v = x[xAt + c];
    for (let j = 0; j < m; j++, o++) out[o] = (out[o] + Math.imul(v, w[wAt + o])) | 0;
  }
}

export function addTapWide(
  x: Int16Array,
  xAt: number,
  w: Int16Array,
  wAt: number,
  channels: number,
  m: number,
  out: Float64Array,
): void {
  for (let c = 0, o = 0; c < channels; c++) {
    const v = x[xAt + c];
    for (let j = 0; j < m; j++, o++) out[o] += v * w[wAt + o];
  }
}

export function addTapFloat(
  x: Float32Array,
  xAt: number,
  w: Float32Array,
  wAt: number,
  channels: number,
  m: number,
  out: Float32Array,
): void {
  for (let c = 0, o = 0; c < channels; c++) {
    const v = x[xAt + c];
    for (let j = 0; j < m; j++, o++) out[o] = out[o] + Math.fround(v * w[wAt + o]);
  }
}
