// The readings of the Diagnose page in words: each function takes scores and the page's data, and gives what was computed
// (for the export) and the section to show. All arithmetic is the playbook's.

import {
  baseChanges, basePhase, diagnose, expectRelease, fittedAt, forecastSizes, frontierChanges, halfWidth, isoclineInverse, locate, nearestLab, nearestModels,
  readPair, rotate,
} from "./playbook.mjs";
import { element, forecast as forecastWords, list, number, percent, possible, shape, signed, size } from "./words.mjs";

const NBSP = "\u00a0";
const STANDS = { above: "above the line", near: "near the line", below: "below the line" };
const QUANTILES = { low: 0.1, high: 0.9 };

const section = (label, ...children) => element("section", { class: "cw-reading", "aria-label": label }, ...children.filter(Boolean));
const heading = (text) => element("h3", {}, text);
const paragraph = (text, kind) => element("p", kind ? { class: kind } : {}, text);

// Models as links, each with a button that loads it into the form.
function models(rows, { root, load }) {
  return element("ul", { class: "cw-near" }, ...rows.map((row) => {
    const button = element("button", { type: "button", class: "cw-link" }, "load", element("span", { class: "cw-sr" }, ` ${row.name}`));
    button.addEventListener("click", () => load(row));
    return element("li", {}, element("a", { href: `${root}models/${encodeURIComponent(row.id)}/` }, row.name), ` (${number(row.x)}, ${number(row.y)}${row.params ? `; ${size(row.params)}` : ""}) `, button);
  }));
}

const bands = (at, names) => [
  `At ${names.x} ${percent(at.x)} the line of ${at.n} models (track “${names.track}”) expects ${names.y} ${percent(at.fitted)}; 95${NBSP}% of single models lie within ${number(at.pi_low)} to ${percent(at.pi_high)}${at.pi_high > 100 || at.pi_low < 0 ? " (a straight line does not know that scores end at 0 and 100)" : ""}. `,
  element("strong", {}, at.outside ? "This model does not: it stands apart from the trend." : "This model does: it cannot be told from the trend, whatever its label."),
  at.extrapolated ? ` ${names.x} is outside ${number(at.x_low)} to ${percent(at.x_high)}, the range the line was fitted on: read with care.` : "",
];

function isocline(at, coefficients, y, names) {
  if (at.isocline === null) return "The papers give no isocline for this pair.";
  const inverse = isoclineInverse(coefficients.kappa, y);
  return `√(κ·B1) with κ = ${number(coefficients.kappa, 3)} stands at ${names.y} ${percent(at.isocline)} for this ${names.x} score, so the model is ${at.side} it by ${number(Math.abs(at.margin))}${NBSP}pp. For this ${names.y} score it stands at ${names.x} ${percent(inverse)}${possible(inverse) ? "" : ", beyond the scale"}.`;
}

// A range of scores by the ends that a score can have.
const within = (low, high) => (possible(low) && possible(high) ? `between ${number(low)} and ${percent(high)}` : possible(high) ? `below ${percent(high)}` : `above ${percent(low)}`);

// The second scores at which a model leaves or enters the prediction interval, and the isocline.
function boundaries(at, changes, names) {
  const told = at.outside
    ? [`${names.y} ${within(changes.y_below, changes.y_above)} puts it inside the prediction interval.`]
    : [["above", changes.y_above], ["below", changes.y_below]].filter(([, value]) => possible(value)).map(([side, value]) => `${names.y} ${side} ${percent(value)} puts it outside the prediction interval.`);
  if (changes.y_isocline !== null) told.push(`The side of the isocline changes at ${names.y} ${percent(changes.y_isocline)}.`);
  return told;
}

function frontierWords(at, changes, names) {
  const bounds = [["coding-first", changes.y_coding_first, "below"], ["reasoning-rich", changes.y_reasoning_rich, "above"]];
  const told = bounds.filter(([label, value]) => label !== at.label && possible(value)).map(([label, value, side]) => `${names.y} ${side} ${percent(value)} makes it ${label}.`);
  if (at.label !== "balanced") told.push(`${names.y} between ${number(changes.y_coding_first)} and ${percent(changes.y_reasoning_rich)} makes it balanced.`);
  const other = at.h > 0 ? changes.x_reasoning_rich : changes.x_coding_first;
  if (possible(other)) told.push(`With ${names.y} held, the label changes at ${names.x} ${percent(other)}.`);
  return [...told, ...boundaries(at, changes, names)];
}

// ---- a frontier model ------------------------------------------------------------------------------------------------
export function frontier({ x, y, lab, track }, data, page) {
  const { coefficients, models: rows, labs, name } = data.tracks[track];
  const { line } = coefficients;
  const names = { x: "SWE-bench Verified", y: "GPQA Diamond", track: name };
  const located = locate(x, y, coefficients);
  const at = { ...located, x, n: line.n, x_low: coefficients.x_low, x_high: coefficients.x_high };
  const nearest = nearestModels(x, y, rows);
  const changes = frontierChanges(x, y, coefficients);
  const rotation = rotate(data.rotation.table, data.rotation.co_activation);
  const history = lab ? labs[lab] : undefined;
  const means = Object.fromEntries(Object.entries(labs).map(([id, steps]) => [id, diagnose(id, steps).mean_h]).filter(([, mean]) => mean !== null));
  const near = nearestLab(located.h, means);
  const past = history ? diagnose(lab, history) : null;
  const expected = nextRelease(x, lab, track, data);
  const shown = section("Reading of the frontier model",
    element("h2", {}, "Frontier: ", element("span", { class: "cw-chip cw-chip--open" }, at.label)),
    element("p", { class: "cw-big" }, `h ${signed(at.h)}${NBSP}pp `, element("small", {}, `95${NBSP}% prediction interval ${signed(at.pi_low - at.fitted)} to ${signed(at.pi_high - at.fitted)}`)),
    element("p", {}, ...bands(at, names)),
    map(rows, coefficients, { x, y, at, names, load: page.loadFrontier }),
    heading("Isocline, both ways"),
    paragraph(`${isocline(at, coefficients, y, names)} The papers read the two sides both ways: a frontier model ${at.side} it is in the ${at.side === "above" ? "later" : "earlier"} phase, a base model ${at.side} it faces a ${at.side === "above" ? "tax" : "bonus"}.`),
    heading("Nearest models"),
    models(nearest, { root: page.root, load: page.loadFrontier }),
    heading("Lab"),
    ...labWords({ past, history, near, means, lab, data }),
    heading("Saturation and rotation"),
    paragraph(saturation(["swe-bench-verified", "gpqa-diamond"], data)),
    paragraph(advice(rotation, data)),
    heading("Forecast"),
    ...releaseWords(expected, lab, data),
    heading("What would change this reading"),
    list(frontierWords(at, changes, names)),
  );
  return { shown, reading: { track, located, nearest, changes, rotation, lab: past, nearest_lab: near, next_release: expected } };
}

function labWords({ past, history, near, means, lab, data }) {
  const name = (id) => data.labs[id] ?? id;
  const parts = [];
  if (past) {
    parts.push(paragraph(`${name(past.lab)}: mean h ${signed(past.mean_h)}${NBSP}pp, ${past.label}, confidence ${past.confidence.toLowerCase()} (${past.why}). Next measurement: ${past.measure}.`));
    parts.push(paragraph(`Releases in order: ${history.map(({ released, h }) => `${released} ${signed(h)}`).join("; ")}${NBSP}pp.`, "cw-small"));
  } else if (lab) parts.push(paragraph("This lab has no dated release with both scores in this track."));
  if (near !== null) parts.push(paragraph(`The lab whose mean h is nearest: ${name(near)} (${signed(means[near])}${NBSP}pp). One model does not make a lab.`));
  return parts;
}

// How far each axis still spreads the recent top models, where the data say.
function saturation(axes, data) {
  const { table, names } = data.rotation;
  const told = axes.map((axis) => table.find((row) => row.axis === axis)).filter((row) => row && (row.signal ?? null) !== null)
    .map((row) => `${names[row.axis]} spreads them ${number(row.signal)} times what noise gives (${row.n} models)${row.signal <= 2 ? ", so it no longer tells them apart" : ""}`);
  return told.length ? `Recent top models, as their makers report them: ${told.join("; ")}.` : "Whether these two benchmarks still tell the top models apart is not known: too few recent models, or no known noise.";
}

function advice(found, data) {
  const { names, co_activation: rows, track } = data.rotation;
  const worded = found.why.replace(found.active ?? "\u0000", names[found.active] ?? "");
  const spent = found.saturated.map((axis) => names[axis] ?? axis);
  const row = rows.find(({ candidate }) => candidate === found.next_axis);
  const next = row ? ` To read beside it: ${names[row.candidate]}, r = ${number(row.r, 2)} [${number(row.low, 2)}, ${number(row.high, 2)}] between the two over ${row.n} shared models.` : "";
  return `Of all axes, ${worded}.${spent.length ? ` No longer beyond noise: ${spent.join(", ")}.` : ""}${next}`;
}

function nextRelease(x, lab, track, data) {
  const found = data.forecast.release[track];
  if (!found || found.reason) return { rows: [], reason: found?.reason ?? "this track has none" };
  const asked = [...new Set(data.forecast.steps.map((step) => Math.min(100, x + step)))].sort((a, b) => a - b);
  return { rows: asked.map((value) => ({ x: value, ...expectRelease(value, found.day, found, lab || null) })), reason: "", n: found.n };
}

function releaseWords({ rows, reason, n }, lab, data) {
  if (reason) return [paragraph(`No forecast of the next release: ${reason}.`)];
  const whose = lab ? `${data.labs[lab] ?? lab}'s next release` : "the next release of a lab without history";
  return [
    paragraph(`GPQA Diamond of ${whose}, ${data.forecast.ahead_days} days after the data, by its SWE-bench Verified score: ${rows.map((row) => `${percent(row.x)} → ${forecastWords(row.estimate)} [${number(row.low)}, ${number(row.high)}]`).join("; ")}.`),
    paragraph(`From SWE-bench, the date and the lab's earlier releases, fitted on ${n} releases; brackets are 80${NBSP}% intervals from leave-one-out residuals.${rows.some((row) => row.high === 100 || row.low === 0) ? ` Forecasts and intervals are kept within 0 and 100${NBSP}%.` : ""} The GPQA score entered is not used. How well this did on releases it had not seen is on the Forecasts page.`, "cw-small"),
  ];
}

// ---- any two benchmarks ----------------------------------------------------------------------------------------------
// `pairs` is the file of all lines; axes: { x, y } entries of data.axes. Null where no line exists.
export function pair({ x, y, lab, track, axes }, data, pairs, page) {
  const coefficients = pairs.tracks[track].lines.find((line) => line.x === axes.x.id && line.y === axes.y.id);
  const label = `${axes.y.name} given ${axes.x.name}`;
  const trackName = data.tracks[track]?.name ?? data.base.name;
  const index = (axis) => data.axes[track].findIndex(({ id }) => id === axis);
  const [first, second] = [index(axes.x.id), index(axes.y.id)];
  const rows = pairs.tracks[track].models
    .filter(({ scores }) => scores[first] !== null && scores[second] !== null)
    .map(({ scores, ...row }) => ({ ...row, x: scores[first], y: scores[second] }));
  if (!coefficients) {
    return { reading: { track, x: axes.x.id, y: axes.y.id, reason: "too few models" }, shown: section(label, element("h2", {}, label), paragraph(`${rows.length} models of the track “${trackName}” have both scores: too few for a line. Choose another pair or track.`)) };
  }
  const names = { x: axes.x.name, y: axes.y.name, track: trackName };
  const found = readPair(x, y, coefficients, rows, lab || null);
  const at = { ...found.located, x, n: coefficients.line.n, x_low: coefficients.x_low, x_high: coefficients.x_high };
  const changes = frontierChanges(x, y, coefficients);
  const load = (row) => page.loadPair({ x: row.x, y: row.y, lab: row.lab, track, axes });
  const shown = section(label,
    element("h2", {}, `${label}: `, element("span", { class: "cw-chip cw-chip--open" }, STANDS[found.stands])),
    element("p", { class: "cw-big" }, `h ${signed(at.h)}${NBSP}pp `, element("small", {}, `95${NBSP}% prediction interval ${signed(at.pi_low - at.fitted)} to ${signed(at.pi_high - at.fitted)}`)),
    element("p", {}, ...bands(at, names)),
    paragraph(`r = ${number(coefficients.line.r, 2)} over these models, which are not independent of each other; the line without a difference between labs.`, "cw-small"),
    map(rows, coefficients, { x, y, at, names, load }),
    heading("Isocline, both ways"),
    paragraph(isocline(at, coefficients, y, names)),
    heading("Nearest models"),
    models(found.nearest, { root: page.root, load }),
    heading("Lab"),
    ...pairLab(found, lab, data.labs),
    ...(track === "maker" ? [heading("Saturation"), paragraph(saturation([axes.x.id, axes.y.id], data))] : []),
    heading("What would change this reading"),
    list(boundaries(at, changes, names)),
  );
  return { shown, reading: { track, x: axes.x.id, y: axes.y.id, ...found, changes } };
}

function pairLab(found, lab, names) {
  const told = [];
  if (found.lab) told.push(paragraph(`${names[lab] ?? lab}: mean h ${signed(found.lab.mean_h)}${NBSP}pp over ${found.lab.releases} dated releases, ${found.lab.above} of them above the line. In order: ${found.history.map(({ h }) => signed(h)).join("; ")}${NBSP}pp.`));
  else if (lab) told.push(paragraph("This lab has no dated release with both scores in this track."));
  if (found.nearest_lab !== null) told.push(paragraph(`The lab whose mean h is nearest: ${names[found.nearest_lab] ?? found.nearest_lab} (${signed(found.means[found.nearest_lab])}${NBSP}pp). One model does not make a lab.`));
  return told;
}

// ---- a base model ----------------------------------------------------------------------------------------------------
export function base({ x, y, params, others }, data, page) {
  const { coefficients, models: rows, name } = data.base;
  const found = basePhase(x, y, coefficients, params);
  const nearest = nearestModels(x, y, rows);
  const changes = baseChanges(x, y, coefficients);
  const forecast = params === null ? null : larger([x, y], params, others, data);
  const readings = [`isocline: ${found.by_isocline}`, found.by_size && `running coupling: ${found.by_size}`, found.by_nc && `pooled critical size: ${found.by_nc}`].filter(Boolean);
  const shown = section("Reading of the base model",
    element("h2", {}, "Base: ", element("span", { class: `cw-chip cw-chip--${found.phase}` }, found.phase)),
    element("p", {}, element("strong", {}, found.agree ? `${found.advice[0].toUpperCase()}${found.advice.slice(1)}.` : `Not settled. By the ${found.by_size ? "running coupling" : "isocline"} alone: ${found.advice}.`)),
    paragraph(`${name}. Readings: ${readings.join("; ")}. ${found.agree ? (readings.length > 1 ? "They agree." : "Give the size for the other readings.") : "They disagree."}`),
    found.gamma !== null && paragraph(`Running coupling at ${size(params)}: γ12 = ${signed(found.gamma, 2)} pp per pp. It is an average over families; a single family may do otherwise.`),
    heading("Isocline, both ways"),
    paragraph(`${isocline({ ...found, side: found.margin > 0 ? "above" : "below" }, coefficients, y, { x: "HellaSwag", y: "TruthfulQA" })} Whether the side predicts the sign of γ12 is tested on the Sensitivity page.`),
    heading("Nearest models"),
    models(nearest, { root: page.root, load: page.loadBase }),
    heading("Forecast"),
    ...sizeWords(forecast, data),
    heading("What would change this reading"),
    list([
      `The side of the isocline changes at TruthfulQA ${percent(changes.y_isocline)}.`,
      ...[["tax and transition", changes.params_tax], ["transition and bonus", changes.params_bonus]].filter(([, value]) => value && value > 1e5 && value < 1e15).map(([between, value]) => `The running coupling passes between ${between} at ${size(value)} parameters.`),
      ...(coefficients.pooled_nc ? [`The pooled critical size lies between ${size(coefficients.pooled_nc.low)} and ${size(coefficients.pooled_nc.high)} parameters (95${NBSP}%).`] : []),
    ]),
  );
  return { shown, reading: { ...found, nearest, changes, forecast } };
}

// The forecast with the most axes that the entered scores allow: all five, or the pair alone.
function larger(pairScores, params, others, data) {
  const given = { hellaswag: pairScores[0], truthfulqa: pairScores[1], ...others };
  const able = data.forecast.sizes.filter((set) => !set.reason && set.axes.every((axis) => axis in given));
  if (!able.length) return { rows: [], reason: data.forecast.sizes[0]?.reason ?? "the data carry no coefficients" };
  const set = able.at(-1);
  const targets = data.forecast.larger.map((factor) => params * factor);
  const { estimate, quantiles } = forecastSizes(set.axes.map((axis) => given[axis]), params, targets, set);
  const at = Object.fromEntries(Object.entries(QUANTILES).map(([end, level]) => [end, quantiles[set.levels.indexOf(level)]]));
  const rows = targets.map((target, row) => ({
    params: target,
    axes: Object.fromEntries(set.axes.map((axis, column) => [axis, { estimate: estimate[row][column], low: at.low[row][column], high: at.high[row][column] }])),
  }));
  return { rows, reason: "", axes: set.axes, families: set.given["1"].families, mae_pp: set.given["1"].mae_pp, unchanged_pp: set.unchanged_pp, beyond: Math.log10(data.forecast.larger.at(-1)) > set.reach };
}

function sizeWords(forecast, data) {
  if (forecast === null) return [paragraph("Give the number of parameters for a forecast of larger sizes of this recipe.")];
  if (forecast.reason) return [paragraph(`No forecast of larger sizes: ${forecast.reason}.`)];
  const names = Object.fromEntries((data.axes["harness-v1"] ?? []).map(({ id, name }) => [id, name]));
  const cell = ({ estimate, low, high }) => element("td", { class: "num" }, `${number(estimate)} `, element("small", {}, `[${number(low)}, ${number(high)}]`));
  const table = element("table", { class: "cw-table cw-larger" },
    element("caption", {}, `Scores of the same recipe at larger sizes, percent, with 80${NBSP}% intervals`),
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Parameters"), ...forecast.axes.map((axis) => element("th", { scope: "col", class: "num" }, names[axis] ?? axis)))),
    element("tbody", {}, ...forecast.rows.map((row) => element("tr", {}, element("th", { scope: "row" }, size(row.params)), ...forecast.axes.map((axis) => cell(row.axes[axis]))))));
  return [
    element("div", { class: "cw-frame", tabindex: "0", role: "region", "aria-label": "Forecast of larger sizes" }, table),
    paragraph(`One size is given, so the slope is borrowed from ${forecast.families} families. On families held out the mean error is ${number(forecast.mae_pp)}${NBSP}pp, against ${number(forecast.unchanged_pp)}${NBSP}pp for leaving the scores as they are.${forecast.axes.length === 2 ? " With ARC, WinoGrande and MMLU the forecast uses all five." : ""}${forecast.beyond ? " The largest size is further ahead than any family reached: its interval is extrapolated." : ""}`, "cw-small"),
  ];
}

// ---- the drawing -----------------------------------------------------------------------------------------------------
// Every model of the track, the line with its prediction band, and where this one stands. A dot loads its model.
function map(rows, coefficients, { x, y, at, names, load }) {
  const [width, height, left, right, top, bottom] = [340, 220, 34, 12, 8, 22];
  const tens = (value) => Math.floor(value / 10) * 10;
  const low = Math.max(0, tens(Math.min(x - 2, coefficients.x_low))); // the mark of this model stands clear of the axis
  const high = Math.min(100, -tens(-Math.max(x + 2, coefficients.x_high)));
  const floor = tens(Math.min(y, ...rows.map((row) => row.y)));
  const ceiling = Math.min(100, -tens(-Math.max(y, floor + 10, ...rows.map((row) => row.y))));
  const across = (value) => left + ((value - low) / (high - low || 1)) * (width - left - right);
  const down = (value) => top + ((ceiling - Math.min(Math.max(value, floor), ceiling)) / (ceiling - floor || 1)) * (height - top - bottom);
  const { line } = coefficients;
  const steps = Array.from({ length: 25 }, (_, index) => low + ((high - low) * index) / 24);
  const edge = (sign) => steps.map((step) => `${across(step).toFixed(1)},${down(fittedAt(line, step) + sign * halfWidth(line, step)).toFixed(1)}`);
  const drawing = shape("svg", { class: "cw-plot", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${names.x} against ${names.y}: the model ${at.outside ? "outside" : "inside"} the prediction band of ${line.n} models` });
  drawing.append(shape("polygon", { class: "band", points: [...edge(1), ...edge(-1).reverse()].join(" ") }));
  for (let value = floor; value <= ceiling; value += ceiling - floor > 50 ? 20 : 10) {
    drawing.append(shape("line", { class: "grid", x1: left, x2: width - right, y1: down(value), y2: down(value) }), shape("text", { x: left - 5, y: down(value) + 4, "text-anchor": "end" }, String(value)));
  }
  for (let value = low; value <= high; value += high - low > 50 ? 20 : 10) drawing.append(shape("text", { x: across(value), y: height - 6, "text-anchor": "middle" }, String(value)));
  drawing.append(shape("polyline", { points: steps.map((step) => `${across(step).toFixed(1)},${down(fittedAt(line, step)).toFixed(1)}`).join(" ") }));
  for (const row of rows) {
    const dot = shape("circle", { cx: across(row.x).toFixed(1), cy: down(row.y).toFixed(1), r: 2.8, opacity: 0.55, class: "cw-dot" }, shape("title", {}, `${row.name}: ${number(row.x)}, ${number(row.y)}`));
    dot.addEventListener("click", () => load(row));
    drawing.append(dot);
  }
  const [cx, cy] = [across(x), down(y)];
  drawing.append(shape("path", { class: "here", d: `M${cx} ${cy - 8}L${cx + 8} ${cy}L${cx} ${cy + 8}L${cx - 8} ${cy}Z` }));
  return element("div", { class: "cw-panel cw-panel--map" }, drawing, element("p", { class: "cw-panel__note" }, `Across: ${names.x}, %. Up: ${names.y}, %. Diamond: this model. Dots: the models of the track; click one to load it. Band: 95${NBSP}% prediction interval.`));
}
