"""Many vectors at one place score as each would by the ordinary hook, on every architecture."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.core import CapewatchError
from generator.steering import effects, many
from generator.steering.data import ChoiceItem
from generator.steering.effects import text_effects
from generator.steering.layers import Edit
from generator.steering.many import binary_many, score_many
from generator.steering.score import metrics, prepare, score
from generator.steering.subject import make_subject
from tests.steering.architectures import CATALOGUE, NumberTokenizer, build
from tests.steering.small import small_items, small_subject


def vectors(width: int, *, layer: int, count: int = 5) -> list[Edit]:
    draws = torch.randn(count, width, generator=torch.Generator().manual_seed(0))
    return [Edit(draw, layer) for draw in draws]


def items() -> list[ChoiceItem]:
    """Two prompt lengths; answers of one to three tokens."""
    longer = [ChoiceItem(f"l{i}", f"{3 + i} 8 {5 + i}", (f" {i + 4} 7",), (" 9", " 11 12 13")) for i in range(4)]
    return [*small_items("x", 6), *longer]


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_many_vectors_score_as_each_does_alone(name: str) -> None:
    subject = make_subject(build(name), NumberTokenizer(), model_id=name, revision="random")
    prepared = prepare(subject, items())
    edits = vectors(subject.blocks.width, layer=len(subject.blocks) // 2)
    together = score_many(subject, prepared, edits, from_last=True)
    for edit, found in zip(edits, together, strict=True):
        alone = score(subject, prepared, edits=[edit], from_last=True)
        np.testing.assert_allclose(np.concatenate(found), np.concatenate(alone), atol=2e-4)
    base = np.concatenate(score(subject, prepared))
    assert np.abs(np.concatenate(together[0]) - base).max() > 1e-3  # the vector did something


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_blocks_up_to_the_edit_run_once_for_all_vectors(layer: int) -> None:
    subject = small_subject("gpt_neox")
    calls = [0] * len(subject.blocks)
    handles = []
    for index, block in enumerate(subject.blocks.modules):

        def count(_module: object, _args: object, _out: object, index: int = index) -> None:
            calls[index] += 1

        handles.append(
            block.self_attn.register_forward_hook(count)
            if hasattr(block, "self_attn")
            else block.attention.register_forward_hook(count)
        )
    edits = vectors(32, layer=layer, count=40)
    score_many(subject, prepare(subject, small_items("x", 6)), edits, from_last=True, rows=8)
    for handle in handles:
        handle.remove()
    assert len(set(calls[: layer + 1])) == 1
    assert all(later > calls[0] for later in calls[layer + 1 :])


def test_the_shared_way_is_left_where_it_does_not_agree_with_the_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    subject, edits = small_subject(), vectors(32, layer=1)
    prepared = prepare(subject, items())
    honest = many._shared_scores

    def skewed(*args: object, **options: object) -> object:
        found = honest(*args, **options)  # type: ignore[arg-type]  # passed on as it came
        assert found is not None
        return [[values + 0.5 for values in one] for one in found]

    expected = score(subject, prepared, edits=edits[4:], from_last=True)
    monkeypatch.setattr(many, "_shared_scores", skewed)
    found = score_many(subject, prepared, edits, from_last=True)[4]
    np.testing.assert_allclose(np.concatenate(found), np.concatenate(expected), atol=1e-6)


def test_blocks_run_as_before_after_an_error_inside() -> None:
    subject, edits = small_subject(), vectors(32, layer=1)
    prepared = prepare(subject, items())
    before = score(subject, prepared)
    bad = [*edits[:4], Edit(torch.full((32,), float("nan")), 1)]
    with pytest.raises(CapewatchError, match="NaN or infinite"):
        score_many(subject, prepared, bad, from_last=True)
    np.testing.assert_array_equal(np.concatenate(score(subject, prepared)), np.concatenate(before))


def test_binary_outcomes_of_many_vectors_follow_the_metric() -> None:
    subject, edits = small_subject(), vectors(32, layer=0)
    prepared = prepare(subject, items())
    table = binary_many(subject, prepared, edits, from_last=True)
    assert table.shape == (5, 10)
    for row, edit in zip(table, edits, strict=True):
        expected = metrics(prepared, score(subject, prepared, edits=[edit], from_last=True)).binary
        assert row.tolist() == expected.tolist()


@pytest.mark.parametrize("name", ["llama", "gpt_neox", "bloom", "mamba", "gemma3"])
def test_text_effects_above_the_edit_equal_those_of_the_hook(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = make_subject(build(name), NumberTokenizer(), model_id=name, revision="random")
    texts = [f"{i} {i + 1} {i + 5} {i + 3} 4" for i in range(2, 8)]
    variants = [[edit] for layer in range(len(subject.blocks)) for edit in vectors(subject.blocks.width, layer=layer)]
    shared = text_effects(subject, texts, variants)
    honest = effects._unsteered
    monkeypatch.setattr(effects, "_unsteered", lambda *a: (honest(*a)[0], {}))
    hooked = text_effects(subject, texts, variants)
    assert shared[0] == hooked[0]
    for one, other in zip(shared[1], hooked[1], strict=True):
        assert (one.perplexity, one.kl) == pytest.approx((other.perplexity, other.kl), rel=1e-4, abs=1e-5)


def test_out_of_memory_halves_the_rows_and_every_vector_is_still_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    subject, edits = small_subject(), vectors(32, layer=1)
    prepared = prepare(subject, items())
    expected = score_many(subject, prepared, edits, from_last=True)
    honest, asked = many._SharedBatch.chunk, []

    def chunk(self: many._SharedBatch, rows: int) -> int:
        asked.append(rows)
        if rows > 16:
            raise torch.OutOfMemoryError("full")
        return honest(self, rows)

    monkeypatch.setattr(many._SharedBatch, "chunk", chunk)
    found = score_many(subject, prepared, edits, from_last=True, rows=64)
    assert asked[:3] == [64, 32, 16]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.concatenate(one), np.concatenate(other), atol=2e-4)
