// Draws charts live: those in view once the reader has made a first move on the page; small ones, and every one on a screen
// without a pointer, when they are pointed at. So a page loads no chart library for a reader who only looks. Until then, without
// scripts and in print the static drawing stands.
// Colours are CSS variables, so a chart follows the palette without being drawn again.

const drawn = new Map(); // plot element -> { view, still }
let library; // promise of window.vegaEmbed

// read once: after an instant navigation the configuration still speaks of the first page
const root = new URL(JSON.parse(document.getElementById("__config").textContent).base.replace(/\/*$/, "/"), location.href); // "/" on the page of errors

function loadLibrary() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("assets/vega/vega.js", root).href;
    script.onload = () => resolve(window.vegaEmbed);
    script.onerror = () => reject(new Error("the chart library did not load"));
    document.head.append(script);
  });
  return library;
}

async function draw(figure) {
  const plot = figure.querySelector(".cw-chart__plot");
  if (!plot || drawn.has(plot)) return;
  const still = plot.firstElementChild;
  drawn.set(plot, { view: null, still });
  try {
    const [embed, response] = await Promise.all([loadLibrary(), fetch(new URL(figure.dataset.cwChart, location.href))]);
    if (!response.ok) throw new Error(`${response.status} ${response.url}`);
    const spec = await response.json();
    const stage = document.createElement("div");
    stage.className = "cw-chart__live";
    if (still) still.style.display = "none";
    plot.append(stage);
    const result = await embed(stage, spec, {
      actions: false, ast: true, renderer: "svg", defaultStyle: false, tooltip: { disableDefaultStyle: true },
    });
    figure.dataset.cwState = "live";
    if (!plot.isConnected) return void result.finalize();
    drawn.set(plot, { view: result, still, stage });
    attend(figure, result.view);
  } catch (error) {
    drawn.delete(plot);
    plot.querySelector(".cw-chart__live")?.remove();
    if (still) still.style.display = "";
    figure.dataset.cwState = "still";
    console.warn(`chart ${figure.id}: ${error.message}`);
  }
}

// Names on demand, the window, and one marked model: the tools of a figure and the pointer set parameters of its drawing.
function attend(figure, view) {
  const known = new Set(Object.keys(view.getState().signals));
  const pressed = figure.querySelector('.cw-key[aria-pressed="true"]');
  if (pressed) view.signal("focus", pressed.dataset.cwKey).runAsync();
  if (!known.has("mark")) return;
  const tools = figure.querySelector("[data-cw-chart-tools]");
  const chosen = () => tools?.elements.mark.value ?? "";
  view.addEventListener("pointerover", (_event, item) => item?.datum?.name && view.signal("mark", item.datum.name).runAsync());
  view.addEventListener("pointerout", (_event, item) => item?.datum?.name && view.signal("mark", chosen()).runAsync());
  if (!tools) return;
  tools.hidden = false;
  const apply = () => {
    const view_ = tools.elements.view;
    const window_ = JSON.parse(view_.selectedOptions[0].dataset.window);
    for (const [name, value] of Object.entries(window_)) view.signal(name, value);
    view.signal("place", view_.value).signal("names", tools.elements.names.value).signal("mark", chosen()).runAsync();
  };
  tools.addEventListener("input", apply);
  tools.addEventListener("submit", (event) => event.preventDefault());
  apply();
}

function focus(button) {
  const figure = button.closest("[data-cw-chart]");
  const pressed = button.getAttribute("aria-pressed") !== "true";
  for (const other of figure.querySelectorAll(".cw-key")) other.setAttribute("aria-pressed", String(other === button && pressed));
  const entry = drawn.get(figure.querySelector(".cw-chart__plot"));
  entry?.view?.view.signal("focus", pressed ? button.dataset.cwKey : "").runAsync();
}

const observer = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    observer.unobserve(entry.target);
    draw(entry.target);
  }
}, { rootMargin: "200px" });

// The first move: not the loading of the page, nor an address with a place in the page, to which the browser scrolls by itself.
const moved = new Promise((resolve) => {
  for (const type of ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"]) addEventListener(type, resolve, { once: true, passive: true });
});
const touched = matchMedia("(hover: none)");

function onDemand(figure) {
  if (figure.dataset.cwState) return;
  figure.dataset.cwState = "still";
  for (const type of ["pointerenter", "focusin", "touchstart"]) {
    figure.addEventListener(type, () => draw(figure), { once: true, passive: true });
  }
}

function start() {
  for (const [plot, { view }] of drawn) {
    if (plot.isConnected) continue;
    view?.finalize();
    drawn.delete(plot);
  }
  for (const figure of document.querySelectorAll("[data-cw-chart]")) {
    if (!figure.querySelector(".cw-chart__plot > svg")) observer.observe(figure);
    else if (figure.matches(".cw-chart--compact") || touched.matches) onDemand(figure);
    else {
      onDemand(figure);
      moved.then(() => figure.isConnected && observer.observe(figure));
    }
  }
}

function still(on) {
  for (const { still: image, stage } of drawn.values()) {
    if (!image || !stage) continue;
    image.style.display = on ? "" : "none";
    stage.style.display = on ? "none" : "";
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.(".cw-key");
  if (button) focus(button);
});
addEventListener("beforeprint", () => still(true));
addEventListener("afterprint", () => still(false));
if (window.document$) window.document$.subscribe(start);
else start();
