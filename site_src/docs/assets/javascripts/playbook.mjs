// The playbook, locate → diagnose → rotate, as the command line computes it: the twin of generator/analysis/playbook.py.
// Pure: no document, no network, no clock. Scores are in percent, differences in percentage points, sizes in parameters.

export const LABEL_AT = 5.0; // pp
export const RATIO_TAX = -0.1; // pp/pp
export const RATIO_BONUS = 0.1;
export const HIGH_RELEASES = 3;
export const MEDIUM_RELEASES = 2;

export const ADVICE = {
  tax: "curate the data before scaling: at this size gains in the first benchmark cost the second",
  transition: "maximum leverage: small changes of recipe decide the sign here; measure before scaling",
  bonus: "scale freely: gains in the first benchmark bring gains in the second",
  rotate: "rotate axes: the top models no longer differ on this benchmark beyond its noise",
};
export const MEASURE = {
  "reasoning-rich": "software engineering and agentic work (SWE-bench, Terminal-Bench): is coding left behind?",
  "coding-first": "expert reasoning (GPQA Diamond, HLE): is the gap an excursion that the next release closes?",
  balanced: "the axis that still spreads the top models: the pair measured here tells no imbalance",
};

const labelOf = (h) => (h > LABEL_AT ? "reasoning-rich" : h < -LABEL_AT ? "coding-first" : "balanced");

// Fitted y of a line at x, and the half-width of its 95 % prediction interval for one further model.
export const fittedAt = (line, x) => line.intercept + line.slope * x;
export function halfWidth(line, x) {
  const spread = 1 / line.n + (x - line.x_mean) ** 2 / line.sxx;
  return line.t95 * line.sigma * Math.sqrt(spread + 1);
}

// The isocline both ways: the critical second score at a first score, and the first score whose critical score is y.
export const isocline = (kappa, x) => 100 * Math.sqrt(Math.max((kappa * x) / 100, 0));
export const isoclineInverse = (kappa, y) => y ** 2 / (100 * kappa);

export function locate(x, y, coefficients) {
  const { line } = coefficients;
  const fitted = fittedAt(line, x);
  const half = halfWidth(line, x);
  const h = y - fitted;
  const critical = coefficients.kappa === null ? null : isocline(coefficients.kappa, x);
  return {
    fitted, h, pi_low: fitted - half, pi_high: fitted + half, outside: Math.abs(h) > half, label: labelOf(h), isocline: critical,
    margin: critical === null ? null : y - critical, side: critical === null ? null : y < critical ? "below" : "above",
    extrapolated: !(coefficients.x_low <= x && x <= coefficients.x_high),
  };
}

export function diagnose(lab, history) {
  const core = history.filter((entry) => entry.core ?? true).map((entry) => entry.h);
  const releases = history.length;
  if (!core.length) {
    return {
      lab, releases, core_releases: 0, mean_h: null, label: "unknown", consistent: false, confidence: "NONE",
      measure: "any pair of core benchmarks", why: `${releases} releases, none of them core: nothing to average`,
    };
  }
  const mean = core.reduce((sum, h) => sum + h, 0) / core.length;
  const labels = core.map(labelOf);
  const label = labelOf(mean);
  const above = core.filter((h) => h > 0).length;
  const minority = Math.min(above, core.length - above, core.length - labels.filter((name) => name === label).length);
  const consistent = minority === 0;
  const n = core.length;
  const list = listed(labels);
  let confidence = "LOW";
  let why = `${n} core releases that disagree: ${list}`;
  if (n === 1) why = "one core release";
  else if (consistent && n >= HIGH_RELEASES) [confidence, why] = ["HIGH", `${n} core releases, consistent: ${list}`];
  else if ((consistent && n >= MEDIUM_RELEASES) || (minority === 1 && n > HIGH_RELEASES)) {
    [confidence, why] = ["MEDIUM", `${n} core releases, ${minority} against the others: ${list}`];
  }
  return { lab, releases, core_releases: n, mean_h: mean, label, consistent, confidence, measure: MEASURE[label], why };
}

function listed(labels) {
  return [...new Set(labels)].map((name) => `${name} × ${labels.filter((other) => other === name).length}`).join(", ");
}

export function rotate(saturation, coActivation, { least = 10 } = {}) {
  const able = saturation.filter((row) => (row.signal ?? null) !== null && row.n >= least);
  const spent = able.filter((row) => row.signal <= 2).map((row) => row.axis).sort(byText);
  const live = able.filter((row) => row.signal > 2).sort((a, b) => b.signal - a.signal || byText(a.axis, b.axis));
  const active = live.length ? live[0].axis : null;
  const moving = coActivation
    .filter((row) => row.co_activates && !spent.includes(row.candidate))
    .sort((a, b) => b.r - a.r || byText(a.candidate, b.candidate));
  let why = "no axis spreads the top models beyond twice what noise gives";
  if (!able.length) why = `no axis has ${least} models and a known noise`;
  else if (active !== null) why = `${active} spreads the top models ${oneDecimal(live[0].signal)} times what noise gives`;
  return { active, saturated: spent, next_axis: moving.length ? moving[0].candidate : null, why };
}

export function basePhase(x, y, coefficients, params = null) {
  const critical = isocline(coefficients.kappa, x);
  const by_isocline = y > critical ? "tax" : "bonus";
  let [gamma, by_size, by_nc] = [null, null, null];
  if (params !== null && params > 0) {
    const { running, pooled_nc: pooled } = coefficients;
    gamma = running.slope * Math.log10(params) + running.intercept;
    by_size = gamma < RATIO_TAX ? "tax" : gamma > RATIO_BONUS ? "bonus" : "transition";
    if (pooled) by_nc = params < pooled.low ? "tax" : params > pooled.high ? "bonus" : "transition";
  }
  const phase = by_size ?? by_isocline;
  const readings = [by_isocline, by_size, by_nc].filter((reading) => reading !== null);
  return {
    phase, advice: ADVICE[phase], isocline: critical, margin: y - critical, by_isocline, gamma, by_size, by_nc,
    agree: new Set(readings).size === 1,
  };
}

export function nearestLab(h, means) {
  const labs = Object.keys(means).sort(byText);
  return labs.length ? labs.reduce((best, lab) => (Math.abs(means[lab] - h) < Math.abs(means[best] - h) ? lab : best)) : null;
}

export function nearestModels(x, y, models, count = 3) {
  return models
    .map((row) => ({ row, far: Math.hypot(row.x - x, row.y - y) }))
    .sort((a, b) => a.far - b.far || byText(a.row.id, b.row.id))
    .slice(0, count)
    .map(({ row }) => row);
}

// What would change a frontier reading: the second scores at which the label or the prediction interval is left, the first
// scores (the second held) at which the label changes (null where the line is level), and the second score on the isocline.
export function frontierChanges(x, y, coefficients) {
  const { line, kappa } = coefficients;
  const fitted = fittedAt(line, x);
  const half = halfWidth(line, x);
  const xAt = (h) => (line.slope === 0 ? null : (y - h - line.intercept) / line.slope);
  return {
    y_reasoning_rich: fitted + LABEL_AT, y_coding_first: fitted - LABEL_AT, y_above: fitted + half, y_below: fitted - half,
    x_reasoning_rich: xAt(LABEL_AT), x_coding_first: xAt(-LABEL_AT),
    y_isocline: kappa === null ? null : isocline(kappa, x), x_isocline: kappa === null ? null : isoclineInverse(kappa, y),
  };
}

// Where scores on any pair of axes stand. models: rows id, lab, x, y, dated, in release order.
export function readPair(x, y, coefficients, models, lab = null) {
  const paths = new Map();
  for (const row of models) {
    if (!row.lab || !row.dated) continue;
    if (!paths.has(row.lab)) paths.set(row.lab, []);
    paths.get(row.lab).push({ id: row.id, h: row.y - fittedAt(coefficients.line, row.x) });
  }
  const means = Object.fromEntries([...paths].map(([name, path]) => [name, path.reduce((sum, { h }) => sum + h, 0) / path.length]));
  const { label: _unused, ...located } = locate(x, y, coefficients);
  const history = paths.get(lab) ?? [];
  return {
    located, stands: standsOf(located.h), nearest: nearestModels(x, y, models), means, nearest_lab: nearestLab(located.h, means), history,
    lab: history.length ? { releases: history.length, above: history.filter(({ h }) => h > 0).length, mean_h: means[lab], stands: standsOf(means[lab]) } : null,
  };
}

const standsOf = (h) => (h > LABEL_AT ? "above" : h < -LABEL_AT ? "below" : "near");
const within = (value, low, high) => Math.min(Math.max(value, low), high);

// The second score expected of a lab's next release with first score x on a day (days since 2020-01-01), with 80 % limits.
export function expectRelease(x, day, coefficients, lab = null) {
  const { level, per_point, per_day, x_at, day_at, offsets, low, high } = coefficients;
  const own = lab !== null && Object.hasOwn(offsets, lab) ? offsets[lab] : 0;
  const estimate = within(level + per_point * (x - x_at) + per_day * (day - day_at) + own, 0, 100);
  return { estimate, low: within(estimate + low, 0, 100), high: within(estimate + high, 0, 100) };
}

// Scores of the same recipe at larger sizes, from one given size: the twin of generator.forecasts.evaluate. scores: percent in
// the order of coefficients.axes; targets: parameters. Gives estimate and quantiles, percent: [target][axis], [level][target][axis].
export function forecastSizes(scores, params, targets, coefficients) {
  const { floor, ceiling, edge, scales, reach_offset, given } = coefficients;
  const { centre, spread, level, slopes, quantiles } = given["1"];
  const logit = (percent, axis) => {
    const share = within((percent - floor[axis]) / (ceiling[axis] - floor[axis]), edge, 1 - edge);
    return Math.log(share / (1 - share));
  };
  const percentOf = (z, axis) => floor[axis] + (ceiling[axis] - floor[axis]) / (1 + Math.exp(-z));
  const z = scores.map(logit);
  const last = Math.log10(params);
  const reaches = targets.map((target) => Math.log10(target) - last);
  const estimate = targets.map((target, row) => {
    const features = [...z.map((value) => value / scales.score), last / scales.size, Math.log10(target) / scales.size, reaches[row] / scales.reach];
    return z.map((value, axis) => {
      const step = features.reduce((sum, feature, index) => sum + ((feature - centre[index]) / spread[index]) * slopes[index][axis], level[axis]);
      return percentOf(value + step * reaches[row], axis);
    });
  });
  const width = reaches.map((reach) => Math.sqrt(Math.max(reach, 0) + reach_offset));
  return {
    estimate,
    quantiles: quantiles.map((shift) => estimate.map((row, index) => row.map((value, axis) => percentOf(logit(value, axis) + shift[axis] * width[index], axis)))),
  };
}

// What would change a base reading: the second score on the isocline, and the sizes at which the running coupling leaves
// the transition band (null where it does not change with size, or beyond what a number can hold).
export function baseChanges(x, y, coefficients) {
  const { running, kappa } = coefficients;
  const sizeAt = (gamma) => {
    const size = 10 ** ((gamma - running.intercept) / running.slope);
    return Number.isFinite(size) && size > 0 ? size : null;
  };
  return {
    y_isocline: isocline(kappa, x), x_isocline: isoclineInverse(kappa, y), params_tax: sizeAt(RATIO_TAX), params_bonus: sizeAt(RATIO_BONUS),
  };
}

const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

// One decimal as Python writes it: an exact tie goes to the even digit.
export function oneDecimal(value) {
  const tie = Number.isInteger(value * 4) && !Number.isInteger(value * 2);
  if (!tie) return value.toFixed(1);
  const floor = Math.floor(value * 10);
  return ((floor % 2 === 0 ? floor : floor + 1) / 10).toFixed(1);
}
