"""Compare: its files agree with the bundle, and its arithmetic under Node agrees with Python."""

from __future__ import annotations

import json
import math
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.site import synthetic
from tests.site.conftest import REPOSITORY, Built

MODULE = REPOSITORY / "site_src/docs/assets/javascripts/compare.mjs"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node is not installed")


def files(built: Built) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    folder = built.docs / "assets/data/compare"
    index = json.loads((folder / "index.json").read_text())
    labs = [json.loads(path.read_text()) for path in folder.glob("*.json") if path.stem != "index"]
    return index, {model["id"]: model for lab in labs for model in lab["models"]}


def run(tmp_path: Path, body: str) -> Any:
    script = tmp_path / "run.mjs"
    script.write_text(f"import * as m from {json.dumps(MODULE.as_uri())};\n{body}")
    result = subprocess.run([str(NODE), str(script)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_every_chosen_observation_of_the_bundle_is_there_with_source_protocol_and_error(built: Built) -> None:
    _index, models = files(built)
    for model in synthetic.bundle().entities["models"]:
        wanted = [
            (track, row["axis"], row["value"], row["stderr"], row["protocol"], row["title"])
            for row in model["observations"]
            for track in row["chosen_in"]
        ]
        found = models[model["id"]]["scores"] if model["id"] in models else []
        keys = ("track", "axis", "value", "stderr", "protocol", "source")
        assert [tuple(score[key] for key in keys) for score in found] == wanted


def test_h_and_its_interval_are_those_of_the_h_table(built: Built) -> None:
    _index, models = files(built)
    rows = synthetic.bundle().tables["hfield-maker"].rows
    assert len(rows) == 6
    for row in rows:
        assert models[row["model"]]["h"]["maker"] == {
            name: row[name] for name in ("h", "fitted", "pi_low", "pi_high", "outside", "h_se")
        }


def test_no_address_other_than_http_reaches_the_files(built: Built) -> None:
    index, models = files(built)
    assert {row[0] for row in index["models"]} == set(models)
    urls = {score["url"] for model in models.values() for score in model["scores"]}
    assert all(url is None or url == "" or url.startswith(("http://", "https://")) for url in urls)


def test_a_model_page_leads_to_the_comparison_with_the_model_already_chosen(built: Built) -> None:
    assert 'href="../../compare/?m=acme-1"' in built.page("models/acme-1/")


def test_without_javascript_the_page_says_so_and_links_to_the_models_and_the_data(built: Built) -> None:
    page = built.page("compare/")
    explained = page[page.index("<noscript>") : page.index("</noscript>", page.index("<noscript>"))]
    assert "needs JavaScript" in explained or "needs JavaScript" in page
    assert 'href="../models/"' in page
    assert 'href="../data/"' in page


@needs_node
def test_differences_errors_and_verdicts_agree_with_python_on_a_thousand_random_pairs(tmp_path: Path) -> None:
    rng = random.Random(5)
    cases = [
        [_score(rng), _score(rng), rng.choice([None, 198, 500])]
        for _ in range(1000)
    ]  # fmt: skip
    body = f"console.log(JSON.stringify({json.dumps(cases)}.map(([a, b, n]) => m.difference(a, b, n))));"
    seen = set()
    for (first, other, items), found in zip(cases, run(tmp_path, body), strict=True):
        errors = [_error(score, items) for score in (first, other)]
        assert found["delta"] == pytest.approx(other["value"] - first["value"], abs=1e-9)
        if None in errors:
            assert found["verdict"] == "unknown"
        else:
            error = math.hypot(*errors)
            assert found["error"] == pytest.approx(error, abs=1e-9)
            side = "above" if found["delta"] > 0 else "below"
            assert found["verdict"] == (side if abs(found["delta"]) > 1.96 * error else "within")
        seen.add(found["verdict"])
    assert seen == {"unknown", "above", "below", "within"}


def _score(rng: random.Random) -> dict[str, Any]:
    return {
        "value": rng.uniform(0, 100),
        "unit": rng.choice(["percent", "percent", "percent", "minutes"]),
        "stderr": rng.choice([None, rng.uniform(0.5, 20)]),
        "n": rng.choice([None, None, 100]),
    }


def _error(score: dict[str, Any], items: int | None) -> float | None:
    if score["stderr"] is not None:
        return float(score["stderr"])
    n = score["n"] or items
    if not n or score["unit"] != "percent":
        return None
    share = score["value"] / 100
    return 100 * math.sqrt(share * (1 - share) / n)


@needs_node
def test_an_address_gives_at_most_five_known_models_once_each_and_comes_back_the_same(tmp_path: Path) -> None:
    body = """const known = new Map(["a", "b.1", "c", "d", "e", "f"].map((id) => [id, {}]));
const read = (search) => m.chosenIn(search, known);
console.log(JSON.stringify([read("?m=a,B.1,A,zz,zz"), read("?m=a,b.1,c,d,e,f").beyond, read("").ids, read(m.addressOf(["b.1", "c"])).ids]));"""
    first, beyond, empty, again = run(tmp_path, body)
    assert first == {"ids": ["a", "b.1"], "unknown": ["zz"], "beyond": []}
    assert beyond == ["f"]
    assert empty == []
    assert again == ["b.1", "c"]


@needs_node
def test_axes_that_more_models_share_come_first_and_tracks_are_never_mixed(tmp_path: Path) -> None:
    body = """const score = (track, axis) => ({ track, axis });
const models = [{ scores: [score("t", "only"), score("t", "both"), score("u", "both")] }, { scores: [score("t", "both")] }];
console.log(JSON.stringify(m.rowsOf(models, ["t", "u", "v"]).map(({ track, rows }) => [track, rows.map(({ axis, shared }) => [axis, shared])])));"""
    assert run(tmp_path, body) == [["t", [["both", 2], ["only", 1]]], ["u", [["both", 1]]]]
