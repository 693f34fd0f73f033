"""What a change of the data does: problems, and otherwise the effect on models, statistics and predictions."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from generator.automation import report as schema
from generator.core import Problem, sha256_file
from generator.report import Bundle
from generator.report.changes.records import HChange
from generator.report.changes.statistics import statistics_of
from generator.report.changes.words import statistic_name
from generator.report.diff import Changes, compare

FOLDERS = ("data", "predictions")
#: What only the jobs write; a person's change of it is shown as such.
BY_JOBS_FOLDERS = ("data/snapshots/", "data/forecasts/", "data/steering/", "data/schema/")
BY_JOBS_NAMES = ("ledger.jsonl", "seal.ots", "SEALS.jsonl")


def changed_files(base: Path, head: Path) -> list[schema.ChangedFile]:
    """Files under data/ and predictions/ that differ, sorted by path. A symbolic link is never followed."""
    before, after = _digests(base), _digests(head)
    found = []
    for path in sorted(set(before) | set(after)):
        if before.get(path) == after.get(path):
            continue
        change = (
            "link"
            if after.get(path) == "link"
            else "added"
            if path not in before
            else "removed"
            if path not in after
            else "changed"
        )
        found.append(schema.ChangedFile(path=_cut(path, 1_000), change=change, written_by=_written_by(path)))  # type: ignore[arg-type]
    return found


def _written_by(path: str) -> str:
    return "jobs" if path.startswith(BY_JOBS_FOLDERS) or PurePosixPath(path).name in BY_JOBS_NAMES else "people"


def _digests(root: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in FOLDERS:
        for folder, folders, files in os.walk(root / name, followlinks=False):
            for entry in [*files, *(item for item in folders if Path(folder, item).is_symlink())]:
                path = Path(folder, entry)
                shown = path.relative_to(root).as_posix()
                found[shown] = "link" if path.is_symlink() else sha256_file(path)
    return found


def link_problems(files: Sequence[schema.ChangedFile]) -> list[Problem]:
    """A symbolic link could show a file of the machine that reads it, so there may be none."""
    return [
        Problem(item.path, 0, "symlink", "the file is a symbolic link", allowed="a plain file")
        for item in files
        if item.change == "link"
    ]


def stopped(problems: Sequence[Problem], files: Sequence[schema.ChangedFile], why: str) -> schema.Report:
    """The report of a change whose effect cannot be computed."""
    return _limited(
        problems=[_fault(problem) for problem in sorted(problems)], files=list(files), stopped=_cut(why, 1_000)
    )


def effect(
    base: Bundle, head: Bundle, *, problems: Sequence[Problem] = (), files: Sequence[schema.ChangedFile] = ()
) -> schema.Report:
    """The report of a change between two bundles made with the same seed and resamples. `problems` may hold warnings."""
    changes = compare(base, head)
    return _limited(
        as_of_before=base.as_of,
        as_of_after=head.as_of,
        compared_statistics=len({*statistics_of(base), *statistics_of(head)}),
        compared_predictions=len({*_predictions(base), *_predictions(head)}),
        problems=[_fault(problem) for problem in sorted(problems)],
        files=list(files),
        models=list(_models(changes, head)),
        moves=list(_moves(changes)),
        standings=list(_standings(changes)),
    )


def _limited(**parts: Any) -> schema.Report:
    """A report whose lists keep to their limits; what is left out is counted."""
    omitted = {}
    for name, value in parts.items():
        if isinstance(value, list) and len(value) > schema.limit(name):
            omitted[name] = len(value) - schema.limit(name)
            parts[name] = value[: schema.limit(name)]
    return schema.Report(**parts, omitted=omitted)


def _fault(problem: Problem) -> schema.Fault:
    return schema.Fault(
        path=_cut(problem.path, 1_000), line=problem.line, code=_cut(problem.code, 200), severity=problem.severity,
        **{name: _cut(getattr(problem, name), 1_000) for name in ("subject", "found", "allowed", "hint")},
    )  # fmt: skip


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _models(changes: Changes, head: Bundle) -> Iterator[schema.ModelEffect]:
    """New models first, then those whose own scores changed, then those that are gone."""
    known = head.by_id("models")
    new = [item.id for item in changes.models if item.how == "added"]
    own = {item.model for item in changes.scores} | {item.model for item in changes.observations}
    for name in (*sorted(new), *sorted(own.intersection(known).difference(new))):
        model = known[name]
        residuals = [_residual(item) for item in changes.h if item.model == name and item.new is not None]
        with_h = {residual.track for residual in residuals}
        yield schema.ModelEffect(
            id=_cut(name, 200), name=_cut(model["name"], 200), new=name in new, scores=len(model["observations"]),
            residuals=residuals[:10], steps=list(_steps(changes, name))[:10],
            without=[] if model["kind"] == "base" else list(_without(model, head, with_h))[:10],
        )  # fmt: skip


def _residual(item: HChange) -> schema.Residual:
    new = item.new
    assert new is not None
    return schema.Residual(
        track=_cut(item.track, 200), h=new.h,
        low=None if new.pi_low is None else new.pi_low - new.fitted,
        high=None if new.pi_high is None else new.pi_high - new.fitted,
        phase=_cut(new.label, 200), rank=new.rank, of=new.of, before=item.old.h if item.old else None,
    )  # fmt: skip


def _without(model: dict[str, Any], head: Bundle, with_h: set[str]) -> Iterator[str]:
    """Why a track has no h for the model."""
    for track, found in sorted(head.sections.get("coefficients", {}).items()):
        if track in with_h or track in model["h"] or "line" not in found:
            continue
        missing = [axis for axis in (found["x"], found["y"]) if axis not in model["scores"].get(track, {})]
        yield _cut(
            f"track {track}: no score on {' and '.join(missing)}" if missing else f"track {track}: not on the line",
            1_000,
        )


def _steps(changes: Changes, name: str) -> Iterator[schema.Step]:
    for item in changes.phases:
        if name in (item.model_from, item.model_to) and item.new is not None and item.new.gamma is not None:
            yield schema.Step(
                model_from=_cut(item.model_from, 200), model_to=_cut(item.model_to, 200), gamma=item.new.gamma,
                low=item.new.low, high=item.new.high, phase=_cut(item.new.phase, 200),
            )  # fmt: skip


def _moves(changes: Changes) -> Iterator[schema.Move]:
    """Statistics whose estimate or n changed, the most important first."""
    for item in changes.statistics:
        old, new = item.old, item.new
        one, two = old.estimate if old else None, new.estimate if new else None
        if one == two and (old.n if old else 0) == (new.n if new else 0):
            continue
        yield schema.Move(
            id=_cut(item.id, 1_000), name=_cut(statistic_name(item, changes.axis_names), 1_000),
            unit=_cut(item.unit, 200), before=one, after=two,
            low=new.low if new else None, high=new.high if new else None,
            n_before=old.n if old else 0, n_after=new.n if new else 0,
            reason=_cut(new.reason if new else "the statistic is gone", 1_000), flip=_cut(item.flip, 1_000),
        )  # fmt: skip


def _standings(changes: Changes) -> Iterator[schema.Standing]:
    for item in changes.predictions:
        if item.flipped or item.how != "changed":
            yield schema.Standing(
                id=_cut(item.id, 200), title=_cut(item.title, 1_000),
                state_before=_cut(item.old_state, 200), state_after=_cut(item.new_state, 200),
                standing_before=_cut(item.old_standing, 200), standing_after=_cut(item.new_standing, 200),
            )  # fmt: skip


def _predictions(bundle: Bundle) -> set[str]:
    return {item["id"] for item in bundle.sections.get("predictions", {}).get("items", [])}
