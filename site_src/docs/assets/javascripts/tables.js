// Sorts, filters and searches data tables. A table is enhanced in place; long ones show their rows a page at a time. A table
// that names a data file (data-cw-src) takes all rows and more columns from it, once the page has come to rest or the reader asks
// for something; the first rows, which the page itself holds, stay as they are.

import { csv, fold, select } from "./rows.mjs";
import { element, number, signed, size } from "./words.mjs";

const PAGE = 100;
const NONE = () => element("span", { class: "cw-none", role: "img", "aria-label": "no value" }, "\u2014");
const thousands = (value) => value.toLocaleString("en");

// ---- rows and columns --------------------------------------------------------------------------------------------------
function keyOf(cell) {
  const numeric = cell.classList.contains("num");
  const given = cell.dataset.v;
  if (given !== undefined) return numeric && given !== "" && !Number.isNaN(Number(given)) ? Number(given) : given;
  const text = cell.textContent.trim();
  return text === "" || text === "\u2014" || numeric ? null : text;
}

// A row of the page's own HTML.
class StaticRow {
  constructor(row) {
    this.element = row;
  }

  get text() {
    return (this.folded ??= fold(this.element.textContent));
  }

  key(index) {
    return keyOf(this.element.cells[index]);
  }

  value(index) {
    const [key, text] = [this.key(index), this.element.cells[index].textContent.trim()];
    return typeof key === "number" ? key : text === "\u2014" ? null : text;
  }

  show() {
    return this.element;
  }
}

// A row of a data file: raw values, made into cells when it is shown.
class DataRow {
  constructor(values, table) {
    this.values = values;
    this.table = table;
  }

  get text() {
    return (this.folded ??= fold(this.values.map((_value, index) => this.key(index)).filter((key) => typeof key === "string").join(" ")));
  }

  key(index) {
    return this.table.kinds[index].key(this.values[index], this.table);
  }

  value(index) {
    return this.table.kinds[index].plain(this.values[index], this.table);
  }

  // The row of the page that shows the same.
  stand(row, columns) {
    Object.assign(this, { element: row, columns });
  }

  show(columns) {
    if (this.columns !== columns) {
      this.columns = columns;
      this.element = element("tr", {}, ...columns.map((column, place) => {
        const { index, kind, name } = column;
        const tag = place ? element("td", { "data-label": column.label }) : element("th", { scope: "row" });
        if (name) tag.className = name;
        tag.append(this.values[index] === null ? NONE() : kind.cell(this.values[index], this.table, column));
        return tag;
      }));
    }
    return this.element;
  }
}

const same = (value) => value;
// What each kind of column of a data file holds: the sort key, the value for a file, the content of a cell.
const KINDS = {
  model: { key: ([, name]) => name, plain: ([, name]) => name, cell: ([id, name], { root }) => element("a", { href: `${root}models/${encodeURIComponent(id)}/` }, name) },
  lab: {
    key: (id, { labs }) => labs[id]?.name ?? id,
    plain: (id, { labs }) => labs[id]?.name ?? id,
    cell(id, { labs }) {
      const template = document.createElement("template");
      template.innerHTML = labs[id]?.html ?? "";
      return template.content;
    },
  },
  text: { key: same, plain: same, cell: same },
  day: { key: (value) => (value === null ? null : value[1]), plain: (value) => value?.[0] ?? null, cell: ([text]) => text },
  size: { name: "num", key: same, plain: same, cell: (value) => size(value) },
  number: { name: "num", key: same, plain: same, cell: (value, _table, { digits, sign }) => (sign ? signed : grouped)(value, digits) },
};
const grouped = (value, digits) => (Math.abs(value) < 1000 ? number(value, digits) : value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "\u2212"));

// What the two directions of a sort are called, largest and newest first as at the first press of a header.
const ORDERS = { num: ["largest first", "smallest first"], day: ["latest first", "earliest first"], text: ["Z to A", "A to Z"] };
const ordered = (name) => name.match(/\b(num|day)\b/)?.[0] ?? "text";

// ---- the table ---------------------------------------------------------------------------------------------------------
class DataTable {
  constructor(table) {
    this.table = table;
    this.frame = table.closest(".cw-frame");
    this.state = { query: "", chosen: new Map(), present: -1, column: -1, direction: 1 };
    this.rows = [...table.tBodies[0].rows].map((row) => new StaticRow(row));
    this.source = table.dataset.cwSrc;
    this.whole = !this.source; // all rows are at hand
    this.total = Math.max(this.rows.length, Number(table.dataset.cwTotal ?? 0));
    this.first = this.source && this.rows.length ? this.rows.length : PAGE; // rows shown before more are asked for
    this.limit = this.first;
    this.columns = [...table.tHead.rows[0].cells].map((cell, index) => ({ index, key: cell.dataset.k ?? String(index), label: cell.textContent.trim(), name: cell.className, cell }));
    this.all = this.columns;
    this.tools = table.dataset.cwFilter ? document.querySelector(`[data-cw-tools="${table.dataset.cwFilter}"]`) : null;
    this.heads();
    if (this.tools) this.toolbar();
    this.restore();
    if (this.tools || this.rows.length > PAGE) this.show();
    if (!this.whole) this.later();
  }

  heads() {
    for (const { cell, key } of this.columns) {
      const button = element("button", { type: "button", class: "cw-sort" }, ...cell.childNodes);
      cell.append(button);
      button.addEventListener("click", () => this.sort(this.indexOf(key)));
    }
  }

  sort(index) {
    const { state } = this;
    const first = ordered(this.all[index].name) === "text" ? 1 : -1; // largest and newest first
    state.direction = state.column === index ? -state.direction : first;
    state.column = index;
    this.act();
    this.remember();
  }

  // The column that a choice of the toolbar is about: a key, or c and a number in a table whose columns have none.
  indexOf(name) {
    const found = this.all.find(({ key }) => key === name) ?? this.all.find(({ index }) => `c${index}` === name || String(index) === name);
    return found?.index ?? -1;
  }

  toolbar() {
    this.tools.hidden = false;
    this.choices = [...this.tools.querySelectorAll("select:not([data-cw-order])")];
    this.order = this.tools.querySelector("[data-cw-order]");
    this.order?.addEventListener("input", () => this.sortAs(this.order.value));
    const changed = (event) => {
      if (event?.target.closest?.("[data-cw-columns]")) return;
      this.choose();
      this.act();
      this.remember();
    };
    this.tools.addEventListener("input", changed);
    this.tools.addEventListener("submit", (event) => event.preventDefault());
    this.tools.addEventListener("reset", () => setTimeout(() => { this.columns = this.usual(); this.head(); this.state.column = -1; changed(); }));
    const take = element("div", { class: "cw-tools__take" });
    for (const [text, act] of [["Copy link", () => this.link()], ["CSV of this view", () => this.save("csv")], ["JSON with metadata", () => this.save("json")]]) {
      const button = element("button", { type: "button", class: "cw-button" }, text);
      button.addEventListener("click", act);
      take.append(button);
    }
    this.told = element("span", { role: "status", class: "cw-small" });
    take.append(this.told);
    if (this.source) take.prepend(this.chooser());
    this.tools.append(take);
  }

  // The order in the address and in the choice of orders: a column's key, with a minus sign for the largest first.
  sorted() {
    const { column, direction } = this.state;
    return column < 0 ? "" : `${direction < 0 ? "-" : ""}${this.all[column].key}`;
  }

  sortAs(text) {
    Object.assign(this.state, { column: this.indexOf(text.replace(/^-/, "")), direction: text.startsWith("-") ? -1 : 1 });
  }

  // The choice of orders, for a screen on which rows are cards without a header.
  orders() {
    if (!this.order) return;
    const { column } = this.state;
    const offered = this.columns.some(({ index }) => index === column) || column < 0 ? this.columns : [...this.columns, this.all[column]];
    this.order.replaceChildren(element("option", { value: "" }, "as listed"), ...offered.flatMap(({ key, label, name }) => {
      const options = ORDERS[ordered(name)].map((words, place) => element("option", { value: `${place ? "" : "-"}${key}` }, `${label}: ${words}`));
      return ordered(name) === "text" ? options.reverse() : options;
    }));
    this.order.value = this.sorted();
  }

  choose() {
    this.state.query = this.tools.elements.find.value.trim();
    const set = this.choices.filter((item) => item.value);
    this.state.chosen = new Map(set.filter((item) => item.name !== "has").map((item) => [this.indexOf(item.name), item.value]));
    this.state.present = this.indexOf(set.find((item) => item.name === "has")?.value ?? "");
  }

  // ---- a data file -----------------------------------------------------------------------------------------------------
  // All rows when the browser has nothing else to do; at once where the address asks for another view than the page's own.
  later() {
    if (this.asksForMore()) return void this.load();
    const idle = window.requestIdleCallback ?? ((act) => setTimeout(act, 300));
    const soon = () => idle(() => this.load(), { timeout: 4000 });
    if (document.readyState === "complete") soon();
    else addEventListener("load", soon, { once: true });
  }

  asksForMore() {
    const { query, chosen, present, column } = this.state;
    return query !== "" || chosen.size > 0 || present >= 0 || column >= 0 || new URL(location.href).searchParams.has("cols");
  }

  // The promise of all rows, made once; a failure is told, and the next thing the reader asks for tries again.
  load() {
    this.loading ??= this.whole ? Promise.resolve() : this.fetched().catch((error) => {
      this.loading = null;
      this.say(`The rest of the table did not load (${error.message}); these are its first rows.`);
    });
    return this.loading;
  }

  async fetched() {
    const address = new URL(this.source, location.href);
    const response = await fetch(address);
    if (!response.ok) throw new Error(`status ${response.status}`);
    const document_ = await response.json();
    this.root = new URL("../../", address).href;
    this.take(document_);
    this.show();
    this.table.dataset.cwState = "whole";
  }

  take({ labs, columns, rows }) {
    Object.assign(this, { labs, whole: true, kinds: columns.map(({ kind }) => KINDS[kind]) });
    const heads = new Map(this.columns.map(({ key, cell }) => [key, cell]));
    this.all = columns.map((column, index) => {
      const kind = KINDS[column.kind];
      const name = [kind.name ?? (column.kind === "day" ? "day" : ""), column.wide ? "wide" : "", column.desk ? "desk" : ""].filter(Boolean).join(" ");
      return { ...column, index, kind, name, cell: heads.get(column.key) };
    });
    this.shown = this.all.filter(({ off }) => !off);
    const standing = this.rows; // the first rows of the file, in its usual columns, unless one of the two is of another build
    this.rows = rows.map((values) => new DataRow(values, this));
    standing.forEach(({ element: row }, place) => {
      if (this.rows[place]?.key(0) === row.cells[0].textContent) this.rows[place].stand(row, this.shown);
    });
    this.state.column = -1;
    this.restore();
    if (this.columns !== this.shown) this.head();
  }

  usual() {
    return this.shown ?? this.all;
  }

  head() {
    if (!this.kinds) return;
    const row = this.table.tHead.rows[0];
    row.replaceChildren(...this.columns.map((column) => {
      const cell = element("th", { scope: "col", ...(column.name ? { class: column.name } : {}), ...(column.help ? { title: column.help } : {}) }, column.label);
      column.cell = cell;
      return cell;
    }));
    this.heads();
  }

  // The choice of columns; its boxes are made when it is first opened.
  chooser() {
    const boxes = element("fieldset", {}, element("legend", { class: "cw-sr" }, "Columns shown"));
    const menu = element("details", { class: "cw-columns", "data-cw-columns": "" }, element("summary", { class: "cw-button" }, "Columns"), boxes);
    menu.addEventListener("toggle", async () => {
      await this.load();
      if (!this.kinds || boxes.children.length > 1) return;
      boxes.append(...this.all.slice(1).map(({ key, label }) => element("label", {}, element("input", { type: "checkbox", value: key }), ` ${label}`)));
      this.tick();
    });
    menu.addEventListener("change", () => {
      const wanted = new Set([...menu.querySelectorAll("input:checked")].map((box) => box.value));
      this.columns = this.wished(wanted);
      this.head();
      this.show();
      this.remember();
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
    return menu;
  }

  // The columns of these keys, on a screen of any width: who chooses a column wants to see it.
  wished(keys) {
    const columns = this.all.filter(({ key, index }) => index === 0 || keys.has(key));
    return columns.map((column) => ({ ...column, name: column.name.replace(/ ?\b(wide|desk)\b/g, "").trim() }));
  }

  // The boxes of the columns that this screen shows.
  tick() {
    const row = this.table.tBodies[0].rows[0];
    const seen = this.columns.filter((_column, place) => !row || getComputedStyle(row.cells[place]).display !== "none");
    for (const box of this.tools.querySelectorAll("[data-cw-columns] input")) box.checked = seen.some(({ key }) => key === box.value);
  }

  // ---- what is shown ---------------------------------------------------------------------------------------------------
  // What the reader asked for, from its top: from the rows at hand at once, from all of them when they are there.
  act() {
    this.limit = this.first;
    this.show();
    this.load();
  }

  show() {
    this.found = select(this.rows, this.state);
    const rows = this.found.slice(0, this.limit).map((row) => row.show(this.columns));
    const body = this.table.tBodies[0];
    if (rows.length !== body.children.length || rows.some((row, place) => row !== body.children[place])) body.replaceChildren(...rows);
    for (const { cell, index } of this.columns) {
      if (index === this.state.column) cell.setAttribute("aria-sort", this.state.direction > 0 ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    }
    const coming = this.whole ? 0 : this.total - this.rows.length;
    this.more(this.found.length - rows.length + coming);
    this.orders();
    if (this.kinds) this.tick();
    this.none(!this.found.length && !coming);
    const output = this.tools?.querySelector("output");
    if (output) output.textContent = coming && this.found.length < this.rows.length ? "loading\u2026" : `${thousands(this.found.length + coming)} of ${thousands(this.total)}`;
  }

  // A word where no row is left; how many there are is told to assistive technology by the count.
  none(empty) {
    this.empty?.remove();
    this.empty = empty ? element("p", { class: "cw-empty cw-none" }, "No row fits these choices.") : null;
    if (empty) this.frame.append(this.empty);
  }

  more(left) {
    this.button?.remove();
    if (left <= 0) return;
    const button = element("button", { type: "button", class: "cw-button" }, left > PAGE ? `Show ${PAGE} more (${thousands(left)} left)` : `Show ${left === 1 ? "the last one" : `the last ${left}`}`);
    button.addEventListener("click", async () => {
      const first = this.limit;
      this.limit += PAGE;
      await this.load();
      this.show();
      this.table.tBodies[0].rows[first]?.querySelector("a, button")?.focus({ preventScroll: true });
    });
    this.button = element("div", { class: "cw-more", "data-left": `${thousands(left)} more ${left === 1 ? "row" : "rows"} on the page itself.` }, button);
    this.frame.append(this.button);
  }

  // ---- links and files -------------------------------------------------------------------------------------------------
  async link() {
    try {
      await navigator.clipboard.writeText(location.href);
      this.say("Link copied.");
    } catch {
      this.say("The browser does not allow copying here; take the link from the address bar.");
    }
  }

  say(text) {
    if (this.told) this.told.textContent = text;
  }

  async save(form) {
    await this.load();
    const name = `${this.table.dataset.cwFilter}-view.${form}`;
    const columns = this.columns;
    const rows = this.found.map((row) => columns.map(({ index }) => row.value(index)));
    const text = form === "csv" ? csv(columns.map(({ key, label }) => (this.kinds ? key : label)), rows) : `${JSON.stringify(this.described(columns, rows), null, 1)}\n`;
    const link = element("a", { href: URL.createObjectURL(new Blob([text], { type: form === "csv" ? "text/csv" : "application/json" })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    this.say(`Saved ${thousands(rows.length)} rows as ${name}.`);
  }

  described(columns, rows) {
    const about = document.querySelector('meta[name="capewatch"]')?.dataset ?? {};
    const fields = columns.map(({ key, label, unit, help }) => ({ name: this.kinds ? key : label, label, unit: unit ?? "", description: help ?? "" }));
    return {
      metadata: { title: this.table.caption?.textContent ?? "", view: location.href, as_of: about.asOf ?? "", data_digest: about.digest ?? "", version: about.version ?? "", licence: about.licence ?? "", rows: rows.length, fields },
      rows: rows.map((row) => Object.fromEntries(row.map((value, index) => [fields[index].name, value]))),
    };
  }

  // The state of the one filterable table of a page lives in its address, so that a view can be shared.
  remember() {
    if (!this.tools) return;
    const address = new URL(location.href);
    const { query } = this.state;
    const shown = this.columns.map(({ key }) => key).join(" ");
    const values = {
      find: query, sort: this.sorted(), cols: shown === this.usual().map(({ key }) => key).join(" ") ? "" : shown,
      ...Object.fromEntries(this.choices.map((item) => [item.name, item.value])),
    };
    for (const [name, value] of Object.entries(values)) {
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    history.replaceState(history.state, "", address);
  }

  restore() {
    if (!this.tools) return;
    const given = new URL(location.href).searchParams;
    for (const item of [this.tools.elements.find, ...this.choices]) {
      if (given.has(item.name)) item.value = given.get(item.name);
      if (item.selectedIndex === -1) item.value = ""; // the address names what is no choice here
    }
    this.choose();
    this.sortAs(given.get("sort") ?? "");
    const wanted = new Set((given.get("cols") ?? "").split(" "));
    this.columns = this.kinds && this.all.some(({ key }) => wanted.has(key)) ? this.wished(wanted) : this.usual();
  }
}

function start() {
  for (const table of document.querySelectorAll("table[data-cw-sort]:not([data-cw-ready])")) {
    table.dataset.cwReady = "";
    if (table.tBodies[0]?.rows.length > 1 || table.dataset.cwSrc) new DataTable(table);
  }
}

if (typeof document !== "undefined") {
  if (window.document$) window.document$.subscribe(start);
  else start();
}
