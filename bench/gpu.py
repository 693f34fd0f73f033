"""Speed of the steering benchmark on a GPU, with random weights of the eight Pythia shapes; left out where there is none.

Choice scoring, controls, generation and hooks against the simple alternatives as on a CPU (`bench.steering`), here at 1 B
parameters in bfloat16; tokens a second, share of the card's dense peak and memory; and the time of the eight-rung ladder.

    python -m bench gpu                      # on the machine of the checkout
    python -m bench gpu --write run.json     # elsewhere; then here: python -m bench --add run.json
"""

from __future__ import annotations

import gc
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch

from bench import steering
from bench.frame import Part, Row, row
from bench.steering import VOCABULARY, an_edit, build, questions, seconds
from generator.steering.data import ChoiceItem, Fold, PromptPair, Suite
from generator.steering.generate import generate_ids
from generator.steering.layers import steering as steered
from generator.steering.run import RunConfig, run_model
from generator.steering.subject import Subject

#: Dense bf16 peak in FLOP/s of devices whose name contains the key.
PEAKS = {"H200": 989e12, "H100": 989e12, "A100": 312e12}
#: What a ladder of eight was estimated to take on an H200 before it was built, minutes.
ESTIMATE_MINUTES = 87.0
#: Questions of TruthfulQA, items of HellaSwag and MMLU, texts and pairs of statements of a full run.
QUESTIONS, CAPABILITY, TEXTS, PAIRS = 817, 1000, 200, 1850
#: Rung and the larger of the two shares of the items that it runs; the time of a full run lies on the line through both.
RUNGS = {"70m": 0.04, "160m": 0.04, "410m": 0.04, "1b": 0.03, "1.4b": 0.02, "2.8b": 0.02, "6.9b": 0.02, "12b": 0.02}
THROUGHPUT = ("1b", "6.9b")
GENERATION_ROWS = (64, 256)
#: The smaller share, as a part of the larger.
SMALLER = 0.25
#: Prompts a batch of `generate`.
BATCH = 64


def missing() -> str:
    """Why this group cannot be measured here; empty where it can."""
    return "" if torch.cuda.is_available() else "no CUDA device is visible"


def parts(*, full: bool = False, device: str = "cuda", dtype: str = "bfloat16") -> list[Part]:
    """The parts; without `full` the comparisons run three rounds."""
    chosen = ("scoring", "controls", "generation", "hooks", "harness")
    compared = steering.parts(full=full, shape="1b", device=device, dtype=dtype, chosen=chosen, threads=8, looped=8)
    speeds: list[Part] = [(f"speed {shape}", partial(speed, shape, device=device, dtype=dtype)) for shape in THROUGHPUT]
    rungs: list[Part] = [
        (f"ladder {shape}", partial(rung, shape, share=share, device=device, dtype=dtype))
        for shape, share in RUNGS.items()
    ]
    return [*compared, *speeds, *rungs]


def after(rows: list[Row]) -> list[Row]:
    """The sum over the rungs, from their rows."""
    minutes = [one["value"] for one in rows if one["name"].startswith("ladder, ")]
    if len(minutes) < len(RUNGS):
        return []
    note = "sum of the eight rungs; the estimate before it was built"
    return [row("ladder of eight: a full run", [sum(minutes)], unit="min", goal=ESTIMATE_MINUTES, note=note)]


@contextmanager
def opened(shape: str, device: str, dtype: str) -> Iterator[tuple[Subject, Callable[[], float]]]:
    """A random model of the shape, and what tells the largest memory so far, GB; its memory is free afterwards."""
    before = torch.cuda.memory_allocated() if torch.cuda.is_available() else 0
    subject = build(shape, device=device, dtype=dtype)
    if subject.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    try:
        yield subject, lambda: (torch.cuda.max_memory_allocated() - before) / 1e9
    finally:
        subject.model.to("meta")
        gc.collect()
        torch.cuda.empty_cache()


def speed(shape: str, *, device: str, dtype: str, rows: int = 64, length: int = 512) -> list[Row]:
    """Forward pass under a vector: tokens a second, share of the peak, memory; greedy generation: new tokens a second."""
    with opened(shape, device, dtype) as (subject, memory):
        tokens = torch.randint(3, VOCABULARY, (rows, length), device=subject.device)

        def forward() -> None:
            with torch.inference_mode(), steered(subject.blocks, [an_edit(subject)], cached=False):
                subject.model(input_ids=tokens, use_cache=False, logits_to_keep=1)

        forward()
        rates = [rows * length / seconds(forward, device=subject.device) for _ in range(5)]
        what = f"{subject.parameters / 1e9:.3g} B parameters"
        found = [
            row(f"{what}: forward pass", rates, unit="tokens/s", note=f"{rows} × {length} tokens, {dtype}, steered")
        ]
        found += [_share(what, subject, rates)] if _peak() else []
        for count in GENERATION_ROWS:
            prompts = [
                subject.tokenizer(item.prompt)["input_ids"] for item in questions(count, rng=np.random.default_rng(2))
            ]

            def greedy(prompts: list[list[int]] = prompts) -> None:
                generate_ids(subject, prompts, new_tokens=50, edits=[an_edit(subject)], rows=len(prompts))

            greedy()
            new = [50 * count / seconds(greedy, device=subject.device) for _ in range(2)]
            found.append(
                row(f"{what}: generation, {count} prompts at once", new, unit="tokens/s", note="50 new tokens, greedy")
            )
        if subject.device.type == "cuda":
            found.append(row(f"{what}: memory at most", [memory()], unit="GB", note="weights and these passes"))
        return found


def _peak() -> float | None:
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    return next((value for key, value in PEAKS.items() if key in name), None)


def _share(what: str, subject: Subject, rates: list[float]) -> Row:
    """Two operations a parameter and token, embeddings left out, over the card's dense peak."""
    body = subject.parameters - 2 * VOCABULARY * subject.blocks.width
    shares = [100 * 2 * body * rate / (_peak() or math.nan) for rate in rates]
    return row(
        f"{what}: share of the dense peak",
        shares,
        unit="%",
        note="2 × parameters without embeddings × tokens/s; attention not counted",
    )


def suite_of(share: float) -> Suite:
    """A suite of TruthfulQA's make with this share of its items, in made-up words.

    Lengths in tokens: questions 12–30 with answers of 4–16, contexts 30–100 with endings of 8–30, statements 6–12,
    multiple-choice prompts 60–160 with one letter.
    """
    rng = np.random.default_rng(7)

    def words(low: int, high: int) -> str:
        return " ".join(f"w{token}" for token in rng.integers(3, VOCABULARY, rng.integers(low, high + 1)))

    def number(count: int) -> int:
        return max(2, round(share * count))

    asked = questions(number(QUESTIONS), rng=rng)
    halves = asked[::2], asked[1::2]
    pairs = tuple(_pair(index, words(5, 11)) for index in range(number(PAIRS)))
    folds = tuple(
        Fold(name=f"fold{place}", pairs=pairs, validation=tuple(train[: max(1, len(train) // 5)]), test=tuple(test))
        for place, (train, test) in enumerate((halves, halves[::-1]), start=1)
    )

    def choice(name: str, context: tuple[int, int], ending: tuple[int, int], count: int) -> tuple[ChoiceItem, ...]:
        return tuple(
            ChoiceItem(
                f"{name}-{index}",
                words(*context),
                (f" {words(*ending)}",),
                tuple(f" {words(*ending)}" for _ in range(3)),
            )
            for index in range(number(count))
        )

    return Suite(
        name="random-words",
        revision="1",
        folds=folds,
        truthful={item.id: f"w9 w8 w7 w6 w5 {item.prompt}" for item in asked},
        capability=choice("contexts", (30, 100), (8, 30), CAPABILITY),
        texts=tuple(words(50, 130) for _ in range(number(TEXTS))),
        generation={item.id: item.prompt for item in asked},
        multiple_choice=choice("letters", (60, 160), (1, 1), CAPABILITY),
    )


def _pair(index: int, stem: str) -> PromptPair:
    return PromptPair(id=f"p{index}", true=f"{stem} w{20 + index % 500}", false=f"{stem} w{600 + index % 500}")


@dataclass
class Stages:
    """Seconds of each stage of a run, from what it reports."""

    device: torch.device
    marks: list[tuple[str, float]] = field(default_factory=list)

    def __call__(self, text: str) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        self.marks.append((text, time.perf_counter()))

    def named(self, *words: str) -> float:
        """Seconds of the stages whose report holds one of the words."""
        ends = [at for _text, at in self.marks[1:]]
        return sum(
            end - at for (text, at), end in zip(self.marks[:-1], ends, strict=True) if any(w in text for w in words)
        )


def rung(shape: str, *, share: float, device: str, dtype: str) -> list[Row]:
    """Minutes of a full run of one rung, from runs on two shares of its items: on the line through both, generation by its batches."""
    with opened(shape, device, dtype) as (subject, memory):
        few, many = (_staged(subject, suite_of(part)) for part in (SMALLER * share, share))
        parameters = subject.parameters
        most = f"; {memory():.3g} GB at most" if subject.device.type == "cuda" else ""
    asked = RunConfig().generation_prompts // 2  # of each fold
    batches = [math.ceil(min(asked, part * QUESTIONS // 2) / BATCH) for part in (share, 1)]
    scored = [sum(stages[name] for name in stages if name != "generation") for stages in (few, many)]
    slope = (scored[1] - scored[0]) / (share * (1 - SMALLER))
    minutes = (scored[1] + slope * (1 - share) + many["generation"] * batches[1] / batches[0]) / 60
    told = ", ".join(f"{name} {spent:.3g} s" for name, spent in many.items())
    shares = f"{scored[0]:.3g} s on {SMALLER * share:.2%} of the items, {scored[1]:.3g} s on {share:.2%}"
    note = f"scoring: {shares}; {told}{most}"
    return [row(f"ladder, {parameters / 1e9:.3g} B parameters: a full run", [minutes], unit="min", note=note)]


def _staged(subject: Subject, suite: Suite) -> dict[str, float]:
    """Seconds of each stage of a run."""
    stages = Stages(subject.device)
    with tempfile.TemporaryDirectory() as folder:
        out, scratch = Path(folder) / "out", Path(folder) / "scratch"
        run_model(subject, suite, config=RunConfig(), folder=out, scratch=scratch, report=stages)
    stages("end")
    words = {"sweep": "fitting", "test and controls": "testing", "side effects": "side effects"}
    return {
        name: stages.named(word)
        for name, word in (words | {"generation": "generation", "reference settings": "reference"}).items()
    }
