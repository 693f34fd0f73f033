"""Bad input: each fault is a named problem with file and line, and the book holds only predictions without fault."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from generator.core import CapewatchError
from generator.predictions import check_predictions, load_predictions, new_prediction
from generator.schema import load_registry
from tests.predictions.builders import prediction_text, write_prediction

TODAY = dt.date(2026, 11, 21)


def checked(root: Path, code: str):
    return [p for p in check_predictions(root, load_registry(root), TODAY, history=False) if p.code == code]


def line_of(root: Path, words: str) -> int:
    text = (root / "predictions/one/prediction.yaml").read_text()
    return next(number for number, line in enumerate(text.splitlines(), start=1) if words in line)


H_METRIC = "\na: {kind: h, x: swe, y: gpqa, release: 1, fit: refit}\n"
EVENT = "\nlab: acme\nreleases: 1\nafter: 2026-05-31\nscored_on: [swe, gpqa]\n"


@pytest.mark.parametrize(
    ("blocks", "code", "at", "words"),
    [
        ({"metrics": "\nr: {kind: pearsn, x: swe, y: gpqa}\n"}, "unknown-metric", "pearsn", "did you mean 'pearson'?"),
        ({"passes": "{metric: q, above: 0.5}"}, "unknown-metric", "pass:", "'q'"),
        ({"metrics": "\nr: {kind: pearson, x: swe}\n"}, "missing-argument", "kind: pearson", "needs 'y'"),
        ({"metrics": "\nr: {kind: pearson, x: swe, y: gpqa, k: 5}\n"}, "unknown-argument", "k: 5", "takes no 'k'"),
        ({"metrics": "\nr: {kind: line-coverage, x: swe, y: gpqa, half_width: 3, fit: frozen}\n"}, "missing-argument", "half_width", "'line'"),
        ({"metrics": H_METRIC, "passes": "{metric: a, above: 3}", "fails": "{metric: a, below: 0}"}, "missing-event", "kind: h", "event"),
        (
            {"metrics": H_METRIC.replace("release: 1", "release: 2"), "event": EVENT, "passes": "{metric: a, above: 3}", "fails": "{metric: a, below: 0}"},
            "bad-release", "release: 2", "1 to 1",
        ),
        ({"fails": "{metric: r, below: 0.6}"}, "conditions-overlap", "fail:", "r 0.5 to 0.6"),
        ({"fails": "{metric: n, below: 5}"}, "conditions-overlap", "fail:", "n 0 to 5 and r 0.5 to 1"),
        ({"passes": "{metric: r, above: 1}"}, "no-path-to-pass", "pass:", ""),
        ({"requires": "\n- {metric: n, below: 0}\n"}, "no-path-to-pass", "pass:", ""),
        ({"fails": "{metric: r, below: -1}"}, "no-path-to-fail", "fail:", "predicts nothing"),
        ({"passes": "{metric: r, above: 0.5, below: 0.9}"}, "bad-condition", "pass:", "2 times"),
        ({"passes": "{metric: r}"}, "bad-condition", "pass:", "no comparison"),
        ({"passes": "{above: 0.5}"}, "bad-condition", "pass:", "exactly one of metric, all, any"),
        ({"closes": "2026-05-01T00:00:00Z"}, "closes-before-opens", "closes:", "after 2026-05-13T23:59:59Z"),
        ({"closes": "2026-12-31T23:59:59"}, "no-zone", "closes:", "has no zone"),
        ({"closes": "2026-12-31"}, "bad-instant", "closes:", "is not an instant"),
        ({"closes": '"2026-03-29T02:30:00[Europe/Berlin]"'}, "no-such-time", "closes:", "skip this time"),
        ({"registered_at": "2027-01-05T00:00:00Z"}, "registered-late", "registered_at:", "after its window closed"),
        ({"registered_at": "2026-12-01T00:00:00Z"}, "future-date", "registered_at:", "up to 2026-11-21"),
        ({"closes": None}, "no-deadline", "schema_version", "statement"),
        ({"track": "markers"}, "unknown-track", "track:", "did you mean 'maker'?"),
        ({"also_tracks": "[both, epohc]"}, "unknown-track", "also_tracks", "'epohc'"),
        ({"track": "paper-frontier"}, "frozen-track", "track:", "nothing is ever added"),
        ({"metrics": "\nr: {kind: pearson, x: swe-bnch, y: gpqa}\n"}, "unknown-axis", "swe-bnch", "'swe-bnch'"),
        ({"metrics": "\nr: {kind: pearson, x: swe, y: gpqa, subset: {labs: [acmee]}}\n"}, "unknown-lab", "acmee", "did you mean 'acme'?"),
        ({"metrics": "\nr: {kind: pearson, x: swe, y: gpqa, subset: {exclude: [nobody]}}\n"}, "unknown-model", "nobody", "'nobody'"),
        (
            {"metrics": H_METRIC, "event": EVENT.replace("acme", "acmee"), "passes": "{metric: a, above: 3}", "fails": "{metric: a, below: 0}"},
            "unknown-lab", "lab: acmee", "did you mean 'acme'?",
        ),
        ({"probability": "{value: 1.2, stated_by: Me, url: https://example.org/, on: 2026-06-01}"}, "bad-value", "probability", "less than or equal to 1"),
        ({"probability": "{value: -0.2, stated_by: Me, url: https://example.org/, on: 2026-06-01}"}, "bad-value", "probability", "greater than or equal to 0"),
        ({"probability": "{value: 0.5, stated_by: Me, url: https://example.org/, on: 2026-12-01}"}, "future-date", "probability", "2026-12-01"),
        ({"metrics": "\nswe-r: {kind: pearson, x: swe, y: gpqa}\n"}, "bad-value", "swe-r", "lower-case"),
        ({"if_too_few": "maybe"}, "not-allowed", "if_too_few", "'annulled'"),
        ({"wibble": "1"}, "unknown-key", "wibble", "wibble"),
        ({"title": None}, "missing-key", "schema_version", "title"),
    ],
)  # fmt: skip
def test_a_fault_is_a_named_problem_at_its_line(project, blocks, code, at, words):
    write_prediction(project.root, **blocks)
    found = checked(project.root, code)
    assert len(found) == 1, [
        p.text() for p in check_predictions(project.root, load_registry(project.root), TODAY, history=False)
    ]
    assert found[0].path == "predictions/one/prediction.yaml"
    assert found[0].line == line_of(project.root, at)
    assert words in found[0].text()


def test_a_sound_file_has_no_problem_but_that_it_is_not_sealed(project):
    write_prediction(project.root)
    found = check_predictions(project.root, load_registry(project.root), TODAY, history=False)
    assert [(p.code, p.severity) for p in found] == [("not-sealed", "warning")]


def test_a_reading_is_checked_like_the_file_itself(project):
    reading = """
    - id: which
      question: Which?
      chosen: This.
      readings:
        - id: other
          says: Other.
          pass: {metric: r, above: 0.2}
        - id: other
          says: Again.
          metrics: {r: {kind: spearmn, x: swe, y: gpqa}}
    """
    write_prediction(project.root, ambiguities=reading)
    codes = {p.code for p in check_predictions(project.root, load_registry(project.root), TODAY, history=False)}
    assert {"duplicate-id", "unknown-metric"} <= codes
    write_prediction(project.root, ambiguities=reading.split("        - id: other\n          says: Again")[0])
    assert checked(project.root, "conditions-overlap")[0].line == line_of(project.root, "- id: other")


def test_two_predictions_of_one_id_are_both_named(project):
    write_prediction(project.root)
    path = project.root / "predictions/two/prediction.yaml"
    path.parent.mkdir()
    path.write_text(prediction_text("one"))
    codes = {
        (p.path, p.code) for p in check_predictions(project.root, load_registry(project.root), TODAY, history=False)
    }
    assert ("predictions/two/prediction.yaml", "duplicate-id") in codes
    assert ("predictions/two/prediction.yaml", "file-name") in codes
    assert set(load_predictions(project.root).predictions) == {"one"}


def test_one_number_names_one_prediction_of_its_origin(project):
    write_prediction(project.root, number="3")
    write_prediction(project.root, "two", number="3")
    assert [(p.path, p.line > 0) for p in checked(project.root, "duplicate-number")] == [
        ("predictions/two/prediction.yaml", True)
    ]
    write_prediction(project.root, "two", number="4")
    assert checked(project.root, "duplicate-number") == []


def test_all_faults_of_a_file_are_reported_at_once(project):
    write_prediction(
        project.root,
        track="nowhere",
        metrics="\nr: {kind: pearsn, x: swe, y: gpqa}\n",
        closes="2026-12-31",
        passes="{metric: q, above: 1}",
    )
    codes = [
        p.code
        for p in check_predictions(project.root, load_registry(project.root), TODAY, history=False)
        if p.severity == "error"
    ]
    assert sorted(set(codes)) == ["bad-instant", "unknown-metric", "unknown-track"]
    assert codes.count("unknown-metric") == 2  # the kind, and the condition that names no metric


def test_only_predictions_without_fault_are_loaded_and_a_missed_id_names_near_ones(project):
    write_prediction(project.root)
    write_prediction(project.root, "two", closes="2026-12-31")
    (project.root / "predictions/empty").mkdir()
    book = load_predictions(project.root)
    assert set(book.predictions) == {"one"}
    assert {p.code for p in book.problems} == {"bad-instant", "missing-file"}
    with pytest.raises(CapewatchError, match="unknown prediction 'onne'") as caught:
        book.get("onne")
    assert caught.value.hint == "near: one"


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just text\n", "id: [\n", "\x00", "id: &a x\ntitle: *a\n"])
def test_a_file_that_is_no_prediction_never_raises(project, text):
    path = write_prediction(project.root)
    path.write_text(text)
    assert any(
        p.severity == "error"
        for p in check_predictions(project.root, load_registry(project.root), TODAY, history=False)
    )


def test_a_new_prediction_passes_every_check(project):
    text = new_prediction(
        "my-own",
        title='A "title": with marks',
        author="Some One",
        today=TODAY,
        closes="2027-12-31T23:59:59Z",
        x="swe",
        y="gpqa",
    )
    path = project.root / "predictions/my-own/prediction.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    found = check_predictions(project.root, load_registry(project.root), TODAY, history=False)
    assert [p.code for p in found] == ["not-sealed"]
    assert load_predictions(project.root).get("my-own").title == 'A "title": with marks'


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"identity": "My Own"}, "an id is lower-case"),
        ({"closes": "2027-12-31"}, "is not an instant"),
        ({"closes": "2026-11-21T23:59:59Z"}, "does not lie after today"),
        ({"title": "  "}, "cannot be empty"),
    ],
)
def test_a_new_prediction_refuses_what_could_not_be_checked_in(more, words):
    arguments = {
        "identity": "my-own",
        "title": "T",
        "author": "A",
        "today": TODAY,
        "closes": "2027-12-31T23:59:59Z",
        **more,
    }
    with pytest.raises(CapewatchError, match=words):
        new_prediction(arguments.pop("identity"), **arguments)
