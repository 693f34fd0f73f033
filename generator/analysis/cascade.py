"""The claimed cascade of transitions Nc1 … Nc4: for each, what would show it, the test on the data there are, its power, a verdict.

Verdicts: ``shown``, ``not shown`` (the data could have shown it and did not), ``cannot be told`` (the data lack the
power or the axis).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis._inputs import Source, decimal_years, rows, score_stderr
from generator.analysis.coupling import gamma_table
from generator.analysis.critical_scale import pooled_critical_scale
from generator.analysis.result import Statistic
from generator.analysis.saturation import saturation_table
from generator.panel.frame import Panel

SHOWN, NOT_SHOWN, UNKNOWN = "shown", "not shown", "cannot be told"
ENOUGH_POWER = 0.8


@dataclass(frozen=True)
class Transition:
    """One claimed transition: the claim and what would show it in words; the test as a Statistic; power 0–1 (None: not computable)."""

    id: str
    claim: str
    would_show: str
    test: Statistic
    power: float | None
    verdict: str
    reading: str
    details: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "claim": self.claim,
            "would_show": self.would_show,
            "test": self.test.as_dict(),
            "power": self.power,
            "verdict": self.verdict,
            "reading": self.reading,
            "details": self.details,
        }


def cascade(
    base: Source,
    frontier: Source,
    *,
    internal: pd.DataFrame | None = None,
    rng: np.random.Generator,
    resamples: int = 2_000,
    k: int = 5,
    pooled: Statistic | None = None,
) -> list[Transition]:
    """All four transitions. `pooled`: as in `sign_flip`.

    `base` needs hellaswag and truthfulqa; `frontier` swe-bench-verified, gpqa-diamond and, where it has them, hle and
    ifeval; `internal` has columns model, family, params, coupling, method.
    """
    return [
        sign_flip(base, rng=rng, resamples=resamples, pooled=pooled),
        internal_drop(internal),
        saturation_shift(frontier, k=k),
        next_saturation(frontier, k=k),
    ]


def gamma_power(table: pd.DataFrame, *, gamma: float = 0.3) -> float | None:
    """Mean chance that a coupling of ±`gamma` pp/pp would be resolved at 95 % on the usable rows of a `gamma_table`, or None."""
    from scipy.special import ndtr  # here: importing the package must not import scipy

    used = table[table["usable"] & table["se_dy"].notna() & (table["se_dy"] > 0)]
    if used.empty:
        return None
    effect = gamma * used["dx"].abs().to_numpy() / used["se_dy"].to_numpy()
    return float(np.mean(ndtr(effect - 1.96) + ndtr(-effect - 1.96)))


def sign_flip(
    base: Source,
    x: str = "hellaswag",
    y: str = "truthfulqa",
    *,
    claimed: float = 3.5e9,
    rng: np.random.Generator,
    resamples: int = 2_000,
    pooled: Statistic | None = None,
) -> Transition:
    """Nc1: γ12 turns from negative to positive near `claimed` parameters.

    Shown when the odds of γ > 0 rise with size in 97.5 % of family resamples, the interval of the pooled Nc holds the
    claimed size, and the signs follow size within families (p < 0.05): a rise between families only is a difference
    of recipes. `pooled`: the `pooled_critical_scale` of these axes, where it has been computed.
    """
    table = gamma_table(base, x, y, chances=False)
    test = pooled or pooled_critical_scale(base, table, rng=rng, resamples=resamples)
    used = table[table["usable"]]
    power = gamma_power(table)
    resolved = used[used["resolved"]]
    details = {
        "intervals": len(used),
        "resolved": len(resolved),
        "resolved_negative_above": int(((resolved["gamma"] < 0) & (resolved["n_mid"] > claimed)).sum()),
        "resolved_positive_below": int(((resolved["gamma"] > 0) & (resolved["n_mid"] < claimed)).sum()),
        "claimed": claimed,
    }
    rising = test.details.get("rising_share", 0.0)
    if test.estimate is None or test.interval is None:
        verdict, reading = (UNKNOWN if not len(used) else NOT_SHOWN), test.reason
    else:
        low, high = test.interval.low or 0.0, test.interval.high or math.inf
        holds = low <= claimed <= high
        within = test.p.get("order within family", 1.0)
        verdict = SHOWN if rising >= 0.975 and holds and within < 0.05 else NOT_SHOWN
        reading = (
            f"the odds of a positive γ12 rise with size in {100 * rising:.1f} % of family resamples; the interval of the size of even "
            f"odds {'holds' if holds else 'leaves out'} {claimed / 1e9:g}B; within families the signs follow size with p = {within:.3g}; "
            f"{len(resolved)} of {len(used)} couplings are resolved one by one"
        )
    return Transition(
        id="Nc1",
        claim=f"γ12 of {y} on {x} turns from negative to positive near {claimed / 1e9:g}B parameters",
        would_show="odds of a positive γ12 that rise with size, within families too, and are even near the claimed size",
        test=test,
        power=power,
        verdict=verdict,
        reading=reading,
        details=details,
    )


def internal_drop(internal: pd.DataFrame | None, *, above: float = 3e10) -> Transition:
    """Nc2: internal coupling drops at 30–72B. Only pairs of one family measured by one method on both sides of `above` parameters count.

    estimate: mean change of coupling over such pairs. Shown when at least 4 pairs all fall (a sign test cannot reach
    5 % one-sided below 5, so with fewer the verdict is ``cannot be told``).
    """
    pairs = _same_method_pairs(internal, above)
    how = f"largest model below against smallest at or above {above / 1e9:g}B, same family and method"
    n, falls = len(pairs), sum(pair["change"] < 0 for pair in pairs)
    p = sum(math.comb(n, i) for i in range(falls, n + 1)) / 2**n if n else None
    common: dict[str, Any] = {"n": n, "method": how, "unit": "coupling", "details": {"pairs": pairs, "falls": falls}}
    if not pairs:
        test = Statistic.missing(
            "change of internal coupling", "no family was measured by one method on both sides", **common
        )
    else:
        change = float(np.mean([pair["change"] for pair in pairs]))
        tests = {"sign test": p} if p is not None and n >= 5 else {}
        test = Statistic(name="change of internal coupling", estimate=change, p=tests, **common)
    power = 1.0 if n >= 5 else 0.0
    if n < 5:
        verdict = UNKNOWN
        reading = f"{n} comparable pairs ({falls} fall); a sign test needs 5: numbers of different scripts and units do not compare"
    else:
        verdict = SHOWN if p is not None and p < 0.05 else NOT_SHOWN
        reading = f"{falls} of {n} comparable pairs fall"
    return Transition(
        id="Nc2",
        claim="internal coupling drops by about 60 % between 30B and 72B parameters",
        would_show="lower coupling above than below 30B in several families, each measured by one script on both sides",
        test=test,
        power=power,
        verdict=verdict,
        reading=reading,
    )


def _same_method_pairs(internal: pd.DataFrame | None, above: float) -> list[dict[str, Any]]:
    if internal is None or internal.empty:
        return []
    known = internal.dropna(subset=["family", "params", "coupling", "method"])
    pairs = []
    for (family, method), members in known.groupby(["family", "method"], sort=True):
        below, over = members[members["params"] < above], members[members["params"] >= above]
        if below.empty or over.empty:
            continue
        small = below.sort_values(["params", "model"]).iloc[-1]
        large = over.sort_values(["params", "model"]).iloc[0]
        pairs.append(
            {
                "family": str(family),
                "method": str(method),
                "small": str(small["model"]),
                "large": str(large["model"]),
                "change": float(large["coupling"] - small["coupling"]),
            }
        )
    return pairs


def saturation_shift(
    frontier: Source, *, spent: str = "swe-bench-verified", rising: Sequence[str] = ("hle", "ifeval"), k: int = 5
) -> Transition:
    """Nc3: the `spent` axis stops telling the top models apart while a `rising` one still does (signal > 2 on 10 models or more)."""
    return _shift(
        frontier,
        identity="Nc3",
        claim=f"{spent} saturates and {' or '.join(rising)} takes over",
        spent=spent,
        rising=rising,
        k=k,
    )


def next_saturation(
    frontier: Source, *, spent: str = "ifeval", rising: Sequence[str] = ("hle",), k: int = 5
) -> Transition:
    """Nc4, a prediction of the papers: the `spent` axis saturates while a `rising` one keeps its spread."""
    return _shift(
        frontier,
        identity="Nc4",
        claim=f"{spent} saturates while {' or '.join(rising)} keeps its spread",
        spent=spent,
        rising=rising,
        k=k,
    )


def _shift(source: Source, *, identity: str, claim: str, spent: str, rising: Sequence[str], k: int) -> Transition:
    present = source.scores.columns if isinstance(source, Panel) else source.columns
    axes = [axis for axis in (spent, *rising) if axis in present]
    table = saturation_table(source, axes, k=k).set_index("axis")
    signals = {axis: float(table["signal"].get(axis, math.nan)) for axis in axes}
    counts = {axis: int(table["n"].get(axis, 0)) for axis in axes}
    able = {axis: counts[axis] >= 10 and math.isfinite(signals[axis]) for axis in axes}
    details = {"signal": {a: s if math.isfinite(s) else None for a, s in signals.items()}, "n": counts, "k": k}
    how = f"range of the top {k} over the range noise alone gives"
    common: dict[str, Any] = {"n": counts.get(spent, 0), "method": how, "axes": tuple(axes), "details": details}
    if not able.get(spent):
        reason = f"{spent}: {counts.get(spent, 0)} models with a score; 10 and a known number of items are needed"
        test = Statistic.missing("signal of the spent axis", reason, **common)
        verdict, reading = UNKNOWN, reason
    else:
        test = Statistic(name="signal of the spent axis", estimate=float(signals[spent]), **common)
        live = [axis for axis in rising if able.get(axis) and signals[axis] > 2]
        judged = [axis for axis in rising if able.get(axis)]
        quiet = signals[spent] <= 2
        if quiet and live:
            verdict, reading = SHOWN, f"{spent} no longer separates the top {k}; {', '.join(live)} does"
        elif not quiet:
            verdict, reading = NOT_SHOWN, f"{spent} still separates the top {k} ({signals[spent]:.1f} times noise)"
        elif judged:
            verdict, reading = (
                NOT_SHOWN,
                f"{spent} no longer separates the top {k}, and neither does {', '.join(judged)}",
            )
        else:
            verdict, reading = (
                UNKNOWN,
                f"{spent} no longer separates the top {k}; too few scores on {', '.join(rising)}",
            )
    return Transition(
        id=identity,
        claim=claim,
        would_show=f"a top-{k} range of {spent} within twice its noise, and of {' or '.join(rising)} beyond it",
        test=test,
        power=float(np.mean([able.get(axis, False) for axis in (spent, *rising)])),
        verdict=verdict,
        reading=reading,
        details=details,
    )


def discriminating_along(
    source: Source, axes: Sequence[str], *, along: str = "params", bins: int = 5, least: int = 5
) -> pd.DataFrame:
    """Which axis tells models apart at which size or date: models in `bins` equally filled bins of `along` (params or released).

    Columns: low, high (parameters or decimal years), axis, n, sd (pp), noise (mean standard error, pp), signal (sd
    over noise), best (largest signal of the bin). Axes with fewer than `least` models in a bin, or unknown noise, are
    left out.
    """
    if along not in ("params", "released"):
        raise ValueError(f"along {along!r}: allowed params, released")
    found = []
    for axis in axes:
        frame = rows(source, (axis,))
        error = score_stderr(source, frame, axis)[0]
        place = decimal_years(frame["released"]) if along == "released" else frame["params"].to_numpy(dtype=float)
        found.append(
            pd.DataFrame({"axis": axis, "place": place, "value": frame[axis].to_numpy(dtype=float), "se": error})
        )
    cells = (
        pd.concat(found, ignore_index=True).dropna()
        if found
        else pd.DataFrame(columns=["axis", "place", "value", "se"])
    )
    columns = ["low", "high", "axis", "n", "sd", "noise", "signal", "best"]
    if cells.empty:
        return pd.DataFrame(columns=columns)
    edges = np.unique(np.quantile(cells["place"].to_numpy(dtype=float), np.linspace(0, 1, bins + 1)))
    number = np.clip(np.searchsorted(edges, cells["place"], side="right") - 1, 0, max(len(edges) - 2, 0))
    table = []
    for (index, axis), members in cells.groupby([number, "axis"], sort=True):
        noise = float(members["se"].mean())
        if len(members) < least or noise <= 0:
            continue
        spread = float(members["value"].std(ddof=1))
        low, high = float(edges[index]), float(edges[min(index + 1, len(edges) - 1)])
        table.append(
            {
                "low": low,
                "high": high,
                "axis": axis,
                "n": len(members),
                "sd": spread,
                "noise": noise,
                "signal": spread / noise,
            }
        )
    result = pd.DataFrame(table).reindex(columns=columns[:-1])
    return result.assign(best=result["signal"] == result.groupby("low")["signal"].transform("max"))
