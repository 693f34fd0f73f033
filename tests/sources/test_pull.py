"""The pull as a whole: mirror and web, good and bad payloads, dry runs, partial failures, secrets."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from generator import snapshots
from generator.core import CapewatchError
from generator.sources import (
    Capture,
    PullResult,
    Request,
    chosen,
    exit_code,
    mirror_folder,
    pull,
    read_terms,
    source,
)
from generator.sources.client import Validators
from generator.sources.pull import environment_keys, pull_one
from tests.payloads import payload_root
from tests.sources.payloads import FIXTURES, capture

REPOSITORY = Path(__file__).resolve().parents[2]
NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
#: where a mirror folder has the fixtures of a source.
LAYOUT = {
    "aider": "aider",
    "obsscaling": "obsscaling",
    "swebench/leaderboards.json": "swebench/leaderboards_2025-12-10.json",
    "livebench": "livebench",
    "epoch/gpqa_diamond.csv": "epoch_ai/csv_2026-04-19/gpqa_diamond.csv",
    "epoch/gpqa_diamond_post_2026-04.csv": "epoch_ai/gpqa_diamond_post_2026-04.csv",
    "models-dev-toml": "models_dev/toml_2026-07-02",
}
NAMES = ["aider", "epoch", "livebench", "models-dev", "obsscaling", "swebench"]


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    for origin, place in LAYOUT.items():
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (FIXTURES / origin).is_dir() else shutil.copyfile)(FIXTURES / origin, target)
    return folder


def request(tmp_path: Path, **more: Any) -> Request:
    return Request(tmp_path / "project", more.pop("now", NOW), read_terms(REPOSITORY), **more)


def run(tmp_path: Path, names: Sequence[str] = NAMES, **more: Any) -> dict[str, PullResult]:
    asked = request(tmp_path, **more)
    return {result.source: result for result in pull(asked, chosen(list(names), asked.terms), workers=2)}


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_pull_from_a_mirror_stores_what_the_licence_allows(tmp_path: Path, mirror: Path) -> None:
    results = run(tmp_path, mirror=mirror)
    assert {name: result.status for name, result in results.items()} == dict.fromkeys(NAMES, "ok")
    root = tmp_path / "project" / "data" / "snapshots"
    assert snapshots.verify(root) == []
    assert len(snapshots.read(root, "epoch")) == 6
    assert snapshots.read(root, "swebench").empty
    assert set(snapshots.summary(root, "swebench")["benchmark"]) == {"swe-bench-bash-only", "swe-bench-verified"}
    assert "only statistics and a pointer are kept" in results["swebench"].message


def test_the_same_pull_twice_changes_no_byte(tmp_path: Path, mirror: Path) -> None:
    run(tmp_path, mirror=mirror)
    before = tree(tmp_path / "project")
    again = run(tmp_path, mirror=mirror, now=NOW + dt.timedelta(hours=3))
    assert {result.status for result in again.values()} == {"unchanged"}
    assert tree(tmp_path / "project") == before


def test_a_later_day_without_news_changes_only_the_day_of_the_check(tmp_path: Path, mirror: Path) -> None:
    run(tmp_path, mirror=mirror)
    before = tree(tmp_path / "project")
    run(tmp_path, mirror=mirror, now=NOW + dt.timedelta(days=1))
    after = tree(tmp_path / "project")
    assert {name for name in after if after[name] != before.get(name)} == {
        f"data/snapshots/{name}/checked.json" for name in NAMES
    }


def test_a_mirrors_scores_count_as_public_from_the_day_of_the_mirror(tmp_path: Path, mirror: Path) -> None:
    run(tmp_path, mirror=mirror)
    root = tmp_path / "project" / "data" / "snapshots"
    assert not snapshots.read(root, "obsscaling", as_of=dt.date(2024, 10, 1)).empty
    assert snapshots.read(root, "obsscaling", as_of=dt.date(2024, 9, 30)).empty
    assert snapshots.read(root, "obsscaling", as_of=dt.date(2026, 11, 20), basis="recorded").empty


def test_an_old_mirror_is_old(tmp_path: Path, mirror: Path) -> None:
    run(tmp_path, mirror=mirror)
    root = tmp_path / "project" / "data" / "snapshots"
    assert snapshots.age(root, "epoch", on=NOW.date()) == (NOW.date() - dt.date(2026, 4, 19)).days


def test_a_cell_leads_to_address_relay_day_and_hash(tmp_path: Path, mirror: Path) -> None:
    run(tmp_path, mirror=mirror)
    root = tmp_path / "project" / "data" / "snapshots"
    row = snapshots.read(root, "obsscaling").iloc[0]
    found = snapshots.provenance(root, "obsscaling", pull=int(row["pull"]), locator=row["locator"])
    assert found["url"].startswith("https://raw.githubusercontent.com/ryoungj/ObsScaling/")
    assert found["via"].startswith("ryoungj/ObsScaling @")
    name = found["name"]
    assert found["sha256"] == capture(name, (FIXTURES / "obsscaling" / name).read_bytes()).sha256


def test_a_dry_run_tells_the_events_and_writes_nothing(tmp_path: Path, mirror: Path) -> None:
    results = run(tmp_path, mirror=mirror, dry_run=True)
    events = results["aider"].events
    assert events is not None
    assert set(events["event"]) == {"seen"}
    assert not (tmp_path / "project").exists()


def test_a_bad_payload_is_quarantined_and_the_others_go_on(tmp_path: Path, mirror: Path) -> None:
    run(tmp_path, mirror=mirror)
    root = tmp_path / "project" / "data" / "snapshots"
    good = tree(root)
    board = mirror / "aider" / "polyglot_leaderboard.yml"
    board.write_text(board.read_text().replace("pass_rate_2: 35.6", "pass_rate_2: 95.6"))
    results = run(tmp_path, mirror=mirror)
    assert results["aider"].status == "quarantined"
    assert "moved by more than 15 pp; first: Alpha 1 (01-10), aider-polyglot" in results["aider"].message
    assert {results[name].status for name in NAMES if name != "aider"} == {"unchanged"}
    assert tree(root) == good
    place = next((tmp_path / "project" / "build" / "quarantine" / "aider").iterdir())
    note = json.loads((place / "note.json").read_text())
    assert [finding["gate"] for finding in note["findings"]] == ["move"]
    assert (place / note["files"][1]["kept_as"]).read_bytes() == board.read_bytes()
    assert exit_code(list(results.values())) == 3


def test_an_accepted_payload_passes_its_waivable_gates_and_the_manifest_says_so(tmp_path: Path, mirror: Path) -> None:
    run(tmp_path, ["aider"], mirror=mirror)
    board = mirror / "aider" / "polyglot_leaderboard.yml"
    board.write_text(board.read_text().replace("pass_rate_2: 35.6", "pass_rate_2: 95.6"))
    assert run(tmp_path, ["aider"], mirror=mirror, accept=["aider"])["aider"].status == "ok"
    last = snapshots.history(tmp_path / "project" / "data" / "snapshots", "aider")[-1]
    assert (last.changed, last.note) == (1, "accepted by hand: move")


def test_an_unknown_column_set_is_stopped_even_when_accepted(tmp_path: Path, mirror: Path) -> None:
    table = mirror / "obsscaling" / "base_llm_benchmark_eval.csv"
    table.write_text(table.read_text().replace("HellaSwag", "HellaSwag v2"))
    result = run(tmp_path, ["obsscaling"], mirror=mirror, accept=["obsscaling"])["obsscaling"]
    assert result.status == "quarantined"
    assert "unknown-columns: missing: HellaSwag; unknown: HellaSwag v2" in result.message


def test_scores_of_another_unit_are_stopped_before_they_are_stored(tmp_path: Path, mirror: Path) -> None:
    table = mirror / "obsscaling" / "base_llm_benchmark_eval.csv"
    table.write_text(table.read_text().replace("0.777", "77.7"))
    result = run(tmp_path, ["obsscaling"], mirror=mirror)["obsscaling"]
    assert result.status == "quarantined"
    assert "1 score outside the range" in result.message
    assert exit_code([result]) == 1
    result = run(tmp_path, ["obsscaling"], mirror=mirror, accept=["obsscaling"])["obsscaling"]
    assert result.status == "quarantined"
    assert "cannot be accepted by hand" in result.message


def test_a_mirror_without_a_source_skips_it(tmp_path: Path, mirror: Path) -> None:
    result = run(tmp_path, ["pythia-evals"], mirror=mirror)["pythia-evals"]
    assert result.status == "skipped"
    assert result.message.startswith("the mirror has no payload of this source; looked for ")
    assert exit_code([result]) == 0


def test_mirror_places_are_folders_or_file_addresses(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    assert mirror_folder(str(folder)) == folder
    assert mirror_folder(folder.as_uri()) == folder
    for wrong, message in (
        (str(tmp_path / "none"), "no such folder"),
        ("https://example.org/x", "is no folder"),
        ("file://other.example/x", "names the host other.example"),
    ):
        with pytest.raises(CapewatchError, match=message):
            mirror_folder(wrong)


class FakeClient:
    """Serves fixtures by capture name, and notes what it was asked with."""

    def __init__(self, folder: str, *, modified: bool = True) -> None:
        self.folder, self.modified = folder, modified
        self.validators: Validators = {}
        self.asked: list[tuple[str, bool, dict[str, str]]] = []

    def __call__(self, validators: Validators) -> FakeClient:
        self.validators = validators
        return self

    def get(
        self,
        url: str,
        *,
        name: str,
        accept: Sequence[str],
        headers: Mapping[str, str] | None = None,
        conditional: bool = True,
    ) -> Capture:
        self.asked.append((url, conditional, dict(headers or {})))
        if conditional and not self.modified and url in self.validators:
            return Capture(name, url, b"", "2026-11-21T12:00:00Z", NOW.date(), not_modified=True)
        data = (FIXTURES / self.folder / name).read_bytes()
        return Capture(name, url, data, "2026-11-21T12:00:00Z", NOW.date(), headers={"etag": f'"{name}"'})


def test_a_pull_from_the_web_keeps_validators_and_a_304_for_all_files_is_unchanged(tmp_path: Path) -> None:
    client = FakeClient("aider")
    assert run(tmp_path, ["aider"], client=client)["aider"].status == "ok"
    before = tree(tmp_path / "project")
    client.modified = False
    result = run(tmp_path, ["aider"], client=client)["aider"]
    assert (result.status, result.message, result.rows) == ("unchanged", "not modified since the last pull", 3)
    assert all(url in client.validators for url, _, _ in client.asked)
    assert tree(tmp_path / "project") == before


def test_when_only_some_files_are_modified_all_are_fetched_again(tmp_path: Path) -> None:
    client = FakeClient("aider")
    run(tmp_path, ["aider"], client=client)
    client.modified = False

    class Half(FakeClient):
        def __call__(self, validators: Validators) -> FakeClient:
            self.validators = {url: tags for url, tags in validators.items() if "polyglot" in url}
            return self

    half = Half("aider", modified=False)
    assert run(tmp_path, ["aider"], client=half)["aider"].status == "unchanged"
    assert len(half.asked) == 4


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("aider", 2),
        ("arc-prize", 1),
        ("hf-leaderboards", 5),
        ("models-dev", 1),
        ("obsscaling", 3),
        ("swebench", 1),
    ],
)
def test_adapters_fetch_their_files_over_https_only(name: str, files: int) -> None:
    class Recorder(FakeClient):
        def get(self, url: str, *, name: str, **more: Any) -> Capture:
            self.asked.append((url, True, {}))
            return capture(name, b"")

    recorder = Recorder(name)
    assert len(source(name).adapter.fetch(recorder, {})) == files
    assert all(url.startswith("https://") for url, _, _ in recorder.asked)


def test_the_rows_api_is_read_page_by_page_to_its_end() -> None:
    client = FakeClient("open-llm-leaderboard-v2")
    captures = source("open-llm-leaderboard-v2").adapter.fetch(client, {"length": 2})
    assert [item.name for item in captures] == ["rows-00000.json", "rows-00002.json"]
    assert "offset=2&length=2" in client.asked[1][0]


def test_pythia_asks_for_672_files_by_step_and_13_others() -> None:
    class Recorder(FakeClient):
        def get(self, url: str, *, name: str, **more: Any) -> Capture:
            return capture(name, b"")

    names = [item.name for item in source("pythia-evals").adapter.fetch(Recorder("x"), {})]
    assert (len(names), len(set(names))) == (685, 685)
    root = payload_root()
    if root is not None:
        there = {p.relative_to(root / "pythia_evals/evals").as_posix() for p in (root / "pythia_evals").rglob("*.json")}
        assert set(names) == there


def test_livebench_finds_the_newest_release_that_has_its_categories() -> None:
    listing = json.dumps([{"name": n} for n in (
        "table_2025_11_25.csv", "categories_2025_11_25.json", "table_2026_01_08.csv", "categories_2026_01_08.json",
        "table_2026_06_25.csv", "index.html",
    )]).encode()  # fmt: skip

    class Listing(FakeClient):
        def get(self, url: str, *, name: str, **more: Any) -> Capture:
            return capture(name, listing if name == "public.json" else b"")

    names = [item.name for item in source("livebench").adapter.fetch(Listing("livebench"), {})]
    assert names == ["table_2026_01_08.csv", "categories_2026_01_08.json"]


def test_the_v1_results_file_taken_is_the_newest() -> None:
    listing = json.dumps([{"path": f"acme/base-7b/results_2023-{month}-03T10-11-12.1.json"} for month in ("09", "11")])

    class Listing(FakeClient):
        def get(self, url: str, *, name: str, **more: Any) -> Capture:
            return capture(name, listing.encode() if name.startswith("tree/") else b"")

    (found,) = source("open-llm-leaderboard-v1").adapter.fetch(Listing("x"), {"models": ["acme/base-7b"]})
    assert found.name == "acme/base-7b/results_2023-11-03T10-11-12.1.json"


SECRET = "sk-s3cret-0123456789"  # a made-up key


def test_a_key_reaches_the_request_header_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    client = FakeClient("artificial-analysis")
    keys = {"ARTIFICIAL_ANALYSIS_API_KEY": SECRET}
    results = run(tmp_path, ["artificial-analysis"], client=client, keys=keys)
    assert results["artificial-analysis"].status == "ok"
    assert client.asked[0][2] == {"x-api-key": SECRET}
    assert SECRET not in client.asked[0][0]
    assert SECRET not in repr(results)
    assert all(SECRET.encode() not in data for data in tree(tmp_path / "project").values())
    assert SECRET not in "".join(capsys.readouterr())


def test_of_a_source_that_may_not_be_kept_no_value_is_stored(tmp_path: Path) -> None:
    client = FakeClient("artificial-analysis")
    run(tmp_path, ["artificial-analysis"], client=client, keys={"ARTIFICIAL_ANALYSIS_API_KEY": SECRET})
    stored = b"".join(tree(tmp_path / "project").values())
    assert b"0.805" not in stored
    assert b"Alpha" not in stored
    last = snapshots.history(tmp_path / "project/data/snapshots", "artificial-analysis")[-1]
    assert (last.kept, last.rows, last.summary) == ("pointer", 3, [])


def test_a_key_in_an_error_is_blotted_out(tmp_path: Path) -> None:
    class Leaky(FakeClient):
        def get(self, url: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Capture:
            raise ValueError(f"bad header {headers}")

    keys = {"ZEROEVAL_API_KEY": SECRET}
    result = run(tmp_path, ["zeroeval"], client=Leaky("zeroeval"), keys=keys)["zeroeval"]
    assert result.status == "failed"
    assert SECRET not in result.message
    assert "<ZEROEVAL_API_KEY>" in result.message


def test_without_its_key_a_source_is_skipped_and_names_the_variable(tmp_path: Path) -> None:
    result = run(tmp_path, ["zeroeval"], client=FakeClient("zeroeval"))["zeroeval"]
    assert (result.status, result.message) == ("skipped", "needs a key: set ZEROEVAL_API_KEY")


def test_keys_come_from_the_environment_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZEROEVAL_API_KEY", SECRET)
    monkeypatch.delenv("ARTIFICIAL_ANALYSIS_API_KEY", raising=False)
    assert environment_keys() == {"ZEROEVAL_API_KEY": SECRET}


def test_a_fault_in_one_adapter_is_a_result_and_the_others_go_on(tmp_path: Path) -> None:
    class Broken(FakeClient):
        def get(self, url: str, *, name: str, **more: Any) -> Capture:
            if "polyglot" in name:
                raise ZeroDivisionError("oops")
            return capture(name, (FIXTURES / "obsscaling" / name).read_bytes(), url=url)

    results = run(tmp_path, ["aider", "obsscaling"], client=Broken("x"))
    assert results["aider"].message == "fault in the adapter: ZeroDivisionError: oops"
    assert results["obsscaling"].status == "ok"


def test_a_source_without_terms_is_not_pulled(tmp_path: Path, mirror: Path) -> None:
    asked = Request(tmp_path / "project", NOW, {}, mirror=mirror)
    result = pull_one(asked, source("aider"))
    assert (result.status, result.message.splitlines()[0]) == (
        "failed", "source aider: data/sources/aider.yaml is missing",
    )  # fmt: skip


def test_results_keep_the_order_asked_for_and_progress_counts_up(tmp_path: Path, mirror: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    asked = request(tmp_path, mirror=mirror)
    rows = chosen(["swebench", "aider", "livebench"], asked.terms)
    results = pull(
        asked, rows, workers=3, progress=lambda result, done, total: seen.append((result.source, done, total))
    )
    assert [result.source for result in results] == ["swebench", "aider", "livebench"]
    assert [(done, total) for _, done, total in seen] == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("statuses", "code"),
    [(["ok", "unchanged"], 0), (["ok", "failed"], 3), (["quarantined", "unchanged"], 3), (["failed"], 1), ([], 0),
     (["skipped"], 0), (["skipped", "failed"], 1)],
)  # fmt: skip
def test_the_exit_code_tells_all_none_or_some(statuses: list[Any], code: int) -> None:
    assert exit_code([PullResult(f"s{i}", status) for i, status in enumerate(statuses)]) == code


def test_a_source_asked_for_by_name_has_not_passed_when_it_is_skipped() -> None:
    skipped, passed = PullResult("a", "skipped"), PullResult("b", "ok")
    assert [exit_code(results, named=True) for results in ([skipped], [skipped, passed], [passed])] == [1, 3, 0]


@pytest.mark.skipif(payload_root() is None, reason="no recorded payloads: set CAPEWATCH_PAYLOADS")
def test_the_committed_snapshots_are_what_a_pull_of_the_recorded_payloads_gives(tmp_path: Path) -> None:
    root = REPOSITORY / "data" / "snapshots"
    first = min(snapshots.history(root, name)[0].fetched_at for name in snapshots.sources(root))
    now = dt.datetime.fromisoformat(first)
    names = [name for name in snapshots.sources(root) if name != "pythia-evals"]
    run(tmp_path, names, mirror=payload_root(), now=now)
    for name in names:
        fresh = snapshots.read(tmp_path / "project" / "data" / "snapshots", name)
        assert fresh.equals(snapshots.read(root, name, as_of=now.date())), name


def test_the_committed_snapshots_hold_every_hash() -> None:
    root = REPOSITORY / "data" / "snapshots"
    assert snapshots.verify(root) == []
    assert all(path.stat().st_size <= 2**20 for path in root.rglob("*") if path.is_file())
