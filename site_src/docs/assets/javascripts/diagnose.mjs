// The Diagnose page: reads the form, asks for the readings, keeps the state in the address.

import { missing, modelFile, slug } from "./modelfile.mjs";
import { base, frontier, pair } from "./readings.mjs";
import { element, exactSize, list, parseSize, possible, signed } from "./words.mjs";

const BASE_TRACK = "harness-v1";
// field of the form -> axis of its score
const FRONTIER = { swe: "swe-bench-verified", gpqa: "gpqa-diamond", ifeval: "ifeval", hle: "hle" };
const BASE = { hellaswag: "hellaswag", truthfulqa: "truthfulqa", arc: "arc-challenge", winogrande: "winogrande", mmlu: "mmlu" };
const SCORES = [...Object.keys(FRONTIER), ...Object.keys(BASE), "av", "bv"];
const CHOICES = ["lab", "track", "set", "a", "b"];
const FIELDS = [...SCORES, "params", ...CHOICES];
const LONGEST = 40; // characters that are shown of a value that the address gave
const BY_NAME = new Intl.Collator("en", { numeric: true }); // made once: String.localeCompare makes one for every comparison
// pairs that are read beside SWE-bench and GPQA when their scores are there
const BESIDE = [["gpqa", "ifeval"], ["swe", "hle"], ["ifeval", "hle"]];

class Calculator {
  constructor(form, data) {
    this.form = form;
    this.data = data;
    this.root = new URL(form.dataset.cwDiagnose, location.href).href.replace(/assets\/data\/diagnose\.json$/, "");
    this.empty = form.querySelector("[data-result] > .cw-none");
    this.sets = [data.track, ...Object.keys(data.axes).filter((track) => track !== data.track)].filter((track) => track in data.axes);
    this.fill();
    this.restore();
    form.hidden = false;
    form.addEventListener("input", (event) => this.changed(event, false));
    form.addEventListener("change", (event) => this.changed(event, true));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(() => { this.unused = []; this.dependent(); this.update(); this.remember(true); }));
    form.addEventListener("click", (event) => this.act(event.target.closest("button")));
  }

  value(name) {
    return this.form.elements[name].value.trim();
  }

  fill() {
    const bar = this.form.querySelector("[data-presets]");
    for (const still of bar.querySelectorAll("button")) still.remove(); // they kept the place
    for (const { text, values } of this.data.presets) {
      const button = element("button", { type: "button", class: "cw-button" }, text);
      button.addEventListener("click", () => this.load(values));
      bar.append(button);
    }
    this.form.elements.set.replaceChildren(...this.sets.map((track) => element("option", { value: track }, this.trackName(track))));
    this.known("base", this.data.base.models, this.baseValues);
  }

  trackName(track) {
    return this.data.tracks[track]?.name ?? this.data.base.name;
  }

  baseValues = (row) => ({ hellaswag: row.x, truthfulqa: row.y, params: row.params ?? "" });
  frontierValues = (row) => ({ swe: row.x, gpqa: row.y, lab: row.lab, track: this.value("track") });

  // What depends on a choice: the known models of the frontier track, and the axes of the track of the free pair.
  dependent() {
    this.known("frontier", this.data.tracks[this.value("track")].models, this.frontierValues);
    const axes = this.data.axes[this.value("set")] ?? [];
    for (const name of ["a", "b"]) {
      const field = this.form.elements[name];
      const chosen = field.dataset.asked ?? field.value;
      delete field.dataset.asked;
      field.replaceChildren(element("option", { value: "" }, "choose"), ...axes.map(({ id, name: text }) => element("option", { value: id }, text)));
      field.value = axes.some(({ id }) => id === chosen) ? chosen : "";
    }
  }

  known(kind, models, values) {
    const select = this.form.querySelector(`[data-known="${kind}"]`);
    select.replaceChildren(element("option", { value: "" }, "choose"));
    select.append(...[...models].sort((a, b) => BY_NAME.compare(a.name, b.name)).map((row) => element("option", { value: row.id }, row.name)));
    select.onchange = (event) => {
      event.stopPropagation();
      const row = models.find(({ id }) => id === select.value);
      if (row) this.load(values(row));
    };
    select.oninput = (event) => event.stopPropagation();
  }

  // Fills the fields given and empties the other fields of the form; the chosen tracks stay.
  load(values) {
    this.unused = [];
    const kept = { track: this.value("track"), set: this.value("set") };
    this.write({ ...kept, ...values, params: values.params ? exactSize(values.params) : "" });
    this.update();
    this.remember(true);
  }

  write(values) {
    for (const name of FIELDS) {
      const text = String(values[name] ?? "");
      if (name === "a" || name === "b") this.form.elements[name].dataset.asked = text;
      else this.form.elements[name].value = text;
      if (this.form.elements[name].selectedIndex === -1) this.form.elements[name].value = ""; // no choice of this list
    }
    const { track, set } = this.form.elements;
    if (!track.value) track.value = this.data.track;
    if (!set.value) set.value = this.sets[0] ?? "";
    this.dependent();
  }

  changed(event, final) {
    if (event.target.dataset.entry !== undefined) return this.file();
    if (["track", "set"].includes(event.target.name)) this.dependent();
    this.unused = [];
    this.update();
    return this.remember(final);
  }

  // Typing rewrites the present address; a finished change is a step that the back button undoes.
  remember(final) {
    const address = new URL(location.href);
    const usual = { track: this.data.track, set: this.sets[0] };
    for (const name of FIELDS) {
      const value = this.value(name);
      if (value && value !== usual[name]) address.searchParams.set(name, value);
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
    this.write(Object.fromEntries(FIELDS.map((name) => [name, given.get(name) ?? ""])));
    this.unused = FIELDS.filter((name) => given.get(name)?.trim() && this.value(name) !== given.get(name).trim()).map((name) => `${name}=${given.get(name).slice(0, LONGEST)}`);
    this.saved = location.search;
    this.last = location.href;
    this.update();
  }

  // ---- reading -------------------------------------------------------------------------------------------------------
  read() {
    const values = {};
    const wrong = [];
    for (const name of [...SCORES, "params"]) {
      const field = this.form.elements[name];
      const text = this.value(name);
      const bad = name === "params" ? text !== "" && parseSize(text) === null : field.validity.badInput || (text !== "" && !possible(Number(text)));
      field.setAttribute("aria-invalid", String(bad));
      if (bad) wrong.push(name === "params" ? "Parameters: write a count from 1e5 to 1e15, such as 7B, 410M or 7e9." : `${field.dataset.name}: a number from 0 to 100.`);
      else if (text !== "") values[name] = name === "params" ? parseSize(text) : Number(text);
    }
    return { values, wrong, ...Object.fromEntries(CHOICES.map((name) => [name, this.value(name)])) };
  }

  // The pairs of axes that are asked for: those beside the frontier pair, and the free one.
  asked({ values, track, set, a, b }) {
    const axis = (where, id) => (this.data.axes[where] ?? []).find((one) => one.id === id);
    const found = BESIDE.filter(([x, y]) => x in values && y in values && !(x === "ifeval" && ("gpqa" in values || "swe" in values)))
      .map(([x, y]) => ({ x: values[x], y: values[y], track, axes: { x: axis(track, FRONTIER[x]), y: axis(track, FRONTIER[y]) } }));
    if (a && b && a !== b && "av" in values && "bv" in values) found.push({ x: values.av, y: values.bv, track: set, axes: { x: axis(set, a), y: axis(set, b) } });
    return found;
  }

  update() {
    const asked = this.read();
    const { values, wrong, lab, track } = asked;
    const error = this.form.querySelector("#calc-error");
    if (asked.a && asked.a === asked.b) wrong.push("Choose two different benchmarks.");
    if (this.unused.length) wrong.push(`Not used from the address: ${this.unused.join(", ")}.`);
    error.hidden = !wrong.length;
    error.textContent = wrong.join(" ");
    this.reading = { as_of: this.data.as_of, version: this.data.version, input: { ...values, lab: lab || null, track, ...(asked.a && asked.b ? { set: asked.set, a: asked.a, b: asked.b } : {}) } };
    const page = { root: this.root, loadFrontier: (row) => this.load(this.frontierValues(row)), loadBase: (row) => this.load(this.baseValues(row)), loadPair: this.loadPair };
    const parts = [];
    const add = (name, { shown, reading }) => { parts.push(shown); this.reading[name] = reading; };
    if ("swe" in values && "gpqa" in values) add("frontier", frontier({ x: values.swe, y: values.gpqa, lab, track }, this.data, page));
    const pairs = this.asked(asked);
    if (pairs.length && this.pairs) {
      const found = pairs.map((one) => this.pairOf({ ...one, lab }, page));
      parts.push(...found.map(({ shown }) => shown));
      this.reading.pairs = found.map(({ reading }) => reading);
    } else if (pairs.length) parts.push(this.waiting());
    if ("hellaswag" in values && "truthfulqa" in values) {
      const others = Object.fromEntries(Object.entries(BASE).filter(([name]) => name in values).map(([name, axis]) => [axis, values[name]]));
      add("base", base({ x: values.hellaswag, y: values.truthfulqa, params: values.params ?? null, others }, this.data, page));
    }
    if (!parts.length) parts.push(this.empty);
    this.form.querySelector("[data-result]").replaceChildren(...parts);
    this.form.querySelector("[data-summary]").textContent = this.summary();
    this.form.querySelector("[data-file]").hidden = !SCORES.some((name) => name in values);
    this.file();
  }

  pairOf(one, page) {
    if (one.axes.x && one.axes.y) return pair(one, this.data, this.pairs, page);
    const text = `${this.trackName(one.track)} has no line between these two benchmarks: too few models have both scores.`;
    return { shown: element("p", { class: "cw-note" }, text), reading: { track: one.track, reason: "too few models" } };
  }

  loadPair = ({ x, y, lab, track, axes }) => this.load({ set: track, a: axes.x.id, av: x, b: axes.y.id, bv: y, lab });

  // The file of all pairs is fetched once, when the first such pair is asked for.
  waiting() {
    this.fetching ??= fetch(new URL(this.form.dataset.cwPairs, location.href))
      .then((response) => (response.ok ? response.json() : Promise.reject(new Error(String(response.status)))))
      .then((pairs) => { this.pairs = pairs; })
      .catch((error) => { this.failed = error.message; this.fetching = undefined; })
      .then(() => { if (this.form.isConnected && (this.pairs || this.failed)) this.update(); });
    const failed = this.failed;
    this.failed = undefined;
    if (failed) this.fetching = Promise.resolve(); // one try a visit: a reload tries again
    return element("p", { class: "cw-note", role: "status" }, failed ? `The lines of the other pairs did not load (${failed}). Reload the page to try again.` : "Loading the lines of all pairs …");
  }

  summary() {
    const { frontier: first, pairs, base: second } = this.reading;
    const told = [];
    if (first) told.push(`h ${signed(first.located.h)} points, ${first.located.outside ? "outside" : "inside"} the prediction interval, ${first.located.label}`);
    for (const one of pairs ?? []) if (one.located) told.push(`h ${signed(one.located.h)} points on the pair, ${one.located.outside ? "outside" : "inside"} the prediction interval`);
    if (second) told.push(`phase ${second.phase}`);
    return told.join("; ");
  }

  // ---- files and links -----------------------------------------------------------------------------------------------
  // A model file is of one kind: chat as soon as a score of a frontier benchmark is there.
  entry() {
    const { values, lab, track, set, a, b } = this.read();
    const given = Object.fromEntries([...this.form.querySelectorAll("[data-entry]")].map((field) => [field.dataset.entry, field.value.trim()]));
    const found = new Map();
    const take = (where, axis, value) => {
      const known = (this.data.axes[where] ?? []).find(({ id }) => id === axis);
      if (value !== undefined && axis) found.set(axis, [known?.benchmark ?? axis, value, known?.protocol ?? null]);
    };
    for (const [name, axis] of Object.entries(FRONTIER)) take(track, axis, values[name]);
    if (set !== BASE_TRACK) { take(set, a, values.av); take(set, b, values.bv); }
    const chat = found.size > 0;
    if (!chat) {
      for (const [name, axis] of Object.entries(BASE)) take(BASE_TRACK, axis, values[name]);
      take(set, a, values.av);
      take(set, b, values.bv);
    }
    const evaluator = this.data.tracks[values.swe === undefined && values.gpqa === undefined ? set : track]?.evaluator ?? "maker";
    return {
      ...given, lab: given.lab || lab, kind: chat ? "chat" : "base", params: chat ? undefined : values.params, open_weights: Boolean(given.open_weights),
      evaluator: chat ? evaluator : "maker", scores: [...found.values()],
    };
  }

  file() {
    const entry = this.entry();
    const told = missing(entry);
    this.form.querySelector("[data-missing]").replaceChildren(told.length ? list(told) : element("p", { class: "cw-small" }, `Ready: save it as data/models/${slug(entry.lab)}/${slug(entry.name)}.yaml and open a pull request.`));
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
