"""What the synthetic bundle holds for the readers' pages: bands, effort settings, lab paths, the papers' panel, physics quantities."""

from __future__ import annotations

from typing import Any

from generator.analysis.result import Interval, Statistic

SWE, GPQA = "swe-bench-verified", "gpqa-diamond"
EDGES = (2e9, 9e9)


def sections() -> dict[str, Any]:
    return {"bands": bands(), "effort": {"maker": effort()}, "labs": {"maker": {"acme": lab()}}, "physics": physics()}


def bands() -> list[dict[str, Any]]:
    low, high = EDGES
    ends = (("tax", None, low), ("transition", low, high), ("bonus", high, None))
    return [
        {"phase": phase, "low": below, "high": above, "advice": f"advice of {phase}", "models": 1, "intervals": 1, "negative": 0, "positive": 0}
        for phase, below, above in ends
    ]  # fmt: skip


def effort() -> list[dict[str, Any]]:
    common = {"model": "acme-2", "x": 55.0, "pi_low": 50.0, "pi_high": 84.0, "x_shared": True}
    first = {
        "effort": "low",
        "y": 60.0,
        "h": -7.5,
        "label": "coding-first",
        "reference": None,
        "dx": None,
        "dy": None,
        "dh": None,
        "se_dh": None,
    }
    second = {
        "effort": "high",
        "y": 70.0,
        "h": 2.5,
        "label": "balanced",
        "reference": "low",
        "dx": 0.0,
        "dy": 10.0,
        "dh": 10.0,
        "se_dh": 3.0,
    }
    return [common | first, common | second]


def lab(steps: int = 3) -> dict[str, Any]:
    path = [
        {"model": model, "released": f"202{4 + i}-03", "year": 2024.2 + i, "x": 50.0, "y": 60.0, "h": 4.0 * (-1) ** i, "dh": None if i == 0 else -8.0,
         "dx": None, "dy": None, "gamma": None, "swing": False, "excursion": False, "order_known": True}
        for i, model in enumerate(("acme-1", "acme-2", "acme-3.5")[:steps])
    ]  # fmt: skip
    priority = {
        "label": "balanced",
        "mean_h": 1.0,
        "confidence": "LOW",
        "why": "one core release",
        "measure": "what spreads",
    }
    swings = Statistic.missing("oscillation", "1 release; a reversal needs 3", n=steps, method="reversals").as_dict()
    trend = {"slope": 1.5, "se": 1.0, "low": -0.5, "high": 3.5} if steps > 2 else None
    following = {
        "n": steps,
        "half_width": 6.0,
        "half_width_next": 4.0,
        "candidates": [{"model": "acme-1", "released": "2024-06", "missing": GPQA}],
    }
    return {"trajectory": path, "priority": priority, "oscillation": swings, "trend": trend, "next": following}


def physics() -> dict[str, Any]:
    said = Statistic("any", 1.25, 6, "least squares", interval=Interval(0.5, 2.0), p={"largest F": 0.2}, details={"claimed": 1.5, "claimed_inside": True, "decades": 0.2})  # fmt: skip
    missing = Statistic.missing("kink", "4 sizes; 6 are needed", n=4, method="largest F")
    family = {"kink": missing, "turning": said, "fixed_point": said, "exponential": said, "distance": said}
    level = {
        "level": "L2",
        "model": "truthfulqa from log N",
        "n": 4,
        "parameters": 2,
        "df": 2,
        "error": 0.11,
        "baseline": 0.12,
    }
    return {
        "track": "harness-v1",
        "families": {"zed": {name: statistic.as_dict() for name, statistic in family.items()}},
        "sensitivity": [{"family": "zed", "n_mid": 3e9, "gamma": 0.01, "sensitivity": 100.0, "low": 0.0, "high": None, "bounded": False}],
        "chain": [level],
        "paper_chain": [level | {"level": "L0", "error": 0.13}],
    }  # fmt: skip
