"""The browser modules' pure parts, run under Node."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.site.conftest import REPOSITORY

SCRIPTS = REPOSITORY / "site_src/docs/assets/javascripts"
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="Node is not installed")


def run(tmp_path: Path, module: str, body: str) -> Any:
    """The JSON that `body` prints; `module` is imported as `m`."""
    found = next(path for kind in ("mjs", "js") if (path := SCRIPTS / f"{module}.{kind}").is_file())
    copy = tmp_path / f"{module}.mjs"
    shutil.copy(found, copy)
    script = tmp_path / "run.mjs"
    script.write_text(f"import * as m from {json.dumps(copy.as_uri())};\n{body}")
    result = subprocess.run([str(NODE), str(script)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


ROWS = """const rows = [["b10", 3], ["b9", null], ["Ä1", -2], ["a1", 3]].map(([name, value]) => ({ name, key: (index) => [name, value][index], text: name.toLowerCase() }));
const names = (state) => m.select(rows, state).map((row) => row.name);
"""


def test_rows_without_a_value_come_last_in_both_directions_and_ties_keep_their_order(tmp_path: Path) -> None:
    body = ROWS + "console.log(JSON.stringify([names({column: 1, direction: 1}), names({column: 1, direction: -1})]))"
    assert run(tmp_path, "rows", body) == [["Ä1", "b10", "a1", "b9"], ["b10", "a1", "Ä1", "b9"]]


def test_text_is_sorted_as_people_do_by_the_numbers_in_it_and_without_regard_to_accents(tmp_path: Path) -> None:
    assert run(tmp_path, "rows", ROWS + "console.log(JSON.stringify(names({column: 0, direction: 1})))") == [
        "Ä1",
        "a1",
        "b9",
        "b10",
    ]


def test_every_word_of_a_query_must_occur_and_a_choice_must_match(tmp_path: Path) -> None:
    body = (
        ROWS
        + "console.log(JSON.stringify([names({query: 'B 1'}), names({chosen: new Map([[1, 3]])}), names({present: 1}), names({query: 'zz'})]))"
    )
    assert run(tmp_path, "rows", body) == [["b10"], ["b10", "a1"], ["b10", "Ä1", "a1"], []]


def test_a_view_is_saved_as_a_csv_that_a_spreadsheet_takes_for_no_formula_and_csv_readers_read(tmp_path: Path) -> None:
    rows = [["=1+1", 1.5], ['say "hi", twice\nor so', None], ["−3", -3], ["@x", 0]]
    text = run(tmp_path, "rows", f"console.log(JSON.stringify(m.csv(['name', 'a,b'], {json.dumps(rows)})))")
    assert list(csv.reader(io.StringIO(text))) == [
        ["name", "a,b"],
        ["'=1+1", "1.5"],
        ['say "hi", twice\nor so', ""],
        ["−3", "-3"],
        ["'@x", "0"],
    ]


def test_sorting_4500_rows_takes_far_less_than_a_fifth_of_a_second(tmp_path: Path) -> None:
    body = """const rows = Array.from({ length: 4500 }, (_, i) => ({ key: (index) => [`Model ${(i * 7919) % 4500}`, (i * 104729) % 997][index], text: "" }));
const start = performance.now(); m.select(rows, { column: 0, direction: 1 }); m.select(rows, { column: 1, direction: -1 });
console.log(JSON.stringify((performance.now() - start) / 2));"""
    assert run(tmp_path, "rows", body) < 200


@pytest.mark.parametrize(
    ("hours", "text"), [(24 * 41 - 5, "41 days left"), (30, "2 days left"), (5, "last day"), (-1, "closed")]
)
def test_days_left_count_the_day_that_has_begun(tmp_path: Path, hours: float, text: str) -> None:
    assert run(tmp_path, "deadlines", f"console.log(JSON.stringify(m.left({hours * 3_600_000}, 0)))") == text
