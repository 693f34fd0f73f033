"""Width normalisation: the correlation of HS/w and TQA/w, the nulls under which it is as large, and tests without a shared divisor.

Dividing two scores by the same number that varies more than they do makes any two scores correlate (Pearson 1897): a
ratio correlation near +1 says how much the width varies, not how the scores couple.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from generator.analysis._inputs import Source, label, rows
from generator.analysis.population import correlation, partial_coupling
from generator.analysis.resample import t_quantile, t_two_sided
from generator.analysis.result import Interval, Statistic

REFERENCE_WIDTH = 512.0  # d_model of the smallest Pythia


def width_table(source: Source, x: str, y: str, *, least: int = 3) -> pd.DataFrame:
    """Per family with `least` models of known width: family, n, r (raw), r_ratio (both divided by d_model/512), width_span.

    width_span: largest over smallest d_model of the family.
    """
    frame = _with_width(source, x, y)
    found = []
    for family, members in frame.groupby("family", sort=True):
        a, b, w = (members[name].to_numpy(dtype=float) for name in (x, y, "_w"))
        if len(a) < least or np.ptp(a) == 0 or np.ptp(b) == 0:
            continue
        found.append(
            {
                "family": family,
                "n": len(a),
                "r": correlation(a, b),
                "r_ratio": _ratio_r(a, b, w),
                "width_span": float(w.max() / w.min()),
            }
        )
    return pd.DataFrame(found).reindex(columns=["family", "n", "r", "r_ratio", "width_span"])


def width_test(
    source: Source, x: str, y: str, family: str, *, rng: np.random.Generator, resamples: int = 5_000
) -> Statistic:
    """Ratio correlation of one family beside the nulls that give the same: estimate r(x/w, y/w), w = d_model/512.

    baselines: raw r; medians of r_ratio under ``permuted y``, ``uniform noise`` (x in 25…90, y in 30…50), and
    ``constant y`` (the family mean: r of x/w with 1/w). details: 2.5 and 97.5 % points of the null draws. p
    ``permuted y``: share of permutations whose ratio correlation is at least as high: the evidence the ratio adds
    about coupling.
    """
    frame = _with_width(source, x, y)
    members = frame[frame["family"] == family]
    a, b, w = (members[name].to_numpy(dtype=float) for name in (x, y, "_w"))
    common: dict[str, Any] = {
        "n": len(a),
        "method": "Pearson correlation after dividing both scores by d_model/512",
        "axes": (x, y),
        "inputs": tuple(map(str, members.index)),
    }
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0 or np.ptp(w) == 0:
        reason = f"{family}: {len(a)} models of known width; 3 of different width and score are needed"
        return label(Statistic.missing("width-normalised r", reason, **common), source)
    observed = _ratio_r(a, b, w)
    shuffled = rng.permuted(np.tile(b, (resamples, 1)), axis=1)
    permuted = _ratio_rows(np.broadcast_to(a, shuffled.shape), shuffled, w)
    noise = _ratio_rows(rng.uniform(25, 90, size=(resamples, len(w))), rng.uniform(30, 50, size=(resamples, len(w))), w)
    baselines = {
        "raw r": correlation(a, b),
        "permuted y": float(np.median(permuted)),
        "uniform noise": float(np.median(noise)),
        "constant y": _ratio_r(a, np.full_like(b, b.mean()), w),
    }
    details = {
        "permuted_range": np.quantile(permuted, [0.025, 0.975]).tolist(),
        "noise_range": np.quantile(noise, [0.025, 0.975]).tolist(),
        "noise_share_above_0.9": float(np.mean(noise > 0.9)),
        "width_span": float(w.max() / w.min()),
    }
    p = {"permuted y": float((np.count_nonzero(permuted >= observed - 1e-12) + 1) / (resamples + 1))}
    statistic = Statistic(
        name="width-normalised r", estimate=observed, p=p, baselines=baselines, details=details, **common
    )
    return label(statistic, source)


def width_partial(source: Source, x: str, y: str, *, cluster: str = "family") -> Statistic:
    """Partial r of x and y given log10 width and log10 parameters: does width take the coupling away without a shared divisor?"""
    return partial_coupling(source, x, y, given=("log_d_model", "log_params"), cluster=cluster)


def width_regression(source: Source, x: str, y: str, family: str | None = None, *, level: float = 0.95) -> Statistic:
    """Coefficient of x in y ~ 1 + x + log10 d_model (least squares, pp/pp), one family or all models with family intercepts.

    details: the coefficient of width with its interval, and the coefficient of x without the width term. Where x and
    log width are nearly collinear the interval says so by its length; variance_inflation gives the factor.
    """
    frame = _with_width(source, x, y)
    frame = frame if family is None else frame[frame["family"] == family]
    a, b = (frame[name].to_numpy(dtype=float) for name in (x, y))
    width = np.log10(frame["_w"].to_numpy(dtype=float))
    groups = pd.get_dummies(frame["family"].astype(str)).to_numpy(dtype=float)
    df = len(a) - groups.shape[1] - 2
    how = "least squares of y on x and log10 width" + (" with family intercepts" if family is None else "")
    common: dict[str, Any] = {"n": len(a), "method": how, "unit": "pp/pp", "axes": (x, y)}
    centred = [_within(values, groups) for values in (a, width, b)] if len(a) else [np.zeros(0)] * 3
    if df < 1 or min(float(column @ column) for column in centred) < 1e-12:
        reason = f"{len(a)} models leave {df} degrees of freedom beside width"
        return label(Statistic.missing("coupling given width", reason, **common), source)
    design, target = np.column_stack(centred[:2]), centred[2]
    inverse = np.linalg.pinv(design.T @ design)
    beta = inverse @ design.T @ target
    sigma2 = float(((target - design @ beta) ** 2).sum()) / df
    errors = np.sqrt(np.diag(inverse) * sigma2)
    half = t_quantile(0.5 + level / 2, df) * errors
    overlap = correlation(design[:, 0], design[:, 1])
    details = {
        "width": {"slope": float(beta[1]), "low": float(beta[1] - half[1]), "high": float(beta[1] + half[1])},
        "without_width": float(design[:, 0] @ target / (design[:, 0] @ design[:, 0])),
        "variance_inflation": 1 / max(1 - overlap**2, 1e-12),
        "df": df,
    }
    p = {"t": t_two_sided(float(beta[0] / errors[0]), df)} if errors[0] > 0 else {}
    interval = Interval(float(beta[0] - half[0]), float(beta[0] + half[0]), level, "least squares, independent models")
    statistic = Statistic(
        name="coupling given width", estimate=float(beta[0]), interval=interval, p=p, details=details, **common
    )
    return label(statistic, source)


def _with_width(source: Source, x: str, y: str) -> pd.DataFrame:
    frame = rows(source, (x, y))
    width = pd.to_numeric(frame["d_model"], errors="coerce")
    known = width.notna() & (width > 0) & frame["family"].notna()
    return frame[known].assign(_w=width[known] / REFERENCE_WIDTH)


def _ratio_r(a: np.ndarray, b: np.ndarray, w: np.ndarray) -> float:
    return correlation(a / w, b / w)


def _ratio_rows(a: np.ndarray, b: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Correlation of a/w and b/w in every row of (R, n): (R,)."""
    first, second = a / w, b / w
    first, second = (values - values.mean(axis=1, keepdims=True) for values in (first, second))
    scale = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    return (first * second).sum(axis=1) / np.maximum(scale, 1e-300)


def _within(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    return values - groups @ (groups.T @ values / groups.sum(axis=0))
