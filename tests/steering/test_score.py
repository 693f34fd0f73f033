"""Choice scoring: metrics by hand, odd tokenisations, NaN, out-of-memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.core import CapewatchError
from generator.steering import score as score_module
from generator.steering import tree as tree_module
from generator.steering.data import ChoiceItem
from generator.steering.effects import text_effects
from generator.steering.generate import generate, is_refusal, is_repetitive
from generator.steering.layers import Edit
from generator.steering.roomy import RoomyLayer
from generator.steering.score import Prepared, metrics, prepare, score
from generator.steering.subject import halving, make_subject
from generator.steering.tree import scores_in_trees
from tests.steering.architectures import CATALOGUE, DEVICE, NumberTokenizer, build
from tests.steering.small import small_items, small_subject


def test_binary_mc1_and_mc2_follow_their_definitions() -> None:
    items = (ChoiceItem("a", "1", (" 2", " 3"), (" 4", " 5")), ChoiceItem("b", "1", (" 2",), (" 3",)))
    found = metrics(Prepared(items, ()), [np.log([0.3, 0.1, 0.2, 0.4]), np.log([0.25, 0.75])])
    assert found.binary.tolist() == [True, False]  # 0.3 > 0.2, 0.25 < 0.75
    assert found.mc1.tolist() == [False, False]  # 0.4 beats 0.3
    np.testing.assert_allclose(found.mc2, [0.4, 0.25])
    np.testing.assert_allclose(found.margin, [np.log(1.5), np.log(1 / 3)])


def test_scores_do_not_depend_on_the_batch_size() -> None:
    prepared = prepare(small_subject(), small_items("x", 17))
    one, many = (score(small_subject(), prepared, rows=rows) for rows in (1, 512))
    np.testing.assert_allclose(np.concatenate(one), np.concatenate(many), atol=1e-5)


def test_an_answer_that_adds_no_token_is_named() -> None:
    with pytest.raises(CapewatchError, match="item a: answer ' ' adds no token"):
        prepare(small_subject(), [ChoiceItem("a", "1 2", (" ",), (" 3",))])


def test_an_item_needs_a_correct_and_an_incorrect_answer() -> None:
    with pytest.raises(CapewatchError, match="item a: needs at least one correct"):
        ChoiceItem("a", "1", (), (" 2",))


def test_nan_logits_are_named_with_the_dtype_to_pass() -> None:
    subject = small_subject()
    with pytest.raises(CapewatchError, match="NaN or infinite") as caught:
        score(subject, prepare(subject, small_items("x", 3)), edits=[Edit(torch.full((32,), float("nan")), 1)])
    assert "--dtype float32" in caught.value.hint


def test_out_of_memory_halves_the_batch_until_it_fits() -> None:
    tried = []

    def work(rows: int) -> str:
        tried.append(rows)
        if rows > 3:
            raise torch.OutOfMemoryError("full")
        return "done"

    assert halving(work, rows=20) == "done"
    assert tried == [20, 10, 5, 2]


def test_out_of_memory_with_one_row_says_what_to_pass() -> None:
    def work(rows: int) -> None:
        raise torch.OutOfMemoryError("full")

    with pytest.raises(CapewatchError, match="batch of one row") as caught:
        halving(work, rows=4)
    assert "--dtype bfloat16" in caught.value.hint
    assert "--sharded" in caught.value.hint


def test_a_tokenizer_without_pad_token_borrows_one_and_says_so() -> None:
    subject = make_subject(build("gpt2"), NumberTokenizer(pad=None, eos=5), model_id="x", revision="y")
    assert subject.pad_id == 5
    assert "no pad token; eos_token pads" in subject.pad_note
    assert generate(subject, ["3 4", "6"], new_tokens=2)


def test_a_tokenizer_without_any_special_token_is_an_error() -> None:
    with pytest.raises(CapewatchError, match="no pad, end, begin or unknown token"):
        make_subject(build("gpt2"), NumberTokenizer(pad=None), model_id="x", revision="y")


def test_generation_stops_at_the_end_token_and_leaves_it_out() -> None:
    free = generate(small_subject(), ["3 4 5"], new_tokens=6)[0].split()
    subject = make_subject(build("llama"), NumberTokenizer(eos=int(free[2])), model_id="x", revision="y")
    assert generate(subject, ["3 4 5"], new_tokens=6)[0].split() == free[: free.index(free[2])]


def test_text_effects_are_perplexity_and_divergence_by_hand() -> None:
    subject, texts = small_subject(), ["3 4 5 6", "7 8"]
    edit = Edit(torch.ones(32), 1)
    base, (moved, zero) = text_effects(subject, texts, [[edit], [Edit(torch.zeros(32), 1)]])
    losses = []
    for text in texts:
        ids = torch.tensor([[int(word) for word in text.split()]], device=DEVICE)
        with torch.inference_mode():
            log_p = subject.model(input_ids=ids).logits[0].log_softmax(-1)
        losses += [-float(log_p[place, ids[0, place + 1]]) for place in range(ids.shape[1] - 1)]
    assert base == pytest.approx(np.exp(np.mean(losses)), rel=1e-5)
    assert (zero.perplexity, zero.kl) == pytest.approx((base, 0.0), abs=1e-6)
    assert moved.kl > 0


def test_refusals_and_repetition_are_counted_by_rule() -> None:
    assert is_refusal("I have no comment on that.")
    assert not is_refusal("The comment section is closed.")
    assert is_repetitive("so it goes on " * 3)
    assert not is_repetitive("a b c d e f g h i j k l")


def mixed_items() -> list[ChoiceItem]:
    """Prompts of two to six tokens, answers of one to seven, in no order."""
    return [
        ChoiceItem(
            f"m{i}",
            " ".join(str(2 + (3 * i + k) % 35) for k in range(2 + i % 5)),
            (f" {4 + i}",),
            (" " + " ".join(str(3 + (i + k) % 30) for k in range(1 + (5 * i) % 7)),),
        )
        for i in range(12)
    ]


@pytest.mark.parametrize("name", sorted(CATALOGUE))
@pytest.mark.parametrize("from_last", [True, False])
def test_items_of_mixed_lengths_score_together_as_each_alone(name: str, from_last: bool) -> None:
    subject = make_subject(build(name), NumberTokenizer(), model_id=name, revision="random")
    edits = [Edit(torch.randn(subject.blocks.width, generator=torch.Generator().manual_seed(1)), 1)]
    together = score(subject, prepare(subject, mixed_items()), edits=edits, from_last=from_last)
    for item, found in zip(mixed_items(), together, strict=True):
        alone = score(subject, prepare(subject, [item]), edits=edits, from_last=from_last, share_cache=False)[0]
        np.testing.assert_allclose(found, alone, atol=2e-4)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
@pytest.mark.parametrize("from_last", [True, False])
def test_a_copied_prompt_cache_scores_as_each_answer_alone(name: str, from_last: bool) -> None:
    subject = make_subject(build(name), NumberTokenizer(), model_id=name, revision="random")
    if not subject.shares_cache:
        pytest.skip("a recurrent state is not copied")
    edits = [Edit(torch.randn(subject.blocks.width, generator=torch.Generator().manual_seed(1)), 1)]
    prepared = prepare(subject, mixed_items())
    found, alone = (
        score(subject, prepared, edits=edits, from_last=from_last, share_cache=copy) for copy in (True, False)
    )
    np.testing.assert_allclose(np.concatenate(found), np.concatenate(alone), atol=2e-4)


def test_models_with_distances_or_masks_of_their_own_are_not_scored_in_trees() -> None:
    requests = prepare(small_subject(), mixed_items()).requests
    fitting = {
        name: scores_in_trees(make_subject(build(name), NumberTokenizer(), model_id=name, revision="r"), requests)
        for name in ("llama", "gpt2", "gpt_neox", "bloom", "gpt_neo", "mamba", "mpt")
    }
    assert [name for name, fits in fitting.items() if not fits] == ["bloom", "gpt_neo", "mamba", "mpt"]


def test_a_row_longer_than_the_window_is_not_scored_in_trees() -> None:
    subject = make_subject(build("llama"), NumberTokenizer(), model_id="x", revision="y")
    requests = prepare(subject, mixed_items()).requests
    assert scores_in_trees(subject, requests)
    subject.model.config.sliding_window = 5
    assert not scores_in_trees(subject, requests)


def test_an_answer_in_a_tree_sees_its_prompt_and_itself_alone() -> None:
    prepared = prepare(small_subject(), [ChoiceItem("a", "3 4", (" 5 6 7",), (" 8 9", " 10"))])
    (batch,) = prepared.trees(rows=9, vocabulary=40, device=torch.device("cpu"))
    assert batch.tokens.tolist() == [[3, 4, 5, 6, 8]]
    assert batch.place.tolist() == [[0, 1, 2, 3, 2]]
    seen = (batch.mask(seen=0, dtype=torch.float32)[0, 0] == 0).int().tolist()
    assert seen == [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [1, 1, 0, 0, 1]]
    assert batch.target.tolist() == [5, 6, 7, 8, 9, 10]
    assert batch.source.tolist() == [0, 1, 2, 0, 3, 0]  # of the kept positions: the prompt's last, then 5, 6 and 8


def test_answers_too_many_for_one_row_are_scored_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    subject, items = small_subject(), mixed_items()
    whole = score(subject, prepare(subject, items))
    monkeypatch.setattr(tree_module, "ANSWER_POSITIONS", 3)
    cut = prepare(subject, items)
    batches = cut.trees(rows=512, vocabulary=40, device=DEVICE)
    assert sum(len(batch.tokens) for batch in batches) > len(items)
    np.testing.assert_allclose(np.concatenate(score(subject, cut)), np.concatenate(whole), atol=1e-5)


def test_answers_are_cut_into_parts_of_similar_length() -> None:
    lengths = [40] * 30 + [10] * 40 + [9] * 5
    parts = score_module._parts(lengths)
    assert sorted(index for part in parts for index in part) == list(range(75))
    assert [len(part) for part in parts] == [30, 45]
    assert len(score_module._parts([9, 2, 1])) == 1  # too few positions to be worth a pass of their own


@pytest.mark.parametrize("from_last", [True, False])
def test_a_common_beginning_is_passed_once_and_changes_no_score(from_last: bool) -> None:
    subject, common = small_subject(), "5 6 7 8 9 10 11 12 13 14"
    items = [item.with_prompt(f"{common} {item.prompt}") for item in mixed_items()]
    prepared = prepare(subject, items)
    assert prepared.common[:10] == tuple(range(5, 15))
    edits = [Edit(torch.ones(32), 1)]
    widths: list[tuple[int, int]] = []
    handle = subject.blocks.modules[0].register_forward_hook(lambda _m, _a, out: widths.append(tuple(out.shape[:2])))
    together = score(subject, prepared, edits=edits, from_last=from_last)
    handle.remove()
    assert widths[0] == (1, len(prepared.common))
    assert max(width for _, width in widths[1:]) <= 12  # what is left of a prompt, and its answers
    for item, found in zip(items, together, strict=True):
        alone = score(subject, prepare(subject, [item]), edits=edits, from_last=from_last, share_cache=False)[0]
        np.testing.assert_allclose(found, alone, atol=2e-4)


def test_rows_that_ended_leave_the_batch_and_the_others_go_on_as_before() -> None:
    prompts = [" ".join(str(2 + (7 * i + k) % 37) for k in range(2 + i % 4)) for i in range(8)]
    free = [text.split() for text in generate(small_subject(), prompts, new_tokens=9)]
    end = max({word for row in free for word in row}, key=lambda word: sum(word in row[:3] for row in free))
    subject = make_subject(build("llama"), NumberTokenizer(eos=int(end)), model_id="x", revision="y")
    stopped = [text.split() for text in generate(subject, prompts, new_tokens=9)]
    assert any(end in row[:3] for row in free)
    assert stopped == [row[: row.index(end)] if end in row else row for row in free]


def test_a_roomy_cache_grows_in_place_and_survives_reordering() -> None:
    keys = torch.arange(12.0).view(2, 1, 3, 2)
    layer = RoomyLayer(keys, -keys, room=2)
    buffer = layer._key_buffer.data_ptr()
    new = torch.full((2, 1, 1, 2), 7.0)
    grown, values = layer.update(new, -new)
    assert grown.data_ptr() == buffer
    assert torch.equal(grown, torch.cat([keys, new], dim=2))
    assert torch.equal(values, -grown)
    layer.reorder_cache(torch.tensor([1, 0]))
    again, _ = layer.update(new, -new)
    assert torch.equal(again, torch.cat([keys.flip(0), new, new], dim=2))
