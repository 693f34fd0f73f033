"""Hostile files: `capewatch check` refuses each with its place, or takes the text whole. Nothing raises, nothing is lost."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from generator.cli.main import cli
from generator.core import CapewatchError
from generator.schema import Registry, check_registry, load_registry
from generator.site.escape import http_url
from tests.conftest import SmallProject
from tests.hostile.corpus import ADDRESSES, FILES, IDS, TEXTS

TODAY = dt.date(2026, 11, 21)
SOURCE = {"title": "card", "url": "https://example.org/card", "retrieved": "2026-05-01"}
OBSERVATION = {"benchmark": "swe", "value": 50, "unit": "percent", "evaluator": "maker", "source": SOURCE}
MODEL = {"schema_version": 1, "id": "file", "name": "File", "lab": "acme", "open_weights": False}
PATH = "data/models/acme/file.yaml"

#: place -> (path of the file, the keys of the text in it, the file without it)
PLACES: dict[str, tuple[str, tuple[str | int, ...]]] = {
    "model-name": (PATH, ("name",)),
    "model-note": (PATH, ("note",)),
    "alias": (PATH, ("aliases", "board", 0)),
    "source-title": (PATH, ("observations", 0, "source", "title")),
    "scaffold": (PATH, ("observations", 0, "protocol", "scaffold")),
    "observation-note": (PATH, ("observations", 0, "note")),
    "lab-name": ("data/labs/acme.yaml", ("name",)),
    "benchmark-measures": ("data/benchmarks/swe.yaml", ("measures",)),
    "licence": ("data/sources/board.yaml", ("licence",)),
}
FREE = ("alias",)  # what a leaderboard calls a model is kept as it is, whatever it looks like


def problems(root: Path) -> list:
    return check_registry(load_registry(root), today=TODAY)


def put(document: dict, keys: tuple[str | int, ...], text: object) -> dict:
    """The document with `text` at `keys`; lists and mappings on the way are made."""
    inner: dict | list = document
    for key, following in itertools.pairwise(keys):
        if isinstance(inner, list):
            if not inner:
                inner.append({})
            inner = inner[int(key)]
        else:
            inner = inner.setdefault(str(key), [] if isinstance(following, int) else {})
    if isinstance(inner, list):
        inner.append(text)
    else:
        inner[str(keys[-1])] = text
    return document


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    """A project for tests that put every file back."""
    return SmallProject(tmp_path_factory.mktemp("shared"))


@contextlib.contextmanager
def written(project: SmallProject, place: str, text: str) -> Iterator[None]:
    """The project with `text` at `place`."""
    path, keys = PLACES[place]
    target = project.root / path
    before = target.read_bytes() if target.exists() else None
    document = yaml.safe_load(target.read_text()) if target.exists() else dict(MODEL)
    if keys[0] == "observations":
        document["observations"] = [json.loads(json.dumps(OBSERVATION))]
    target.parent.mkdir(parents=True, exist_ok=True)
    # JSON is YAML: every character that YAML cannot hold as it is stands as an escape
    target.write_text(json.dumps(put(document, keys, text), default=str), encoding="utf-8")
    try:
        yield
    finally:
        target.unlink()
        if before is not None:
            target.write_bytes(before)


def found_at(registry: Registry, place: str) -> object:
    path, keys = PLACES[place]
    kind, name = path.split("/")[1], path.split("/")[-1].removesuffix(".yaml")
    value: object = getattr(registry, kind)[name].value.model_dump()
    for key in keys:
        value = value[key]  # type: ignore[index]
    return value


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_is_refused_with_its_place_or_kept_whole(shared: SmallProject, place: str, name: str) -> None:
    with written(shared, place, TEXTS[name]):
        registry = load_registry(shared.root)
        found = check_registry(registry, today=TODAY)
    path = PLACES[place][0]
    assert not found or any(problem.path == path for problem in found), (
        "the file itself is named, beside those that need it"
    )
    assert all(problem.line >= 1 and problem.code for problem in found), found
    told = "".join(problem.text() + problem.github() for problem in found)
    assert told.replace("\n", "").isprintable(), "a problem is shown without what could steer a terminal"
    if not any(problem.severity == "error" for problem in found):
        assert found_at(registry, place) == TEXTS[name].strip()


@pytest.mark.parametrize("place", [place for place in PLACES if place not in FREE])
@pytest.mark.parametrize(
    "name", [name for name, text in TEXTS.items() if re.search(r"<[a-z/!?]|[\x00-\x08\x0b-\x1f\u202e\u200b]", text)]
)
def test_markup_controls_and_direction_marks_are_refused_everywhere(
    shared: SmallProject, place: str, name: str
) -> None:
    with written(shared, place, TEXTS[name]):
        assert any(problem.severity == "error" for problem in problems(shared.root))


@pytest.mark.parametrize("name", IDS)
def test_a_hostile_id_is_refused_wherever_it_stands(shared: SmallProject, name: str) -> None:
    for path, key in (
        (PATH, "id"),
        (PATH, "lab"),
        (PATH, "family"),
        ("data/labs/file.yaml", "id"),
        ("data/benchmarks/file.yaml", "id"),
    ):
        base = dict(MODEL) if path == PATH else {"schema_version": 1, "id": "file", "name": "File"}
        shared.write(path, json.dumps(base | {key: IDS[name]}))
        found = [problem for problem in problems(shared.root) if problem.path == path]
        assert found, (path, key)
        assert all(problem.line >= 1 for problem in found)
        (shared.root / path).unlink()


@pytest.mark.parametrize("name", IDS)
def test_a_hostile_id_never_becomes_a_path_on_the_command_line(project: SmallProject, name: str) -> None:
    before = set(project.root.parent.rglob("*"))
    for command in (
        ["new", "model", "--name", IDS[name], "--lab", "acme"],
        ["new", "model", "--name", "x", "--lab", IDS[name]],
        ["score", IDS[name]],
    ):
        result = CliRunner().invoke(cli, ["--root", str(project.root), *command])
        assert result.exception is None or isinstance(result.exception, SystemExit | CapewatchError), result.exception
    made = [path for path in project.root.parent.rglob("*") if path not in before]
    models = project.root / "data" / "models"
    assert all(path == models or models in path.parents for path in made), made
    assert all(re.fullmatch(r"[a-z0-9.-]+", path.name) for path in made), made
    assert not [problem for problem in problems(project.root) if problem.code == "bad-id"]


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_hostile_address_is_refused_and_never_linked(project: SmallProject, name: str) -> None:
    document = json.loads(json.dumps(MODEL | {"observations": [OBSERVATION], "links": [ADDRESSES[name]]}))
    document["observations"][0]["source"]["url"] = ADDRESSES[name]
    project.write(PATH, json.dumps(document))
    found = problems(project.root)
    assert {problem.code for problem in found} <= {"bad-url", "too-long", "bad-value"}
    assert len(found) == 2
    link = http_url(ADDRESSES[name])
    assert link == "" or link.startswith(("https://", "http://"))
    assert not set(link) & set("<>\"'` \n\r\x00\u202e")


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_refused_with_its_place(project: SmallProject, name: str) -> None:
    target = project.root / PATH
    target.parent.mkdir(parents=True)
    target.write_bytes(FILES[name])
    result = CliRunner().invoke(
        cli, ["--root", str(project.root), "check", "--today", "2026-11-21", "--format", "json"]
    )
    assert isinstance(result.exception, SystemExit), result.exception
    report = json.loads(result.output)
    assert report["errors"] >= 1
    assert all(problem["path"] == PATH and problem["line"] >= 1 for problem in report["problems"])
    assert len(result.output) < 200_000
    for form in ("text", "github"):
        shown = CliRunner().invoke(cli, ["--root", str(project.root), "check", "--format", form]).output
        assert shown.replace("\n", "").isprintable()
        assert form == "text" or all(
            line.startswith(("::error file=", "::warning file=")) for line in shown.splitlines()
        )


def _link(target: str):
    return lambda path: path.symlink_to(target)


#: What must not stand in the folders: path -> how it is made.
TREE = {
    "link-out": ("data/models/acme/x.yaml", _link("/etc/passwd")),
    "link-up": ("data/models/acme/x.yaml", _link("../../labs/acme.yaml")),
    "link-nowhere": ("data/models/acme/x.yaml", _link("nowhere")),
    "link-loop": ("data/models/acme/x.yaml", _link("x.yaml")),
    "linked-folder": ("data/models/other", _link("/etc")),
    "linked-page": ("site_src/docs/passwd.txt", _link("/etc/passwd")),
    "linked-script": ("site_src/docs/assets/x.js", _link("/etc/passwd")),
    "linked-snapshot": ("data/snapshots/board/observations.csv", _link("/etc/passwd")),
    "linked-schema": ("data/schema/x.schema.json", _link("/etc/passwd")),
    "linked-ledger": ("predictions/x/ledger.jsonl", _link("/etc/passwd")),
    "pipe": ("data/models/acme/x.yaml", lambda path: os.mkfifo(path)),
    "device-name": ("data/labs/con.yaml", lambda path: path.write_text("x: 1\n")),
    "new-line-in-name": ("data/labs/a\nb.yaml", lambda path: path.write_text("x: 1\n")),
    "escape-in-name": ("data/labs/a\x1b[2Jb.yaml", lambda path: path.write_text("x: 1\n")),
    "command-in-name": ("data/labs/::error file=x::y.yaml", lambda path: path.write_text("x: 1\n")),
    "right-to-left-name": ("data/labs/a\u202elmay.yaml", lambda path: path.write_text("x: 1\n")),
    "decomposed-name": ("data/labs/e\u0301.yaml", lambda path: path.write_text("x: 1\n")),
    "case-twins": ("data/labs/ACME.yaml", lambda path: path.write_text("x: 1\n")),
    "backslash-name": ("data/labs/a\\b.yaml", lambda path: path.write_text("x: 1\n")),
    "trailing-dot": ("data/labs/x.yaml.", lambda path: path.write_text("x: 1\n")),
    "long-name": ("data/labs/" + "x" * 240 + ".yaml", lambda path: path.write_text("x: 1\n")),
    "unread-ending": ("data/models/acme/x.json", lambda path: path.write_text("{}")),
    "unread-case": ("data/models/acme/x.YAML", lambda path: path.write_text("x: 1\n")),
}


@pytest.mark.parametrize("name", TREE)
def test_links_devices_and_unusable_names_are_refused_by_check_and_build(project: SmallProject, name: str) -> None:
    path, make = TREE[name]
    (project.root / path).parent.mkdir(parents=True, exist_ok=True)
    make(project.root / path)
    found = [problem for problem in problems(project.root) if problem.severity == "error"]
    assert {problem.code for problem in found} & {"symlink", "special-file", "file-name"}
    result = CliRunner().invoke(cli, ["--root", str(project.root), "build", "--bundle-only", "--resamples", "200"])
    assert isinstance(result.exception, CapewatchError), result.exception
    assert not (project.root / "build" / "bundle").exists()
