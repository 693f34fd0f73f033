"""Shared fixtures: a small project in a temporary folder, and the switch for slow tests."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-slow", action="store_true", help="also run tests marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--run-slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="slow; run with --run-slow"))


@pytest.fixture
def repository() -> Path:
    """The checkout under test."""
    return REPOSITORY


@pytest.fixture(autouse=True)
def _no_project_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CAPEWATCH_ROOT", "SITE_URL"):
        monkeypatch.delenv(name, raising=False)


LABS = {"acme": "Acme", "zeta": "Zeta"}
BENCHMARK = """\
schema_version: 1
id: {id}
name: {name}
measures: What it measures.
ability: reasoning
unit: percent
range: [0, 100]
chance: 25
n_items: {n}
status: {{state: active}}
citation: {{title: Paper, url: https://example.org/{id}}}
{more}
"""


class SmallProject:
    """A project folder with two labs, one family, three benchmarks, two tracks; `model` adds a model file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for identity, name in LABS.items():
            self.write(f"data/labs/{identity}.yaml", f"schema_version: 1\nid: {identity}\nname: {name}\n")
        self.write("data/families/alpha.yaml", "schema_version: 1\nid: alpha\nname: Alpha\nlab: acme\n")
        self.write("data/benchmarks/gpqa.yaml", BENCHMARK.format(id="gpqa", name="GPQA", n=198, more=""))
        self.write("data/benchmarks/swe.yaml", BENCHMARK.format(id="swe", name="SWE", n=500, more=""))
        axes = "axes:\n  - {id: hle, name: HLE, where: {tools: false}}\n  - {id: hle-tools, name: HLE with tools, where: {tools: true}}"
        self.write("data/benchmarks/hle.yaml", BENCHMARK.format(id="hle", name="HLE", n=2500, more=axes))
        self.write("data/evaluators.yaml", "schema_version: 1\nevaluators:\n  - {id: epoch-ai, name: Epoch AI}\n")
        self.write(
            "data/sources/board.yaml",
            """\
            schema_version: 1
            id: board
            name: The board
            url: https://example.org/board.csv
            licence: CC BY 4.0
            redistribute: "yes"
            cadence_days: 7
            max_age_days: 30
            terms_read_on: 2026-11-21
            """,
        )
        self.write(
            "data/tracks.yaml",
            """\
            schema_version: 1
            tracks:
              - id: maker
                name: Makers
                description: As makers report.
                kind: chat
                evaluators: [maker]
                effort_order: [max, high]
              - id: both
                name: Both
                description: The independent evaluator, then the maker.
                kind: chat
                evaluators: [epoch-ai, maker]
            """,
        )
        self.write("mkdocs.yml", "site_name: small\n")

    def write(self, path: str, text: str) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text), encoding="utf-8")
        return target

    def model(self, identity: str, *observations: str, lab: str = "acme", more: str = "") -> Path:
        """Write a model file; each observation is `benchmark value` with optional `key=value` words."""
        body = "".join(_observation(words) for words in observations)
        head = f"schema_version: 1\nid: {identity}\nname: {identity.title()}\nlab: {lab}\nopen_weights: false\n"
        tail = f"observations:\n{body}" if body else ""
        return self.write(f"data/models/{lab}/{identity}.yaml", f"{head}{more}{tail}")


def _observation(words: str) -> str:
    benchmark, value, *rest = words.split()
    options = {
        "unit": "percent",
        "evaluator": "maker",
        "url": "https://example.org/card",
        "retrieved": "2026-05-01",
        **dict(w.split("=") for w in rest),
    }
    protocol = ", ".join(f"{name}: {options[name]}" for name in ("tools", "effort", "shots") if name in options)
    published = f"\n      published: {options['published']}" if "published" in options else ""
    via = "\n      via: {title: relay}" if "via" in options else ""
    return (
        f"  - benchmark: {benchmark}\n    value: {value}\n    unit: {options['unit']}\n    protocol: {{{protocol}}}\n"
        f"    evaluator: {options['evaluator']}\n    source:\n      title: card\n      url: {options['url']}\n"
        f"      retrieved: {options['retrieved']}{published}{via}\n"
    )


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    """A small valid project in a temporary folder."""
    return SmallProject(tmp_path)
