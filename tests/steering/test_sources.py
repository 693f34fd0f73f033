"""Public data sets on small self-made files of the same shape: pairing, folds, hashes, and named faults."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from generator.core import CapewatchError
from generator.steering.data import items_hash
from generator.steering.sources import (
    GEOMETRY,
    HELLASWAG,
    TRUTHFULQA,
    category_folds,
    geometry_pairs,
    hellaswag_items,
    mmlu_items,
    obtain,
    truthfulqa_items,
    truthfulqa_suite,
)


def parquet(rows: list[dict[str, object]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def questions(count: int = 30) -> list[dict[str, object]]:
    return [
        {
            "type": "Adversarial",
            "category": f"category {index % 6}",
            "question": f"{index} 4 5",
            "best_answer": f"{index % 30}",
            "correct_answers": [f"{index % 30}", "31 32", ""],
            "incorrect_answers": ["33", f"{(index + 1) % 30} 34"],
        }
        for index in range(count)
    ]


def endings(count: int = 12) -> list[dict[str, object]]:
    return [{"ctx": f"{index} 6", "endings": ["1", "2 3", "4", "5"], "label": str(index % 4)} for index in range(count)]


CITIES = (
    "statement,label,city\nThe city of Aa is in X.,1,Aa\nThe city of Aa is in Y.,0,Aa\nThe city of Bb is in X.,1,Bb\n"
)


def write_all(folder: Path) -> None:
    (folder / TRUTHFULQA.name).write_bytes(parquet(questions()))
    (folder / HELLASWAG.name).write_bytes(parquet(endings()))
    for file in GEOMETRY:
        (folder / file.name).write_text(CITIES)


def test_every_file_is_pinned_to_a_commit_that_its_address_names() -> None:
    for file in (TRUTHFULQA, HELLASWAG, *GEOMETRY):
        assert len(file.revision) == 40
        assert file.revision in file.url


def test_the_best_answer_comes_first_and_the_first_listed_incorrect_is_the_best_incorrect() -> None:
    item = truthfulqa_items(parquet(questions(3)))[2]
    assert item.prompt == "Q: 2 4 5\nA:"
    assert item.correct == (" 2", " 31 32")
    assert item.incorrect == (" 33", " 3 34")


def test_item_ids_depend_on_the_question_alone() -> None:
    forwards, backwards = truthfulqa_items(parquet(questions())), truthfulqa_items(parquet(questions()[::-1]))
    assert {item.id for item in forwards} == {item.id for item in backwards}
    assert items_hash(forwards) != items_hash(backwards)


def test_a_question_that_occurs_twice_is_named() -> None:
    with pytest.raises(CapewatchError, match="1 questions occur twice"):
        truthfulqa_items(parquet(questions(2) + questions(1)))


def test_statements_about_the_same_subject_are_paired_and_lone_ones_left_out() -> None:
    pairs = geometry_pairs("cities.csv", CITIES.encode())
    assert [(pair.true, pair.false) for pair in pairs] == [("The city of Aa is in X.", "The city of Aa is in Y.")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "expected columns statement and label, found a, b"),
        ("statement,label\nThe city of Aa is in X.,yes\n", "line 2: label is 'yes', allowed 0 and 1"),
        ("statement,label\nThe city of Aa is in X.,1\n", "no true and false statements about the same subject"),
        ("", "found none"),
    ],
)
def test_a_malformed_statement_file_is_named(text: str, message: str) -> None:
    with pytest.raises(CapewatchError, match=message):
        geometry_pairs("cities.csv", text.encode())


def test_the_correct_ending_comes_first() -> None:
    items = hellaswag_items(parquet(endings()), count=3)
    assert [item.correct for item in items] == [(" 1",), (" 2 3",), (" 4",)]
    assert len(items[0].incorrect) == 3


def test_folds_share_no_category_and_are_of_similar_size() -> None:
    one, two = category_folds(truthfulqa_items(parquet(questions())), seed=0)
    assert not {item.category for item in one} & {item.category for item in two}
    assert abs(len(one) - len(two)) <= 5


@pytest.mark.parametrize("direction", ["transfer", "in-domain"])
def test_every_question_is_tested_once_and_never_chosen_on_in_its_fold(tmp_path: Path, direction: str) -> None:
    write_all(tmp_path)
    suite = truthfulqa_suite(folder=tmp_path, fetch=None, direction=direction)
    assert len(suite.test) == len({item.id for item in suite.test}) == 30
    for fold in suite.folds:
        assert not {item.category for item in fold.validation} & {item.category for item in fold.test}
        assert not {pair.id for pair in fold.pairs} & {item.id for item in (*fold.validation, *fold.test)}


def test_offline_without_the_file_says_where_to_get_and_put_it(tmp_path: Path) -> None:
    with pytest.raises(CapewatchError, match=r"truthfulqa\.parquet: not in .*, and no network is allowed") as caught:
        obtain(TRUTHFULQA, folder=tmp_path, fetch=None)
    assert TRUTHFULQA.url in caught.value.hint
    assert str(tmp_path / TRUTHFULQA.name) in caught.value.hint


def test_a_network_fault_is_named_and_leaves_no_file(tmp_path: Path) -> None:
    def fetch(url: str) -> bytes:
        raise ConnectionError("no route")

    with pytest.raises(CapewatchError, match="cannot be fetched: no route"):
        obtain(TRUTHFULQA, folder=tmp_path, fetch=fetch)
    assert list(tmp_path.iterdir()) == []


def test_a_fetched_file_is_kept(tmp_path: Path) -> None:
    asked = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return b"data"

    assert [obtain(HELLASWAG, folder=tmp_path, fetch=fetch) for _ in range(2)] == [b"data", b"data"]
    assert asked == [HELLASWAG.url]


def test_a_file_that_is_not_parquet_or_lacks_a_column_is_named() -> None:
    with pytest.raises(CapewatchError, match="truthfulqa: not a Parquet file"):
        truthfulqa_items(b"<html>")
    with pytest.raises(CapewatchError, match="column best_answer is missing"):
        truthfulqa_items(parquet([{"category": "a", "question": "b"}]))


def test_mmlu_questions_show_lettered_choices_and_are_drawn_through_all_subjects() -> None:
    rows = [
        {"question": f" q{i} ", "subject": f"s{i // 5}", "choices": ["a", "b", "c", "d"], "answer": i % 4}
        for i in range(20)
    ]
    items = mmlu_items(parquet(rows), count=4)
    assert [item.category for item in items] == ["s0", "s1", "s2", "s3"]
    assert items[1].prompt == "q5\nA. a\nB. b\nC. c\nD. d\nAnswer:"
    assert items[1].correct == (" B",)
    assert items[1].incorrect == (" A", " C", " D")


def test_an_mmlu_answer_out_of_range_is_named() -> None:
    rows = [{"question": "q", "subject": "s", "choices": ["a", "b"], "answer": 2}]
    with pytest.raises(CapewatchError, match="mmlu: row 0: answer is 2, allowed 0 to 1"):
        mmlu_items(parquet(rows), count=1)
