"""What may be written in the claims ledger, and what is said when it is wrong."""

from __future__ import annotations

import shutil

import pytest

from generator.core import ProblemsFound
from generator.schema.claim import check_claims, load_claims, placeholders
from generator.schema.jsonschema import schema_texts

GOOD = """\
schema_version: 1
id: a-claim
title: A claim
theme: counts
statement: It is 3.
where:
  - place: readme
published:
  - name: x
    printed: "3"
recipes:
  - id: count
    kind: published
    description: Counts.
reading: The table has {x:d} rows in 2025, at the 95 % level, for Llama-2 7B and Phi-1.5.
live:
  reason: cannot be asked
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "data/claims").mkdir(parents=True)

    def write(text: str, name: str = "a-claim"):
        (tmp_path / f"data/claims/{name}.yaml").write_text(text, encoding="utf-8")
        return [problem.code for problem in check_claims(tmp_path)]

    return write


def test_the_committed_ledger_has_no_problem(repository):
    assert [problem.text() for problem in check_claims(repository)] == []


def test_a_right_file_has_no_problem(project):
    assert project(GOOD) == []
    judged = "sentence:\n  judged: not tested\n  reason: It {x:is|is not} so for {x:d}.\nlive:"
    assert project(GOOD.replace("live:", judged)) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("{x:d} rows", "63 rows", "typed-number"),
        ("{x:d} rows", "-0.5 rows", "typed-number"),
        ("{x:d} rows", "{x:d rows", "bad-placeholder"),
        ("{x:d} rows", "{x[0]} rows", "bad-placeholder"),
        ("{x:d} rows", "{x:>20} rows", "bad-placeholder"),
        ("id: a-claim", "id: other-claim", "file-name"),
        ('printed: "3"', 'printed: "about 3"', "bad-value"),
        ("theme: counts", "theme: physics", "not-allowed"),
        ("  reason: cannot be asked", "  question: Is it?", "missing-key"),
        ("  reason: cannot be asked", "  panels: [maker]", "missing-key"),
        ("live:", "contradicts: [nobody]\nlive:", "unknown-claim"),
        ("live:", "verdict: reproduced\nlive:", "unknown-key"),
        ("live:", "sentence: {judged: maybe, reason: so}\nlive:", "not-allowed"),
        ("live:", "sentence: {judged: supported}\nlive:", "missing-key"),
        ("live:", "sentence: {judged: supported, reason: 4 of 5 say so}\nlive:", "typed-number"),
        ("{x:d} rows", "{x:Is|is} rows", "bad-placeholder"),
    ],
)
def test_a_fault_has_its_code(project, old, new, code):
    assert code in project(GOOD.replace(old, new))


def test_a_claim_without_recipe_must_say_why(project):
    text = GOOD[: GOOD.index("recipes:")] + "reading: Nothing.\nlive: {reason: none}\n"
    assert project(text) == ["missing-key"]
    assert project(text + "not_computable: no code was released\n") == []


def test_an_unknown_claim_suggests_near_ones(project, tmp_path):
    project(GOOD.replace("live:", "contradicts: [a-clam]\nlive:"))
    (problem,) = check_claims(tmp_path)
    assert problem.hint == "did you mean 'a-claim'?"


def test_a_verdict_is_never_written_in_a_claim_file(repository):
    for path in (repository / "data/claims").glob("*.yaml"):
        assert "verdict" not in path.read_text(encoding="utf-8"), path.name


def test_a_faulty_ledger_is_not_evaluated(tmp_path, repository):
    (tmp_path / "data").mkdir()
    shutil.copytree(repository / "data/claims", tmp_path / "data/claims")
    path = tmp_path / "data/claims/fr-fit.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("id: fr-fit", "id: fr-fitt"), encoding="utf-8")
    with pytest.raises(ProblemsFound, match="fr-fit"):
        load_claims(tmp_path).require_clean()


def test_printed_numbers_know_their_precision(ledger):
    published = {value.name: value for value in ledger.claims["r-pythia-pearson-p"].value.published}
    assert published["p"].allowed == pytest.approx(0.51e-7)


def test_placeholders_are_listed_with_their_formats():
    assert placeholders("a {x:.3f} b {r/y}") == [("x", ".3f"), ("r/y", "")]


def test_the_three_kinds_of_file_have_a_schema():
    assert {"claim.schema.json", "contradictions.schema.json", "objections.schema.json"} <= set(schema_texts())


def test_a_unit_is_given_to_what_a_recipe_of_the_claim_returns(results):
    for result in results.values():
        returned = {name for values in result.recomputed.values() for name in values}
        returned |= {name.rpartition(".")[2] for name in returned}
        assert set(result.claim.units) <= returned - {one.name for one in result.claim.published}, result.id
    assert results["ode-lofo"].claim.units["mean_mae"] == "pp"
