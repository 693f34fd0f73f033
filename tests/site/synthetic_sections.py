"""The sections of the synthetic bundle: coefficients, the calculator's file, predictions, claims, feeds."""

from __future__ import annotations

from typing import Any

from generator.analysis.result import Interval, Statistic
from generator.core import canonical_json
from generator.predictions.outputs import FeedEntry, atom_feed, calendar
from generator.report.outputs import SITE
from tests.site import synthetic_readers
from tests.site.synthetic_entities import AS_OF, BASE, FRONTIER


def sections() -> dict[str, Any]:
    return {
        **synthetic_readers.sections(),
        "coefficients": coefficients(),
        "calculator": calculator(),
        "outputs": outputs(),
        "predictions": {"as_of": AS_OF, "counts": {"open": 1}, "items": [prediction()]},
        "claims": {
            "items": [claim()],
            "counts": {"reproduced": 1},
            "contradictions": [contradiction()],
            "objections": [objection()],
        },
    }


def outputs() -> dict[str, str]:
    badge = {"schemaVersion": 1, "label": "prediction 1", "message": "open, <b>on course</b> & more", "color": "green"}
    entries = [FeedEntry("urn:x:1", "It couples: sealed", "A <b>statement</b> & more.", "2026-01-02T00:00:00Z", SITE)]
    feeds = {
        path: atom_feed(entries, site_url=SITE, feed_url=SITE + path, title="Predictions", updated="")
        for path in ("feeds/predictions/it-couples.xml", "feeds/predictions.xml", "feeds/changes.xml")
    }
    return {
        "api/v1/predictions.json": "[]\n",
        "api/v1/predictions/it-couples.json": "{}\n",
        "api/v1/badges/it-couples.json": canonical_json(badge),
        "api/v1/badges/predictions.json": canonical_json({**badge, "label": "predictions", "message": "1 open"}),
        **feeds,
        "feeds/deadlines.ics": calendar([], site_url=SITE, stamp=f"{AS_OF}T12:00:00Z"),
    }


def coefficients() -> dict[str, Any]:
    line = {
        "slope": 0.5,
        "intercept": 40.0,
        "sigma": 8.0,
        "n": 6,
        "r": 0.72,
        "sxx": 1300.0,
        "t95": 2.78,
        "x_mean": 61.8,
    }
    frontier = {"kappa": 0.513, "line": line, "n": 6, "x": FRONTIER[0], "y": FRONTIER[1], "x_low": 40.0, "x_high": 81.0}
    pooled = {"estimate": 5e9, "low": 1e9, "high": 1e10}
    running = {"slope": 0.3, "intercept": -2.7}
    base = {"kappa": 0.187, "x": BASE[0], "y": BASE[1], "running": running, "pooled_nc": pooled}
    return {"maker": frontier, "harness-v1": base}


def calculator() -> dict[str, Any]:
    line = coefficients()["maker"]
    back = {**line, "x": FRONTIER[1], "y": FRONTIER[0], "kappa": None}
    sizes = {
        "axes": list(BASE),
        "floor": [20.0, 0.0],
        "ceiling": [100.0, 100.0],
        "edge": 0.01,
        "scales": {"score": 1.2, "step": 0.5, "size": 0.8, "reach": 0.55},
        "reach_offset": 0.15,
        "levels": [0.1, 0.5, 0.9],
        "unchanged_pp": 12.8,
        "reach": 2.0,
        "given": {
            "1": {
                "centre": [0.0, 0.0, 11.0, 12.5, 2.0],
                "spread": [1.0, 1.0, 1.0, 1.0, 1.0],
                "level": [0.9, 0.2],
                "slopes": [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]],
                "quantiles": [[-0.2, -0.1], [0.0, 0.0], [0.2, 0.1]],
                "families": 20,
                "mae_pp": 3.1,
            }
        },
    }
    release = {
        "level": 80.0,
        "per_point": 0.5,
        "per_day": 0.01,
        "x_at": 60.0,
        "day_at": 2000.0,
        "day": 2100,
        "offsets": {"acme": 2.0},
        "low": -8.0,
        "high": 7.0,
        "n": 12,
    }
    return {
        "least": 5,
        "pairs": {"maker": [line, back]},
        "release": {"maker": release},
        "sizes": [sizes, {"reason": "too few families", "axes": []}],
        "larger": [3.0, 10.0],
        "ahead_days": 90,
        "steps": [0.0, 4.0],
    }


def prediction() -> dict[str, Any]:
    margin = {
        "metric": "r",
        "side": "pass",
        "comparison": "above",
        "threshold": 0.6,
        "value": 0.5,
        "margin": -0.1,
        "met": False,
        "unit": "",
    }
    metric = Statistic(
        "r", 0.5, 6, "Pearson", interval=Interval(0.1, 0.8), details={"label": "the correlation"}
    ).as_dict()
    steps = [
        {"day": f"2026-0{month}-01", "state": "open", "standing": standing, "values": {"r": 0.1 * month}, "n": month,
         "moves": [{"model": "acme-1", "how": "entered"}]}
        for month, standing in ((3, "on course to fail"), (4, "undetermined"), (5, "undetermined"))
    ]  # fmt: skip
    source = {"url": "https://board.example/card", "title": "card", "public": "2026-01-01", "evaluator": "maker"}
    evaluation = {
        "id": "it-couples", "number": 1, "title": "It couples", "track": "maker", "as_of": AS_OF, "closes": "2026-12-31T23:59:59Z",
        "state": "open", "standing": "undetermined", "metrics": {"r": metric}, "n": 6, "because": ["the correlation is 0.5"], "margins": [margin],
        "firmness": [{"scheme": "plain", "resamples": 200, "shares": {"undetermined": 0.9, "on course to pass": 0.1}, "units": 6, "reason": ""},
                     {"scheme": "lab-clustered", "resamples": 0, "shares": {}, "units": None, "reason": "2 labs have the scores"}],
        "evidence": [{"model": "acme-1", "name": "Acme 1", "lab": "acme", "released": "2024-06", "scores": {"gpqa-diamond": 60.0},
                      "sources": {"gpqa-diamond": source}}],
        "alternatives": [{"track": "maker", "reading": "chosen", "says": "the chosen reading", "fit": "", "deciding": True,
                          "standing": "undetermined", "values": {"r": None}, "n": 6, "reason": "", "scores": "all"},
                         {"track": "maker", "reading": "chosen", "says": "the chosen reading", "fit": "", "deciding": False,
                          "standing": "undetermined", "values": {"r": 0.4}, "n": 4, "reason": "", "scores": "cited"}],
        "sensitivity": "Every choice gives the same", "releases": [{"model": "acme-2", "released": "2025-03-14", "scored_on": None, "counts": "not yet"}],
        "panel_digest": "ab" * 32,
    }  # fmt: skip
    file = {"kind": "prediction", "statement": "It will couple.", "registered_at": "2026-05-13T23:59:59Z", "otherwise": "undetermined",
            "origin": {"title": "A paper", "url": "https://paper.example"}, "ambiguities": [{"question": "When?", "chosen": "then", "readings": []}]}  # fmt: skip
    words = {
        "pass": "r is above 0.6",
        "fail": "r is below 0.3",
        "requires": [],
        "event": "",
        "metrics": {"r": "the correlation"},
        "flip": ["r would have to rise by 0.1"],
    }
    return {"id": "it-couples", "path": "predictions/it-couples/prediction.yaml", "file": file, "words": words, "evaluation": evaluation,
            "timeline": steps, "ledger": [{"sequence": 1, "at": "2026-05-13", "event": "sealed", "body": {}, "hash": "d" * 64, "previous": ""}], "feed": []}  # fmt: skip


def claim() -> dict[str, Any]:
    number = {
        "name": "r",
        "printed": "-0.989",
        "value": -0.989,
        "allowed": 0.00051,
        "compare": "equal",
        "implied": False,
        "note": None,
        "unit": None,
        "headline": True,
        "recipe": "one",
        "recomputed": -0.9886,
        "status": "agrees",
        "agrees": True,
    }
    live = {
        "track": "harness-v1",
        "reason": "",
        "statistics": [Statistic.missing("r", "too few models", n=2, method="Pearson").as_dict()],
    }
    return {
        "id": "r-zed", "title": "Zed falls and rises", "theme": "base coupling", "statement": "They anticorrelate.",
        "where": [{"place": "paper", "name": "The paper", "detail": "table 1"}], "published": [number],
        "recomputed": {"one": {"r": -0.9886, "sizes": [1.0, 2.0], "none": []}}, "verdict": "reproduced", "verdict_recipe": "one",
        "verdict_reason": "every headline number agrees",
        "recipe": [{"id": "one", "kind": "published", "is_published_recipe": True, "description": "Pearson.", "command": "capewatch claims r-zed"}],
        "units": {}, "not_computable": "", "live_question": "Is it negative?", "live": [live], "reading": "It follows from the table.",
        "sentence": {"judged": "not tested", "reason": "nobody looked at more than r"},
        "contradicts": [], "command": "capewatch claims r-zed",
    }  # fmt: skip


def contradiction() -> dict[str, Any]:
    side = {"place": "paper", "name": "The paper", "detail": "", "says": "one thing", "computed": None, "value": None}
    return {
        "id": "two-things",
        "title": "Two things",
        "sides": [side, side | {"says": "another", "value": 0.5}],
        "claims": ["r-zed"],
        "reading": "They differ.",
    }


def objection() -> dict[str, Any]:
    return {"id": "too-few", "kind": "objection", "title": "Too few models", "objected": "Few.", "promised": "More.", "answer": "Some more.",
            "claims": [{"id": "r-zed", "verdict": "reproduced"}]}  # fmt: skip
