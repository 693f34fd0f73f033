"""From per-item outcomes to the records of a result file; no model is touched here."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from generator.core import write_atomic
from generator.steering.data import Fold
from generator.steering.evaluate import FoldOutcome
from generator.steering.generate import Judge
from generator.steering.results import FlipsRecord, GainRecord, GenerationRecord, Status, TestRecord
from generator.steering.stats import flips, gain_over_controls


def test_record(outcomes: Sequence[FoldOutcome], *, draws: int, seed: int) -> TestRecord:
    """Figures over all folds; every test item counts once."""

    def joined(pick: Callable[[FoldOutcome], np.ndarray]) -> np.ndarray:
        return np.concatenate([pick(outcome) for outcome in outcomes], axis=-1)

    base, steered = joined(lambda o: o.base.binary), joined(lambda o: o.steered.binary)
    random, shuffled = joined(lambda o: o.random), joined(lambda o: o.shuffled)
    rng = np.random.default_rng([seed, 20])
    return TestRecord(
        base=_accuracies([o.base for o in outcomes]),
        steered=_accuracies([o.steered for o in outcomes]),
        binary=flips_record(base, steered),
        mc1=flips_record(joined(lambda o: o.base.mc1), joined(lambda o: o.steered.mc1)),
        mc2_change=_paired_change(joined(lambda o: o.base.mc2), joined(lambda o: o.steered.mc2), rng=rng, draws=draws),
        gain=_gain(steered, np.concatenate([random, shuffled]), rng=rng, draws=draws),
        gain_random=_gain(steered, random, rng=rng, draws=draws),
        gain_shuffled=_gain(steered, shuffled, rng=rng, draws=draws),
        controls_random=[float(value) for value in random.mean(1)],
        controls_shuffled=[float(value) for value in shuffled.mean(1)],
        minus=flips_record(base, joined(lambda o: o.minus)),
        truthful_prompt=flips_record(base, joined(lambda o: o.truthful)),
        zero_identical=True,  # evaluate_fold raises otherwise
        extra={name: _extra(name, outcomes) for name in outcomes[0].extra},
        methods={name: flips_record(base, _method(name, outcomes)) for name in outcomes[0].methods},
    )


def verdict(test: TestRecord) -> tuple[Status, str]:
    """`ok` when the vector corrects more than it breaks and beats the mean matched control beyond the interval."""
    weak = []
    if test.binary.net <= 0:
        weak.append(f"net corrected {test.binary.net:+.1%}")
    if test.gain.low <= 0:
        gain = test.gain
        weak.append(f"gain over matched controls {gain.estimate:+.1%} [{gain.low:+.1%}, {gain.high:+.1%}]")
    return ("no_effect", "; ".join(weak)) if weak else ("ok", "")


def flips_record(base: np.ndarray, steered: np.ndarray) -> FlipsRecord:
    """Corrected and broken of two boolean vectors (items,)."""
    return FlipsRecord.model_validate(asdict(flips(base, steered)))


def generation_record(
    prompts: Sequence[str],
    texts: Mapping[str, Sequence[str]],
    *,
    judge: Judge | None,
    drawn: Sequence[int],
    new_tokens: int,
    refusal: Callable[[str], bool],
    repetitive: Callable[[str], bool],
) -> GenerationRecord:
    """Count what a judge says; the completions of all conditions are judged mixed in one fixed shuffled order."""
    names = list(texts)
    truthful = dict.fromkeys(names, 0)
    both = dict.fromkeys(names, 0)
    if judge is not None:
        cases = [(name, prompt, text) for name in names for prompt, text in zip(prompts, texts[name], strict=True)]
        order = np.random.default_rng(0).permutation(len(cases))
        verdicts = judge([cases[i][1] for i in order], [cases[i][2] for i in order])
        for index, said in zip(order, verdicts, strict=True):
            truthful[cases[index][0]] += said.truthful
            both[cases[index][0]] += said.truthful and said.informative
    return GenerationRecord(
        judge="none" if judge is None else judge.name,
        prompts=len(prompts),
        new_tokens=new_tokens,
        truthful={} if judge is None else truthful,
        truthful_informative={} if judge is None else both,
        refusals={name: sum(map(refusal, texts[name])) for name in names},
        repetitive={name: sum(map(repetitive, texts[name])) for name in names},
        changed={
            name: sum(a != b for a, b in zip(texts["unsteered"], texts[name], strict=True))
            for name in names
            if name != "unsteered"
        },
        examples=[{"prompt": prompts[i], **{name: texts[name][i] for name in names}} for i in drawn],
    )


def write_items(path: Path, folds: Sequence[tuple[Fold, FoldOutcome]]) -> None:
    """Per-item Parquet: one row a test item; margins in nats, control columns are shares of controls that were right."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = []
    for fold, outcome in folds:
        tables.append(
            pa.table(
                {
                    "id": [item.id for item in fold.test],
                    "category": [item.category for item in fold.test],
                    "fold": [fold.name] * len(fold.test),
                    "base_margin": outcome.base.margin,
                    "steered_margin": outcome.steered.margin,
                    "base_right": outcome.base.binary,
                    "steered_right": outcome.steered.binary,
                    "base_mc1": outcome.base.mc1,
                    "steered_mc1": outcome.steered.mc1,
                    "base_mc2": outcome.base.mc2,
                    "steered_mc2": outcome.steered.mc2,
                    "random_right": outcome.random.mean(0),
                    "shuffled_right": outcome.shuffled.mean(0),
                    "minus_right": outcome.minus,
                    "truthful_prompt_right": outcome.truthful,
                }
            )
        )
    sink = io.BytesIO()
    pq.write_table(pa.concat_tables(tables), sink, compression="zstd")
    write_atomic(path, sink.getvalue())


def _extra(name: str, outcomes: Sequence[FoldOutcome]) -> FlipsRecord:
    base = np.concatenate([outcome.extra[name][0] for outcome in outcomes])
    return flips_record(base, np.concatenate([outcome.extra[name][1] for outcome in outcomes]))


def _method(name: str, outcomes: Sequence[FoldOutcome]) -> np.ndarray:
    return np.concatenate([outcome.methods[name] for outcome in outcomes])


def _accuracies(parts: Sequence[object]) -> dict[str, float]:
    return {
        name: float(np.concatenate([getattr(part, name) for part in parts]).mean()) for name in ("binary", "mc1", "mc2")
    }


def _gain(steered: np.ndarray, controls: np.ndarray, *, rng: np.random.Generator, draws: int) -> GainRecord:
    return GainRecord.model_validate(asdict(gain_over_controls(steered, controls, rng=rng, draws=draws)))


def _paired_change(base: np.ndarray, steered: np.ndarray, *, rng: np.random.Generator, draws: int) -> dict[str, float]:
    change = steered - base
    means = change[rng.integers(0, len(change), (draws, len(change)))].mean(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return {"estimate": float(change.mean()), "low": float(low), "high": float(high)}
