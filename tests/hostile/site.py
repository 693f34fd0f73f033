"""Two sites full of hostile text: a small project whose files and answers pass every check, and a bundle that passed none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from generator.report.bundle import Bundle, Table
from generator.schema import check_registry, load_registry
from generator.schema.yamlfile import read_yaml
from tests.conftest import SmallProject
from tests.hostile.corpus import CANARY, TEXTS
from tests.report.test_make import project_with_tracks
from tests.site import synthetic

DAY = "2026-05-01"
#: One text that is many attacks: it closes attributes, tags, scripts, comments, code blocks and the marks of raw HTML.
ALL_AT_ONCE = (
    f"\"'`><script>{CANARY}</script><img src=x onerror={CANARY}><svg onload={CANARY}></svg></title></style></textarea>"
    f'<a href="javascript:{CANARY}">a</a><iframe srcdoc="<script>parent.{CANARY}</script>"></iframe><!-- /html --><b id=pwned>'
    "{: onclick=x} {{7*7}} ~~~ | [x](javascript:x) &lt;i&gt; \u202e @x @ticks ]]> --> =1+1"
)
#: Fields that hold words for people; the others are names by which things are found.
_WORDS = frozenset(
    {"name", "lab_name", "family_name", "note", "title", "measures", "description", "licence", "statement", "reading", "detail", "says",
     "objected", "promised", "answer", "question", "chosen", "label", "effort", "via", "locator", "evaluator_name", "source_name", "spelling",
     "near", "reason", "live_question", "verdict_reason", "sensitivity", "fit", "aliases", "because", "flip", "pass", "fail", "event_words",
     "contact", "not_computable", "command", "theme", "place_name", "counts_words"}
)  # fmt: skip
_ADDRESSES = frozenset({"url", "licence_url", "links"})


def accepted(folder: Path) -> dict[str, str]:
    """The hostile texts that may stand in a model's note and source, because they are plain text."""
    project = SmallProject(folder)
    passed = {}
    for name, text in TEXTS.items():
        model = {"schema_version": 1, "id": "x", "name": text, "lab": "acme", "open_weights": False}
        path = project.write("data/models/acme/x.yaml", json.dumps(model))
        if not check_registry(load_registry(folder), today=pd.Timestamp(DAY).date()):
            passed[name] = text
        path.unlink()
    return passed


def hostile_project(folder: Path, texts: dict[str, str]) -> SmallProject:
    """A project in which every free text is one of `texts`, and an answer of a leaderboard that holds all of TEXTS."""
    project = project_with_tracks(SmallProject(folder))
    words = list(texts.values())
    _replace(project, "data/labs/acme.yaml", name=words[0], note=words[1], url="https://example.org/?a=1&b=2")
    _replace(project, "data/families/alpha.yaml", name=words[2], note=words[3])
    _replace(project, "data/benchmarks/gpqa-diamond.yaml", name=words[4], measures=words[5], note=words[6])
    _replace(project, "data/benchmarks/hellaswag.yaml", name=words[7], measures=words[8], licence=words[9])
    _replace(project, "data/sources/board.yaml", name=words[10], licence=words[11], note=words[12])
    source = {"schema_version": 1, "id": "swebench", "name": words[13], "url": "https://example.org", "licence": words[14], "redistribute": "yes",
              "cadence_days": 7, "max_age_days": 30, "terms_read_on": DAY, "evaluator": "swe-bench"}  # fmt: skip
    project.write("data/sources/swebench.yaml", json.dumps(source))
    evaluators = [{"id": "epoch-ai", "name": words[15]}, {"id": "swe-bench", "name": words[16]}]
    project.write("data/evaluators.yaml", json.dumps({"schema_version": 1, "evaluators": evaluators}))
    project.write(
        "data/benchmarks/swe-bench-bash-only.yaml",
        (project.root / "data/benchmarks/swe.yaml").read_text().replace("id: swe\n", "id: swe-bench-bash-only\n"),
    )
    for number, (name, text) in enumerate(texts.items()):
        project.write(f"data/models/acme/{name}.yaml", json.dumps(_model(number, name, text, words)))
    return project


def _replace(project: SmallProject, path: str, **values: str) -> None:
    project.write(path, json.dumps(read_yaml(project.root / path, shown_as=path).data | values))


def _model(number: int, name: str, text: str, words: list[str]) -> dict[str, Any]:
    def word(step: int) -> str:
        return words[(number + step) % len(words)]

    base = number % 2 == 0
    axes = (
        (("hellaswag", 20 + number % 60), ("truthfulqa", 60 - number % 30))
        if base
        else (("swe-bench-verified", 30 + number % 60), ("gpqa-diamond", 40 + number % 50))
    )
    protocol = {} if base else {"effort": word(1), "scaffold": word(2)}
    observations = [
        {"benchmark": axis, "value": value, "unit": "percent", "evaluator": "maker", "protocol": protocol, "note": word(3),
         "source": {"title": word(4), "url": f"https://example.org/{number}?a=1&b=2", "retrieved": DAY, "via": {"title": word(5)}}}
        for axis, value in axes
    ]  # fmt: skip
    return {
        "schema_version": 1, "id": name, "name": text, "lab": "acme", "kind": "base" if base else "chat", "open_weights": False,
        "released": f"2025-{number % 12 + 1:02d}", "note": f"{word(6)}\n~~~\n{word(7)}\n\n# {word(8)}\n\n    {word(9)}",
        "aliases": {"swebench": [spelling(name)[:200]]}, "observations": observations,
    } | ({"family": "alpha", "params": 1e8 * (number + 1)} if base else {})  # fmt: skip


def spelling(name: str) -> str:
    """How the answer of the board spells the model that is named by one text."""
    return f"{list(TEXTS).index(name)} {' '.join(TEXTS[name].split())}"


def answers(folder: Path) -> Path:
    """A folder with one answer of the board whose rows carry all of TEXTS, markup and all."""
    rows = [
        {"name": text, "resolved": 30 + number % 60, "date": "2025-11-24", "tags": [f"Model: {number} {text}"], "site": f"javascript:{CANARY}//{number}"}
        for number, text in enumerate(TEXTS.values())
    ]  # fmt: skip
    path = folder / "swebench" / "leaderboards_2026-04-30.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"leaderboards": [{"name": "bash-only", "results": rows}]}), encoding="utf-8")
    return folder


def hostile_bundle() -> Bundle:
    """The synthetic bundle with ALL_AT_ONCE behind every text for people and every address a script."""
    bundle = synthetic.bundle()
    return Bundle(
        meta=bundle.meta | {"freshness": _poisoned(bundle.meta["freshness"], "")},
        statistics=bundle.statistics,
        entities=_poisoned(bundle.entities, ""),
        tables={name: _table(table) for name, table in bundle.tables.items()},
        sections={
            name: section if name in ("outputs", "coefficients") else _poisoned(section, "")
            for name, section in bundle.sections.items()
        },
    )


def _poisoned(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {
            name: _poisoned(item, name if not isinstance(item, str) or name in _WORDS | _ADDRESSES else "")
            if key != "aliases"
            else _poisoned(item, key)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_poisoned(item, key) for item in value]
    if isinstance(value, str) and key in _WORDS:
        return f"{value} {ALL_AT_ONCE}"
    if isinstance(value, str) and key in _ADDRESSES:
        return f"javascript:{CANARY}//{value}"
    return value


def _table(table: Table) -> Table:
    frame = table.frame.copy()
    for column in frame.columns.intersection(["name", "spelling", "near", "note", "reason"]):
        frame[column] = [f"{value} {ALL_AT_ONCE}" if isinstance(value, str) else value for value in frame[column]]
    return Table(
        table.name,
        f"{table.title} {ALL_AT_ONCE}",
        f"{table.description} {ALL_AT_ONCE}",
        table.fields,
        frame,
        f"{table.licence} {ALL_AT_ONCE}",
    )


def pages(site: Path) -> Iterator[str]:
    """The addresses of the pages below the site's root."""
    for path in sorted(site.rglob("index.html")):
        parent = path.parent.relative_to(site).as_posix()
        yield "" if parent == "." else f"{parent}/"
