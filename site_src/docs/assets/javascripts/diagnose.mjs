// The Diagnose page: reads the form, asks the playbook, writes the reading in words. The address holds the state.

import { baseChanges, basePhase, diagnose, frontierChanges, halfWidth, fittedAt, isoclineInverse, locate, nearestLab, nearestModels, rotate } from "./playbook.mjs";
import { missing, modelFile, slug } from "./modelfile.mjs";

const FIELDS = ["swe", "gpqa", "lab", "track", "hellaswag", "truthfulqa", "params"];
const SCORES = ["swe", "gpqa", "hellaswag", "truthfulqa"];
const NAMES = { swe: "SWE-bench Verified", gpqa: "GPQA Diamond", hellaswag: "HellaSwag", truthfulqa: "TruthfulQA (MC2)", params: "Parameters" };
const UNITS = { k: 1e3, m: 1e6, b: 1e9, t: 1e12 };
const SVG = "http://www.w3.org/2000/svg";

// ---- text ------------------------------------------------------------------------------------------------------------
const number = (value, digits = 1) => {
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "\u2212");
};
const signed = (value, digits = 1) => (Number(value.toFixed(digits)) > 0 ? `+${number(value, digits)}` : number(value, digits));
const percent = (value) => `${number(value)}\u00a0%`;
const size = (value) => {
  const [scale, letter] = value >= 1e12 ? [1e12, "T"] : value >= 1e9 ? [1e9, "B"] : value >= 1e6 ? [1e6, "M"] : [1e3, "k"];
  return `${Number((value / scale).toPrecision(3))}\u00a0${letter}`;
};
// The short form only where it loses nothing.
const exactSize = (value) => {
  const text = size(value).replace("\u00a0", "");
  return parseSize(text) === value ? text : String(value);
};
const possible = (value) => value !== null && value >= 0 && value <= 100;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function shape(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// ---- state -----------------------------------------------------------------------------------------------------------
export function parseSize(text) {
  const found = /^\s*([\d.,]+(?:e[+-]?\d+)?)\s*([kmbt])?\s*$/i.exec(text.replaceAll("\u00a0", " "));
  if (!found) return null;
  const value = Number(found[1].replaceAll(",", "")) * (UNITS[found[2]?.toLowerCase()] ?? 1);
  return Number.isFinite(value) && value >= 1e5 && value <= 1e15 ? value : null;
}

class Calculator {
  constructor(form, data) {
    this.form = form;
    this.data = data;
    this.fill();
    this.restore();
    form.hidden = false;
    form.addEventListener("input", (event) => this.changed(event, false));
    form.addEventListener("change", (event) => this.changed(event, true));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(() => { this.update(); this.remember(true); }));
    form.addEventListener("click", (event) => this.act(event.target.closest("button")));
  }

  fill() {
    const bar = this.form.querySelector("[data-presets]");
    for (const { text, values } of this.data.presets) {
      const button = element("button", { type: "button", class: "cw-button" }, text);
      button.addEventListener("click", () => this.load(values));
      bar.append(button);
    }
    this.known("base", this.data.base.models, (row) => ({ hellaswag: row.x, truthfulqa: row.y, params: row.params ?? "" }));
    this.frontierModels();
  }

  frontierModels() {
    const track = this.form.elements.track.value;
    this.known("frontier", this.data.tracks[track].models, (row) => ({ swe: row.x, gpqa: row.y, lab: row.lab, track }));
  }

  known(kind, models, values) {
    const select = this.form.querySelector(`[data-known="${kind}"]`);
    select.replaceChildren(element("option", { value: "" }, "choose"));
    for (const row of [...models].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }))) select.append(element("option", { value: row.id }, row.name));
    select.onchange = (event) => {
      event.stopPropagation();
      const row = models.find(({ id }) => id === select.value);
      if (row) this.load(values(row), kind);
    };
    select.oninput = (event) => event.stopPropagation();
  }

  // Fills the fields given and empties the other fields of the form; the chosen track stays.
  load(values) {
    const track = values.track ?? this.form.elements.track.value;
    for (const name of FIELDS) this.form.elements[name].value = name === "params" && values.params ? exactSize(values.params) : values[name] ?? "";
    this.form.elements.track.value = track;
    this.frontierModels();
    this.update();
    this.remember(true);
  }

  changed(event, final) {
    if (event.target.dataset.entry !== undefined) return this.file();
    if (event.target.name === "track") this.frontierModels();
    this.update();
    return this.remember(final);
  }

  // Typing rewrites the present address; a finished change is a step that the back button undoes.
  remember(final) {
    const address = new URL(location.href);
    for (const name of FIELDS) {
      const value = this.form.elements[name].value.trim();
      if (value && !(name === "track" && value === this.data.track)) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    if (final && address.search !== this.saved) {
      this.saved = address.search;
      // the address on show may already be this one, written while typing: put the last finished one back under it
      history.replaceState(history.state, "", this.last ?? address);
      history.pushState(null, "", address);
      this.last = address.href;
    } else if (!final) {
      this.last ??= location.href;
      history.replaceState(history.state, "", address);
    }
  }

  restore() {
    const given = new URL(location.href).searchParams;
    const tracks = Object.keys(this.data.tracks);
    for (const name of FIELDS) this.form.elements[name].value = given.get(name) ?? "";
    if (!tracks.includes(given.get("track"))) this.form.elements.track.value = this.data.track;
    this.saved = location.search;
    this.last = location.href;
    this.frontierModels();
    this.update();
  }

  // ---- reading -------------------------------------------------------------------------------------------------------
  read() {
    const values = {};
    const wrong = [];
    for (const name of [...SCORES, "params"]) {
      const field = this.form.elements[name];
      const text = field.value.trim();
      const bad = name === "params" ? text !== "" && parseSize(text) === null : field.validity.badInput || (text !== "" && !possible(Number(text)));
      field.setAttribute("aria-invalid", String(bad));
      if (bad) wrong.push(name === "params" ? "Parameters: write a count from 1e5 to 1e15, such as 7B, 410M or 7e9." : `${NAMES[name]}: a number from 0 to 100.`);
      else if (text !== "") values[name] = name === "params" ? parseSize(text) : Number(text);
    }
    return { values, wrong, lab: this.form.elements.lab.value, track: this.form.elements.track.value };
  }

  update() {
    const { values, wrong, lab, track } = this.read();
    const error = this.form.querySelector("#calc-error");
    error.hidden = !wrong.length;
    error.textContent = wrong.join(" ");
    this.reading = { as_of: this.data.as_of, version: this.data.version, input: { ...values, lab: lab || null, track } };
    const parts = [];
    if ("swe" in values && "gpqa" in values) parts.push(this.frontier(values.swe, values.gpqa, lab, track));
    if ("hellaswag" in values && "truthfulqa" in values) parts.push(this.base(values.hellaswag, values.truthfulqa, values.params ?? null));
    if (!parts.length) parts.push(element("p", { class: "cw-none" }, "Enter both scores of a frontier or of a base model, choose a known model, or take an example."));
    this.form.querySelector("[data-result]").replaceChildren(...parts);
    this.form.querySelector("[data-summary]").textContent = this.summary();
    this.form.querySelector("[data-file]").hidden = !SCORES.some((name) => name in values);
    this.file();
  }

  summary() {
    const { frontier, base } = this.reading;
    const told = [];
    if (frontier) told.push(`h ${signed(frontier.located.h)} points, ${frontier.located.outside ? "outside" : "inside"} the prediction interval, ${frontier.located.label}`);
    if (base) told.push(`phase ${base.phase}`);
    return told.join("; ");
  }

  frontier(x, y, lab, track) {
    const { coefficients, models, labs, name } = this.data.tracks[track];
    const at = locate(x, y, coefficients);
    const nearest = nearestModels(x, y, models);
    const changes = frontierChanges(x, y, coefficients);
    const advice = rotate(this.data.rotation.table, this.data.rotation.co_activation);
    const history = lab ? labs[lab] : undefined;
    const means = Object.fromEntries(Object.entries(labs).map(([id, steps]) => [id, diagnose(id, steps).mean_h]).filter(([, mean]) => mean !== null));
    const near = nearestLab(at.h, means);
    const past = history ? diagnose(lab, history) : null;
    this.reading.frontier = { track, located: at, nearest, changes, rotation: advice, lab: past, nearest_lab: near };
    const { line } = coefficients;
    return element("section", { class: "cw-reading", "aria-label": "Reading of the frontier model" },
      element("h2", {}, "Frontier: ", element("span", { class: "cw-chip cw-chip--open" }, at.label)),
      element("p", { class: "cw-big" }, `h ${signed(at.h)}\u00a0pp `, element("small", {}, `prediction interval ${signed(at.pi_low - at.fitted)} to ${signed(at.pi_high - at.fitted)}`)),
      element("p", {}, `At SWE-bench Verified ${percent(x)} the line of ${line.n} models (${name}) expects GPQA Diamond ${percent(at.fitted)}; 95 % of single models lie within ${number(at.pi_low)} to ${percent(at.pi_high)}${at.pi_high > 100 ? " (a straight line does not know that scores end at 100)" : ""}. `,
        element("strong", {}, at.outside ? "This model does not: it stands apart from the trend." : "This model does: it cannot be told from the trend, whatever its label."),
        at.extrapolated ? ` The first score is outside ${number(coefficients.x_low)} to ${percent(coefficients.x_high)}, the range the line was fitted on: read with care.` : ""),
      this.map(models, coefficients, x, y, at),
      element("h3", {}, "Isocline, both ways"),
      element("p", {}, `√(κ·B1) with κ = ${number(coefficients.kappa, 3)} stands at GPQA ${percent(at.isocline)} for this SWE-bench score, so the model is ${at.side} it by ${number(Math.abs(at.margin))}\u00a0pp. For this GPQA score it stands at SWE-bench ${percent(isoclineInverse(coefficients.kappa, y))}${possible(isoclineInverse(coefficients.kappa, y)) ? "" : ", beyond the scale"}. The papers read the two sides both ways: a frontier model ${at.side} it is in the ${at.side === "above" ? "later" : "earlier"} phase, a base model ${at.side} it faces a ${at.side === "above" ? "tax" : "bonus"}.`),
      element("h3", {}, "Nearest models"),
      this.models(nearest),
      element("h3", {}, "Lab"),
      ...this.labs(past, history, near, means),
      element("h3", {}, "Rotate"),
      element("p", {}, this.rotation(advice)),
      element("h3", {}, "What would change this reading"),
      this.list(this.frontierWords(x, y, at, changes)),
    );
  }

  frontierWords(x, y, at, changes) {
    const bounds = [["coding-first", changes.y_coding_first, "below"], ["reasoning-rich", changes.y_reasoning_rich, "above"]];
    const told = bounds.filter(([label, value]) => label !== at.label && possible(value)).map(([label, value, side]) => `GPQA Diamond ${side} ${percent(value)} makes it ${label}.`);
    if (at.label !== "balanced") told.push(`GPQA Diamond between ${number(changes.y_coding_first)} and ${percent(changes.y_reasoning_rich)} makes it balanced.`);
    const other = at.h > 0 ? changes.x_reasoning_rich : changes.x_coding_first;
    if (possible(other)) told.push(`With GPQA Diamond held, the label changes at SWE-bench Verified ${percent(other)}.`);
    if (at.outside) told.push(`GPQA Diamond between ${number(changes.y_below)} and ${percent(changes.y_above)} puts it inside the prediction interval.`);
    else told.push(...[["above", changes.y_above], ["below", changes.y_below]].filter(([, value]) => possible(value)).map(([side, value]) => `GPQA Diamond ${side} ${percent(value)} puts it outside the prediction interval.`));
    told.push(`The side of the isocline changes at GPQA Diamond ${percent(changes.y_isocline)}.`);
    return told;
  }

  labs(past, history, near, means) {
    const name = (id) => this.data.labs[id] ?? id;
    const parts = [];
    if (past) {
      parts.push(element("p", {}, `${name(past.lab)}: mean h ${signed(past.mean_h)}\u00a0pp, ${past.label}, confidence ${past.confidence} (${past.why}). Next measurement: ${past.measure}`));
      parts.push(element("p", { class: "cw-small" }, `Releases in order: ${history.map(({ released, h }) => `${released} ${signed(h)}`).join("; ")}\u00a0pp.`));
    } else if (this.form.elements.lab.value) parts.push(element("p", {}, "This lab has no dated release with both scores in this track."));
    if (near !== null) parts.push(element("p", {}, `The lab whose mean h is nearest: ${name(near)} (${signed(means[near])}\u00a0pp). One model does not make a lab.`));
    return parts;
  }

  rotation(advice) {
    const { names, co_activation: rows, track } = this.data.rotation;
    const worded = advice.why.replace(advice.active ?? "\u0000", names[advice.active] ?? "");
    const spent = advice.saturated.map((axis) => names[axis] ?? axis);
    const row = rows.find(({ candidate }) => candidate === advice.next_axis);
    const next = row ? ` Next axis: ${names[row.candidate]}, r = ${number(row.r, 2)} [${number(row.low, 2)}, ${number(row.high, 2)}] over ${row.n} shared models.` : "";
    return `${track}, recent models: ${worded}.${spent.length ? ` No longer beyond noise: ${spent.join(", ")}.` : ""}${next}`;
  }

  base(x, y, params) {
    const { coefficients, models, name } = this.data.base;
    const found = basePhase(x, y, coefficients, params);
    const nearest = nearestModels(x, y, models);
    const changes = baseChanges(x, y, coefficients);
    this.reading.base = { ...found, nearest, changes };
    const readings = [`isocline: ${found.by_isocline}`, found.by_size && `running coupling: ${found.by_size}`, found.by_nc && `pooled critical size: ${found.by_nc}`].filter(Boolean);
    return element("section", { class: "cw-reading", "aria-label": "Reading of the base model" },
      element("h2", {}, "Base: ", element("span", { class: `cw-chip cw-chip--${found.phase}` }, found.phase)),
      element("p", {}, element("strong", {}, `${found.advice[0].toUpperCase()}${found.advice.slice(1)}.`)),
      element("p", {}, `${name}. Readings: ${readings.join("; ")}. ${found.agree ? (readings.length > 1 ? "They agree." : "Give the size for the other readings.") : "They disagree, so the phase is not settled."}`),
      found.gamma === null ? "" : element("p", {}, `Running coupling at ${size(params)}: γ12 = ${signed(found.gamma, 2)} pp per pp. It is an average over families; a single family may do otherwise.`),
      element("h3", {}, "Isocline, both ways"),
      element("p", {}, `√(κ·B1) with κ = ${number(coefficients.kappa, 3)} stands at TruthfulQA ${percent(found.isocline)} for this HellaSwag score: the model is ${found.margin > 0 ? "above" : "below"} by ${number(Math.abs(found.margin))}\u00a0pp. For this TruthfulQA score it stands at HellaSwag ${percent(changes.x_isocline)}${possible(changes.x_isocline) ? "" : ", beyond the scale"}. Whether the side predicts the sign of γ12 is tested on the Sensitivity page.`),
      element("h3", {}, "Nearest models"),
      this.models(nearest),
      element("h3", {}, "What would change this reading"),
      this.list([
        `The side of the isocline changes at TruthfulQA ${percent(changes.y_isocline)}.`,
        ...[["tax and transition", changes.params_tax], ["transition and bonus", changes.params_bonus]].filter(([, value]) => value && value > 1e5 && value < 1e15).map(([between, value]) => `The running coupling passes between ${between} at ${size(value)} parameters.`),
        ...(coefficients.pooled_nc ? [`The pooled critical size lies between ${size(coefficients.pooled_nc.low)} and ${size(coefficients.pooled_nc.high)} parameters (95 %).`] : []),
      ]),
    );
  }

  list(items) {
    return element("ul", {}, ...items.map((text) => element("li", {}, text)));
  }

  models(rows) {
    const root = new URL(this.form.dataset.cwDiagnose, location.href).href.replace(/assets\/data\/diagnose\.json$/, "");
    return element("ul", {}, ...rows.map((row) => element("li", {},
      element("a", { href: `${root}models/${encodeURIComponent(row.id)}/` }, row.name), ` (${number(row.x)}, ${number(row.y)}${row.params ? `; ${size(row.params)}` : ""})`)));
  }

  // Every model of the track, the line with its prediction band, and where this one stands.
  map(models, coefficients, x, y, at) {
    const [width, height, left, right, top, bottom] = [340, 230, 34, 12, 8, 34];
    const low = Math.floor(Math.min(x, coefficients.x_low) / 10) * 10;
    const high = Math.min(100, Math.ceil(Math.max(x, coefficients.x_high) / 10) * 10);
    const floor = Math.floor(Math.min(y, ...models.map((row) => row.y)) / 10) * 10;
    const across = (value) => left + ((value - low) / (high - low || 1)) * (width - left - right);
    const down = (value) => top + ((100 - Math.min(Math.max(value, floor), 100)) / (100 - floor || 1)) * (height - top - bottom);
    const { line } = coefficients;
    const steps = Array.from({ length: 25 }, (_, index) => low + ((high - low) * index) / 24);
    const edge = (sign) => steps.map((step) => `${across(step).toFixed(1)},${down(fittedAt(line, step) + sign * halfWidth(line, step)).toFixed(1)}`);
    const drawing = shape("svg", { class: "cw-plot", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `SWE-bench Verified against GPQA Diamond: the model ${at.outside ? "outside" : "inside"} the prediction band of ${line.n} models` });
    drawing.append(shape("polygon", { class: "band", points: [...edge(1), ...edge(-1).reverse()].join(" ") }));
    for (let value = floor; value <= 100; value += (100 - floor) / 10 > 5 ? 20 : 10) {
      drawing.append(shape("line", { class: "grid", x1: left, x2: width - right, y1: down(value), y2: down(value) }), shape("text", { x: left - 5, y: down(value) + 4, "text-anchor": "end" }, String(value)));
    }
    for (let value = low; value <= high; value += high - low > 50 ? 20 : 10) drawing.append(shape("text", { x: across(value), y: height - 20, "text-anchor": "middle" }, String(value)));
    drawing.append(shape("text", { x: (left + width - right) / 2, y: height - 5, "text-anchor": "middle" }, "SWE-bench Verified, % (across); GPQA Diamond, % (up)"));
    drawing.append(shape("polyline", { points: [low, high].map((step) => `${across(step).toFixed(1)},${down(fittedAt(line, step)).toFixed(1)}`).join(" ") }));
    for (const row of models) drawing.append(shape("circle", { cx: across(row.x).toFixed(1), cy: down(row.y).toFixed(1), r: 2.6, opacity: 0.55 }, shape("title", {}, row.name)));
    const [cx, cy] = [across(x), down(y)];
    drawing.append(shape("path", { class: "here", d: `M${cx} ${cy - 8}L${cx + 8} ${cy}L${cx} ${cy + 8}L${cx - 8} ${cy}Z` }));
    return element("div", { class: "cw-panel" }, drawing, element("p", { class: "cw-panel__note" }, "Diamond: this model. Dots: the models of the track. Band: 95 % prediction interval."));
  }

  // ---- files and links -----------------------------------------------------------------------------------------------
  entry() {
    const { values, lab, track } = this.read();
    const given = Object.fromEntries([...this.form.querySelectorAll("[data-entry]")].map((field) => [field.dataset.entry, field.value.trim()]));
    const base = !("swe" in values || "gpqa" in values);
    const asked = base
      ? [["hellaswag", values.hellaswag, { shots: 10 }], ["truthfulqa", values.truthfulqa, { shots: 0 }]]
      : [["swe-bench-verified", values.swe, null], ["gpqa-diamond", values.gpqa, null]];
    return {
      ...given, lab: given.lab || lab, kind: base ? "base" : "chat", params: base ? values.params : undefined, open_weights: Boolean(given.open_weights),
      evaluator: base ? "maker" : this.data.tracks[track].evaluator, scores: asked.filter(([, value]) => value !== undefined),
    };
  }

  file() {
    const entry = this.entry();
    const told = missing(entry);
    this.form.querySelector("[data-missing]").replaceChildren(told.length ? this.list(told) : element("p", { class: "cw-small" }, `Ready: save it as data/models/${slug(entry.lab)}/${slug(entry.name)}.yaml and open a pull request.`));
    this.form.querySelector("[data-yaml]").textContent = told.length ? "" : modelFile(entry);
    this.form.querySelector("pre").hidden = Boolean(told.length);
    for (const action of ["copy-yaml", "yaml"]) this.form.querySelector(`[data-action="${action}"]`).disabled = Boolean(told.length);
  }

  async act(button) {
    const action = button?.dataset.action;
    if (action === "copy") await this.copy(location.href, "Link copied.");
    if (action === "copy-yaml") await this.copy(this.form.querySelector("[data-yaml]").textContent, "File copied.");
    if (action === "json") this.save("diagnosis.json", `${JSON.stringify(this.reading, null, 1)}\n`, "application/json");
    if (action === "yaml") this.save(`${slug(this.entry().name)}.yaml`, this.form.querySelector("[data-yaml]").textContent, "text/yaml");
  }

  async copy(text, told) {
    try {
      await navigator.clipboard.writeText(text);
      this.tell(told);
    } catch {
      this.tell("The browser does not allow copying here; take it from the address bar or the box below.");
    }
  }

  save(name, text, type) {
    const link = element("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    this.tell(`Saved ${name}.`);
  }

  tell(text) {
    this.form.querySelector("[data-told]").textContent = text;
  }
}

let current = null;

async function start() {
  const form = document.querySelector("[data-cw-diagnose]:not([data-cw-ready])");
  if (!form) return;
  form.dataset.cwReady = "";
  const response = await fetch(new URL(form.dataset.cwDiagnose, location.href));
  if (!response.ok) {
    form.replaceChildren(element("p", { class: "cw-note" }, `The calculator's data did not load (${response.status}). Reload the page, or use: capewatch diagnose --swe 80 --gpqa 85`));
    form.hidden = false;
    return;
  }
  current = new Calculator(form, await response.json());
}

if (typeof document !== "undefined") {
  addEventListener("popstate", () => { if (current?.form.isConnected) current.restore(); });
  if (window.document$) window.document$.subscribe(start);
  else start();
}
