"""Every fault a contributor can make is named with file, line, what was found, what is allowed."""

from __future__ import annotations

import datetime as dt

import pytest

from generator.schema import CHECKS, check_registry, load_registry

TODAY = dt.date(2026, 11, 21)


def problems(project, *, code: str | None = None):
    found = check_registry(load_registry(project.root), today=TODAY)
    return [problem for problem in found if code is None or problem.code == code]


def test_a_correct_project_has_no_problem(project):
    project.model("one", "gpqa 83.4 tools=false", "swe 0.74 unit=fraction")
    assert problems(project) == []


def test_all_problems_of_all_files_are_reported_at_once(project):
    project.model("one", "gpqqa 83.4", "swe 174")
    project.model("two", "gpqa 80 evaluator=epock-ai", lab="acme", more="family: alpa\n")
    assert [(p.path.split("/")[-1], p.code) for p in problems(project)] == [
        ("one.yaml", "unknown-benchmark"),
        ("one.yaml", "out-of-range"),
        ("two.yaml", "unknown-family"),
        ("two.yaml", "unknown-evaluator"),
    ]


def test_a_file_whose_shape_is_at_fault_is_still_checked_for_names_and_values(project):
    project.model("one", "gpqqa 83.4 retrieved=2026-13-01", "swe 174", "gpqa 83 unit=percents", lab="acmee")
    assert {(p.code, p.subject, p.hint) for p in problems(project) if p.code != "wrong-folder"} == {
        ("unknown-lab", "unknown lab", "did you mean 'acme'?"),
        ("unknown-benchmark", "unknown benchmark", "did you mean 'gpqa'?"),
        ("bad-date", "observations.0.source.retrieved", ""),
        ("out-of-range", "SWE in percent", "is it a fraction? write unit: fraction"),
        ("not-allowed", "observations.2.unit", ""),
    }
    (bad_date,) = problems(project, code="bad-date")
    assert bad_date.allowed == "a day that exists, as YYYY-MM-DD, YYYY-MM or YYYY"


def test_what_names_a_file_with_faults_is_not_at_fault_itself(project):
    project.write("data/labs/acme.yaml", "schema_version: 1\nid: acme\nnme: Acme\n")
    project.model("one", "gpqa 83.4")
    assert {p.path for p in problems(project)} == {"data/labs/acme.yaml"}


def test_an_unknown_name_suggests_the_near_one_with_its_line(project):
    project.model("one", "gpqa 83.4", "gpqqa 83.4")
    (problem,) = problems(project)
    assert problem.text() == (
        "data/models/acme/one.yaml:16: error: unknown-benchmark: unknown benchmark; found 'gpqqa'; allowed gpqa\n"
        "    hint: did you mean 'gpqa'?"
    )


@pytest.mark.parametrize(
    ("observation", "code", "severity"),
    [
        ("gpqa 83.4 unit=fraction", "out-of-range", "error"),
        ("gpqa 183.4", "out-of-range", "error"),
        ("gpqa -0.1", "out-of-range", "error"),
        ("gpqa 0.83", "suspect-unit", "warning"),
        ("gpqa 0.0083 unit=fraction", "suspect-unit", "warning"),
        ("gpqa 83 unit=elo", "wrong-unit", "error"),
        ("gpqa .nan", "not-finite", "error"),
        ("gpqa .inf", "not-finite", "error"),
        ("gpqa NaN", "not-a-number", "error"),
        ("gpqa 083", "not-a-number", "error"),
        ("gpqa 83 retrieved=2026-13-01", "bad-date", "error"),
        ("gpqa 83 retrieved=2026-05", "bad-date", "error"),
        ("gpqa 83 retrieved=2027-01-01", "future-date", "error"),
        ("gpqa 83 retrieved=2026-02-29", "bad-date", "error"),
        ("gpqa 83 published=2026-06-01", "bad-date", "error"),
        ("gpqa 83 url=ftp://example.org/x", "bad-url", "error"),
        ("gpqa 83 url=javascript:alert(1)", "bad-url", "error"),
        ("gpqa 83 url=https://user:pw@example.org/", "bad-url", "error"),
        ("gpqa 83 url=https://localhost/", "bad-url", "error"),
        ("gpqa 83 unit=per-cent", "not-allowed", "error"),
    ],
)
def test_a_bad_value_is_named(project, observation, code, severity):
    project.model("one", observation)
    (problem,) = problems(project)
    assert (problem.code, problem.severity) == (code, severity)
    assert problem.line > 5
    assert problem.found


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "<b>One</b>"}, "markup"),
        ({"name": "One](javascript:x)"}, "markup"),
        ({"name": "'{{ config }}'"}, "markup"),
        ({"name": "'One\\u202Eevil'"}, None),
        ({"name": '"One\\u202Eevil"'}, "control-character"),
        ({"id": "One"}, "bad-id"),
        ({"id": "../one"}, "bad-id"),
        ({"id": "a..b"}, "bad-id"),
        ({"schema_version": "2"}, "not-allowed"),
        ({"open_weights": "maybe"}, "not-true-or-false"),
        ({"params": "7B"}, "not-a-number"),
        ({"params": "7"}, "suspect-unit"),
        ({"released": "2027"}, "future-date"),
        ({"lab": "acne"}, "unknown-lab"),
    ],
)
def test_a_bad_head_is_named(project, change, code):
    head = {"schema_version": "1", "id": "one", "name": "One", "lab": "acme", "open_weights": "false", **change}
    project.write("data/models/acme/one.yaml", "".join(f"{key}: {value}\n" for key, value in head.items()))
    found = [p.code for p in problems(project) if p.code not in ("file-name", "wrong-folder")]
    assert found == ([code] if code else [])


@pytest.mark.parametrize(
    ("given", "hint"),
    [("OpenAI", "did you mean 'openai'?"), ("GPQA_Diamond", "did you mean 'gpqa-diamond'?"), ("a..b", "")],
)
def test_a_name_that_only_its_spelling_keeps_from_being_an_id_is_answered_with_the_id(project, given, hint):
    head = {"schema_version": "1", "id": "one", "name": "One", "lab": given, "open_weights": "false"}
    project.write("data/models/acme/one.yaml", "".join(f"{key}: {value}\n" for key, value in head.items()))
    assert [problem.hint for problem in problems(project, code="bad-id")] == [hint]


def test_a_decimal_comma_is_answered_with_a_decimal_point(project):
    project.model("one", "gpqa 91,2")
    (problem,) = problems(project)
    assert (problem.code, problem.hint) == ("not-a-number", "write a decimal point: 91.2")


def test_a_missing_source_and_an_unknown_key_are_named(project):
    project.model(
        "one",
        more="observatons: []\nobservations:\n  - benchmark: gpqa\n    value: 1\n    unit: percent\n    evaluator: maker\n",
    )
    found = {problem.code: problem for problem in problems(project)}
    assert found["missing-key"].subject == "observations.0.source is missing"
    assert found["unknown-key"].hint == "did you mean 'observations'?"


def test_a_file_name_that_is_not_the_id_a_second_owner_and_a_wrong_folder_are_named(project):
    project.model("one", "gpqa 80")
    project.write("data/models/zeta/two.yaml", (project.root / "data/models/acme/one.yaml").read_text())
    assert {problem.code for problem in problems(project)} == {"file-name", "duplicate-id"}
    project.write("data/models/zeta/two.yaml", "schema_version: 1\nid: two\nname: Two\nlab: acme\nopen_weights: true\n")
    (problem,) = problems(project)
    assert (problem.code, problem.allowed) == ("wrong-folder", "data/models/acme/")


def test_the_same_observation_twice_is_named_and_two_sources_are_not(project):
    project.model("one", "gpqa 80", "gpqa 81", "gpqa 82 url=https://example.org/other")
    (problem,) = problems(project)
    assert (problem.code, problem.line) == ("duplicate-observation", 16)


def test_an_alias_belongs_to_one_model(project):
    project.model("one", more="aliases:\n  board: [One]\n")
    project.model("two", more="aliases:\n  board: [Two, One]\n")
    project.write(
        "data/aliases.yaml",
        "schema_version: 1\ntables:\n  - source: board\n    spellings: {Uno: one, Dos: three}\n  - source: bord\n",
    )
    assert [(p.code, p.path) for p in problems(project)] == [
        ("unknown-model", "data/aliases.yaml"),
        ("unknown-source", "data/aliases.yaml"),
        ("duplicate-alias", "data/models/acme/two.yaml"),
    ]


def test_a_correction_and_a_track_name_what_exists(project):
    project.write(
        "data/corrections.yaml",
        """\
        schema_version: 1
        corrections:
          - {source: bord, model: one, benchmark: gpqa, expects: 1, reason: wrong, url: https://example.org, declared: 2026-01-01}
        """,
    )
    project.write(
        "data/tracks.yaml",
        "schema_version: 1\ntracks:\n  - {id: t, name: T, description: d, kind: chat, evaluators: [epok-ai], axes: [hle-tool]}\n",
    )
    assert {p.code for p in problems(project)} == {
        "unknown-source",
        "unknown-model",
        "unknown-axis",
        "unknown-evaluator",
    }


def test_an_axis_of_a_benchmark_with_axes_is_known_by_the_axis_id(project):
    project.write(
        "data/tracks.yaml",
        "schema_version: 1\ntracks:\n  - {id: t, name: T, description: d, kind: chat, evaluators: [maker], axes: [hle-tools, gpqa]}\n",
    )
    assert problems(project) == []


def test_every_check_says_what_it_checks():
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all(check.what for check in CHECKS)


def test_the_github_form_escapes_what_could_break_the_workflow_command(project):
    project.model("one", "gpqa 83 url=https://example.org/a,b::error")
    project.model("two", "gpqqa%0A 83")
    for problem in problems(project):
        line = problem.github()
        assert "\n" not in line
        assert line.count("::") == 2
