"""The committed results: whole, of the committed checkpoints, and what a fresh run gives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from generator.core import sha256_file
from generator.steering.cli import steer
from generator.steering.results import ResultFile, read_result
from generator.steering.summary import summarise, text_table
from generator.steering.train import DEMO_SEEDS, SIZES


@pytest.fixture(scope="module")
def folder(request: pytest.FixtureRequest) -> Path:
    return Path(__file__).resolve().parents[2] / "data" / "steering"


def read_all(folder: Path) -> list[ResultFile]:
    return [read_result(path.parent) for path in sorted(folder.glob("*/result.json"))]


def test_there_is_a_whole_result_for_every_rung_and_seed(folder: Path) -> None:
    names = {f"demo:{size}-{seed}" for size in SIZES for seed in DEMO_SEEDS}
    assert {result.model.id for result in read_all(folder)} == names


def test_results_are_of_the_committed_checkpoints(folder: Path) -> None:
    for result in read_all(folder):
        name = result.model.id.removeprefix("demo:")
        assert result.model.revision == sha256_file(folder / "checkpoints" / f"{name}.safetensors")[:16]


def test_the_summary_is_computed_from_the_results(folder: Path) -> None:
    kept = json.loads((folder / "demo-summary.json").read_text())
    fresh = json.loads(json.dumps(summarise(read_all(folder))))
    by_model = {row["model"]: row for row in fresh["rows"]}
    assert {row["model"]: row for row in kept["rows"]} == by_model
    assert "demo:m-0" in text_table(kept)


def test_s_and_m_gain_over_matched_control_and_xs_has_no_effect(folder: Path) -> None:
    for result in read_all(folder):
        expected = "no_effect" if "xs" in result.model.id else "ok"
        assert result.status == expected, result.model.id


def test_controls_also_raise_accuracy_where_the_base_is_below_a_half(folder: Path) -> None:
    """Steered minus base overstates: some of it any vector of this norm would do."""
    for result in read_all(folder):
        assert result.test is not None
        if result.test.base["binary"] < 0.4:
            assert result.test.gain_random.control_mean > result.test.base["binary"]
            assert result.test.gain.estimate < result.test.binary.net


def same_figures(one: ResultFile, other: ResultFile) -> None:
    assert one.test is not None
    assert other.test is not None
    assert one.folds[0].layer == other.folds[0].layer
    assert one.folds[0].strength == other.folds[0].strength
    for kept, again in ((one.test.binary, other.test.binary), (one.test.truthful_prompt, other.test.truthful_prompt)):
        assert again.corrected.k == pytest.approx(kept.corrected.k, abs=3)
        assert again.broken.k == pytest.approx(kept.broken.k, abs=3)
    assert other.test.gain.estimate == pytest.approx(one.test.gain.estimate, abs=0.02)


def rerun(name: str, out: Path) -> ResultFile:
    done = CliRunner().invoke(steer, ["run", "--model", f"demo:{name}", "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    return ResultFile.model_validate_json(done.stdout)


def test_a_fresh_run_gives_the_committed_figures_and_prints_its_result_file(folder: Path, tmp_path: Path) -> None:
    fresh = rerun("xs-0", tmp_path)
    assert fresh == read_result(tmp_path / "demo-xs-0")
    same_figures(read_result(folder / "demo-xs-0"), fresh)


@pytest.mark.slow
@pytest.mark.parametrize("name", [f"{size}-{seed}" for size in ("s", "m") for seed in DEMO_SEEDS])
def test_a_fresh_run_of_the_larger_rungs_gives_the_committed_figures(folder: Path, tmp_path: Path, name: str) -> None:
    same_figures(read_result(folder / f"demo-{name}"), rerun(name, tmp_path))


def test_try_prints_plain_steered_and_control_side_by_side(folder: Path) -> None:
    words = ["try", "--model", "demo:m-0", "--prompt", "note Belmoor crop", "--tokens", "2", "--out", str(folder)]
    done = CliRunner().invoke(steer, words)
    assert done.exit_code == 0, done.output
    assert [line.split()[0] for line in done.output.splitlines()] == ["plain", "steered", "control"]
    shown = json.loads(CliRunner().invoke(steer, [*words, "--json"]).output)
    assert shown["plain"].split()[0] == done.output.split()[1]


def test_the_live_export_computes_its_reference_logits(folder: Path) -> None:
    """A second implementation from the exported bytes alone: numpy, as a browser would."""
    header = json.loads((folder / "live" / "model.json").read_text())
    blob = np.frombuffer((folder / "live" / "model.bin").read_bytes(), dtype="<f2").astype(np.float64)
    reference = json.loads((folder / "live" / "reference.json").read_text())

    def array(name: str) -> np.ndarray:
        place = header["arrays"][name]
        return blob[place["offset"] : place["offset"] + int(np.prod(place["shape"]))].reshape(place["shape"])

    assert sha256_file(folder / "live" / "model.bin") == header["sha256"]
    assert (folder / "live" / "model.bin").stat().st_size < 1_600_000
    assert {case["vector"] for case in reference["cases"]} == {"none", "vector.truth", "vector.random-0"}
    for case in reference["cases"]:
        vector = None if case["vector"] == "none" else array(case["vector"]) * reference["strength"]
        found = numpy_logits(header["config"], array, case["tokens"], vector, layer=reference["layer"])
        assert np.abs(found - case["logits"]).max() < reference["tolerance"]


def numpy_logits(
    config: dict[str, float], array: object, tokens: list[int], vector: np.ndarray | None, *, layer: int
) -> np.ndarray:
    """GPT-NeoX in numpy: parallel residual, rotary on a share of each head, logits (vocabulary,) of the last position."""
    from scipy.special import erf, softmax

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt(x.var(-1, keepdims=True) + config["layer_norm_epsilon"])
        return scaled * array(f"{name}.weight") + array(f"{name}.bias")  # type: ignore[operator]  # a local function

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return x @ array(f"{name}.weight").T + array(f"{name}.bias")  # type: ignore[operator]  # a local function

    heads, width, length = int(config["heads"]), int(config["width"]), len(tokens)
    size = width // heads
    turned = int(size * config["rotary_share"])
    angles = np.arange(length)[:, None] / config["rotary_base"] ** (np.arange(0, turned, 2) / turned)[None, :]
    cos, sin = np.cos(np.tile(angles, 2)), np.sin(np.tile(angles, 2))

    def rotate(x: np.ndarray) -> np.ndarray:
        part, rest = x[..., :turned], x[..., turned:]
        half = np.concatenate([-part[..., turned // 2 :], part[..., : turned // 2]], axis=-1)
        return np.concatenate([part * cos + half * sin, rest], axis=-1)

    x = array("gpt_neox.embed_in.weight")[tokens]  # type: ignore[operator]  # a local function
    mask = np.where(np.tril(np.ones((length, length))) > 0, 0.0, -np.inf)
    for block in range(int(config["blocks"])):
        name = f"gpt_neox.layers.{block}"
        mixed = linear(norm(x, f"{name}.input_layernorm"), f"{name}.attention.query_key_value")
        q, k, v = np.split(mixed.reshape(length, heads, 3 * size).transpose(1, 0, 2), 3, axis=-1)
        weights = softmax(rotate(q) @ rotate(k).transpose(0, 2, 1) / np.sqrt(size) + mask, axis=-1)
        attended = linear((weights @ v).transpose(1, 0, 2).reshape(length, width), f"{name}.attention.dense")
        inner = linear(norm(x, f"{name}.post_attention_layernorm"), f"{name}.mlp.dense_h_to_4h")
        x = x + attended + linear(0.5 * inner * (1 + erf(inner / np.sqrt(2))), f"{name}.mlp.dense_4h_to_h")
        if vector is not None and block == layer:
            x = x + np.where(np.arange(length)[:, None] >= length - 1, vector, 0.0)
    return norm(x, "gpt_neox.final_layer_norm")[-1] @ array("lm_head.weight").T  # type: ignore[operator]
