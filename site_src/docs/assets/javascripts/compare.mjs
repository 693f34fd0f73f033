// The Compare page: which models stand side by side is in the address, everything else comes from the site's own files.

const MOST = 5;
const Z = 1.96; // of a 95 % interval
const MINUS = "\u2212";
const NBSP = "\u00a0";

// ---- pure ------------------------------------------------------------------------------------------------------------
// The model ids in an address: known, in capitals or not, once each, at most five.
export function chosenIn(search, known) {
  const written = (new URLSearchParams(search).get("m") ?? "").split(",").map((id) => id.trim()).filter(Boolean);
  const asked = [...new Set(written.map((id) => (known.has(id.toLowerCase()) ? id.toLowerCase() : id)))];
  const found = asked.filter((id) => known.has(id));
  return { ids: found.slice(0, MOST), unknown: asked.filter((id) => !known.has(id)), beyond: found.slice(MOST) };
}

export const addressOf = (ids) => (ids.length ? `?m=${ids.map(encodeURIComponent).join(",")}` : "");

// Standard error of a score in its own unit: stated, or binomial over the items for a score in percent; null when unknown.
export function standardError(score, items) {
  if (score.stderr !== null && score.stderr !== undefined) return score.stderr;
  const n = score.n ?? items;
  if (!n || !["percent", "fraction"].includes(score.unit)) return null;
  const share = Math.min(Math.max(score.unit === "percent" ? score.value / 100 : score.value, 0), 1);
  const error = Math.sqrt((share * (1 - share)) / n);
  return score.unit === "percent" ? 100 * error : error;
}

// The difference of two scores with its error, and whether it is clear: "above", "below", "within" or "unknown".
export function difference(first, other, items) {
  const delta = other.value - first.value;
  const errors = [standardError(first, items), standardError(other, items)];
  if (errors.includes(null)) return { delta, error: null, verdict: "unknown" };
  const error = Math.hypot(...errors);
  const clear = Math.abs(delta) > Z * error;
  return { delta, error, verdict: clear ? (delta > 0 ? "above" : "below") : "within" };
}

// Rows track by track: every axis for which at least one model has a score, axes that more models share first.
export function rowsOf(models, tracks) {
  const found = [];
  for (const track of tracks) {
    const axes = new Map();
    models.forEach((model, index) => {
      for (const score of model.scores) {
        if (score.track !== track) continue;
        if (!axes.has(score.axis)) axes.set(score.axis, Array(models.length).fill(null));
        axes.get(score.axis)[index] = score;
      }
    });
    const rows = [...axes].map(([axis, scores]) => ({ axis, scores, shared: scores.filter(Boolean).length }));
    rows.sort((a, b) => b.shared - a.shared || (a.axis < b.axis ? -1 : 1));
    if (rows.length) found.push({ track, rows });
  }
  return found;
}

export function number(value, digits = 1) {
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", MINUS);
}

export const signed = (value, digits = 1) => (Number(value.toFixed(digits)) > 0 ? "+" : "") + number(value, digits);

const WORDS = { shots: "-shot", effort: "effort ", attempts: "attempts ", step: "step " };

const TOOLS = { true: "with tools", false: "without tools" };

export function protocolWords(protocol) {
  const parts = Object.entries(protocol).map(([name, value]) => {
    if (name === "tools") return TOOLS[value] ?? `tools: ${value}`;
    const word = WORDS[name] ?? "";
    return word.startsWith("-") ? `${value}${word}` : `${word}${value}`;
  });
  return parts.join(", ") || "protocol not stated";
}

// ---- the page --------------------------------------------------------------------------------------------------------
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

class Comparison {
  constructor(form, index) {
    this.form = form;
    this.index = index;
    this.root = form.dataset.cwRoot;
    this.names = new Map(index.models.map(([id, name, lab]) => [id, { name, lab }]));
    this.files = new Map();
    this.tracks = new Map(index.tracks);
    form.querySelector("datalist").append(...index.models.map(([, name, lab]) => element("option", { value: name }, index.labs[lab] ?? lab)));
    form.addEventListener("submit", (event) => { event.preventDefault(); this.add(form.elements.add.value); });
    form.addEventListener("click", (event) => this.act(event));
    form.hidden = false;
    this.restore();
  }

  restore() {
    const { ids, unknown, beyond } = chosenIn(location.search, this.names);
    this.ids = ids;
    const told = [
      unknown.length ? `Not known, or without a score in use: ${unknown.join(", ")}.` : "",
      beyond.length ? `Only the first ${MOST} are shown.` : "",
    ];
    this.tell(told.filter(Boolean).join(" "));
    return this.show();
  }

  // A name as typed: the whole name or id, else the only one that contains it.
  add(text) {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return;
    const all = [...this.names];
    const exact = all.filter(([id, { name }]) => id === wanted || name.toLowerCase() === wanted);
    const found = exact.length ? exact : all.filter(([id, { name }]) => id.includes(wanted) || name.toLowerCase().includes(wanted));
    if (!found.length) return void this.tell(`No model is called “${text.trim()}”.`);
    if (found.length > 1 && !exact.length) return void this.tell(`${found.length} models contain “${text.trim()}”: ${found.slice(0, 4).map(([, { name }]) => name).join(", ")}${found.length > 4 ? " …" : ""}`);
    const [id, { name }] = found[0];
    if (this.ids.includes(id)) return void this.tell(`${name} is already here.`);
    if (this.ids.length >= MOST) return void this.tell(`Five models are the most; remove one first.`);
    this.form.elements.add.value = "";
    this.choose([...this.ids, id], `Added ${name}.`);
  }

  act(event) {
    const example = event.target.closest("[data-models]");
    if (example) {
      event.preventDefault();
      event.stopPropagation();
      return this.choose(chosenIn(`?m=${example.dataset.models}`, this.names).ids, `Showing: ${example.textContent}.`);
    }
    const button = event.target.closest("button[data-action]");
    if (!button) return undefined;
    const { action, id } = button.dataset;
    if (action === "clear") return this.choose([], "Cleared.");
    if (action === "remove") {
      const place = this.ids.indexOf(id);
      return this.choose(this.ids.filter((one) => one !== id), `Removed ${this.names.get(id).name}.`, place);
    }
    if (action === "first") return this.choose([id, ...this.ids.filter((one) => one !== id)], `${this.names.get(id).name} is the reference.`, 0);
    return this.copy();
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(location.href);
      this.tell("Link copied.");
    } catch {
      this.tell("The browser does not allow copying here; take the link from the address bar.");
    }
  }

  async choose(ids, told, focus = -1) {
    this.ids = ids;
    const address = new URL(location.href);
    address.search = addressOf(ids);
    history.pushState(null, "", address);
    await this.show();
    this.tell(told);
    if (focus < 0) return;
    const buttons = this.form.querySelectorAll('[data-action="remove"]');
    (buttons[Math.min(focus, buttons.length - 1)] ?? this.form.elements.add).focus();
  }

  tell(text) {
    this.form.querySelector("[data-told]").textContent = text;
  }

  async load(lab) {
    if (!this.files.has(lab)) {
      this.files.set(lab, fetch(new URL(`${this.form.dataset.cwCompare}${lab}.json`, location.href)).then((answer) => {
        if (!answer.ok) throw new Error(`${answer.status} ${answer.url}`);
        return answer.json();
      }));
    }
    return this.files.get(lab);
  }

  async show() {
    const ids = [...this.ids];
    const labs = [...new Set(ids.map((id) => this.names.get(id).lab))];
    this.chips();
    const result = this.form.querySelector("[data-result]");
    let loaded;
    try {
      loaded = await Promise.all(labs.map((lab) => this.load(lab)));
    } catch (error) {
      labs.forEach((lab) => this.files.delete(lab));
      result.replaceChildren(element("p", { class: "cw-note" }, `The scores did not load (${error.message}). Choose a model again, or open its page from the list of models.`));
      return;
    }
    if (ids.join() !== this.ids.join()) return; // a later choice is on its way
    const models = new Map(loaded.flatMap(({ models: list }) => list).map((model) => [model.id, model]));
    const chosen = ids.map((id) => models.get(id));
    if (!chosen.length) return void result.replaceChildren(element("p", { class: "cw-none" }, "No model chosen yet: add two, or take an example."));
    const parts = rowsOf(chosen, [...this.tracks.keys()]).map((part) => this.table(chosen, part));
    const h = this.field(chosen);
    result.replaceChildren(this.facts(chosen), ...(h ? [h] : []), ...parts);
    if (chosen.length === 1) result.prepend(element("p", { class: "cw-none" }, "Add a second model to see differences."));
  }

  chips() {
    this.form.querySelector("[data-chosen]").replaceChildren(...this.ids.map((id, index) => {
      const { name } = this.names.get(id);
      const item = element("li", {}, element("a", { href: `${this.root}models/${id}/` }, name));
      if (index) item.append(element("button", { type: "button", class: "cw-button", "data-action": "first", "data-id": id, "aria-label": `Use ${name} as reference` }, "as reference"));
      else item.append(element("span", { class: "cw-chip cw-chip--open" }, "reference"));
      item.append(element("button", { type: "button", class: "cw-button", "data-action": "remove", "data-id": id, "aria-label": `Remove ${name}` }, "\u00d7"));
      return item;
    }));
  }

  frame(caption, models, rows) {
    const head = element("tr", {}, element("th", { scope: "col" }, caption), ...models.map((model) => element("th", { scope: "col" }, model.name)));
    for (const row of rows) [...row.cells].slice(1).forEach((cell, index) => { cell.dataset.label = models[index].name; });
    const table = element("table", { class: `cw-table cw-compare__table cw-compare__table--${models.length}` }, element("caption", { class: "cw-sr" }, caption), element("thead", {}, head), element("tbody", {}, ...rows));
    return element("div", { class: "cw-frame", tabindex: "0", role: "region", "aria-label": caption }, table);
  }

  row(title, cells) {
    return element("tr", {}, element("th", { scope: "row" }, title), ...cells.map((cell) => element("td", {}, ...[cell].flat())));
  }

  none() {
    return element("span", { class: "cw-none", "aria-label": "no value" }, "\u2014");
  }

  facts(models) {
    const size = (value) => (value ? `${Number((value / 1e9).toPrecision(3))}${NBSP}B` : this.none());
    return this.frame("Facts", models, [
      this.row("Lab", models.map((model) => this.index.labs[model.lab] ?? model.lab)),
      this.row("Released", models.map((model) => model.released ?? this.none())),
      this.row("Size", models.map((model) => size(model.params))),
      this.row("Weights", models.map((model) => (model.open_weights ? "open" : "closed"))),
    ]);
  }

  field(models) {
    const rows = this.index.frontier.filter((track) => models.some((model) => model.h[track])).map((track) =>
      this.row(this.tracks.get(track), models.map((model) => {
        const found = model.h[track];
        if (!found) return this.none();
        const range = `95${NBSP}% of single models: ${signed(found.pi_low - found.fitted)} to ${signed(found.pi_high - found.fitted)}`;
        return [element("b", {}, `${signed(found.h)}${NBSP}pp`), element("small", {}, range), element("span", { class: found.outside ? `cw-chip cw-chip--${found.h > 0 ? "up" : "down"}` : "cw-chip" }, found.outside ? (found.h > 0 ? "above" : "below") : "within")];
      })));
    return rows.length ? this.frame("Residual h", models, rows) : null;
  }

  table(models, { track, rows }) {
    return this.frame(this.tracks.get(track), models, rows.map(({ axis, scores }) => this.scores(axis, scores)));
  }

  scores(axis, scores) {
    const facts = this.index.axes[axis] ?? { name: axis, benchmark: "" };
    const items = this.index.items[facts.benchmark];
    const title = facts.benchmark ? element("a", { href: `${this.root}benchmarks/${facts.benchmark}/` }, facts.name) : facts.name;
    return this.row(title, scores.map((score, index) => {
      if (!score) return this.none();
      const unit = score.unit === "percent" ? `${NBSP}%` : score.unit === "fraction" ? "" : ` ${score.unit}`;
      const digits = score.unit === "fraction" ? 3 : 1;
      const error = score.stderr === null ? "" : ` ±${NBSP}${number(score.stderr, digits)}`;
      const cell = [element("b", {}, `${number(score.value, digits)}${unit}`), error];
      if (index && scores[0]) cell.push(this.mark(difference(scores[0], score, items), digits, score.unit === "percent" ? `${NBSP}pp` : unit));
      const source = score.url ? element("a", { href: score.url, rel: "external nofollow" }, score.source) : score.source;
      cell.push(element("small", {}, protocolWords(score.protocol), element("br"), source, "\u2060, ", element("time", {}, score.public)));
      return cell;
    }));
  }

  mark({ delta, verdict }, digits, unit) {
    const [sign, word, kind] = {
      above: ["\u25b2", "clearly above the reference", "up"], below: ["\u25bc", "clearly below the reference", "down"],
      within: ["\u2248", "within the standard errors", "none"], unknown: ["", "standard error unknown", "none"],
    }[verdict];
    return element("span", { class: `cw-delta cw-delta--${kind}`, title: word }, `${sign} ${signed(delta, digits)}${unit}`.trim(), element("span", { class: "cw-sr" }, `, ${word}`));
  }
}

let current = null;

async function start() {
  const form = document.querySelector("[data-cw-compare]:not([data-cw-ready])");
  if (!form) return;
  form.dataset.cwReady = "";
  const answer = await fetch(new URL(`${form.dataset.cwCompare}index.json`, location.href));
  if (!answer.ok) {
    form.replaceChildren(element("p", { class: "cw-note" }, `The list of models did not load (${answer.status}). Reload the page, or open the models one by one.`));
    form.hidden = false;
    return;
  }
  current = new Comparison(form, await answer.json());
}

if (typeof document !== "undefined") {
  addEventListener("popstate", () => { if (current?.form.isConnected) current.restore(); });
  if (window.document$) window.document$.subscribe(start);
  else start();
}
