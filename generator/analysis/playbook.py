"""The playbook, locate → diagnose → rotate, as explicit arithmetic on precomputed coefficients.

The same few lines run in the reader's browser, so they use only +, −, ×, ÷, √ and comparisons, take plain numbers,
and return plain values. Coefficients come from `frontier_coefficients` and `base_coefficients`, or from JSON of the
same shape.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from generator.analysis.hfield import LABEL_AT
from generator.analysis.line import LineFit

RATIO_TAX, RATIO_BONUS = -0.1, 0.1  # pp/pp
HIGH_RELEASES, MEDIUM_RELEASES = 3, 2

ADVICE = {
    "tax": "curate the data before scaling: at this size gains in the first benchmark cost the second",
    "transition": "maximum leverage: small changes of recipe decide the sign here; measure before scaling",
    "bonus": "scale freely: gains in the first benchmark bring gains in the second",
    "rotate": "rotate axes: the top models no longer differ on this benchmark beyond its noise",
}
MEASURE = {
    "reasoning-rich": "software engineering and agentic work (SWE-bench, Terminal-Bench): is coding left behind?",
    "coding-first": "expert reasoning (GPQA Diamond, HLE): is the gap an excursion that the next release closes?",
    "balanced": "the axis that still spreads the top models: the pair measured here tells no imbalance",
}


@dataclass(frozen=True)
class Located:
    """Where a pair of scores lies: against the line, its 95 % prediction interval, and the isocline (pp; None: none published)."""

    fitted: float
    h: float
    pi_low: float
    pi_high: float
    outside: bool
    label: str
    isocline: float | None
    margin: float | None
    side: str | None
    extrapolated: bool


@dataclass(frozen=True)
class Diagnosis:
    """What the history of one lab says: consistency, confidence and the next measurement, with the reasons as text."""

    lab: str
    releases: int
    core_releases: int
    mean_h: float | None
    label: str
    consistent: bool
    confidence: str
    measure: str
    why: str


@dataclass(frozen=True)
class Rotation:
    """Which axis to read next: `active` discriminates most now; `next_axis` is the candidate that moves with it (None: none does)."""

    active: str | None
    saturated: tuple[str, ...]
    next_axis: str | None
    why: str


def locate(x: float, y: float, coefficients: Mapping[str, Any]) -> Located:
    """Place scores x, y (percent) against `coefficients`: keys line (`LineFit.as_dict`), kappa (None: no isocline), x_low,
    x_high (range fitted on)."""
    line = LineFit.from_dict(coefficients["line"])
    fitted, half = line.at(x), line.half_width(x, new=True)
    h = y - fitted
    kappa = coefficients["kappa"]
    critical = None if kappa is None else 100.0 * math.sqrt(max(float(kappa) * x / 100.0, 0.0))
    return Located(
        fitted=fitted,
        h=h,
        pi_low=fitted - half,
        pi_high=fitted + half,
        outside=abs(h) > half,
        label="reasoning-rich" if h > LABEL_AT else ("coding-first" if h < -LABEL_AT else "balanced"),
        isocline=critical,
        margin=None if critical is None else y - critical,
        side=None if critical is None else "below" if y < critical else "above",
        extrapolated=not float(coefficients["x_low"]) <= x <= float(coefficients["x_high"]),
    )


def diagnose(lab: str, history: Sequence[Mapping[str, Any]]) -> Diagnosis:
    """Read the releases of one lab: `history` in release order, each with ``h`` (pp) and ``core`` (bool; absent: True).

    consistent: the core releases carry one label, or lie on one side of the line. Confidence: HIGH with 3 core
    releases or more that are consistent; MEDIUM with 2 that are, or with 4 or more of which one breaks ranks; else
    LOW (NONE without core releases). The label is that of the mean h of the core releases.
    """
    core = [float(entry["h"]) for entry in history if entry.get("core", True)]
    if not core:
        why = f"{len(history)} releases, none of them core: nothing to average"
        return Diagnosis(lab, len(history), 0, None, "unknown", False, "NONE", "any pair of core benchmarks", why)
    mean = sum(core) / len(core)
    labels = ["reasoning-rich" if h > LABEL_AT else ("coding-first" if h < -LABEL_AT else "balanced") for h in core]
    label = "reasoning-rich" if mean > LABEL_AT else ("coding-first" if mean < -LABEL_AT else "balanced")
    above = sum(h > 0 for h in core)
    minority = min(above, len(core) - above, len(core) - labels.count(label))
    consistent = minority == 0
    if len(core) == 1:
        confidence, why = "LOW", "one core release"
    elif consistent and len(core) >= HIGH_RELEASES:
        confidence, why = "HIGH", f"{len(core)} core releases, consistent: {_listed(labels)}"
    elif (consistent and len(core) >= MEDIUM_RELEASES) or (minority == 1 and len(core) > HIGH_RELEASES):
        confidence, why = "MEDIUM", f"{len(core)} core releases, {minority} against the others: {_listed(labels)}"
    else:
        confidence, why = "LOW", f"{len(core)} core releases that disagree: {_listed(labels)}"
    return Diagnosis(lab, len(history), len(core), mean, label, consistent, confidence, MEASURE[label], why)


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(f"{name} × {labels.count(name)}" for name in dict.fromkeys(labels))


def rotate(
    saturation: Sequence[Mapping[str, Any]], co_activation: Sequence[Mapping[str, Any]], *, least: int = 10
) -> Rotation:
    """Choose the axis to read next from rows of `saturation_table` and `co_activating`.

    The active axis is the one with the largest signal among axes with `least` models; an axis is spent when its
    signal is at most 2. The next axis is the unspent candidate with the highest r above 0.5 on the rows given.
    """
    able = [row for row in saturation if row.get("signal") is not None and row["n"] >= least]
    spent = tuple(sorted(str(row["axis"]) for row in able if row["signal"] <= 2))
    live = sorted((row for row in able if row["signal"] > 2), key=lambda row: (-row["signal"], row["axis"]))
    active = str(live[0]["axis"]) if live else None
    moving = [row for row in co_activation if row.get("co_activates") and row["candidate"] not in spent]
    moving.sort(key=lambda row: (-row["r"], row["candidate"]))
    following = str(moving[0]["candidate"]) if moving else None
    if not able:
        why = f"no axis has {least} models and a known noise"
    elif active is None:
        why = "no axis spreads the top models beyond twice what noise gives"
    else:
        why = f"{active} spreads the top models {live[0]['signal']:.1f} times what noise gives"
    return Rotation(active, spent, following, why)


def base_phase(x: float, y: float, coefficients: Mapping[str, Any], *, params: float | None = None) -> dict[str, Any]:
    """Phase reading of a base model from HellaSwag x and TruthfulQA y (percent), and its size where given.

    `coefficients`: kappa; running {slope, intercept} of γ12 in log10 N; pooled_nc {low, high} or None. Three
    readings, which may disagree: isocline side, running coupling at this size, and the size against the pooled
    interval of Nc. The phase is that of the running coupling when the size is known, else of the isocline. Returns
    plain values, advice included.
    """
    critical = 100.0 * math.sqrt(max(float(coefficients["kappa"]) * x / 100.0, 0.0))
    by_isocline = "tax" if y > critical else "bonus"
    gamma, by_size, by_nc = None, None, None
    if params is not None and params > 0:
        running = coefficients["running"]
        gamma = float(running["slope"]) * math.log10(params) + float(running["intercept"])
        by_size = "tax" if gamma < RATIO_TAX else ("bonus" if gamma > RATIO_BONUS else "transition")
        pooled = coefficients.get("pooled_nc")
        if pooled:
            by_nc = "tax" if params < pooled["low"] else ("bonus" if params > pooled["high"] else "transition")
    phase = by_size or by_isocline
    readings = [reading for reading in (by_isocline, by_size, by_nc) if reading is not None]
    return {
        "phase": phase,
        "advice": ADVICE[phase],
        "isocline": critical,
        "margin": y - critical,
        "by_isocline": by_isocline,
        "gamma": gamma,
        "by_size": by_size,
        "by_nc": by_nc,
        "agree": len(set(readings)) == 1,
    }


def nearest_lab(h: float, lab_means: Mapping[str, float]) -> str | None:
    """The lab whose mean h is nearest to h (ties: first by id), or None without labs."""
    return min(sorted(lab_means), key=lambda lab: abs(lab_means[lab] - h)) if lab_means else None


def nearest_models(
    x: float, y: float, models: Sequence[Mapping[str, Any]], *, count: int = 3
) -> list[Mapping[str, Any]]:
    """The `count` known models nearest in the plane of both scores (pp, Euclidean), ties by id; rows with id, x, y."""
    return sorted(models, key=lambda row: (math.hypot(row["x"] - x, row["y"] - y), row["id"]))[:count]


def read_pair(
    x: float, y: float, coefficients: Mapping[str, Any], models: Sequence[Mapping[str, Any]], *, lab: str | None = None
) -> dict[str, Any]:
    """Where scores on any pair of axes stand, as plain values; the words for SWE-bench and GPQA are left out.

    `models`: rows id, lab, x, y (percent), dated (bool), in release order. Keys: located (`Located` without its label),
    stands (above, near or below the line, 5 pp apart), nearest (rows), means (lab -> mean h of its dated models),
    nearest_lab, history (id and h of the lab's dated models), lab (releases, above, mean_h, stands; None without history).
    """
    line = LineFit.from_dict(coefficients["line"])
    paths: dict[str, list[dict[str, Any]]] = {}
    for row in models:
        if row["lab"] and row["dated"]:
            paths.setdefault(row["lab"], []).append({"id": row["id"], "h": row["y"] - line.at(row["x"])})
    means = {name: sum(step["h"] for step in path) / len(path) for name, path in paths.items()}
    located = asdict(locate(x, y, coefficients))
    del located["label"]
    path = paths.get(lab or "", [])
    return {
        "located": located,
        "stands": _stands(located["h"]),
        "nearest": list(nearest_models(x, y, models)),
        "means": means,
        "nearest_lab": nearest_lab(located["h"], means),
        "history": path,
        "lab": {
            "releases": len(path),
            "above": sum(step["h"] > 0 for step in path),
            "mean_h": means[lab],
            "stands": _stands(means[lab]),
        }
        if lab in means
        else None,
    }


def _stands(h: float) -> str:
    return "above" if h > LABEL_AT else "below" if h < -LABEL_AT else "near"


def expect_release(x: float, day: float, coefficients: Mapping[str, Any], *, lab: str | None = None) -> dict[str, Any]:
    """The second score (percent) expected of a lab's next release with first score x on `day` (days since 2020-01-01).

    `coefficients`: level at first score x_at and day day_at, per_point (pp a pp), per_day (pp a day), offsets (lab -> pp;
    another lab has 0), low and high: the 80 % limits about the estimate (pp). Keys: estimate, low, high, within 0 to 100.
    """
    centre = coefficients["level"] + coefficients["per_point"] * (x - coefficients["x_at"])
    centre += coefficients["per_day"] * (day - coefficients["day_at"]) + coefficients["offsets"].get(lab or "", 0.0)
    estimate = min(max(centre, 0.0), 100.0)
    return {
        "estimate": estimate,
        "low": min(max(estimate + coefficients["low"], 0.0), 100.0),
        "high": min(max(estimate + coefficients["high"], 0.0), 100.0),
    }


def as_plain(reading: Located | Diagnosis | Rotation) -> dict[str, Any]:
    """A reading as JSON values."""
    return asdict(reading)
