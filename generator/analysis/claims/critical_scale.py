"""Recipes for the claims on the critical scale: where γ12 changes sign, by the papers' recipes and by reading the table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from generator.analysis.claims.inputs import HS, TQA, ClaimInputs, Ladder, steps
from generator.analysis.claims.numerics import Line, line
from generator.analysis.claims.recipes import LiveRequest, Recipes, Values
from generator.analysis.coupling import running_coupling
from generator.analysis.critical_scale import critical_scale, critical_scales
from generator.analysis.paper_recipes import VERTEX_RANGE, pooled_intervals, pooled_zero_crossing, quadratic_vertex
from generator.analysis.resample import jackknife_interval
from generator.analysis.result import Statistic

CATALOGUE = Recipes()
SEED, DRAWS = 42, 10_000  # np.random.seed(42) and 10,000 resamples, as the papers' bootstrap script sets them


def _script_models(inputs: ClaimInputs) -> tuple[np.ndarray, np.ndarray]:
    """The 14 models of the bootstrap script in its order: log10 N (14,), scores (14, 2) in percent."""
    ladders = [inputs.ladder(family, variant="v2") for family in ("pythia", "llama-1", "llama-2")]
    return np.concatenate([one.log_n for one in ladders]), np.vstack([one.scores for one in ladders])


@CATALOGUE.add("nc-quadratic", "bootstrap-script")
def quadratic(inputs: ClaimInputs) -> Values:
    """Minimum of the parabola of TruthfulQA in log10 N over Pythia, Llama-1 and Llama-2; seed 42, 10,000 resamples."""
    log_n, scores = _script_models(inputs)
    drawn = np.random.RandomState(SEED).randint(0, len(log_n), size=(DRAWS, len(log_n)))  # the published seed
    statistic = quadratic_vertex(log_n, scores[:, 1], indices=drawn)
    interval = statistic.interval
    if statistic.estimate is None or interval is None or interval.low is None or interval.high is None:
        return {"nc": None, "low": None, "high": None, "models": len(log_n)}
    return {
        "nc": statistic.estimate / 1e9,
        "low": interval.low / 1e9,
        "high": interval.high / 1e9,
        "point": statistic.details["point"] / 1e9,
        "kept_share": statistic.details["kept_share"],
        "models": len(log_n),
    }


@CATALOGUE.add("nc-quadratic", "pythia-alone")
def quadratic_pythia(inputs: ClaimInputs) -> Values:
    """Whether TruthfulQA ever rises with size inside Pythia, same scores."""
    ladder = inputs.ladder("pythia", variant="v2")
    return {
        "falls_throughout": bool((np.diff(ladder.scores[:, 1]) < 0).all()),
        "truthfulqa_at_12b": float(ladder.scores[-1, 1]),
        "llama-1_truthfulqa_at_7b": float(inputs.ladder("llama-1", variant="v2").scores[0, 1]),
    }


@CATALOGUE.add("nc-pythia-only", "vertex-v1")
def vertex_pythia(inputs: ClaimInputs) -> Values:
    """Vertex of the parabola of TruthfulQA in log10 N, eight Pythia models, the table's own columns; in billions."""
    ladder = inputs.ladder("pythia")
    a, b, _ = np.polyfit(ladder.log_n, ladder.scores[:, 1], 2)
    gamma = np.diff(ladder.scores[:, 1]) / np.diff(ladder.scores[:, 0])
    return {
        "nc": 10 ** (-b / (2 * a)) / 1e9,
        "nc_params": 10 ** (-b / (2 * a)),
        "curvature": float(a),
        "gammas": gamma.tolist(),
        "largest_gamma": float(gamma.max()),
        "largest_size": float(ladder.params.max() / 1e9),
    }


@CATALOGUE.add("nc-gamma-pooled", "bootstrap-script")
def pooled(inputs: ClaimInputs) -> Values:
    """Zero of the line of γ in log10 N, neighbours in size across families; intervals resampled after the first bootstrap.

    The script seeds once: the resamples of the intervals continue the stream of the quadratic bootstrap.
    """
    log_n, scores = _script_models(inputs)
    middle, gamma = pooled_intervals(log_n, scores[:, 0], scores[:, 1])
    fit = line(middle, gamma)
    stream = np.random.RandomState(SEED)  # the published seed
    stream.randint(0, len(log_n), size=(DRAWS, len(log_n)))
    drawn = stream.randint(0, len(gamma), size=(DRAWS, len(gamma)))
    zeros = _line_zeros(middle[drawn], gamma[drawn])
    kept = zeros[(zeros > VERTEX_RANGE[0]) & (zeros < VERTEX_RANGE[1])]
    low, median, high = 10 ** np.percentile(kept, [2.5, 50, 97.5]) / 1e9
    return {
        "nc": _zero(fit),
        "slope": fit.slope,
        "intercept": fit.intercept,
        "median": median,
        "low": low,
        "high": high,
        "kept_share": kept.size / DRAWS,
        "intervals": len(gamma),
    }


@CATALOGUE.add("nc-gamma-pooled", "across-families")
def pooled_across(inputs: ClaimInputs) -> Values:
    """How many of those neighbours belong to two families, and what remains when only true family intervals are used."""
    families = [(family, inputs.ladder(family, variant="v2")) for family in ("pythia", "llama-1", "llama-2")]
    log_n = np.concatenate([one.log_n for _, one in families])
    scores = np.vstack([one.scores for _, one in families])
    owner = np.repeat(np.arange(len(families)), [len(one.models) for _, one in families])
    order = np.argsort(log_n, kind="stable")
    used = np.abs(np.diff(scores[order, 0])) > 0.5
    mixed = np.diff(owner[order]) != 0
    middle, gamma = _within([one for _, one in families], min_dx=0.5)
    fit = line(middle, gamma)
    return {
        "intervals": int(used.sum()),
        "between_families": int((used & mixed).sum()),
        "within_only_nc": _zero(fit),
        "within_only_intervals": len(gamma),
    }


def _line_zeros(t: np.ndarray, gamma: np.ndarray) -> np.ndarray:
    """log10 N at which the least-squares line of γ on t crosses zero, per row of (R, k); NaN where it is flat."""
    off = t - t.mean(axis=1, keepdims=True)
    variance, covariance = (off * off).sum(axis=1), (off * gamma).sum(axis=1)
    slope = np.divide(covariance, variance, out=np.zeros_like(variance), where=variance > 1e-12)
    zero = np.full(len(t), np.nan)
    return t.mean(axis=1) - np.divide(gamma.mean(axis=1), slope, out=zero, where=slope != 0)


def _within(ladders: list[Ladder], *, min_dx: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Midpoints (log10 N) and γ of the intervals inside each ladder with |ΔHS| > `min_dx`."""
    middle = np.concatenate([(one.log_n[1:] + one.log_n[:-1]) / 2 for one in ladders])
    dx = np.concatenate([np.diff(one.scores[:, 0]) for one in ladders])
    dy = np.concatenate([np.diff(one.scores[:, 1]) for one in ladders])
    kept = np.abs(dx) > min_dx
    return middle[kept], dy[kept] / dx[kept]


def _zero(fit: Line) -> float | None:
    """Size in billions at which the line crosses zero; None where it is so flat that the size has no meaning."""
    if abs(fit.intercept) > 30 * abs(fit.slope):
        return None
    return 10 ** (-fit.intercept / fit.slope) / 1e9


def _running(ladders: list[Ladder], *, min_dx: float = 0.0) -> Values:
    fit = line(*_within(ladders, min_dx=min_dx))
    return {"slope": fit.slope, "intercept": fit.intercept, "r2": fit.r2, "n": fit.n, "zero": _zero(fit)}


@CATALOGUE.add("running-coupling", "figure-families")
def running_figure(inputs: ClaimInputs) -> Values:
    """Pythia, Llama-1, Llama-2 and OLMo with the scores of the figure script."""
    return _running([inputs.ladder(f, variant="v2") for f in ("pythia", "llama-1", "llama-2", "olmo")])


@CATALOGUE.add("running-coupling", "dashboard-families")
def running_dashboard(inputs: ClaimInputs) -> Values:
    """Pythia, OLMo, Llama-1, MPT and DeepSeek with the values of the dashboard: the closest specification found."""
    rows = inputs.base_rows("all")
    overlay = inputs.base_rows("dashboard")
    frame = pd.concat([overlay, rows[~rows.index.isin(overlay.index)]])
    ladders = []
    for family in ("pythia", "olmo", "llama-1", "mpt", "deepseek"):
        members = frame[frame["family"] == family].sort_values("params", kind="stable")
        ladders.append(
            Ladder(family, tuple(members.index), members["params"].to_numpy(), members[[HS, TQA]].to_numpy())
        )
    return _running(ladders)


@CATALOGUE.add("running-coupling", "all-released")
def running_released(inputs: ClaimInputs) -> Values:
    """Every within-family interval of the cleaned table with |ΔHS| above 0.5 pp; the slope's 95 % interval by family."""
    ladders = [inputs.clean_ladder(family) for family in inputs.intervals["family"].unique()]
    without = [line(*_within([*ladders[:i], *ladders[i + 1 :]], min_dx=0.5)).slope for i in range(len(ladders))]
    slope = line(*_within(ladders, min_dx=0.5)).slope
    interval = jackknife_interval(slope, np.array(without), unit="family")
    ends = (interval.low, interval.high) if interval else (None, None)
    return {
        **_running(ladders, min_dx=0.5),
        "families": len(ladders),
        **dict(zip(("slope_low", "slope_high"), ends, strict=True)),
    }


@CATALOGUE.live("running-coupling")
def running_live(request: LiveRequest) -> list[Statistic]:
    """Line of γ12 on log10 size over all live intervals with |ΔHS| above 0.5 pp."""
    table = request.gammas
    return [running_coupling(request.panel, table[table["dx"].abs() > 0.5])]


@CATALOGUE.add("nc-table", "first-positive-interval")
def first_positive(inputs: ClaimInputs) -> Values:
    """Sizes in billions of the first interval with γ > 0 of each family of the released table; empty where there is none.

    GPT-Neo is given without GPT-J and GPT-NeoX; `gpt-neo-with-j-neox` has them.
    """
    frame = inputs.clean
    alone = steps(inputs.base_rows()[inputs.base_rows()["family"] == "gpt-neo"])
    values: dict = {}
    for family in sorted(frame["family"].unique()):
        table = inputs.intervals[inputs.intervals["family"] == family]
        if family == "gpt-neo":
            values["gpt-neo-with-j-neox"] = _first(table)
            table = alone
        if family == "gemma" or (frame["family"] == family).sum() > 1:
            values[family] = _first(table)
    return values


def _first(table: pd.DataFrame) -> list[float]:
    positive = table[table["gamma"] > 0]
    return [] if positive.empty else [positive["n_from"].iloc[0] / 1e9, positive["n_to"].iloc[0] / 1e9]


@CATALOGUE.add("nc-table", "dashboard-values")
def first_positive_dashboard(inputs: ClaimInputs) -> Values:
    """The same reading with the dashboard's values for BLOOM and GPT-Neo."""
    frame = inputs.base_rows("dashboard")
    return {family: _first(steps(frame[frame["family"] == family])) for family in ("bloom", "gpt-neo", "opt", "falcon")}


@CATALOGUE.add("nc-table", "model-counts")
def model_counts(inputs: ClaimInputs) -> Values:
    """Rows of the released table per family."""
    counts = inputs.base_rows()["family"].value_counts()
    return {family: int(counts[family]) for family in sorted(counts.index)}


@CATALOGUE.live("nc-table", "n-families-flip")
def nc_live(request: LiveRequest) -> list[Statistic]:
    """Nc of each live family with three sizes or more: estimate, or why there is none."""
    panel = request.panel
    sizes = panel.complete((HS, TQA)).groupby("family")["params"].nunique()
    kept = panel.models.index[panel.models["family"].isin(list(sizes.index[sizes >= 3]))]
    rng = request.stream(f"{panel.track}/nc")
    found = critical_scales(panel.subset(list(kept)), HS, TQA, rng=rng, resamples=request.resamples)
    if not found:
        return [Statistic.missing("Nc", "no family has three sizes", n=0, method="zero of the isotonic fit of γ12")]
    turning = [
        family for family, one in found.items() if one.details.get("state") in ("bracketed", "several crossings")
    ]
    count = Statistic(
        name="families whose γ12 turns from negative to positive",
        estimate=float(len(turning)),
        n=len(found),
        method="families of three sizes or more with a negative γ12 followed by a positive one",
        details={"families": turning},
    )
    return [count, *(replace(statistic, name=f"Nc {family}") for family, statistic in found.items())]


@CATALOGUE.live("nc-pythia-only")
def nc_pythia_live(request: LiveRequest) -> list[Statistic]:
    """Nc of the live Pythia family."""
    rng = request.stream(f"{request.panel.track}/nc")
    return [critical_scale(request.panel, "pythia", HS, TQA, rng=rng, resamples=request.resamples)]


@CATALOGUE.live("nc-quadratic")
def vertex_live(request: LiveRequest) -> list[Statistic]:
    """The papers' quadratic vertex on the live Pythia, Llama-1 and Llama-2, pooled as they pooled them; then Pythia alone."""
    rows = request.panel.complete((HS, TQA))
    found = []
    for name, families in (("pooled", ["pythia", "llama-1", "llama-2"]), ("Pythia alone", ["pythia"])):
        members = rows[rows["family"].isin(families) & rows["params"].notna()]
        log_n, y = np.log10(members["params"].to_numpy(dtype=float)), members[TQA].to_numpy(dtype=float)
        statistic = quadratic_vertex(log_n, y, rng=request.rng, resamples=request.resamples)
        found.append(replace(statistic, name=f"Nc, quadratic vertex, {name}"))
    return found


@CATALOGUE.live("nc-gamma-pooled")
def pooled_live(request: LiveRequest) -> list[Statistic]:
    """The papers' pooled zero crossing on the live Pythia, Llama-1 and Llama-2 (models resampled)."""
    rows = request.panel.complete((HS, TQA))
    members = rows[rows["family"].isin(["pythia", "llama-1", "llama-2"]) & rows["params"].notna()]
    log_n = np.log10(members["params"].to_numpy(dtype=float))
    x, y = (members[axis].to_numpy(dtype=float) for axis in (HS, TQA))
    return [pooled_zero_crossing(log_n, x, y, rng=request.rng, resamples=request.resamples)]


@CATALOGUE.add("n-families-flip", "negative-then-positive")
def flips(inputs: ClaimInputs) -> Values:
    """Families of the cleaned table with a negative γ and a positive last γ."""
    table = inputs.intervals
    groups = {family: members["gamma"].to_numpy() for family, members in table.groupby("family")}
    flipped = [family for family, gamma in groups.items() if (gamma < 0).any() and gamma[-1] > 0]
    own = inputs.base_rows()
    counts = own.assign(family=own["family"].replace("gpt-neox-line", "pythia"))["family"].value_counts()
    neo = steps(own[own["family"] == "gpt-neo"])["gamma"].to_numpy()
    if (neo < 0).any() and neo[-1] > 0:
        flipped = sorted({*flipped, "gpt-neo"})
    never_positive = sorted(family for family, gamma in groups.items() if (gamma <= 0).all())
    never_negative = sorted(family for family, gamma in groups.items() if (gamma >= 0).all())
    return {
        "families": len(flipped),
        "which": flipped,
        "of": int((counts >= 2).sum()),
        "never_positive": never_positive,
        "never_negative": never_negative,
        "most_sizes_never_positive": 1 + max(len(groups[family]) for family in never_positive),
        "most_sizes_never_negative": 1 + max(len(groups[family]) for family in never_negative),
    }


@CATALOGUE.add("n-families-flip", "with-gptj-neox")
def flips_with_neox(inputs: ClaimInputs) -> Values:
    """GPT-Neo followed through GPT-J and GPT-NeoX: the γ after its one small positive step."""
    gamma = inputs.intervals[inputs.intervals["family"] == "gpt-neo"]["gamma"]
    return {"gpt-neo.gammas": gamma.tolist(), "gpt-neo.last": float(gamma.iloc[-1])}
