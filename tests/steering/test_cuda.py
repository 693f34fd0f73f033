"""What a GPU could do otherwise: order of sums, memory that runs out, training; skipped where there is none.

`CAPEWATCH_TEST_DEVICE=cuda pytest tests/steering/test_architectures.py tests/steering/test_many.py tests/steering/test_score.py
tests/steering/test_run.py tests/steering/test_internals.py` runs the other tests there too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from generator.steering.checkpoints import demo_subject
from generator.steering.demo import choice_item
from generator.steering.layers import Edit
from generator.steering.levers import measure_recipe
from generator.steering.run import run_model
from generator.steering.score import prepare, score
from generator.steering.subject import Subject, make_subject, pick_device, repeatable
from generator.steering.train import Recipe
from generator.steering.world import RELIABLE_CUES, UNMARKED_CUE, World
from tests.steering.architectures import NumberTokenizer, build
from tests.steering.small import small_items, small_suite
from tests.steering.test_run import CONFIG

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is visible")


@pytest.fixture
def pair(committed: Path) -> tuple[Subject, Subject]:
    """The same trained network on the CPU and on the GPU."""
    both = [demo_subject((committed / "m-0.safetensors").read_bytes(), "m", 0) for _ in range(2)]
    both[1].model.to("cuda")
    return both[0], both[1]


@pytest.fixture
def little_memory() -> Iterator[None]:
    """A process that may take 300 MB of the card."""
    torch.cuda.empty_cache()
    whole = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(3e8 / whole)
    yield
    torch.cuda.set_per_process_memory_fraction(1.0)
    torch.cuda.empty_cache()


def test_auto_is_the_gpu() -> None:
    assert pick_device("auto").type == "cuda"


def test_a_trained_network_scores_as_on_the_cpu(pair: tuple[Subject, Subject]) -> None:
    facts = World(0).split("test")
    for cue in (RELIABLE_CUES[0], UNMARKED_CUE):
        items = [choice_item(fact, cue=cue) for fact in facts]
        edits = [Edit(torch.randn(96, generator=torch.Generator().manual_seed(0)), 2)]
        one, other = (np.concatenate(score(s, prepare(s, items), edits=edits)) for s in pair)
        np.testing.assert_allclose(one, other, atol=2e-3)


def test_equal_passes_are_equal_to_the_bit() -> None:
    subject = make_subject(build("llama").to("cuda"), NumberTokenizer(), model_id="x", revision="y")
    items = [replace(item, correct=(" 4 7 9 11 13 15 17", *item.correct)) for item in small_items("x", 200)]
    prepared = prepare(subject, items)
    with repeatable(subject.device):
        first, *others = (np.concatenate(score(subject, prepared)) for _ in range(5))
    for other in others:
        np.testing.assert_array_equal(first, other)
    assert not torch.are_deterministic_algorithms_enabled()


def test_memory_that_really_runs_out_halves_the_batch(little_memory: None) -> None:
    model = build("gpt_neox")
    model.config.vocab_size = 40_000
    model.resize_token_embeddings(40_000)
    subject = make_subject(model.to("cuda"), NumberTokenizer(), model_id="x", revision="y")
    prepared = prepare(subject, small_items("x", 400))
    whole = score(subject, prepared, rows=4096, share_cache=False)
    parts = score(subject, prepared, rows=16, share_cache=False)
    np.testing.assert_allclose(np.concatenate(whole), np.concatenate(parts), atol=2e-4)
    assert torch.cuda.memory_stats()["num_ooms"] > 0


def test_a_whole_run_gives_the_figures_of_the_cpu(tmp_path: Path) -> None:
    found = []
    for device in ("cpu", "cuda"):
        subject = make_subject(build("gpt_neox").to(device), NumberTokenizer(), model_id="x", revision="y")
        folder, scratch = tmp_path / device, tmp_path / f"scratch-{device}"
        found.append(run_model(subject, small_suite(), config=CONFIG, folder=folder, scratch=scratch))
    one, other = found
    assert other.environment.device == torch.cuda.get_device_name()
    assert one.test is not None
    assert other.test is not None
    assert (one.test.binary.corrected, one.test.binary.broken) == (
        other.test.binary.corrected,
        other.test.binary.broken,
    )
    assert [f.layer for f in one.folds] == [f.layer for f in other.folds]
    assert one.test.gain.estimate == pytest.approx(other.test.gain.estimate, abs=0.02)
    assert 0 < other.cost["seconds"] < 600


def test_training_learns_the_same_on_the_gpu() -> None:
    recipe = Recipe(width=32, blocks=2, heads=4, seed=0, steps=300)
    one, other = (measure_recipe(recipe, device=device) for device in ("cpu", "cuda"))
    assert other["perplexity"] == pytest.approx(one["perplexity"], rel=0.05)
    assert other["device"] == torch.cuda.get_device_name()
