"""The report of the bundled data: complete, sourced, reproducible; and of a project with a new model."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from click.testing import CliRunner

from generator.cli.main import cli
from generator.core import ProblemsFound, canonical_json
from generator.report import Settings, make_bundle
from generator.report.make import compute


@pytest.fixture(scope="module")
def bundle():
    from tests.conftest import REPOSITORY

    return make_bundle(REPOSITORY, Settings(resamples=500))


def test_the_bundled_data_hold_the_promised_models(bundle):
    assert bundle.meta["counts"]["base_models"] >= 148
    assert bundle.meta["counts"]["chat_models"] >= 100


def test_every_observation_names_its_source_and_day(bundle):
    for model in bundle.entities["models"]:
        for row in model["observations"]:
            assert row["url"].startswith(("http://", "https://")), (model["id"], row)
            assert dt.date.fromisoformat(row["public"])
            assert row["source"] == "data-models" or len(row["pull_sha"]) == 64


def test_every_cell_of_a_panel_is_one_chosen_observation(bundle):
    chosen = {
        (track, model["id"], row["axis"]): row["value"]
        for model in bundle.entities["models"]
        for row in model["observations"]
        for track in row["chosen_in"]
    }
    cells = {
        (track, model["id"], axis): score["value"]
        for model in bundle.entities["models"]
        for track, scores in model["scores"].items()
        for axis, score in scores.items()
    }
    assert set(cells) == set(chosen)
    assert sum(bundle.meta["counts"]["cells"].values()) == len(cells)


def test_the_table_of_observations_holds_what_the_choice_of_every_cell_reads(bundle):
    rows = bundle.tables["observations"].frame
    for track in bundle.entities["tracks"]:
        panel = bundle.tables[f"panel-{track['id']}"].frame.set_index("model")
        axes = [name for name in panel.columns if f"{name}_se" in panel.columns]
        taken = rows[
            rows["evaluator"].isin(track["evaluators"]) & rows["axis"].isin(axes) & rows["model"].isin(panel.index)
        ]
        if track["harness"]:
            taken = taken[taken["harness"] == track["harness"]]
        order = [one.lower() for one in track["effort_order"]]
        effort = [order.index(one.lower()) if one.lower() in order else len(order) for one in taken["effort"]]
        by_day = taken.assign(at=[track["evaluators"].index(one) for one in taken["evaluator"]], rank=effort)
        by_day = by_day.assign(relayed=taken["via"] != "").sort_values("public", ascending=False, kind="stable")
        ranked = by_day.sort_values(["at", "rank", "uncited", "relayed"], kind="stable")
        for (model, axis), cell in ranked.groupby(["model", "axis"], sort=False):
            first = cell.iloc[0]
            same = cell[
                (
                    cell[["at", "rank", "uncited", "relayed", "public"]]
                    == first[["at", "rank", "uncited", "relayed", "public"]]
                ).all(axis=1)
            ]
            chosen = same.sort_values(["source", "url", "value"]).iloc[0]["value"]
            assert panel.at[model, axis] == pytest.approx(chosen), (track["id"], model, axis)
        assert panel[axes].notna().to_numpy().sum() == len(taken.drop_duplicates(["model", "axis"]))
    assert rows["locator"].str.len().min() > 0


def test_the_coupling_of_cited_scores_leaves_out_every_model_with_an_uncited_one(bundle):
    found = bundle.statistics["maker/r-cited/swe-bench-verified~gpqa-diamond"]
    whole = bundle.statistics["maker/r/swe-bench-verified~gpqa-diamond"]
    rows = bundle.tables["observations"].frame
    cells = rows[rows["model"].isin(whole["inputs"]) & rows["evaluator"].eq("maker")]
    panel = bundle.tables["panel-maker"].frame.set_index("model")
    chosen = {
        axis: cells[(cells["axis"] == axis) & (cells["value"] == cells["model"].map(panel[axis]))]
        for axis in ("swe-bench-verified", "gpqa-diamond")
    }
    cited = [set(one.loc[~one["uncited"], "model"]) for one in chosen.values()]
    assert set(found["inputs"]) == cited[0] & cited[1] < set(whole["inputs"])
    assert found["details"]["uncited"] == sum(whole["n"] - len(one) for one in cited)
    assert found["details"]["scores"] == 2 * whole["n"]
    assert found["details"]["through"] == ["Table 4 of arXiv 2605.18840"]


def test_the_papers_files_are_tables_from_which_their_recipes_can_be_computed_again(bundle):
    claims = {claim["id"]: claim["recomputed"] for claim in bundle.sections["claims"]["items"]}
    base = bundle.tables["published-base"].frame.set_index("id")
    other = bundle.tables["published-base-variants"].frame
    pythia = base[base.index.str.startswith("pythia-")][["hellaswag", "truthfulqa"]]
    assert pythia.corr().iat[0, 1] == pytest.approx(claims["r-pythia"]["pearson-v1"]["r"])
    for recipe, file in (("pearson-v2", "bootstrap_Nc.py"), ("pearson-v3", "cape_null_model.py")):
        scores = pythia.copy()
        scores.update(other[other["where"].str.startswith(file)].pivot(index="model", columns="column", values="value"))
        assert scores.corr().iat[0, 1] == pytest.approx(claims["r-pythia"][recipe]["r"])
    rows = bundle.tables["published-frontier"].frame
    frozen = rows[rows["subset"] != "post_cutoff"]
    slope, intercept = np.polyfit(frozen["swe-bench-verified"], frozen["gpqa-diamond"], 1)
    h = frozen["gpqa-diamond"] - intercept - slope * frozen["swe-bench-verified"]
    core = h[(frozen["subset"] == "core") & (frozen["lab"] == "Google")]
    assert core.mean() == pytest.approx(claims["fr-lab-h"]["core-means"]["google"])
    assert {"published-loss", "published-internal"} <= set(bundle.tables)


def test_every_statistic_has_an_interval_or_a_reason_and_names_its_track_and_day(bundle):
    for name, statistic in bundle.statistics.items():
        assert statistic["track"] == name.split("/")[0], name
        frozen = statistic["track"].startswith("paper-")  # a table as published knows no day
        assert statistic["as_of"] == ("" if frozen else bundle.as_of), name
        assert statistic["reason"] or statistic["estimate"] is not None, name
        assert statistic["n"] >= 0


def test_the_papers_tables_give_the_numbers_that_the_claims_recompute_from_them(bundle):
    claims = {claim["id"]: claim["published"] for claim in bundle.sections["claims"]["items"]}
    for claim, number, statistic in (
        ("fr-fit", "slope", "paper-frontier/slope/swe-bench-verified~gpqa-diamond"),
        ("r-0682-63", "r", "paper-base/r/hellaswag~truthfulqa"),
    ):
        recomputed = next(one["recomputed"] for one in claims[claim] if one["name"] == number)
        assert bundle.statistics[statistic]["estimate"] == pytest.approx(recomputed, abs=1e-12)
    assert not any(track.startswith("paper-") for model in bundle.entities["models"] for track in model["h"])


def test_bands_calculator_and_cascade_show_one_interval_of_the_pooled_critical_size(bundle):
    pooled = bundle.sections["coefficients"]["harness-v1"]["pooled_nc"]
    tested = next(item["test"] for item in bundle.sections["cascade"] if item["id"] == "Nc1")
    assert (tested["interval"]["low"], tested["interval"]["high"]) == (pooled["low"], pooled["high"])
    tax, transition, bonus = bundle.sections["bands"]
    assert (transition["low"], transition["high"]) == (tax["high"], bonus["low"]) == (pooled["low"], pooled["high"])
    known = [m for m in bundle.tables["panel-harness-v1"].rows if m["params"] is not None]
    assert sum(band["models"] for band in bundle.sections["bands"]) == len(known)


def test_every_effort_setting_is_an_observation_and_its_h_stands_on_the_line_of_its_track(bundle):
    models = {model["id"]: model for model in bundle.entities["models"]}
    for track in ("maker", "epoch"):
        line = bundle.sections["coefficients"][track]["line"]
        for row in bundle.sections["effort"][track]:
            seen = [
                (o["value"], o["protocol"].get("effort"))
                for o in models[row["model"]]["observations"]
                if o["axis"] == "gpqa-diamond"
            ]
            assert any(math.isclose(value, row["y"]) and effort == row["effort"] for value, effort in seen), row
            assert row["h"] == pytest.approx(row["y"] - line["intercept"] - line["slope"] * row["x"], abs=1e-9)


def test_the_physics_quantities_say_n_and_a_reason_where_there_is_no_number(bundle):
    physics = bundle.sections["physics"]
    assert {"pythia", "opt"} <= set(physics["families"])
    for found in physics["families"].values():
        for statistic in found.values():
            assert (statistic["estimate"] is None) == bool(statistic["reason"])
            assert statistic["n"] >= 0
    assert [row["level"] for row in physics["paper_chain"]] == ["L0", "L1", "L2", "L3", "L4"]


def test_h_is_score_minus_fitted_and_sums_to_zero_over_a_panel(bundle):
    values = [model["h"]["maker"] for model in bundle.entities["models"] if "maker" in model["h"]]
    assert len(values) >= 30
    assert all(math.isclose(row["h"], row["y"] - row["fitted"], abs_tol=1e-9) for row in values)
    assert abs(sum(row["h"] for row in values)) < 1e-6


def test_the_same_data_and_seed_give_the_same_bytes(bundle, repository):
    again = make_bundle(repository, Settings(resamples=500))
    assert canonical_json(again.statistics) == canonical_json(bundle.statistics)
    assert again.digest == bundle.digest


def test_an_earlier_day_uses_lists_and_counts_only_what_was_public_by_then(repository, bundle):
    early = make_bundle(repository, Settings(as_of=dt.date(2026, 3, 31), resamples=200))
    assert early.as_of == "2026-03-31"
    for model in early.entities["models"]:
        assert all(row["public"] <= "2026-03-31" for row in model["observations"]), model["id"]
    now = bundle.tables["observations"].frame
    public = now[now["public"] <= "2026-03-31"]
    assert len(early.tables["observations"].frame) == early.meta["counts"]["observations"] == len(public) < len(now)
    later = set(now["model"]) - set(public["model"])
    assert {model["id"] for model in early.entities["models"]} == {m["id"] for m in bundle.entities["models"]} - later
    unmatched, unmatched_now = (one.tables["unmatched"].frame for one in (early, bundle))
    assert 0 < unmatched["rows"].sum() < unmatched_now["rows"].sum()
    assert early.meta["counts"]["unmatched"] == (unmatched["reason"] == "").sum()


def test_every_row_of_the_observations_names_the_unit_of_its_value(bundle):
    rows = bundle.tables["observations"].frame
    units = {one["id"]: one["unit"] for one in bundle.entities["benchmarks"]}
    assert list(rows["unit"]) == [units[benchmark] for benchmark in rows["benchmark"]]
    assert rows.loc[rows["value"] > 100, "unit"].ne("percent").all()


def project_with_tracks(project):
    """The small project with the tracks and benchmarks the report asks for."""
    for identity in ("hellaswag", "truthfulqa", "swe-bench-verified", "gpqa-diamond"):
        project.write(
            f"data/benchmarks/{identity}.yaml",
            f"schema_version: 1\nid: {identity}\nname: {identity}\nmeasures: m\nability: reasoning\nunit: percent\nrange: [0, 100]\n"
            f"n_items: 500\nstatus: {{state: active}}\ncitation: {{title: t, url: https://example.org}}\n",
        )
    project.write(
        "data/tracks.yaml",
        """\
        schema_version: 1
        tracks:
          - {id: maker, name: M, description: d, kind: chat, evaluators: [maker], axes: [swe-bench-verified, gpqa-diamond]}
          - {id: epoch, name: E, description: d, kind: chat, evaluators: [epoch-ai], axes: [swe-bench-verified, gpqa-diamond]}
          - {id: harness-v1, name: H, description: d, kind: base, evaluators: [maker], axes: [hellaswag, truthfulqa]}
        """,
    )
    return project


def test_a_new_model_filled_in_appears_in_its_lab_panel_and_downloads(project):
    project = project_with_tracks(project)
    for number in range(4):
        project.model(f"m{number}", f"swe-bench-verified {60 + number}", f"gpqa-diamond {70 + 2 * number}")
    arguments = [
        "--root",
        str(project.root),
        "new",
        "model",
        "--name",
        "Fresh 1",
        "--lab",
        "zeta",
        "--released",
        "2026-11",
    ]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    path = project.root / "data/models/zeta/fresh-1.yaml"
    block = "observations:\n"
    for benchmark, value in (("swe-bench-verified", 80), ("gpqa-diamond", 90)):
        block += (
            f"  - benchmark: {benchmark}\n    value: {value}\n    unit: percent\n    evaluator: maker\n"
            "    source: {title: card, url: https://example.org/card, retrieved: 2026-11-01}\n"
        )
    path.write_text(path.read_text().split("observations:")[0] + block)
    made = make_bundle(project.root, Settings(resamples=200))
    model = made.by_id("models")["fresh-1"]
    assert model["scores"]["maker"]["gpqa-diamond"]["value"] == 90
    assert "maker" in model["h"]
    assert made.by_id("labs")["zeta"]["models"] == ["fresh-1"]
    for name in ("models", "observations", "panel-maker", "hfield-maker"):
        assert "fresh-1" in made.tables[name].csv, name


def test_data_with_errors_are_refused_with_every_problem(project):
    project_with_tracks(project).model("one", "gpqa-diamond 834", "swe-bench-verified 1000")
    with pytest.raises(ProblemsFound, match=r"(?s)out-of-range.*out-of-range.*2 errors"):
        make_bundle(project.root, Settings(resamples=200))


def test_a_panel_that_is_too_small_gives_reasons_instead_of_numbers(project):
    project_with_tracks(project).model("one", "gpqa-diamond 80", "swe-bench-verified 70")
    statistics = make_bundle(project.root, Settings(resamples=200)).statistics
    assert statistics["maker/r/swe-bench-verified~gpqa-diamond"]["estimate"] is None
    assert statistics["maker/r/swe-bench-verified~gpqa-diamond"]["reason"]
    assert statistics["epoch/r/swe-bench-verified~gpqa-diamond"]["reason"]


def test_adding_a_statistic_changes_no_other(bundle, repository, monkeypatch):
    from generator.panel import build_panel, gather
    from generator.report import statistics as module
    from generator.schema import load_registry

    registry = load_registry(repository)
    observations = gather(registry)
    panels = {
        track: build_panel(observations, registry, track, as_of=observations.newest_day) for track in registry.tracks
    }
    monkeypatch.setattr(module, "PAIRS", module.PAIRS[:2])
    found = compute(panels, seed=20260513, resamples=500).as_json()
    assert all(bundle.statistics[name] == statistic for name, statistic in found.items())
