"""Spellings resolve by table and stated rule; what is not certain stays unmatched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.panel import Identity
from generator.schema import load_registry


@pytest.fixture
def identity(project) -> Identity:
    project.model("gpt-5-4", more="aliases:\n  board: [gpt-5.4-2026-03-05]\n")
    project.model("v4-pro")
    project.model("v4-pro-0813")
    project.model("opus-4-5", more="aliases:\n  board: [claude-opus-4-5-20251101]\n")
    project.model("twin-a", more="aliases:\n  board: [Twin]\n")
    project.write(
        "data/models/acme/twin-b.yaml", "schema_version: 1\nid: twin-b\nname: twin\nlab: acme\nopen_weights: true\n"
    )
    project.write(
        "data/aliases.yaml",
        "schema_version: 1\ntables:\n  - source: board\n    spellings: {Nickname: v4-pro}\n    ignore:\n      - {spelling: random, reason: a baseline}\n",
    )
    return Identity(load_registry(project.root))


@pytest.mark.parametrize(
    ("spelling", "model"),
    [
        ("文心 4.0", "wenxin"),
        ("混元 4.0", None),
        ("通义", None),
        ("", None),
        ("!?", None),
        ("gpt/5.4 or x</gpt-5.4", None),
    ],
)
def test_names_in_other_scripts_and_names_without_a_letter_match_nothing_but_themselves(
    project, spelling, model
) -> None:
    for identity, name in (("wenxin", "文心 4.0"), ("signs", "…"), ("gpt-5-4", "GPT-5.4")):
        text = f"schema_version: 1\nid: {identity}\nname: {name}\nlab: acme\nopen_weights: true\n"
        project.write(f"data/models/acme/{identity}.yaml", text)
    match = Identity(load_registry(project.root)).resolve("board", spelling)
    assert (match.model if match else None) == model


@pytest.mark.parametrize(
    ("spelling", "model", "effort"),
    [
        ("gpt-5.4-2026-03-05", "gpt-5-4", ""),
        ("gpt-5.4-2026-03-05_xhigh", "gpt-5-4", "xhigh"),
        ("openai/gpt-5.4", "gpt-5-4", ""),
        ("GPT 5.4 (high)", "gpt-5-4", "high"),
        ("gpt-5.4-pre-release_max", "gpt-5-4", "max"),
        ("gpt-5.4-thinking-16k", "gpt-5-4", "16k"),
        ("gpt-5.4 (no thinking)", "gpt-5-4", "no thinking"),
        ("gpt-5.4 (32k thinking tokens)", "gpt-5-4", "32k"),
        ("gpt-5.4 (default think)", "gpt-5-4", "default"),
        ("claude-opus-4-5-20251101_low", "opus-4-5", "low"),
        ("opus-4-5-20260101", "opus-4-5", ""),
        ("V4-Pro", "v4-pro", ""),
        ("v4-pro-0813_max", "v4-pro-0813", "max"),
        ("Nickname", "v4-pro", ""),
        ("Twin", "twin-a", ""),
    ],
)
def test_a_spelling_resolves_by_the_stated_rules(identity, spelling, model, effort):
    match = identity.resolve("board", spelling)
    assert match is not None
    assert (match.model, match.effort) == (model, effort)


@pytest.mark.parametrize(
    "spelling", ["v4-pro-0731", "gpt-5.5", "gpt-5.4-mini", "opus-4-5-mini_high", "TWIN", "gpt5.4x", ""]
)
def test_what_is_not_certain_stays_unmatched(identity, spelling):
    assert identity.resolve("board", spelling) is None


def test_near_names_are_offered_to_people_only(identity):
    assert identity.near("gpt-5.4-mini_high")[:1] == ["gpt-5-4"]
    assert identity.ignored("board", "random") == "a baseline"
    assert identity.ignored("other", "random") is None


@given(st.text(max_size=40))
def test_any_spelling_resolves_or_not_without_raising(spelling):
    class Empty:
        models: dict = {}
        alias_tables: list = []

    assert Identity(Empty()).resolve("board", spelling) is None
