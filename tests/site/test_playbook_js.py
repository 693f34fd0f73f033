"""The calculator's arithmetic in the browser's language equals generator.analysis.playbook, and its files are valid."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generator.analysis import playbook
from generator.analysis.isocline import isocline
from generator.core import canonical_json
from generator.forecasts import FIVE_AXES, Targets, evaluate, user_given
from generator.report.calculator import size_coefficients
from generator.schema.fields import check_id
from generator.schema.model import Model
from tests.forecasts.panels import family_panel

SCRIPTS = Path(__file__).resolve().parents[2] / "site_src" / "docs" / "assets" / "javascripts"
TOLERANCE = 1e-9
POINTS = 1_200


def run_node(code: str, given: Any) -> Any:
    """What an ES module prints as JSON, with `given` as the variable of the same name."""
    node = shutil.which("node")
    if node is None:
        if os.environ.get("CI"):
            pytest.fail("node is needed in continuous integration")
        pytest.skip("node is not installed")
    text = f'import {{ readFileSync }} from "node:fs";\nconst given = JSON.parse(readFileSync(0, "utf8"));\n{code}'
    done = subprocess.run(
        [node, "--input-type=module", "-e", text],
        input=canonical_json(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def module(name: str) -> str:
    return (SCRIPTS / name).as_uri()


def same(python: Any, script: Any, where: str = "$") -> None:
    """Equal structure; numbers to TOLERANCE, relative above 1; texts and flags exactly."""
    if isinstance(python, dict):
        assert set(python) == set(script), where
        for key, value in python.items():
            same(value, script[key], f"{where}.{key}")
    elif isinstance(python, list | tuple):
        assert len(python) == len(script), where
        for index, (one, other) in enumerate(zip(python, script, strict=True)):
            same(one, other, f"{where}[{index}]")
    elif isinstance(python, float) and not isinstance(script, bool | None):
        assert math.isclose(python, script, rel_tol=TOLERANCE, abs_tol=TOLERANCE), f"{where}: {python!r} {script!r}"
    else:
        assert python == script, f"{where}: {python!r} {script!r}"


def random_line(rng: np.random.Generator) -> dict[str, Any]:
    n = int(rng.integers(3, 200))
    return {
        "slope": float(rng.normal(0.5, 0.5)),
        "intercept": float(rng.uniform(-20, 60)),
        "sigma": float(rng.uniform(0.1, 12)),
        "n": n,
        "x_mean": float(rng.uniform(20, 80)),
        "sxx": float(rng.uniform(1, 20_000)),
        "r": float(rng.uniform(-1, 1)),
        "t95": float(rng.uniform(1.96, 12.7)),
    }


def random_release(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "level": float(rng.uniform(20, 95)),
        "per_point": float(rng.normal(0.5, 0.3)),
        "per_day": float(rng.normal(0.01, 0.02)),
        "x_at": float(rng.uniform(20, 80)),
        "day_at": float(rng.uniform(1_800, 2_400)),
        "offsets": {"p": float(rng.normal(0, 4)), "r": float(rng.normal(0, 4))},
        "low": float(-rng.uniform(0, 15)),
        "high": float(rng.uniform(0, 15)),
    }


def random_case(rng: np.random.Generator) -> dict[str, Any]:
    """One input of every function of the playbook; scores fall on round values too, where ties are."""

    def score() -> float:
        return float(rng.choice([rng.uniform(0, 100), round(rng.uniform(0, 100), 1), float(rng.integers(0, 101))]))

    low, high = sorted((score(), score()))
    axes = ["a", "b-2", "c.1", "B", "a-1"]
    none = lambda value: None if rng.random() < 0.2 else value  # noqa: E731 - a shorthand of this test
    pooled = {"estimate": 5e9, "low": float(10 ** rng.uniform(7, 9)), "high": float(10 ** rng.uniform(9, 12))}
    histories = [
        {
            "h": float(rng.choice([rng.normal(0, 8), 5.0, -5.0, 0.0])),
            **({"core": bool(rng.random() < 0.7)} if rng.random() < 0.5 else {}),
        }
        for _ in range(int(rng.integers(0, 8)))
    ]
    return {
        "x": score(),
        "y": score(),
        "params": none(float(10 ** rng.uniform(5, 13))),
        "coefficients": {
            "line": random_line(rng),
            "kappa": none(float(rng.uniform(0.05, 2))),
            "x_low": low,
            "x_high": high,
        },
        "lab": str(rng.choice(["p", "q", "r", ""])),
        "release": random_release(rng),
        "day": float(rng.integers(1_500, 4_000)),
        "base": {
            "kappa": float(rng.uniform(0.05, 1)),
            "running": {"slope": float(rng.normal(0, 0.5)), "intercept": float(rng.normal(0, 4))},
            "pooled_nc": none(pooled),
        },
        "history": histories,
        "saturation": [
            {
                "axis": axis,
                "n": int(rng.integers(5, 40)),
                "signal": none(float(rng.choice([rng.uniform(0, 60), 2.0, 2.25, 2.75, 10.5]))),
            }
            for axis in axes
        ],
        "moving": [
            {
                "candidate": axis,
                "co_activates": none(bool(rng.random() < 0.6)),
                "r": float(rng.choice([0.9, rng.uniform(0.5, 1)])),
            }
            for axis in axes
        ],
        "models": [
            {
                "id": f"m{index}",
                "x": score(),
                "y": score(),
                "lab": str(rng.choice(["p", "q", ""])),
                "dated": bool(rng.random() < 0.8),
            }
            for index in range(int(rng.integers(0, 30)))
        ],
        "means": {
            f"lab-{index}": float(rng.choice([rng.normal(0, 6), 1.0, -1.0])) for index in range(int(rng.integers(0, 6)))
        },
    }


def expected(case: dict[str, Any]) -> dict[str, Any]:
    x, y = case["x"], case["y"]
    located = asdict(playbook.locate(x, y, case["coefficients"]))
    return {
        "located": located,
        "diagnosed": asdict(playbook.diagnose("lab", case["history"])),
        "rotated": asdict(playbook.rotate(case["saturation"], case["moving"])),
        "phase": playbook.base_phase(x, y, case["base"], params=case["params"]),
        "nearest": [row["id"] for row in playbook.nearest_models(x, y, case["models"])],
        "lab": playbook.nearest_lab(located["h"], case["means"]),
        "isocline": float(isocline(case["base"]["kappa"], x)),
        "pair": playbook.read_pair(x, y, case["coefficients"], case["models"], lab=case["lab"]),
        "release": playbook.expect_release(x, case["day"], case["release"], lab=case["lab"]),
    }


ALL = """
const { locate, diagnose, rotate, basePhase, nearestModels, nearestLab, isocline, readPair, expectRelease } = await import("%s");
console.log(JSON.stringify(given.map((c) => {
  const located = locate(c.x, c.y, c.coefficients);
  return {
    located, diagnosed: diagnose("lab", c.history), rotated: rotate(c.saturation, c.moving),
    phase: basePhase(c.x, c.y, c.base, c.params), nearest: nearestModels(c.x, c.y, c.models).map((row) => row.id),
    lab: nearestLab(located.h, c.means), isocline: isocline(c.base.kappa, c.x),
    pair: readPair(c.x, c.y, c.coefficients, c.models, c.lab), release: expectRelease(c.x, c.day, c.release, c.lab),
  };
})));
"""


def test_the_playbook_in_the_browser_equals_the_one_in_python_on_random_points() -> None:
    rng = np.random.default_rng(20261121)
    cases = [random_case(rng) for _ in range(POINTS)]
    found = run_node(ALL % module("playbook.mjs"), cases)
    assert len(found) == POINTS
    for index, (case, script) in enumerate(zip(cases, found, strict=True)):
        same(expected(case), script, f"case {index}")


def test_the_words_of_the_playbook_are_the_same_in_both_languages() -> None:
    code = f'const found = await import("{module("playbook.mjs")}");\nconsole.log(JSON.stringify(found));'
    found = run_node(code, None)
    constants = ("ADVICE", "MEASURE", "LABEL_AT", "RATIO_TAX", "RATIO_BONUS", "HIGH_RELEASES", "MEDIUM_RELEASES")
    assert {name: found[name] for name in constants} == {name: getattr(playbook, name) for name in constants}


def test_one_decimal_is_written_as_python_writes_it_at_ties_too() -> None:
    values = [step / 40 for step in range(4_000)]
    code = f'const {{ oneDecimal }} = await import("{module("playbook.mjs")}");\nconsole.log(JSON.stringify(given.map(oneDecimal)));'
    assert run_node(code, values) == [f"{value:.1f}" for value in values]


SIZES = """
const { forecastSizes } = await import("%s");
console.log(JSON.stringify(given.cases.map((c) => forecastSizes(c.scores, c.params, c.targets, given.coefficients[c.set]))));
"""


def test_the_forecast_of_larger_sizes_in_the_browser_equals_the_one_in_python_on_random_points() -> None:
    rng = np.random.default_rng(3)
    panel = family_panel(10, seed=21)
    coefficients = [size_coefficients(panel, axes) for axes in (("hellaswag", "truthfulqa"), FIVE_AXES)]
    cases = []
    for _ in range(POINTS):
        part = int(rng.integers(2))
        params = float(10 ** rng.uniform(6, 12))
        cases.append(
            {
                "set": part,
                "scores": rng.choice(
                    [0.0, 25.0, 100.0, *rng.uniform(0, 100, 20)], len(coefficients[part]["axes"])
                ).tolist(),
                "params": params,
                "targets": [params * factor for factor in (1.0, 3.0, float(rng.uniform(1, 100)))],
            }
        )
    found = run_node(SIZES % module("playbook.mjs"), {"cases": cases, "coefficients": coefficients})
    for index, (case, script) in enumerate(zip(cases, found, strict=True)):
        known = user_given([case["params"]], [case["scores"]], coefficients[case["set"]]["axes"])
        targets = Targets(np.log10(case["targets"]), np.full(3, np.nan))
        python = {name: value.tolist() for name, value in evaluate(coefficients[case["set"]], known, targets).items()}
        same(python, script, f"case {index}")


CHANGES = """
const { locate, basePhase, frontierChanges, baseChanges } = await import("%s");
console.log(JSON.stringify(given.map((c) => ({
  frontier: frontierChanges(c.x, c.y, c.coefficients), base: baseChanges(c.x, c.y, c.base),
}))));
"""


def test_what_would_change_a_reading_does_change_it() -> None:
    rng = np.random.default_rng(7)
    cases = [random_case(rng) | {"x": float(rng.uniform(1, 99))} for _ in range(300)]
    for case in cases:
        case["coefficients"]["kappa"] = case["coefficients"]["kappa"] or 0.5
    for case, found in zip(cases, run_node(CHANGES % module("playbook.mjs"), cases), strict=True):
        frontier, base, step = found["frontier"], found["base"], 1e-6

        def at(y: float, x: float = case["x"], known: dict[str, Any] = case["coefficients"]) -> playbook.Located:
            return playbook.locate(x, y, known)

        assert (
            at(frontier["y_reasoning_rich"] + step).label
            == "reasoning-rich"
            != at(frontier["y_reasoning_rich"] - step).label
        )
        assert (
            at(frontier["y_coding_first"] - step).label == "coding-first" != at(frontier["y_coding_first"] + step).label
        )
        assert at(frontier["y_above"] + step).outside
        assert not at(frontier["y_above"] - step).outside
        assert at(frontier["y_below"] - step).outside
        assert at(case["y"], frontier["x_reasoning_rich"]).h == pytest.approx(playbook.LABEL_AT, abs=1e-6)
        assert at(case["y"], frontier["x_coding_first"]).h == pytest.approx(-playbook.LABEL_AT, abs=1e-6)
        assert (at(frontier["y_isocline"] + step).side, at(frontier["y_isocline"] - step).side) == ("above", "below")
        assert float(isocline(case["coefficients"]["kappa"], frontier["x_isocline"])) == pytest.approx(
            case["y"], abs=1e-6
        )
        for name, edge in (("params_tax", playbook.RATIO_TAX), ("params_bonus", playbook.RATIO_BONUS)):
            size = base[name]
            if size is not None and 1e-200 < size < 1e200:
                gamma = playbook.base_phase(case["x"], case["y"], case["base"], params=size)["gamma"]
                assert gamma == pytest.approx(edge, abs=1e-6)


ENTRY = {
    "name": 'Bad "quotes": # and\nlines',
    "lab": "acme",
    "kind": "chat",
    "released": "2026-01",
    "open_weights": False,
    "evaluator": "maker",
    "title": "System card: \\ 'x' {a}",
    "url": "https://example.org/card?a=1&b=2#c",
    "retrieved": "2026-11-21",
    "scores": [["swe-bench-verified", 80.9, None], ["gpqa-diamond", 87, None]],
}
FILES = """
const { modelFile, missing, slug } = await import("%s");
console.log(JSON.stringify(given.map((entry) => ({ text: modelFile(entry), missing: missing(entry), id: slug(entry.name) }))));
"""


def test_a_model_file_of_the_calculator_is_valid_and_says_what_was_entered(tmp_path: Path) -> None:
    from generator.schema.yamlfile import read_yaml

    base = ENTRY | {
        "name": "Ölmo 7B",
        "kind": "base",
        "params": 7e9,
        "open_weights": True,
        "released": "2024",
        "scores": [["hellaswag", 77.3, {"shots": 10}], ["truthfulqa", 36, {"shots": 0}]],
    }
    for entry, found in zip((ENTRY, base), run_node(FILES % module("modelfile.mjs"), [ENTRY, base]), strict=True):
        assert found["missing"] == []
        path = tmp_path / "model.yaml"
        path.write_text(found["text"], encoding="utf-8")
        document = read_yaml(path, shown_as="model.yaml")
        assert document.problems == []
        model = Model.model_validate(document.data)
        assert check_id(model.id) == found["id"]
        assert model.name == " ".join(entry["name"].split())
        assert (model.kind, model.open_weights, model.params) == (
            entry["kind"],
            entry["open_weights"],
            entry.get("params"),
        )
        assert [(row.benchmark, row.value) for row in model.observations] == [
            (name, value) for name, value, _ in entry["scores"]
        ]
        assert [row.protocol.shots for row in model.observations] == [
            (protocol or {}).get("shots") for *_, protocol in entry["scores"]
        ]
        assert {(row.source.url, row.source.title, row.evaluator) for row in model.observations} == {
            (entry["url"], entry["title"], "maker")
        }


def test_every_entry_that_a_model_file_needs_is_asked_for() -> None:
    empty = {
        "name": "",
        "lab": "",
        "kind": "chat",
        "title": "",
        "url": "ftp://x",
        "retrieved": "1.2.2026",
        "released": "soon",
        "evaluator": "maker",
        "scores": [],
    }
    found = run_node(FILES % module("modelfile.mjs"), [empty])[0]
    assert len(found["missing"]) == 7
