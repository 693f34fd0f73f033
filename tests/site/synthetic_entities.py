"""What the synthetic bundle is about: models with their observations, labs, families, benchmarks, sources, tracks."""

from __future__ import annotations

from typing import Any

AS_OF = "2026-11-21"
HOSTILE = "Evil *model* | [x](javascript:alert) <b>&_`"
FRONTIER = ("swe-bench-verified", "gpqa-diamond")
BASE = ("hellaswag", "truthfulqa")
AXES = {
    "swe-bench-verified": "SWE-bench Verified",
    "gpqa-diamond": "GPQA Diamond",
    "hellaswag": "HellaSwag",
    "truthfulqa": "TruthfulQA (MC2)",
    "time-horizon": "Time horizon",
}
# model id, name, lab, swe, gpqa, released
CHAT = (
    ("acme-1", "Acme 1", "acme", 40.0, 60.0, "2024-06"),
    ("acme-2", "Acme 2", "acme", 55.0, 66.0, "2025-03-14"),
    ("acme-3.5", HOSTILE, "acme", 70.0, 90.0, "2026-01-02"),
    ("zeta-1", "Zeta 1", "zeta", 48.0, 70.0, "2025-05"),
    ("zeta-2", "Zeta 2", "zeta", 77.0, 82.0, "2026-02-03"),
    ("zeta-3", "Zeta 3", "zeta", 81.0, 40.0, None),
)
# model id, name, parameters, hellaswag, truthfulqa
SIZES = (
    ("zed-160m", "Zed 160M", 160e6, 31.0, 44.0),
    ("zed-1b", "Zed 1B", 1e9, 45.0, 40.0),
    ("zed-7b", "Zed 7B", 7e9, 66.0, 37.5),
    ("zed-70b", "Zed 70B", 70e9, 80.0, 45.0),
)


def observation(benchmark: str, value: float, **more: Any) -> dict[str, Any]:
    return {
        "benchmark": benchmark, "axis": benchmark, "value": value, "unit": "percent", "stderr": 1.5, "n": 500.0,
        "protocol": {"effort": "high", "shots": 5}, "evaluator": "maker", "evaluator_name": "its maker", "source": "board",
        "source_name": "The board", "title": "A card <script>", "url": "https://board.example/card?a=1&b=2", "via": "", "published": "2026-01-01",
        "recorded": AS_OF, "public": "2026-01-01", "note": "", "locator": "row 1", "spelling": "x", "pull_sha": "c0ffee" * 10,
        "chosen_in": ["maker"], "reasons": {},
    } | more  # fmt: skip


def model(identity: str, name: str, lab: str, **more: Any) -> dict[str, Any]:
    return {
        "id": identity, "name": name, "lab": lab, "lab_name": {"acme": "Acme & Söhne", "zeta": "Zeta"}[lab], "family": None,
        "family_name": None, "kind": "chat", "released": None, "released_day": None, "open_weights": False, "params": None,
        "active_params": None, "d_model": None, "n_layers": None, "training_tokens": None, "training_flop": None,
        "links": ["https://example.org/a", "javascript:alert(1)"], "aliases": {"board": [f"{identity}|<i>"]}, "note": None,
        "path": f"data/models/{lab}/{identity}.yaml", "scores": {}, "h": {}, "page": f"models/{identity}/", "observations": [],
    } | more  # fmt: skip


def chat(identity: str, name: str, lab: str, swe: float, gpqa: float, released: str | None) -> dict[str, Any]:
    day = None if released is None else (released if len(released) == 10 else f"{released}-15")
    rows = [
        observation("swe-bench-verified", swe),
        observation("gpqa-diamond", gpqa, url="javascript:alert(1)", stderr=None, n=None, protocol={}),
        observation(
            "gpqa-diamond", gpqa - 2, chosen_in=[], reasons={"maker": "a later observation exists"}, via="a relay"
        ),
    ]
    scores = {
        "maker": {"swe-bench-verified": {"value": swe, "stderr": None}, "gpqa-diamond": {"value": gpqa, "stderr": 1.2}}
    }
    return model(identity, name, lab, released=released, released_day=day, scores=scores, observations=rows)


def base(identity: str, name: str, params: float, hellaswag: float, truthfulqa: float) -> dict[str, Any]:
    scores = {
        "harness-v1": {
            "hellaswag": {"value": hellaswag, "stderr": 0.4},
            "truthfulqa": {"value": truthfulqa, "stderr": 1.7},
        }
    }
    return model(
        identity, name, "zeta", family="zed", family_name="Zed", kind="base", released="2023", released_day="2023-07-02", open_weights=True,
        params=params, d_model=4096, n_layers=32, training_tokens=2e12, training_flop=8.4e22, scores=scores, note="A note with _marks_.",
        observations=[observation("hellaswag", hellaswag, chosen_in=["harness-v1"])],
    )  # fmt: skip


def bare(index: int) -> dict[str, Any]:
    day = f"2022-{index % 12 + 1:02d}-{index % 28 + 1:02d}"
    return model(f"bare-{index}", f"Bare {index}", "acme", released=day, released_day=day, params=1e6 * (index + 1))


def lab(identity: str, name: str, colour: str, models: list[dict[str, Any]]) -> dict[str, Any]:
    members = [model["id"] for model in models if model["lab"] == identity]
    return {"id": identity, "name": name, "url": f"https://{identity}.example", "colour": colour, "domains": [], "note": None,
            "models": members, "n_models": len(members)}  # fmt: skip


def family() -> dict[str, Any]:
    points = [
        {"model": identity, "name": name, "params": params, "scores": {"hellaswag": a, "truthfulqa": b}}
        for identity, name, params, a, b in SIZES
    ]
    return {"id": "zed", "name": "Zed", "lab": "zeta", "note": None, "models": [row[0] for row in SIZES], "n_models": 4,
            "tracks": {"harness-v1": {"axes": list(BASE), "points": points}}}  # fmt: skip


def benchmark(axis: str, name: str) -> dict[str, Any]:
    top = [{"model": row[0], "name": row[1], "lab": row[2], "value": row[4], "stderr": None} for row in CHAT]
    tracks = {"maker": [{"axis": axis, "name": name, "n_models": 6, "top": top}]} if axis in FRONTIER else {}
    bounded = axis != "time-horizon"
    return {
        "id": axis, "name": name, "measures": f"What {name} measures.", "ability": "coding", "unit": "percent" if bounded else "minutes",
        "range": [0, 100] if bounded else None, "chance": 25.0 if bounded else None, "n_items": 500 if bounded else None,
        "higher_is_better": True, "status": {"state": "saturating", "on": "2026-02", "note": "nearly solved"}, "replaced_by": None,
        "licence": "MIT", "citation": {"title": "A paper", "url": "https://paper.example"}, "axes": [{"id": axis, "name": name}],
        "n_observations": 6, "tracks": tracks, "note": None,
    }  # fmt: skip


def source() -> dict[str, Any]:
    pull = {"pull": 1, "fetched_at": "2026-01-02T00:00:00Z", "payload_sha256": "c0ffee" * 10, "rows": 12}
    return {"id": "board", "name": "The board", "url": "https://board.example", "licence": "MIT", "licence_url": None, "redistribute": "yes",
            "cadence_days": 7, "max_age_days": 30, "contact": None, "terms_read_on": AS_OF, "enabled_by_default": True, "note": None,
            "newest": "2026-01-01", "rows_used": 12, "pulls": [pull]}  # fmt: skip


def track(identity: str, name: str, kind: str, axes: tuple[str, ...]) -> dict[str, Any]:
    return {"id": identity, "name": name, "description": f"The rule of {name}.", "kind": kind, "evaluators": ["maker", "tester"],
            "axes": [{"id": axis, "name": AXES[axis], "unit": "percent", "n_models": 6} for axis in axes], "n_models": 6}  # fmt: skip
