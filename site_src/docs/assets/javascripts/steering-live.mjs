// The live steering page: loads the model when asked, reads the form, shows three answers side by side. The address holds the state.

import { answer, randomVectors, readModel } from "./steering-model.mjs";

const TRUTH = "vector.truth";
const ROWS = ["truth", "misconception", "others"];
const CUE_WORDS = { unmarked: "unmarked", reliable: "reliable", unreliable: "unreliable" };

const number = (value, digits) => {
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "\u2212");
};
const percent = (share) => `${number(100 * share, 1)}\u00a0%`;
const points = (share) => `${share > 0 ? "+" : ""}${number(100 * share, 1)}\u00a0pp`;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

async function fetched(address, kind) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address.pathname.split("/").pop()} did not load (${response.status})`);
  return response[kind]();
}

class Live {
  constructor(root) {
    this.root = root;
    this.form = root.querySelector("[data-form]");
    this.field = this.form.elements;
    root.hidden = false;
    root.addEventListener("click", (event) => this.act(event.target.closest("button")?.dataset.action));
    this.form.addEventListener("input", () => this.update());
    this.form.addEventListener("change", () => this.remember());
    this.form.addEventListener("submit", (event) => event.preventDefault());
  }

  async load() {
    const button = this.root.querySelector("[data-action='load']");
    button.disabled = true;
    this.tell("Loading …");
    try {
      const at = (name) => new URL(`${this.root.dataset.cwLive}${name}`, location.href);
      const [header, bytes] = await Promise.all([fetched(at("model.json"), "json"), fetched(at("model.bin"), "arrayBuffer")]);
      if (header.sha256 !== this.root.dataset.sha256) throw new Error("the model is of another version of the site; reload the page");
      kept = { header, model: readModel(header, new Uint8Array(bytes)) };
    } catch (error) {
      button.disabled = false;
      this.tell(`The model cannot be used: ${error.message}. Press the button to try again.`);
      return;
    }
    this.use(kept);
    this.tell("The model is loaded.");
    this.field.fact.focus();
  }

  use({ header, model }) {
    this.header = header;
    this.model = model;
    this.fill();
    this.restore();
    this.root.querySelector("[data-start]").hidden = true;
    this.form.hidden = false;
  }

  fill() {
    const { facts, cues, config, steering } = this.header;
    const relations = [...new Set(facts.map(({ relation }) => relation))].sort();
    this.field.fact.append(...relations.map((relation) => element(
      "optgroup", { label: relation },
      ...facts.filter((fact) => fact.relation === relation).map((fact) => element("option", { value: `${fact.town} ${relation}` }, `${fact.town} ${relation}`)),
    )));
    for (const [kind, words] of Object.entries(cues)) {
      for (const word of words) this.field.cue.append(element("option", { value: word }, `${word} (${CUE_WORDS[kind] ?? kind})`));
    }
    for (let layer = 0; layer < config.blocks; layer += 1) {
      this.field.layer.append(element("option", { value: layer }, layer === steering.layer ? `${layer} (fitted here)` : layer));
    }
    randomVectors(this.model).forEach((name, index) => this.field.random.append(element("option", { value: name }, `no. ${index + 1}`)));
    this.body = this.root.querySelector("[data-bars]");
    this.bars = ROWS.map((row) => {
      const word = element("span");
      const cells = [0, 1, 2].map(() => {
        const fill = element("span", { class: `cw-meter__fill cw-meter__fill--${row}` });
        const value = element("span", { class: "cw-meter__value" });
        return { fill, value, cell: element("td", {}, element("div", { class: "cw-meter" }, element("span", { class: "cw-meter__track", "aria-hidden": "true" }, fill), value)) };
      });
      this.body.append(element("tr", {}, element("th", { scope: "row" }, word), ...cells.map(({ cell }) => cell)));
      return { word, cells };
    });
  }

  defaults() {
    const { facts, cues, steering } = this.header;
    return { fact: `${facts[0].town} ${facts[0].relation}`, cue: cues.unmarked[0], layer: String(steering.layer), random: "vector.random-0", strength: String(steering.strength) };
  }

  restore() {
    const given = new URL(location.href).searchParams;
    for (const [name, value] of Object.entries(this.defaults())) {
      this.field[name].value = given.get(name) ?? value;
      if (this.field[name].value === "") this.field[name].value = value; // an option that is not there
    }
    this.update();
  }

  remember() {
    const address = new URL(location.href);
    for (const [name, value] of Object.entries(this.defaults())) {
      if (this.field[name].value === value) address.searchParams.delete(name);
      else address.searchParams.set(name, this.field[name].value);
    }
    if (address.href !== location.href) history.pushState(history.state, "", address);
  }

  state() {
    const fact = this.header.facts.find(({ town, relation }) => `${town} ${relation}` === this.field.fact.value);
    return { fact, cue: this.field.cue.value, layer: Number(this.field.layer.value), strength: Number(this.field.strength.value), random: this.field.random.value };
  }

  update() {
    const { fact, cue, layer, strength, random } = this.state();
    const edit = (vector) => ({ vector, layer, strength });
    const answers = [null, edit(TRUTH), edit(random)].map((one) => answer(this.model, fact, cue, one));
    const words = { truth: `${fact.truth}: the truth`, misconception: `${fact.misconception}: the misconception`, others: "any other word" };
    ROWS.forEach((row, index) => {
      this.bars[index].word.textContent = words[row];
      this.bars[index].cells.forEach(({ fill, value }, column) => {
        fill.style.width = percent(answers[column][row]).replace("\u00a0", "");
        value.textContent = percent(answers[column][row]);
      });
    });
    this.root.querySelector("[data-prompt]").textContent = `${cue} ${fact.town} ${fact.relation}`;
    this.root.querySelector("[data-strength]").textContent = `${number(strength, 2)} × residual norm`;
    this.field.strength.setAttribute("aria-valuetext", `${number(strength, 2)} of the residual norm`);
    const [plain, truth, control] = answers;
    const all = randomVectors(this.model).map((name) => answer(this.model, fact, cue, edit(name)).truth).sort((a, b) => a - b);
    this.root.querySelector("[data-said]").textContent =
      `The truth has ${percent(plain.truth)} without a vector, ${percent(truth.truth)} under the truth vector and ${percent(control.truth)} under the random one: ` +
      `steered minus control ${points(truth.truth - control.truth)}. The likeliest word is ${plain.best}, ${truth.best} and ${control.best}.`;
    this.root.querySelector("[data-spread]").textContent =
      `Over all ${all.length} random vectors the truth has ${percent(all[0])} to ${percent(all[all.length - 1])}.`;
    this.root.querySelector("[data-counted]").replaceChildren();
    this.counting = null;
  }

  /** Right and wrong over all facts, a few at a time so that the page stays usable; a change of the form ends it. */
  async count() {
    const { cue, layer, strength, random } = this.state();
    const task = {};
    this.counting = task;
    const out = this.root.querySelector("[data-counted]");
    const vectors = { "Truth vector": TRUTH, "Random vector": random };
    const tally = Object.fromEntries(Object.keys(vectors).map((name) => [name, { corrected: 0, broken: 0 }]));
    const right = ({ truth, misconception }) => truth > misconception;
    let before = 0;
    this.tell("Counting …");
    for (const [index, fact] of this.header.facts.entries()) {
      if (index % 4 === 0) await new Promise((done) => { setTimeout(done); });
      if (this.counting !== task || !this.root.isConnected) return;
      const plain = right(answer(this.model, fact, cue));
      before += plain;
      for (const [name, vector] of Object.entries(vectors)) {
        const after = right(answer(this.model, fact, cue, { vector, layer, strength }));
        tally[name].corrected += !plain && after;
        tally[name].broken += plain && !after;
      }
    }
    const total = this.header.facts.length;
    const list = element("ul", {}, ...Object.entries(tally).map(([name, { corrected, broken }]) => element(
      "li", {}, `${name}: corrected ${corrected} of ${total - before}, broken ${broken} of ${before}, right after ${percent((before + corrected - broken) / total)}.`,
    )));
    out.replaceChildren(element("p", {}, `Truth against misconception over ${total} facts, cue ${cue}, block ${layer}, strength ${number(strength, 2)}: right before ${percent(before / total)}.`), list);
    this.tell("Counted.");
  }

  async act(action) {
    if (action === "load") await this.load();
    if (action === "count") await this.count();
    if (action === "copy") {
      this.remember();
      try {
        await navigator.clipboard.writeText(location.href);
        this.tell("The link is copied.");
      } catch {
        this.tell("The browser does not allow copying here; take the link from the address bar.");
      }
    }
    if (action === "reset") {
      for (const [name, value] of Object.entries(this.defaults())) this.field[name].value = value;
      this.update();
      this.remember();
    }
  }

  tell(text) {
    this.root.querySelector("[data-told]").textContent = text;
  }
}

let current = null;
// Going back, and coming back from another page, make the page anew; the model is loaded once.
let kept = null;

function start() {
  const root = document.querySelector("[data-cw-live]:not([data-cw-ready])");
  if (!root) return;
  root.dataset.cwReady = "";
  current = new Live(root);
  if (kept?.header.sha256 === root.dataset.sha256) current.use(kept);
}

if (typeof document !== "undefined") {
  addEventListener("popstate", () => { if (current?.model && current.root.isConnected) current.restore(); });
  if (window.document$) window.document$.subscribe(start);
  else start();
}
