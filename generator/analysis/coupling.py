"""Local coupling γ12 = ΔB2/ΔB1 between consecutive sizes of one family, with its sampling error and phase.

Sampling error: the scores of two models are taken as independent measurements with the standard errors that the panel
states, or binomial ones; `item_correlation` lowers the error of a difference where both models answered the same
items (`paired_difference` gives it exactly from item scores). Intervals are Fieller's, which stay right when ΔB1 is
near zero.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis._inputs import Source, decimal_years, label, rows, score_stderr
from generator.analysis.line import fit_line
from generator.analysis.population import correlation, fisher_interval
from generator.analysis.resample import jackknife_interval, permutation_test, t_quantile, t_two_sided
from generator.analysis.result import Interval, Statistic

TAX_BELOW = -0.1  # pp of B2 per pp of B1
BONUS_ABOVE = 0.1
PHASES = ("tax", "transition", "bonus")
GAMMA_COLUMNS = (
    "family",
    "model_from",
    "model_to",
    "n_from",
    "n_to",
    "n_mid",
    "x_from",
    "x_to",
    "y_from",
    "y_to",
    "dx",
    "dy",
    "se_x_from",
    "se_x_to",
    "se_y_from",
    "se_y_to",
    "se_dx",
    "se_dy",
    "gamma",
    "gamma_low",
    "gamma_high",
    "shape",
    "resolved",
    "phase",
    "p_tax",
    "p_transition",
    "p_bonus",
    "usable",
    "note",
)
ORDERS = ("params", "active_params", "training_flop", "training_tokens", "released")


def gamma_phase(gamma: float) -> str:
    """Phase of a coupling in pp/pp: tax below −0.1, bonus above +0.1, transition between (both ends included)."""
    return "tax" if gamma < TAX_BELOW else ("bonus" if gamma > BONUS_ABOVE else "transition")


@dataclass(frozen=True)
class Ratio:
    """Fieller's 95 % set of a ratio dy/dx: ``interval`` (low to high), ``outside`` (all but low…high) or ``all``."""

    low: float | None
    high: float | None
    shape: str
    resolved: bool

    def interval(self, level: float = 0.95) -> Interval:
        """The set as an interval; unbounded ends where the set is not one."""
        if self.shape == "interval":
            return Interval(self.low, self.high, level, "Fieller, sampling error of the scores")
        return Interval(None, None, level, "Fieller, unbounded: the change in the first benchmark is within its noise")


def fieller(dx: float, dy: float, se_dx: float, se_dy: float, *, cov: float = 0.0, level: float = 0.95) -> Ratio:
    """Fieller's confidence set of dy/dx for normal errors with covariance `cov`; `resolved`: the set excludes 0."""
    z = t_quantile(0.5 + level / 2, 1e9)
    a, b, c = dx * dx - (z * se_dx) ** 2, dx * dy - z * z * cov, dy * dy - (z * se_dy) ** 2
    root = b * b - a * c
    if a > 0:
        half = math.sqrt(max(root, 0.0))
        return Ratio((b - half) / a, (b + half) / a, "interval", c > 0)
    if a < 0 < root:
        low, high = sorted(((b - math.sqrt(root)) / a, (b + math.sqrt(root)) / a))
        return Ratio(low, high, "outside", False)
    return Ratio(None, None, "all", False)


def phase_probabilities(dx: float, dy: float, se_dx: float, se_dy: float) -> tuple[float, float, float]:
    """Probability of tax, transition and bonus when dx and dy are read as independent normal with these errors.

    Without error (0) the phase of the point estimate has probability 1.
    """
    if se_dy <= 0 and se_dx <= 0:
        phase = gamma_phase(dy / dx)
        return float(phase == "tax"), float(phase == "transition"), float(phase == "bonus")
    below_tax = _ratio_below(TAX_BELOW, dx, dy, se_dx, se_dy)
    below_bonus = _ratio_below(BONUS_ABOVE, dx, dy, se_dx, se_dy)
    return below_tax, max(below_bonus - below_tax, 0.0), max(1.0 - below_bonus, 0.0)


#: Standard deviations over which dx is integrated, and its density there.
_GRID = np.linspace(-8.0, 8.0, 4001)
_WEIGHTS = np.exp(-0.5 * _GRID**2)


def _ratio_below(threshold: float, dx: float, dy: float, se_dx: float, se_dy: float) -> float:
    """P(dy/dx < threshold), integrated over dx on a fixed grid of 4,001 points."""
    from scipy.special import ndtr  # here: importing the package must not import scipy

    if se_dx <= 0:
        share = float(ndtr((threshold * dx - dy) / max(se_dy, 1e-300)))
        return share if dx > 0 else 1.0 - share
    at = dx + se_dx * _GRID
    below = ndtr((threshold * at - dy) / max(se_dy, 1e-12))
    return float(np.average(np.where(at > 0, below, 1.0 - below), weights=_WEIGHTS))


def paired_difference(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Difference of two models on the same items, in pp, and its standard error: item scores 0–1, both (items,).

    Items that either model lacks (NaN) are left out. Raises ValueError with fewer than two common items.
    """
    difference = np.asarray(second, dtype=float) - np.asarray(first, dtype=float)
    difference = difference[np.isfinite(difference)]
    if difference.size < 2:
        raise ValueError(f"{difference.size} items are common to both models; at least 2 are needed")
    return 100.0 * float(difference.mean()), 100.0 * float(difference.std(ddof=1) / math.sqrt(difference.size))


def gamma_table(
    source: Source,
    x: str,
    y: str,
    *,
    families: Sequence[str] | None = None,
    order: str = "params",
    repeated: str = "note",
    item_correlation: float = 0.0,
    n_items: Mapping[str, float] | None = None,
    min_dx: float = 0.0,
    level: float = 0.95,
    chances: bool = True,
) -> pd.DataFrame:
    """One row an interval between consecutive models of a family (GAMMA_COLUMNS), families sorted by id.

    `order` is one of ORDERS. n_from, n_to: value of the order (a count; decimal years for released); n_mid their
    geometric mean (mean for dates). gamma in pp/pp; gamma_low/high: Fieller (see `shape`); resolved: the 95 % set
    excludes 0. Repeated sizes: ``note`` keeps every consecutive pair and marks equal ones, ``mean`` averages models
    of one size. usable: γ exists, the size grows, and |ΔB1| > `min_dx`; `note` says what is odd (same size, B1 falls,
    no change in B1). Without `chances` the probabilities of the phases (p_tax, p_transition, p_bonus), which cost
    most of the time, are left NaN.
    """
    if order not in ORDERS or repeated not in ("note", "mean"):
        raise ValueError(f"order {order!r}: allowed {', '.join(ORDERS)}; repeated {repeated!r}: allowed note, mean")
    frame = rows(source, (x, y))
    frame = frame.assign(_n=_order_values(frame, order), _model=frame.index.astype(str))
    items = dict(n_items or {})
    frame["_sx"] = score_stderr(source, frame, x, items.get(x))[0]
    frame["_sy"] = score_stderr(source, frame, y, items.get(y))[0]
    frame = frame[frame["_n"].notna() & frame["family"].notna()]
    if families is not None:
        frame = frame[frame["family"].isin(list(families))]
    frame = frame.sort_values(["family", "_n", "_model"], kind="stable")
    columns = ["family", "_model", "_n", x, y, "_sx", "_sy"]
    keys = ("family", "model", "n", "x", "y", "sx", "sy")
    models = [dict(zip(keys, values, strict=True)) for values in frame[columns].itertuples(index=False, name=None)]
    table = []
    for family, members in itertools.groupby(models, key=lambda point: point["family"]):
        points = list(members)
        points = _merged(points) if repeated == "mean" else points
        for first, second in itertools.pairwise(points):
            row = _interval_row(first, second, item_correlation=item_correlation, min_dx=min_dx, level=level)
            if chances and row["shape"]:
                found = phase_probabilities(row["dx"], row["dy"], row["se_dx"], row["se_dy"])
                row.update(zip(("p_tax", "p_transition", "p_bonus"), found, strict=True))
            row.update(family=family, n_mid=_middle(first["n"], second["n"], order))
            table.append(row)
    return _typed(pd.DataFrame(table).reindex(columns=list(GAMMA_COLUMNS)))


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    text = {"family", "model_from", "model_to", "shape", "phase", "note"}
    flags = {"resolved", "usable"}
    kinds = {name: "str" if name in text else "bool" if name in flags else "float64" for name in GAMMA_COLUMNS}
    return table.astype(kinds)


def _order_values(frame: pd.DataFrame, order: str) -> np.ndarray:
    if order == "released":
        return decimal_years(frame["released"])
    return pd.to_numeric(frame[order], errors="coerce").to_numpy(dtype=float)


def _middle(first: float, second: float, order: str) -> float:
    return (first + second) / 2 if order == "released" else math.sqrt(first * second)


def _merged(points: Iterable[dict]) -> list[dict]:
    """Points of one size replaced by their mean, with the standard error of that mean."""
    merged = []
    for n, group in itertools.groupby(points, key=lambda point: point["n"]):
        same = list(group)
        mean = {key: float(np.mean([point[key] for point in same])) for key in ("x", "y")}
        error = {key: math.sqrt(sum(point[key] ** 2 for point in same)) / len(same) for key in ("sx", "sy")}
        merged.append({"model": " + ".join(point["model"] for point in same), "n": n, **mean, **error})
    return merged


def _interval_row(first: dict, second: dict, *, item_correlation: float, min_dx: float, level: float) -> dict:
    dx, dy = second["x"] - first["x"], second["y"] - first["y"]
    se_dx, se_dy = (
        math.sqrt(max(first[key] ** 2 + second[key] ** 2 - 2 * item_correlation * first[key] * second[key], 0.0))
        for key in ("sx", "sy")
    )
    row = {
        "model_from": first["model"],
        "model_to": second["model"],
        "n_from": first["n"],
        "n_to": second["n"],
        "x_from": first["x"],
        "x_to": second["x"],
        "y_from": first["y"],
        "y_to": second["y"],
        "dx": dx,
        "dy": dy,
        "se_x_from": first["sx"],
        "se_x_to": second["sx"],
        "se_y_from": first["sy"],
        "se_y_to": second["sy"],
        "se_dx": se_dx,
        "se_dy": se_dy,
        "shape": "",
        "resolved": False,
        "phase": "",
        "usable": False,
    }
    grows, notes = second["n"] > first["n"], []
    if not grows:
        notes.append("same size")
    if abs(dx) < 1e-9:
        notes.append("no change in B1: γ does not exist")
    else:
        if dx < 0:
            notes.append("B1 falls")
        row.update(gamma=dy / dx, phase=gamma_phase(dy / dx), usable=bool(grows and abs(dx) > min_dx))
        if math.isfinite(se_dx) and math.isfinite(se_dy):
            ratio = fieller(dx, dy, se_dx, se_dy, level=level)
            row.update(gamma_low=ratio.low, gamma_high=ratio.high, shape=ratio.shape, resolved=ratio.resolved)
        else:
            notes.append("sampling error unknown")
    row["note"] = "; ".join(notes)
    return row


def size_orders(source: Source, x: str, y: str, family: str) -> pd.DataFrame:
    """The signs of γ12 of one family under every size order it has values for.

    Columns: order, models, intervals, usable, negative, positive, resolved, signs (text of −, 0, + along the order),
    same (True where the model order equals that by parameters), not_comparable (consecutive pairs of equal size).
    """
    table, reference = [], None
    for order in ORDERS:
        intervals = gamma_table(source, x, y, families=[family], order=order, chances=False)
        if intervals.empty:
            continue
        sequence = [*intervals["model_from"], intervals["model_to"].iloc[-1]]
        reference = sequence if reference is None else reference
        gamma = intervals["gamma"].dropna()
        row = {
            "order": order,
            "models": len(sequence),
            "intervals": len(intervals),
            "usable": int(intervals["usable"].sum()),
            "negative": int((gamma < 0).sum()),
            "positive": int((gamma > 0).sum()),
            "resolved": int(intervals["resolved"].sum()),
            "signs": "".join("−" if value < 0 else ("+" if value > 0 else "0") for value in gamma),
            "same": sequence == reference,
            "not_comparable": int((intervals["n_to"] <= intervals["n_from"]).sum()),
        }
        table.append(row)
    columns = [
        "order",
        "models",
        "intervals",
        "usable",
        "negative",
        "positive",
        "resolved",
        "signs",
        "same",
        "not_comparable",
    ]
    return pd.DataFrame(table).reindex(columns=columns)


def family_coupling(
    source: Source, x: str, y: str, *, rng: np.random.Generator, resamples: int = 10_000, level: float = 0.95
) -> pd.DataFrame:
    """r of the two axes within each family: family, n, r, low, high (Fisher), p_t, p_permutation, p_floor, reason.

    Models of a family form a series in size, so neither interval nor p supposes more than that the models are
    exchangeable; a family of fewer than three models, or with a constant axis, has a reason instead of numbers.
    """
    frame = rows(source, (x, y))
    scores = [frame[axis].to_numpy(dtype=float) for axis in (x, y)]
    table = []
    for family, places in frame.groupby("family", sort=True).indices.items():
        a, b = (values[places] for values in scores)
        row: dict = {"family": family, "n": len(places), "reason": ""}
        if len(places) < 3:
            row["reason"] = f"{len(places)} model{'s' if len(places) > 1 else ''}: r needs at least 3"
        elif np.ptp(a) == 0 or np.ptp(b) == 0:
            row["reason"] = f"{x if np.ptp(a) == 0 else y} is the same for all models"
        else:
            row.update(_family_row(a, b, rng=rng, resamples=resamples, level=level))
        table.append(row)
    columns = ["family", "n", "r", "low", "high", "p_t", "p_permutation", "p_floor", "reason"]
    return pd.DataFrame(table).reindex(columns=columns)


def _family_row(a: np.ndarray, b: np.ndarray, *, rng: np.random.Generator, resamples: int, level: float) -> dict:
    r = correlation(a, b)
    row: dict = {"r": r}
    interval = fisher_interval(r, len(a), level=level)
    if interval is not None:
        row.update(low=interval.low, high=interval.high)
    if abs(r) < 1 - 1e-12:
        row["p_t"] = t_two_sided(r * math.sqrt((len(a) - 2) / (1 - r * r)), len(a) - 2)
    test = permutation_test(a, b, rng=rng, resamples=resamples)
    row["p_floor"] = test.floor
    if test.p is not None:
        row["p_permutation"] = test.p
    return row


def running_coupling(source: Source, table: pd.DataFrame, *, level: float = 0.95) -> Statistic:
    """Slope of γ12 against log10 of the interval's geometric-mean size, over the usable rows of a `gamma_table`.

    Unit: pp/pp per decade. Ordinary least squares; details hold the intercept, R², the size where the line crosses
    zero, and the same line weighted by 1/se². interval: clustered by family (jackknife), `plain` beside it.
    """
    used = table[table["usable"] & table["gamma"].notna()]
    how = "least squares of γ12 on log10 of the geometric-mean size of the interval"
    common: dict[str, Any] = {"n": len(used), "method": how, "unit": "pp/pp per decade"}
    log_n = np.log10(used["n_mid"].to_numpy(dtype=float))
    if len(used) < 4 or np.ptp(log_n) == 0:
        reason = f"{len(used)} usable intervals; at least 4 of different size are needed"
        return label(Statistic.missing("running coupling", reason, **common), source)
    gamma = used["gamma"].to_numpy(dtype=float)
    fit = fit_line(log_n, gamma)
    half = t_quantile(0.5 + level / 2, fit.df) * fit.se_slope
    plain = Interval(fit.slope - half, fit.slope + half, level, "least squares, independent intervals")
    families, codes = np.unique(used["family"].astype(str).to_numpy(), return_inverse=True)
    keep = [codes != code for code in range(len(families))]
    without = [fit_line(log_n[k], gamma[k]).slope if k.sum() >= 3 and np.ptp(log_n[k]) > 0 else math.nan for k in keep]
    clustered = jackknife_interval(fit.slope, np.array(without), sizes=np.bincount(codes), level=level, unit="family")
    details = {
        "intercept": fit.intercept,
        "r_squared": fit.r_squared,
        "zero_crossing": 10 ** (-fit.intercept / fit.slope) if abs(fit.intercept) < 20 * abs(fit.slope) else None,
        "weighted": _weighted_line(log_n, gamma, used),
        "families": len(families),
    }
    statistic = Statistic(
        name="running coupling",
        estimate=fit.slope,
        interval=clustered or plain,
        others={name: one for name, one in (("plain", plain), ("clustered", clustered)) if one is not None},
        baselines={"constant coupling": 0.0},
        details=details,
        inputs=tuple(sorted({*used["model_from"], *used["model_to"]})),
        **common,
    )
    return label(statistic, source)


def _weighted_line(log_n: np.ndarray, gamma: np.ndarray, used: pd.DataFrame) -> dict[str, float] | None:
    """Slope and intercept weighted by the inverse variance of γ (first-order error propagation), None without errors."""
    dx, se_dx, se_dy = (used[name].to_numpy(dtype=float) for name in ("dx", "se_dx", "se_dy"))
    variance = (se_dy**2 + gamma**2 * se_dx**2) / dx**2
    if not (np.isfinite(variance).all() and (variance > 0).all()):
        return None
    weights = 1.0 / variance
    mean_n, mean_g = np.average(log_n, weights=weights), np.average(gamma, weights=weights)
    slope = float((weights * (log_n - mean_n) * (gamma - mean_g)).sum() / (weights * (log_n - mean_n) ** 2).sum())
    return {"slope": slope, "intercept": float(mean_g - slope * mean_n)}
