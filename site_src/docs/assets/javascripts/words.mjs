// Numbers as text and elements by one call: what the scripts of the pages share.

const UNITS = { k: 1e3, m: 1e6, b: 1e9, t: 1e12 };
const SVG = "http://www.w3.org/2000/svg";

export const number = (value, digits = 1) => {
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "\u2212");
};
export const signed = (value, digits = 1) => (Number(value.toFixed(digits)) > 0 ? `+${number(value, digits)}` : number(value, digits));
export const percent = (value) => `${number(value)}\u00a0%`;
// A forecast in percent; one that was cut at the end of the scale says so.
export const forecast = (value) => percent(value) + ({ 0: " (at the floor)", 100: " (at the ceiling)" }[value] ?? "");
export const possible = (value) => value !== null && value >= 0 && value <= 100;
export const size = (value) => {
  const [scale, letter] = value >= 1e12 ? [1e12, "T"] : value >= 1e9 ? [1e9, "B"] : value >= 1e6 ? [1e6, "M"] : [1e3, "k"];
  return `${Number((value / scale).toPrecision(3))}\u00a0${letter}`;
};

// A count of parameters from text such as 7B, 410M or 7e9; null for anything else.
export function parseSize(text) {
  const found = /^\s*([\d.,]+(?:e[+-]?\d+)?)\s*([kmbt])?\s*$/i.exec(text.replaceAll("\u00a0", " "));
  if (!found) return null;
  const value = Number(found[1].replaceAll(",", "")) * (UNITS[found[2]?.toLowerCase()] ?? 1);
  return Number.isFinite(value) && value >= 1e5 && value <= 1e15 ? value : null;
}

// The short form only where it loses nothing.
export const exactSize = (value) => {
  const text = size(value).replace("\u00a0", "");
  return parseSize(text) === value ? text : String(value);
};

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function shape(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export const list = (items) => element("ul", {}, ...items.map((text) => element("li", {}, text)));
