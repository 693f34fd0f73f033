// Sorts, filters and searches data tables. A table is enhanced in place; long ones show their rows a page at a time.

const PAGE = 100;
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const fold = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

// Order of two sort keys; an absent value comes last in both directions.
export function compare(a, b, direction) {
  if (a === null || b === null) return (a === null) - (b === null);
  return direction * (typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b)));
}

// The rows that contain every word of the query and have the chosen value in each filtered column, in order.
export function select(rows, { query = "", chosen = new Map(), column = -1, direction = 1 } = {}) {
  const words = fold(query).split(/\s+/).filter(Boolean);
  const kept = rows.filter((row) =>
    words.every((word) => row.text.includes(word)) && [...chosen].every(([index, value]) => row.keys[index] === value));
  return column < 0 ? kept : kept
    .map((row, index) => ({ row, index }))
    .sort((a, b) => compare(a.row.keys[column], b.row.keys[column], direction) || a.index - b.index)
    .map(({ row }) => row);
}

function keyOf(cell) {
  const numeric = cell.classList.contains("num");
  const given = cell.dataset.v;
  if (given !== undefined) return numeric && given !== "" && !Number.isNaN(Number(given)) ? Number(given) : given;
  const text = cell.textContent.trim();
  return text === "" || text === "\u2014" || numeric ? null : text;
}

function rowsOf(table) {
  return [...table.tBodies[0].rows].map((element) => {
    const keys = [...element.cells].map(keyOf);
    return { element, keys, text: fold(element.textContent) };
  });
}

class DataTable {
  constructor(table) {
    this.table = table;
    this.frame = table.closest(".cw-frame");
    this.state = { query: "", chosen: new Map(), column: -1, direction: 1 };
    this.limit = PAGE;
    this.rows = rowsOf(table);
    this.classes = [...table.tHead.rows[0].cells].map((cell) => cell.className);
    this.tools = table.dataset.cwFilter ? document.querySelector(`[data-cw-tools="${table.dataset.cwFilter}"]`) : null;
    this.heads();
    if (this.tools) this.toolbar();
    if (table.dataset.cwSrc) this.load(table.dataset.cwSrc);
    this.restore();
    if (this.tools || this.rows.length > PAGE) this.show();
  }

  heads() {
    [...this.table.tHead.rows[0].cells].forEach((cell, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "cw-sort";
      button.append(...cell.childNodes);
      cell.append(button);
      button.addEventListener("click", () => this.sort(index));
    });
  }

  sort(index) {
    const { state } = this;
    const first = /\b(num|day)\b/.test(this.classes[index]) ? -1 : 1; // largest and newest first
    state.direction = state.column === index ? -state.direction : first;
    state.column = index;
    this.limit = PAGE;
    this.show();
    this.remember();
  }

  toolbar() {
    this.tools.hidden = false;
    const read = () => {
      this.state.query = this.tools.elements.q.value;
      this.state.chosen = new Map([...this.tools.querySelectorAll("select")]
        .filter((item) => item.value).map((item) => [Number(item.name.slice(1)), item.value]));
      this.limit = PAGE;
      this.show();
      this.remember();
    };
    this.tools.addEventListener("input", read);
    this.tools.addEventListener("submit", (event) => event.preventDefault());
    this.tools.addEventListener("reset", () => setTimeout(read));
  }

  async load(source) {
    const response = await fetch(new URL(source, location.href));
    if (!response.ok) return;
    const { rows } = await response.json();
    this.rows = rows.map((cells) => ({
      html: cells, keys: cells.map(([, key]) => key), text: fold(cells.map(([html]) => html.replace(/<[^>]*>/g, " ")).join(" ")),
    }));
    this.show();
  }

  element(row) {
    if (row.element) return row.element;
    const element = document.createElement("tr");
    element.innerHTML = row.html.map(([html], index) => {
      const tag = index ? "td" : 'th scope="row"';
      return `<${tag} class="${this.classes[index]}">${html}</${index ? "td" : "th"}>`;
    }).join("");
    return (row.element = element);
  }

  show() {
    const found = select(this.rows, this.state);
    const page = found.slice(0, this.limit);
    this.table.tBodies[0].replaceChildren(...page.map((row) => this.element(row)));
    [...this.table.tHead.rows[0].cells].forEach((cell, index) => {
      if (index === this.state.column) cell.setAttribute("aria-sort", this.state.direction > 0 ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    });
    this.more(found.length - page.length);
    const output = this.tools?.querySelector("output");
    if (output) output.textContent = `${found.length.toLocaleString("en")} of ${this.rows.length.toLocaleString("en")}`;
  }

  more(left) {
    this.button?.remove();
    if (left <= 0) return;
    this.button = document.createElement("div");
    this.button.className = "cw-more";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "cw-button";
    button.textContent = `Show ${Math.min(left, PAGE)} more (${left.toLocaleString("en")} left)`;
    button.addEventListener("click", () => { this.limit += PAGE; this.show(); });
    this.button.append(button);
    this.frame.append(this.button);
  }

  // The state of the one filterable table of a page lives in its address, so that a view can be shared.
  remember() {
    if (!this.tools) return;
    const address = new URL(location.href);
    const { query, chosen, column, direction } = this.state;
    const values = { q: query, sort: column < 0 ? "" : `${direction < 0 ? "-" : ""}${column}` };
    for (const item of this.tools.querySelectorAll("select")) values[item.name] = chosen.get(Number(item.name.slice(1))) ?? "";
    for (const [name, value] of Object.entries(values)) {
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    history.replaceState(history.state, "", address);
  }

  restore() {
    if (!this.tools) return;
    const given = new URL(location.href).searchParams;
    for (const item of this.tools.querySelectorAll("input, select")) {
      if (given.has(item.name)) item.value = given.get(item.name);
    }
    this.state.query = this.tools.elements.q.value;
    this.state.chosen = new Map([...this.tools.querySelectorAll("select")]
      .filter((item) => item.value).map((item) => [Number(item.name.slice(1)), item.value]));
    const sort = /^(-?)(\d{1,2})$/.exec(given.get("sort") ?? "");
    if (sort && Number(sort[2]) < this.classes.length) {
      this.state.column = Number(sort[2]);
      this.state.direction = sort[1] ? -1 : 1;
    }
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
