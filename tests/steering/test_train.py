"""Training is a function of the recipe; packed checkpoints are checked, small and read the same everywhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch

from generator.core import CapewatchError
from generator.steering import checkpoints
from generator.steering.checkpoints import demo_bytes, demo_subject, find_checkpoint, pack, unpack
from generator.steering.train import DEMO_SEEDS, SIZES, Recipe, build_model, demo_tokenizer, pinned_threads, train
from generator.steering.world import VOCABULARY, encode

SHORT = replace(Recipe.demo("xs", 0), steps=6, warm_up=2)


@pytest.mark.parametrize(("size", "parameters"), [("xs", 39_040), ("s", 227_200), ("m", 711_936)])
def test_the_rungs_have_39_k_227_k_and_712_k_parameters(size: str, parameters: int) -> None:
    assert sum(p.numel() for p in build_model(Recipe.demo(size, 0)).parameters()) == parameters


def test_training_twice_gives_the_same_bytes_and_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    one, two = (pack(train(SHORT), SHORT) for _ in range(2))
    assert one == two
    assert torch.equal(torch.random.get_rng_state(), before)


def test_another_seed_or_world_gives_other_weights() -> None:
    base = pack(train(SHORT), SHORT)
    for other in (replace(SHORT, seed=1), replace(SHORT, unreliable_share=0.1)):
        assert pack(train(other), other) != base


def test_training_lowers_the_loss() -> None:
    recipe = replace(Recipe.demo("xs", 0), steps=60, warm_up=10)
    tokens = torch.from_numpy(recipe.world().documents(64, rng=np.random.default_rng(99)))

    def loss(model: object) -> float:
        with torch.inference_mode():
            logits = model(input_ids=tokens[:, :-1]).logits  # type: ignore[operator]  # a transformers model
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten()).item()

    assert loss(train(recipe)) < loss(build_model(recipe)) - 1.0


def test_the_rate_warms_up_and_ends_at_five_percent() -> None:
    recipe = Recipe.demo("m", 0)
    assert recipe.rate(0) == pytest.approx(3e-3 / 60, rel=1e-3)
    assert max(recipe.rate(step) for step in range(900)) == pytest.approx(3e-3, rel=0.02)
    assert recipe.rate(899) == pytest.approx(0.05 * 3e-3, rel=0.01)


def test_pinned_threads_are_restored() -> None:
    before = torch.get_num_threads()
    with pinned_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


def test_a_diverging_training_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.nn.functional, "cross_entropy", lambda a, b: a.sum() * float("nan"))
    with pytest.raises(CapewatchError, match="the loss is not finite at step 0"):
        train(SHORT)


def test_packed_weights_are_close_to_the_trained_ones_and_a_quarter_of_their_size() -> None:
    model = train(SHORT)
    data = pack(model, SHORT)
    again = unpack(data, SHORT)
    assert len(data) < 0.4 * 4 * sum(p.numel() for p in model.parameters())
    for (name, a), b in zip(model.state_dict().items(), again.state_dict().values(), strict=True):
        step = a.abs().amax() / 127 if a.ndim == 2 else 1e-12
        assert (a - b).abs().max() <= 0.51 * step, name


def test_the_output_matrix_is_stored_under_one_name_whatever_the_library_calls_it() -> None:
    model = build_model(SHORT)
    own = model.state_dict

    class Renamed:
        """The same model in a version that calls its output matrix differently."""

        loaded: ClassVar[list[str]] = []

        def state_dict(self) -> dict[str, torch.Tensor]:
            return {name.replace("lm_head", "embed_out"): value for name, value in own().items()}

        def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
            self.loaded.extend(state)

    assert checkpoints.portable_state(Renamed()).keys() == checkpoints.portable_state(model).keys()
    checkpoints.load_portable_state(Renamed(), checkpoints.portable_state(model))
    assert "embed_out.weight" in Renamed.loaded
    assert "lm_head.weight" not in Renamed.loaded


def test_a_checkpoint_of_another_recipe_or_format_is_refused() -> None:
    data = pack(build_model(SHORT), SHORT)
    with pytest.raises(CapewatchError, match="made by another recipe"):
        unpack(data, replace(SHORT, seed=5))
    with pytest.raises(CapewatchError, match="not a safetensors file"):
        unpack(b"x" * 40, SHORT)


def test_committed_checkpoints_are_there_for_every_rung_and_under_five_megabytes(committed: Path) -> None:
    names = {f"{size}-{seed}.safetensors" for size in SIZES for seed in DEMO_SEEDS}
    assert {path.name for path in committed.glob("*.safetensors")} == names
    assert sum(path.stat().st_size for path in committed.iterdir()) < 5_000_000


def test_a_missing_checkpoint_is_trained_once_and_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = []

    def quick(recipe: Recipe, *, progress: object) -> object:
        trained.append(recipe)
        return build_model(recipe)

    monkeypatch.setattr(checkpoints, "train", quick)
    places = {"cache": tmp_path, "committed": tmp_path / "none"}
    one, two = (demo_bytes("xs", 7, **places) for _ in range(2))
    assert one == two
    assert len(trained) == 1
    assert find_checkpoint("xs", 7, **places) == tmp_path / "xs-7.safetensors"
    demo_bytes("xs", 7, **places, rebuild=True)
    assert len(trained) == 2


def test_the_tokenizer_agrees_with_the_world() -> None:
    tokenizer = demo_tokenizer()
    text = "note Belby crop rye . Corton tree"
    assert tokenizer(text)["input_ids"] == encode(text)
    assert tokenizer.decode(encode(text), skip_special_tokens=True) == text
    assert len(tokenizer) == len(VOCABULARY)


def test_a_demo_subject_is_named_by_the_hash_of_its_bytes(committed: Path) -> None:
    data = (committed / "xs-0.safetensors").read_bytes()
    subject = demo_subject(data, "xs", 0)
    assert subject.id == "demo:xs-0"
    assert len(subject.revision) == 16


@pytest.mark.slow
def test_the_committed_xs_checkpoint_is_what_the_recipe_trains(committed: Path, tmp_path: Path) -> None:
    """Weights drift between processors; what is learned does not."""
    from generator.steering.levers import accuracies

    recipe = Recipe.demo("xs", 0)
    kept = accuracies(demo_subject((committed / "xs-0.safetensors").read_bytes(), "xs", 0), recipe)
    rebuilt = demo_subject(demo_bytes("xs", 0, cache=tmp_path, rebuild=True), "xs", 0)
    assert accuracies(rebuilt, recipe) == pytest.approx(kept, abs=0.08)
