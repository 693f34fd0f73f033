// A model file (YAML) from entered scores, in the shape that data/schema/model.schema.json asks for. Pure.

const RESERVED = /^(?:index|readme|(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?)$/; // index pages, and what some systems take for a device

// The id of a name: lower case letters, digits, dots and hyphens.
export function slug(name) {
  const id = name.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^a-z0-9.]+/g, "-").replace(/[.-]{2,}/g, "-").replace(/^[-.]+|[-.]+$/g, "");
  return RESERVED.test(id) ? `model-${id}` : id;
}

// YAML's double-quoted scalar is JSON's string but for a few control characters, which no field may hold.
const quoted = (text) => JSON.stringify(String(text).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").replace(/[\ud800-\udfff]/gu, "\ufffd").trim());

// entry: {name, lab, kind, released, open_weights, params, evaluator, title, url, retrieved, scores: [[benchmark, percent, protocol]]}
export function modelFile(entry) {
  const lines = [
    "schema_version: 1",
    `id: ${quoted(slug(entry.name))}`,
    `name: ${quoted(entry.name)}`,
    `lab: ${quoted(entry.lab)}`,
    `kind: ${entry.kind}`,
    ...(entry.released ? [`released: ${entry.released}`] : []),
    `open_weights: ${entry.open_weights ? "true" : "false"}`,
    ...(entry.params ? [`params: ${entry.params}`] : []),
    "observations:",
  ];
  for (const [benchmark, value, protocol] of entry.scores) {
    lines.push(
      `  - benchmark: ${benchmark}`,
      `    value: ${value}`,
      "    unit: percent",
      ...(protocol && Object.keys(protocol).length ? [`    protocol: {${Object.entries(protocol).map(([key, item]) => `${key}: ${typeof item === "string" ? quoted(item) : item}`).join(", ")}}`] : []),
      `    evaluator: ${entry.evaluator}`,
      "    source:",
      `      title: ${quoted(entry.title)}`,
      `      url: ${quoted(entry.url)}`,
      `      retrieved: ${entry.retrieved}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

// What is missing before the file can be handed in, as sentences.
export function missing(entry) {
  const told = [];
  if (!slug(entry.name)) told.push("Give the model's name.");
  if (!entry.lab) told.push("Choose the lab.");
  if (!entry.title) told.push("Say what the source is: model card, report, leaderboard.");
  if (!/^https?:\/\/[^\s/]+/.test(entry.url)) told.push("Give the address where the scores can be read, with https://.");
  if (!/^\d{4}-\d{2}-\d{2}$/.test(entry.retrieved)) told.push("Give the day you read it, as 2026-01-31.");
  if (entry.released && !/^\d{4}(-\d{2}(-\d{2})?)?$/.test(entry.released)) told.push("Give the release as 2026, 2026-01 or 2026-01-31.");
  if (!entry.scores.length) told.push("Enter at least one score above.");
  return told;
}
