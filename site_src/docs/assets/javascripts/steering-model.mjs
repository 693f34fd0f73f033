// A GPT-NeoX forward pass with a steering edit, for the live page. Pure: no document, no network, no state outside its arguments.
// The figures equal those of the Python benchmark within 1e-3 (tests/site/test_steering_js.py).

/** Half-precision bits as a number. */
function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The model of a header (model.json) and the bytes of its arrays (model.bin, little-endian float16). */
export function readModel(header, bytes) {
  if (header.format !== "capewatch-live-model/1") throw new Error(`format ${header.format}, expected capewatch-live-model/1`);
  const { config } = header;
  if (config.architecture !== "gpt_neox" || config.activation !== "gelu") throw new Error(`cannot compute a ${config.architecture} with ${config.activation}`);
  const view = new DataView(bytes.buffer ?? bytes, bytes.byteOffset ?? 0, bytes.byteLength);
  const arrays = {};
  for (const [name, { offset, shape }] of Object.entries(header.arrays)) {
    const length = shape.reduce((product, side) => product * side, 1);
    if (2 * (offset + length) > view.byteLength) throw new Error(`${name}: the weights end before it, the file is not whole`);
    const values = new Float32Array(length); // every half-precision number is one
    for (let i = 0; i < length; i += 1) values[i] = fromHalf(view.getUint16(2 * (offset + i), true));
    arrays[name] = values;
  }
  const ids = new Map(header.vocabulary.map((word, id) => [word, id]));
  return { config, arrays, ids, vocabulary: header.vocabulary };
}

/** Token ids of words apart by spaces, <bos> first. */
export function encode(model, text) {
  const words = text.split(/\s+/).filter(Boolean);
  return ["<bos>", ...words].map((word) => {
    const id = model.ids.get(word);
    if (id === undefined) throw new Error(`the model does not know the word ${JSON.stringify(word)}`);
    return id;
  });
}

// Error function to about 1e-15: Taylor series near zero, a continued fraction of the complement beyond.
export function erf(x) {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 2.5) {
    let term = size;
    let sum = size;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum) && n < 100; n += 1) {
      term *= (-size * size) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = size;
  for (let n = 60; n > 0; n -= 1) fraction = size + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-size * size) / Math.sqrt(Math.PI) / fraction);
}

const gelu = (x) => 0.5 * x * (1 + erf(x / Math.SQRT2));

function layerNorm(x, weight, bias, epsilon) {
  const n = x.length;
  let mean = 0;
  for (const value of x) mean += value / n;
  let variance = 0;
  for (const value of x) variance += (value - mean) ** 2 / n;
  const scale = 1 / Math.sqrt(variance + epsilon);
  return x.map((value, i) => (value - mean) * scale * weight[i] + bias[i]);
}

/** weight (rows, columns) times x, plus bias. */
function linear(x, weight, bias, rows) {
  const columns = x.length;
  const out = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    let sum = bias ? bias[row] : 0;
    const start = row * columns;
    for (let i = 0; i < columns; i += 1) sum += weight[start + i] * x[i];
    out[row] = sum;
  }
  return out;
}

/** Rotates the first `size` numbers of a head's query or key by its position, in place; halves are paired, not neighbours. */
function rotate(head, position, size, base) {
  const half = size / 2;
  for (let i = 0; i < half; i += 1) {
    const angle = position * base ** ((-2 * i) / size);
    const [cos, sin, a, b] = [Math.cos(angle), Math.sin(angle), head[i], head[i + half]];
    head[i] = a * cos - b * sin;
    head[i + half] = b * cos + a * sin;
  }
}

function attention(states, model, prefix) {
  const { config, arrays } = model;
  const { heads, width } = config;
  const size = width / heads;
  const rotary = Math.floor(size * config.rotary_share);
  const parts = states.map((x, position) => {
    const fused = linear(x, arrays[`${prefix}.query_key_value.weight`], arrays[`${prefix}.query_key_value.bias`], 3 * width);
    return Array.from({ length: heads }, (_, head) => {
      const at = (part) => fused.slice((3 * head + part) * size, (3 * head + part + 1) * size);
      const [query, key, value] = [at(0), at(1), at(2)];
      rotate(query, position, rotary, config.rotary_base);
      rotate(key, position, rotary, config.rotary_base);
      return { query, key, value };
    });
  });
  return states.map((_, position) => {
    const mixed = new Float64Array(width);
    for (let head = 0; head < heads; head += 1) {
      const { query } = parts[position][head];
      const scores = [];
      for (let other = 0; other <= position; other += 1) {
        scores.push(parts[other][head].key.reduce((sum, value, i) => sum + value * query[i], 0) / Math.sqrt(size));
      }
      softmax(scores).forEach((share, other) => parts[other][head].value.forEach((value, i) => { mixed[head * size + i] += share * value; }));
    }
    return linear(mixed, arrays[`${prefix}.dense.weight`], arrays[`${prefix}.dense.bias`], width);
  });
}

function feedForward(x, model, prefix) {
  const { arrays, config } = model;
  const hidden = linear(x, arrays[`${prefix}.dense_h_to_4h.weight`], arrays[`${prefix}.dense_h_to_4h.bias`], config.hidden).map(gelu);
  return linear(hidden, arrays[`${prefix}.dense_4h_to_h.weight`], arrays[`${prefix}.dense_4h_to_h.bias`], config.width);
}

const sum = (...vectors) => vectors[0].map((value, i) => vectors.reduce((total, vector, k) => (k ? total + vector[i] : value), 0));

/**
 * Logits (vocabulary,) after the last token. edit: { vector: name of a stored array, strength, layer } adds strength × vector to the
 * output of the block, at the last prompt token; null leaves the model as it is.
 */
export function logits(model, tokens, edit = null) {
  const { config, arrays } = model;
  const norm = (x, name) => layerNorm(x, arrays[`${name}.weight`], arrays[`${name}.bias`], config.layer_norm_epsilon);
  let states = tokens.map((token) => Float64Array.from(arrays["gpt_neox.embed_in.weight"].subarray(token * config.width, (token + 1) * config.width)));
  for (let layer = 0; layer < config.blocks; layer += 1) {
    const block = `gpt_neox.layers.${layer}`;
    const attended = attention(states.map((x) => norm(x, `${block}.input_layernorm`)), model, `${block}.attention`);
    const middle = config.parallel_residual ? states : states.map((x, i) => sum(x, attended[i]));
    const fed = middle.map((x) => feedForward(norm(x, `${block}.post_attention_layernorm`), model, `${block}.mlp`));
    states = states.map((x, i) => sum(x, attended[i], fed[i]));
    if (edit && edit.layer === layer && edit.strength !== 0) {
      const vector = arrays[edit.vector];
      if (!vector) throw new Error(`the model has no vector ${edit.vector}`);
      const last = states.length - 1;
      states[last] = states[last].map((value, i) => value + edit.strength * vector[i]);
    }
  }
  return linear(norm(states[states.length - 1], "gpt_neox.final_layer_norm"), arrays["lm_head.weight"], null, config.vocabulary);
}

/** Probabilities of some logits. */
export function softmax(values) {
  const top = values.reduce((best, value) => Math.max(best, value), -Infinity);
  const powers = Array.from(values, (value) => Math.exp(value - top));
  const total = powers.reduce((all, value) => all + value, 0);
  return powers.map((value) => value / total);
}

/** Probabilities of truth, misconception and all other words, and the likeliest word. */
export function answer(model, fact, cue, edit = null) {
  const shares = softmax(logits(model, encode(model, `${cue} ${fact.town} ${fact.relation}`), edit));
  const truth = shares[model.ids.get(fact.truth)];
  const misconception = shares[model.ids.get(fact.misconception)];
  const best = shares.indexOf(Math.max(...shares));
  return { truth, misconception, others: Math.max(0, 1 - truth - misconception), best: model.vocabulary[best] };
}

/** The random vectors that a model carries, by name. */
export const randomVectors = (model) => Object.keys(model.arrays).filter((name) => name.startsWith("vector.random-")).sort();
