"""One model on one suite: fit, choose, freeze, test once, side effects, generation; one result file, resumable."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from generator.core import sha256_file
from generator.steering import outcome as out
from generator.steering.controls import CONTROL_COUNT, random_directions
from generator.steering.data import Fold, Suite
from generator.steering.directions import (
    HEADLINE_METHOD,
    Activations,
    Direction,
    fit_direction,
    method,
    pair_states,
    save_direction,
)
from generator.steering.effects import capability_accuracy, text_effects
from generator.steering.errors import UsageFault
from generator.steering.evaluate import FoldOutcome, FoldTest, evaluate_fold
from generator.steering.generate import Judge, generate, is_refusal, is_repetitive
from generator.steering.layers import Edit, candidate_layers
from generator.steering.many import score_many
from generator.steering.records import described
from generator.steering.reference import replay
from generator.steering.results import (
    SCHEMA_VERSION,
    CellRecord,
    ChoiceRecord,
    EffectRecord,
    FoldRecord,
    GenerationRecord,
    Journal,
    ReferenceRow,
    ResultFile,
    code_digest,
    finished,
    result_key,
    write_result,
)
from generator.steering.score import metrics, prepare
from generator.steering.subject import Subject, repeatable
from generator.steering.sweep import STRENGTHS, Cell, Frozen, Limits, edit_for, freeze, sweep

#: Stands in every result file.
POOLED_CONTROLS = (
    "The headline gain pools random and label-shuffled controls; this was decided after first results had been seen. "
    "gain_random and gain_shuffled hold the gain over each kind alone."
)


@dataclass(frozen=True)
class RunConfig:
    """Every choice a run depends on besides model and data; part of its key."""

    method: str = HEADLINE_METHOD
    depths: int = 8
    strengths: tuple[float, ...] = STRENGTHS
    limits: Limits = field(default_factory=Limits)
    controls: int = CONTROL_COUNT
    side_effect_controls: int = 20
    bootstrap_draws: int = 2000
    from_last: bool = True
    new_tokens: int = 50
    generation_prompts: int = 200
    examples: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        method(self.method)
        if not self.strengths or min(self.strengths) <= 0:
            raise UsageFault("strengths: give at least one positive share of the residual norm, e.g. 0.1")
        if min(self.controls, self.side_effect_controls, self.depths, self.bootstrap_draws) < 1:
            raise UsageFault("controls, depths and bootstrap draws must be at least 1")

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "strengths": list(self.strengths)}


@dataclass(frozen=True)
class _Tested:
    fold: Fold
    frozen: Frozen
    direction: Direction
    cells: list[Cell]
    outcome: FoldOutcome


def run_model(
    subject: Subject,
    suite: Suite,
    *,
    config: RunConfig,
    folder: Path,
    scratch: Path,
    judge: Judge | None = None,
    report: Callable[[str], None] = lambda _: None,
    clock: Callable[[], float] | None = None,
) -> ResultFile:
    """Run, or return the stored result of the same key. `folder` gets the result, `scratch` the stages of a run under way.

    clock: what the cost is read from; by default processor time on a CPU and wall time on a GPU, in seconds.
    """
    with repeatable(subject.device):
        return _run_model(
            subject,
            suite,
            config=config,
            folder=folder,
            scratch=scratch,
            judge=judge,
            report=report,
            clock=clock or (time.process_time if subject.device.type == "cpu" else time.perf_counter),
        )


def _run_model(
    subject: Subject,
    suite: Suite,
    *,
    config: RunConfig,
    folder: Path,
    scratch: Path,
    judge: Judge | None,
    report: Callable[[str], None],
    clock: Callable[[], float],
) -> ResultFile:
    key = result_key(
        model_revision=f"{subject.id}@{subject.revision}:{subject.dtype}",
        data_digest=suite.digest,
        config={**config.as_dict(), "judge": "none" if judge is None else judge.name},
        code=code_digest(),
    )
    stored = finished(folder, key=key)
    if stored is not None:
        report("already finished")
        return stored
    began, journal = clock(), Journal(scratch, key=key)
    tested = [
        _run_fold(subject, suite, fold, index=index, config=config, journal=journal, report=report)
        for index, fold in enumerate(suite.folds)
    ]
    base = np.concatenate([part.outcome.base.binary for part in tested])
    report("side effects")
    effects = journal.stage("side-effects", lambda: _side_effects(subject, suite, tested[0], config).model_dump())
    report("generation")
    generation = journal.stage("generation", lambda: _generation(subject, suite, tested, config, judge))
    report("reference settings")
    reference = journal.stage("reference", lambda: replay(subject, suite, base=base))
    test = out.test_record([part.outcome for part in tested], draws=config.bootstrap_draws, seed=config.seed)
    status, reason = out.verdict(test)
    items = folder / "items.parquet"
    out.write_items(items, [(part.fold, part.outcome) for part in tested])
    result = ResultFile(
        schema_version=SCHEMA_VERSION,
        key=key,
        status=status,
        reason=reason,
        **described(subject, suite, seed=config.seed),
        config=config.as_dict(),
        folds=[_save_fold(part, folder, config) for part in tested],
        sweep=[CellRecord(fold=part.fold.name, **asdict(cell)) for part in tested for cell in part.cells],
        test=test,
        side_effects=EffectRecord(**effects),
        generation=None if generation is None else GenerationRecord(**generation),
        reference=[ReferenceRow.model_validate(row) for row in reference],
        items_file=items.name,
        items_sha256=sha256_file(items),
        cost={"seconds": round(clock() - began, 1)},
        caveats=[POOLED_CONTROLS, *suite.caveats],
    )
    write_result(folder, result)
    journal.clear()
    return result


def _run_fold(
    subject: Subject,
    suite: Suite,
    fold: Fold,
    *,
    index: int,
    config: RunConfig,
    journal: Journal,
    report: Callable[[str], None],
) -> _Tested:
    report(f"fold {fold.name}: fitting and sweeping")
    layers = candidate_layers(len(subject.blocks), depths=config.depths)
    states = pair_states(subject, fold.pairs, layers=layers)
    data_hash = suite.digest

    def swept() -> list[dict[str, Any]]:
        cells = sweep(
            subject,
            fold,
            states,
            method=config.method,
            strengths=config.strengths,
            limits=config.limits,
            capability=prepare(subject, suite.capability),
            texts=suite.texts,
            from_last=config.from_last,
            data_hash=data_hash,
            seed=config.seed,
        )
        return [asdict(cell) for cell in cells]

    cells = [Cell(**cell) for cell in journal.stage(f"sweep-{fold.name}", swept)]
    frozen = freeze(cells, validation=fold.validation)
    direction = fit_direction(
        subject, states, name=config.method, layer=frozen.layer, data_hash=data_hash, seed=config.seed
    )
    report(f"fold {fold.name}: testing block {frozen.layer} at strength {frozen.strength:g}")
    test = FoldTest(subject, suite, fold, frozen, direction, _only(states, frozen.layer), config.from_last, config.seed)
    rng = np.random.default_rng([config.seed, 10, index])
    outcome = evaluate_fold(test, rng=rng, stage=journal.stage, controls=config.controls)
    return _Tested(fold=fold, frozen=frozen, direction=direction, cells=cells, outcome=outcome)


def _only(states: Activations, layer: int) -> Activations:
    return replace(states, true={layer: states.true[layer]}, false={layer: states.false[layer]})


def _save_fold(part: _Tested, folder: Path, config: RunConfig) -> FoldRecord:
    path = folder / f"direction-{part.fold.name}.safetensors"
    save_direction(part.direction, path)
    info = part.direction.info
    return FoldRecord(
        name=part.fold.name,
        method=info.method,
        layer=info.layer,
        point=info.point,
        positions="from the last prompt token on" if config.from_last else "all",
        strength=part.frozen.strength,
        residual_norm=info.residual_norm,
        vector_norm=part.frozen.strength * info.residual_norm,
        realised=part.outcome.realised,
        within_limits=part.frozen.within_limits,
        validation_hash=part.frozen.validation_hash,
        file=path.name,
        sha256=sha256_file(path),
    )


def _side_effects(subject: Subject, suite: Suite, part: _Tested, config: RunConfig) -> EffectRecord:
    """Effects of the first fold's vector, and of random vectors of its norm at the same place."""
    edit = edit_for(part.direction, part.frozen.strength)
    rng = np.random.default_rng([config.seed, 11])
    length = part.frozen.strength * part.direction.info.residual_norm
    vectors = random_directions(subject.blocks.width, count=config.side_effect_controls, rng=rng) * length
    randoms = [Edit(torch.from_numpy(vector).float(), edit.layer, edit.point) for vector in vectors]
    capability = prepare(subject, suite.capability)

    def held(edits: Sequence[Edit]) -> float:
        return capability_accuracy(subject, capability, edits=edits, from_last=config.from_last)

    base_perplexity, texts = text_effects(subject, suite.texts, [[edit], *([other] for other in randoms)])
    columns = {
        "capability": [
            float(metrics(capability, scores).mc1.mean())
            for scores in score_many(subject, capability, randoms, from_last=config.from_last)
        ],
        "perplexity": [effect.perplexity for effect in texts[1:]],
        "kl": [effect.kl for effect in texts[1:]],
    }
    return EffectRecord(
        multiple_choice=_multiple_choice(subject, suite, edit, randoms, from_last=config.from_last),
        capability_base=held(()),
        capability_steered=held([edit]),
        capability_n=len(suite.capability),
        perplexity_base=base_perplexity,
        perplexity_steered=texts[0].perplexity,
        kl=texts[0].kl,
        random={name: [float(q) for q in np.quantile(column, [0.5, 0.025, 0.975])] for name, column in columns.items()},
        random_count=len(randoms),
    )


def _multiple_choice(
    subject: Subject, suite: Suite, edit: Edit, randoms: Sequence[Edit], *, from_last: bool
) -> ChoiceRecord | None:
    """Accuracy on the suite's multiple-choice items, unsteered, under the vector and under the random vectors."""
    if not suite.multiple_choice:
        return None
    prepared = prepare(subject, suite.multiple_choice)
    base = capability_accuracy(subject, prepared, edits=(), from_last=from_last)
    scores = score_many(subject, prepared, [edit, *randoms], from_last=from_last)
    steered, *controls = (float(metrics(prepared, one).mc1.mean()) for one in scores)
    spread = [float(q) for q in np.quantile(controls, [0.5, 0.025, 0.975])]
    return ChoiceRecord(
        name=suite.multiple_choice[0].id.split("-")[0], n=len(prepared.items), base=base, steered=steered, random=spread
    )


def _generation(
    subject: Subject, suite: Suite, tested: Sequence[_Tested], config: RunConfig, judge: Judge | None
) -> dict[str, Any] | None:
    """Greedy completions of a seeded sample of test prompts: unsteered, steered, and under one random vector."""
    if not suite.generation:
        return None
    rng = np.random.default_rng([config.seed, 12])
    texts: dict[str, list[str]] = {"unsteered": [], "steered": [], "random control": []}
    prompts: list[str] = []
    share = max(1, config.generation_prompts // len(tested))
    for part in tested:
        ids = [item.id for item in part.fold.test]
        chosen = sorted(rng.choice(len(ids), size=min(share, len(ids)), replace=False).tolist())
        mine = [suite.generation[ids[index]] for index in chosen]
        edit = edit_for(part.direction, part.frozen.strength)
        unit = random_directions(subject.blocks.width, count=1, rng=rng)[0]
        length = part.frozen.strength * part.direction.info.residual_norm
        control = Edit(torch.from_numpy(unit * length).float(), edit.layer, edit.point)
        for name, edits in (("unsteered", []), ("steered", [edit]), ("random control", [control])):
            texts[name] += generate(
                subject, mine, new_tokens=config.new_tokens, edits=edits, from_last=config.from_last
            )
        prompts += mine
    drawn = sorted(rng.choice(len(prompts), size=min(config.examples, len(prompts)), replace=False).tolist())
    return out.generation_record(
        prompts,
        texts,
        judge=judge,
        drawn=drawn,
        new_tokens=config.new_tokens,
        refusal=is_refusal,
        repetitive=is_repetitive,
    ).model_dump()
