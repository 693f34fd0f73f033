// On the page of a framed chart: the palette that its address or the reader's system asks for. Elsewhere: the snippet for a
// frame, under the link that a chart offers.

const HEIGHT = 520;

// The palette of a framed chart: ?theme=light or dark, otherwise the system's.
export function scheme(search, dark) {
  const theme = new URLSearchParams(search).get("theme");
  const chosen = theme === "light" || theme === "dark" ? theme : dark ? "dark" : "light";
  return chosen === "dark" ? "slate" : "default";
}

const attribute = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

// The HTML that shows a chart on another site.
export function snippet(address, title, theme) {
  const url = new URL(address);
  url.hash = "";
  url.search = theme ? `?theme=${theme}` : "";
  return `<iframe src="${attribute(url.href)}" title="${attribute(title)}" width="100%" height="${HEIGHT}" loading="lazy" style="border:0"></iframe>`;
}

function offer(link) {
  const figure = link.closest("figure");
  const open = figure.querySelector(".cw-snippet");
  if (open) return open.remove();
  const title = figure.querySelector(".cw-chart__title")?.textContent ?? "";
  const box = document.createElement("div");
  box.className = "cw-snippet";
  const label = document.createElement("label");
  label.className = "cw-field";
  const text = document.createElement("textarea");
  Object.assign(text, { readOnly: true, rows: 3, spellcheck: false });
  label.append("HTML for a frame on another site", text);
  const choice = document.createElement("label");
  choice.className = "cw-field";
  const theme = document.createElement("select");
  for (const [value, name] of [["", "as the reader's system"], ["light", "light"], ["dark", "dark"]]) theme.append(new Option(name, value));
  choice.append("Palette", theme);
  const told = document.createElement("span");
  told.setAttribute("role", "status");
  const copy = document.createElement("button");
  Object.assign(copy, { type: "button", className: "cw-button", textContent: "Copy" });
  copy.addEventListener("click", () => navigator.clipboard.writeText(text.value).then(() => { told.textContent = "Copied."; }, () => { text.select(); told.textContent = "Press Ctrl+C to copy."; }));
  const alone = document.createElement("a");
  Object.assign(alone, { href: link.href, textContent: "Open the chart alone" });
  const write = () => { text.value = snippet(link.href, title, theme.value); };
  theme.addEventListener("change", write);
  write();
  const row = document.createElement("div");
  row.className = "cw-snippet__row";
  row.append(choice, copy, alone, told);
  box.append(label, row);
  link.closest(".cw-chart__foot").after(box);
  text.focus();
  return text.select();
}

if (typeof document !== "undefined") {
  if (document.body.classList.contains("cw-embed")) {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const set = () => { document.body.dataset.mdColorScheme = scheme(location.search, dark.matches); };
    dark.addEventListener("change", set);
    set();
  } else {
    document.addEventListener("click", (event) => {
      const link = event.target.closest?.("[data-cw-embed]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      event.stopPropagation();
      offer(link);
    }, { capture: true });
  }
}
