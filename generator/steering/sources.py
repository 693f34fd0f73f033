"""Public data sets of the benchmark, pinned to a revision, brought to the small schema of `data`.

TruthfulQA (817 questions), geometry-of-truth (four files of true and false statements), HellaSwag and, where it can be
had, MMLU (side effects).
Files come from `folder` when they are there, else from the pinned address; without a network the error says which
file to put where.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from generator.core import canonical_json, sha256_bytes, write_atomic
from generator.steering.data import ChoiceItem, Fold, PromptPair, Suite
from generator.steering.errors import SteeringError, UsageFault

Fetch = Callable[[str], bytes]


@dataclass(frozen=True)
class PinnedFile:
    """One file of one revision: `name` is what it is called in the data folder."""

    name: str
    url: str
    revision: str


_HUB = "https://huggingface.co/datasets/{repo}/resolve/{revision}/{path}"
_TQA = "741b8276f2d1982aa3d5b832d3ee81ed3b896490"
_HELLASWAG = "218ec52e09a7e7462a5400043bb9a69a41d06b76"
_GEOMETRY = "a65a07fe38f27cbb4cc6f472b957fb3e53ef9f6d"

TRUTHFULQA = PinnedFile(
    name="truthfulqa.parquet",
    url=_HUB.format(repo="truthfulqa/truthful_qa", revision=_TQA, path="generation/validation-00000-of-00001.parquet"),
    revision=_TQA,
)
HELLASWAG = PinnedFile(
    name="hellaswag.parquet",
    url=_HUB.format(repo="Rowan/hellaswag", revision=_HELLASWAG, path="data/validation-00000-of-00001.parquet"),
    revision=_HELLASWAG,
)
_MMLU = "c30699e8356da336a370243923dbaf21066bb9fe"
MMLU = PinnedFile(
    name="mmlu.parquet",
    url=_HUB.format(repo="cais/mmlu", revision=_MMLU, path="all/test-00000-of-00001.parquet"),
    revision=_MMLU,
)
GEOMETRY = tuple(
    PinnedFile(
        name=f"{stem}.csv",
        url=f"https://raw.githubusercontent.com/saprmarks/geometry-of-truth/{_GEOMETRY}/datasets/{stem}.csv",
        revision=_GEOMETRY,
    )
    for stem in ("cities", "neg_cities", "sp_en_trans", "neg_sp_en_trans")
)

TRUTHFUL_INSTRUCTION = "Answer truthfully, even when many people believe otherwise.\n"
#: What comes before the claim in a geometry-of-truth statement names its subject; a pair shares it.
_STEMS = (" is not in ", " is in ", " does not mean ", " means ")
HELLASWAG_ITEMS, HELLASWAG_TEXTS = 1000, 200
MMLU_ITEMS = 1000


def obtain(file: PinnedFile, *, folder: Path, fetch: Fetch | None) -> bytes:
    """The bytes of a pinned file: from the folder, or fetched once and kept there."""
    path = folder / file.name
    if path.is_file():
        return path.read_bytes()
    hint = f"download {file.url} with a network and save it as {path}"
    if fetch is None:
        raise SteeringError(f"{file.name}: not in {folder}, and no network is allowed", hint=hint)
    try:
        data = fetch(file.url)
    except OSError as error:  # requests' exceptions are OSErrors
        raise SteeringError(f"{file.name}: cannot be fetched: {error}", hint=hint) from None
    write_atomic(path, data)
    return data


def http_fetch(url: str) -> bytes:
    """GET with a timeout; raises OSError on any failure."""
    import requests

    answer = requests.get(url, timeout=60)
    answer.raise_for_status()
    return answer.content


def truthfulqa_items(data: bytes) -> list[ChoiceItem]:
    """Items of the generation table; the best incorrect answer is the first one listed.

    Columns used: category, question, best_answer, correct_answers, incorrect_answers.
    """
    rows = _parquet(data, ("category", "question", "best_answer", "correct_answers", "incorrect_answers"), "truthfulqa")
    items = []
    for row in rows:
        best = row["best_answer"].strip()
        others = [answer.strip() for answer in row["correct_answers"] if answer.strip() not in ("", best)]
        wrong = [answer.strip() for answer in row["incorrect_answers"] if answer.strip()]
        items.append(
            ChoiceItem(
                id="tqa-" + sha256_bytes(row["question"])[:10],
                prompt=f"Q: {row['question'].strip()}\nA:",
                correct=tuple(f" {answer}" for answer in dict.fromkeys([best, *others])),
                incorrect=tuple(f" {answer}" for answer in dict.fromkeys(wrong)),
                category=row["category"],
            )
        )
    _require_unique([item.id for item in items], "truthfulqa")
    return items


def geometry_pairs(name: str, data: bytes) -> list[PromptPair]:
    """True and false statements about the same subject, paired; statements without a partner are left out."""
    table = list(csv.DictReader(io.StringIO(data.decode("utf-8"))))
    if not table or not {"statement", "label"} <= set(table[0]):
        raise SteeringError(
            f"{name}: expected columns statement and label, found {', '.join(table[0]) if table else 'none'}"
        )
    by_subject: dict[str, dict[str, list[str]]] = defaultdict(lambda: {"1": [], "0": []})
    for number, row in enumerate(table, start=2):
        if row["label"] not in ("0", "1"):
            raise SteeringError(f"{name}: line {number}: label is {row['label']!r}, allowed 0 and 1")
        by_subject[_subject(row["statement"])][row["label"]].append(row["statement"])
    pairs: list[PromptPair] = []
    for subject, sides in by_subject.items():
        pairs.extend(
            PromptPair(id=f"{name}/{subject}", true=true, false=false)
            for true, false in zip(sides["1"], sides["0"], strict=False)  # the shorter side decides
        )
    if not pairs:
        raise SteeringError(f"{name}: no true and false statements about the same subject")
    return pairs


def hellaswag_items(data: bytes, *, count: int) -> list[ChoiceItem]:
    """Four endings a context, the correct one first. Columns used: ctx, endings, label."""
    items = []
    for number, row in enumerate(_parquet(data, ("ctx", "endings", "label"), "hellaswag")[:count]):
        right = int(row["label"])
        endings = [f" {ending.strip()}" for ending in row["endings"]]
        items.append(
            ChoiceItem(
                id=f"hellaswag-{number}",
                prompt=row["ctx"].strip(),
                correct=(endings[right],),
                incorrect=tuple(ending for index, ending in enumerate(endings) if index != right),
            )
        )
    return items


def mmlu_items(data: bytes, *, count: int) -> list[ChoiceItem]:
    """About `count` questions at even steps through all subjects; the answer is a letter, the correct one first.

    Columns used: question, subject, choices, answer.
    """
    rows = _parquet(data, ("question", "subject", "choices", "answer"), "mmlu")
    items = []
    for number in range(0, len(rows), max(1, len(rows) // count)):
        row = rows[number]
        letters = "ABCDEFGHIJ"[: len(row["choices"])]
        right = int(row["answer"])
        if not 0 <= right < len(letters):
            raise SteeringError(f"mmlu: row {number}: answer is {right}, allowed 0 to {len(letters) - 1}")
        shown = "".join(f"\n{letter}. {text}" for letter, text in zip(letters, row["choices"], strict=True))
        items.append(
            ChoiceItem(
                id=f"mmlu-{number}",
                prompt=f"{row['question'].strip()}{shown}\nAnswer:",
                correct=(f" {letters[right]}",),
                incorrect=tuple(f" {letter}" for index, letter in enumerate(letters) if index != right),
                category=row["subject"],
            )
        )
    return items[:count]


def _multiple_choice(folder: Path, fetch: Fetch | None) -> tuple[tuple[ChoiceItem, ...], tuple[str, ...]]:
    """MMLU where it is on disk or can be fetched, and the caveat that says so where it is not."""
    try:
        return tuple(mmlu_items(obtain(MMLU, folder=folder, fetch=fetch), count=MMLU_ITEMS)), ()
    except SteeringError as error:
        if (folder / MMLU.name).is_file():
            raise  # there, but damaged
        return (), (f"The side effect on MMLU was not measured: {error.message}.",)


def category_folds(items: Sequence[ChoiceItem], *, seed: int) -> tuple[list[ChoiceItem], list[ChoiceItem]]:
    """Two halves that share no category, as equal in size as a seeded greedy fill makes them."""
    groups: dict[str, list[ChoiceItem]] = defaultdict(list)
    for item in items:
        groups[item.category].append(item)
    names = sorted(groups)
    if len(names) < 2:
        raise SteeringError(f"truthfulqa: {len(names)} category, two folds by category need at least 2")
    order = np.random.default_rng([seed, 30]).permutation(len(names))
    halves: tuple[list[ChoiceItem], list[ChoiceItem]] = ([], [])
    for index in sorted(order, key=lambda position: -len(groups[names[position]])):
        halves[int(len(halves[0]) > len(halves[1]))].extend(groups[names[index]])
    return halves


def truthfulqa_suite(*, folder: Path, fetch: Fetch | None, direction: str = "transfer", seed: int = 0) -> Suite:
    """Two folds by category, every question tested once; 20 % of the other fold chooses layer and strength.

    direction: `transfer` fits on geometry-of-truth, `in-domain` on the remaining questions of the training fold.
    """
    if direction not in ("transfer", "in-domain"):
        raise UsageFault(f"direction data: {direction!r}, allowed transfer, in-domain")
    items = truthfulqa_items(obtain(TRUTHFULQA, folder=folder, fetch=fetch))
    hellaswag = obtain(HELLASWAG, folder=folder, fetch=fetch)
    transfer = tuple(
        pair for file in GEOMETRY for pair in geometry_pairs(file.name, obtain(file, folder=folder, fetch=fetch))
    )
    halves = category_folds(items, seed=seed)
    folds = []
    for number, (train, test) in enumerate((halves, halves[::-1])):
        order = np.random.default_rng([seed, 31, number]).permutation(len(train))
        cut = max(1, round(0.2 * len(train)))
        validation = tuple(train[index] for index in sorted(order[:cut]))
        fitting = [train[index] for index in sorted(order[cut:])]
        pairs = transfer if direction == "transfer" else tuple(_answer_pair(item) for item in fitting)
        folds.append(Fold(name=f"fold{number + 1}", pairs=pairs, validation=validation, test=tuple(test)))
    capability = hellaswag_items(hellaswag, count=HELLASWAG_ITEMS + HELLASWAG_TEXTS)
    texts = tuple(item.prompt + item.correct[0] for item in capability[HELLASWAG_ITEMS:])
    multiple_choice, caveats = _multiple_choice(folder, fetch)
    return Suite(
        multiple_choice=multiple_choice,
        caveats=caveats,
        name="truthfulqa" if direction == "transfer" else "truthfulqa-in-domain",
        revision=sha256_bytes(canonical_json([_TQA, _HELLASWAG, _GEOMETRY]))[:16],
        folds=tuple(folds),
        truthful={item.id: TRUTHFUL_INSTRUCTION + item.prompt for item in items},
        capability=tuple(capability[:HELLASWAG_ITEMS]),
        texts=texts or tuple(item.prompt + item.correct[0] for item in capability),
        generation={item.id: item.prompt for item in items},
        pairs_note="geometry-of-truth statements" if direction == "transfer" else "best and best incorrect answers",
    )


def _answer_pair(item: ChoiceItem) -> PromptPair:
    return PromptPair(id=item.id, true=item.prompt + item.correct[0], false=item.prompt + item.incorrect[0])


def _subject(statement: str) -> str:
    for stem in _STEMS:
        if stem in statement:
            return statement.split(stem)[0]
    return statement


def _parquet(data: bytes, columns: Sequence[str], name: str) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(data))
    except pa.ArrowInvalid as error:
        raise SteeringError(f"{name}: not a Parquet file: {error}", hint="delete the file and fetch it again") from None
    missing = [column for column in columns if column not in table.column_names]
    if missing:
        raise SteeringError(f"{name}: column {missing[0]} is missing; found {', '.join(table.column_names)}")
    rows: list[dict[str, Any]] = table.select(list(columns)).to_pylist()
    return rows


def _require_unique(ids: Sequence[str], name: str) -> None:
    repeated = sorted({value for value in ids if ids.count(value) > 1})
    if repeated:
        raise SteeringError(f"{name}: {len(repeated)} questions occur twice, e.g. {repeated[0]}")
