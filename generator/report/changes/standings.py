"""Models, h-fields, phases, claims, predictions, sources and settings: one function a list of `Changes`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from generator.report.bundle import Bundle
from generator.report.changes.observations import models_by, public_rows
from generator.report.changes.records import (
    ClaimChange,
    Edit,
    Entity,
    HChange,
    How,
    HReading,
    ModelChange,
    Mover,
    PhaseChange,
    PhaseReading,
    PredictionChange,
    Setting,
    Side,
    SourceChange,
    Value,
)
from generator.report.changes.statistics import Movers
from generator.report.changes.values import difference, finite, same, text

MODEL_FIELDS = (
    "name", "lab", "family", "kind", "released", "open_weights", "params", "active_params", "d_model", "n_layers",
    "training_tokens", "training_flop",
)  # fmt: skip
BENCHMARK_FIELDS = ("name", "unit", "n_items", "chance", "replaced_by", "state", "retired on")
SOURCE_FIELDS = ("name", "url", "licence", "redistribute", "max_age_days")
#: How much a state says: a prediction that is decided matters more than one that begins to wait.
DECIDED = ("passed", "failed", "undetermined", "annulled")


def side(bundle: Bundle, label: str) -> Side:
    meta = bundle.meta
    return Side(
        label=label,
        as_of=bundle.as_of,
        code=str(meta.get("version") or ""),
        bundle_schema=int(meta.get("schema") or 0),
        data_digest=str(meta.get("data_digest") or ""),
        seed=meta.get("seed"),
        resamples=meta.get("resamples"),
        dependencies={str(key): str(value) for key, value in dict(meta.get("dependencies") or {}).items()},
    )


def settings(old: Side, new: Side) -> tuple[Setting, ...]:
    """What differs beside the data."""
    pairs = [
        ("code version", old.code, new.code),
        ("bundle schema", old.bundle_schema, new.bundle_schema),
        ("seed", old.seed, new.seed),
        ("resamples", old.resamples, new.resamples),
    ]
    names = sorted({*old.dependencies, *new.dependencies})
    pairs += [(name, old.dependencies.get(name), new.dependencies.get(name)) for name in names]
    return tuple(
        Setting(name=name, old=text(past), new=text(present)) for name, past, present in pairs if past != present
    )


def _by_id(bundle: Bundle, kind: str) -> dict[str, Mapping[str, Any]]:
    return {str(item["id"]): item for item in bundle.entities.get(kind, [])}


def _how(old: object, new: object) -> How:
    return "added" if old is None else "removed" if new is None else "changed"


def model_changes(old: Bundle, new: Bundle) -> tuple[ModelChange, ...]:
    """Models on one side only: those with most observations first."""
    before, after = models_by(old), models_by(new)
    found = [
        ModelChange(
            id=model,
            name=str(item["name"]),
            lab=str(item["lab"]),
            kind=str(item["kind"]),
            released=item.get("released"),
            how=_how(before.get(model), after.get(model)),
            observations=len(public_rows(new if model in after else old, item)),
        )
        for model in sorted(set(before) ^ set(after))
        for item in (after.get(model) or before[model],)
    ]
    return tuple(sorted(found, key=lambda item: (item.how != "added", -item.observations, item.id)))


def entity_changes(old: Bundle, new: Bundle) -> tuple[Entity, ...]:
    """Labs, families, benchmarks, sources and evaluators on one side only."""
    found = []
    for kind in ("labs", "families", "benchmarks", "sources", "evaluators"):
        before, after = _by_id(old, kind), _by_id(new, kind)
        for key in sorted(set(before) ^ set(after)):
            item = after.get(key) or before[key]
            name = str(item.get("name") or key)
            found.append(Entity(kind=kind, id=key, name=name, how=_how(before.get(key), after.get(key))))
    return tuple(found)


def edits(old: Bundle, new: Bundle) -> tuple[Edit, ...]:
    """Fields that read differently of models, benchmarks (with their state) and sources on both sides."""
    found = []
    for kind, fields in (("models", MODEL_FIELDS), ("benchmarks", BENCHMARK_FIELDS), ("sources", SOURCE_FIELDS)):
        before, after = _by_id(old, kind), _by_id(new, kind)
        for key in sorted(set(before) & set(after)):
            past, present = _flat(before[key]), _flat(after[key])
            found += [
                Edit(kind=kind, id=key, name=str(after[key].get("name") or key), field=field,
                     old=text(past.get(field)), new=text(present.get(field)))
                for field in fields
                if not same(past.get(field), present.get(field))
            ]  # fmt: skip
    return tuple(sorted(found, key=lambda item: (item.field not in ("state", "retired on"), item.kind, item.id)))


def _flat(item: Mapping[str, Any]) -> dict[str, Any]:
    status = item.get("status")
    extra = {"state": status.get("state"), "retired on": status.get("on")} if isinstance(status, Mapping) else {}
    return {**item, **extra}


def h_changes(old: Bundle, new: Bundle, scores: Iterable[tuple[str, str]]) -> tuple[HChange, ...]:
    """Models whose h, label or rank differs: other labels first, then by how far h moved.

    scores: (track, model) of every cell that differs.
    """
    changed = set(scores)
    found = []
    before, after = _h_readings(old), _h_readings(new)
    labs = {**_by_id(old, "models"), **_by_id(new, "models")}
    for key in sorted({*before, *after}):
        past, present = before.get(key), after.get(key)
        if past and present and _same_h(past, present):
            continue
        track, model = key
        found.append(
            HChange(
                track=track,
                model=model,
                name=str(labs[model]["name"]),
                lab=str(labs[model]["lab"]),
                old=past,
                new=present,
                move=difference(past.h if past else None, present.h if present else None),
                relabelled=bool(past and present and past.label != present.label),
                cause=_h_cause(past, present, own=key in changed),
            )
        )
    return tuple(
        sorted(
            found,
            key=lambda item: (not item.relabelled, item.new is not None and item.old is not None,
                              -abs(item.move or 0.0), item.track, item.model),
        )
    )  # fmt: skip


def _h_readings(bundle: Bundle) -> dict[tuple[str, str], HReading]:
    rows: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for model in bundle.entities.get("models", []):
        for track, row in dict(model.get("h") or {}).items():
            rows.setdefault(str(track), []).append((str(model["id"]), row))
    result = {}
    for track, members in rows.items():
        for rank, (key, row) in enumerate(sorted(members, key=lambda item: (-item[1]["h"], item[0])), start=1):
            result[track, key] = HReading(
                h=row["h"], y=row["y"], fitted=row["fitted"], pi_low=finite(row.get("pi_low")),
                pi_high=finite(row.get("pi_high")), label=str(row["label"]), rank=rank, of=len(members),
            )  # fmt: skip
    return result


def _same_h(old: HReading, new: HReading) -> bool:
    return same(old.h, new.h) and old.label == new.label and (old.rank, old.of) == (new.rank, new.of)


def _h_cause(old: HReading | None, new: HReading | None, *, own: bool) -> str:
    if old is None:
        return "new in the panel"
    if new is None:
        return "left the panel"
    if own:
        return "own scores changed"
    return "other models' h moved" if same(old.h, new.h) else "the line moved"


def phase_changes(old: Bundle, new: Bundle) -> tuple[PhaseChange, ...]:
    """Size steps of families whose γ12, interval or phase differs: other phases first."""
    before, after = _phases(old), _phases(new)
    found = [
        PhaseChange(
            track=key[0], family=key[1], model_from=key[2], model_to=key[3], old=past, new=present,
            flipped=bool(past and present and past.phase != present.phase),
        )
        for key in sorted({*before, *after})
        for past, present in ((before.get(key), after.get(key)),)
        if past is None or present is None
        or not all(same(one, other) for one, other in zip(_values(past), _values(present), strict=True))
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda item: (not item.flipped, item.track, item.family, item.model_from)))


def _values(item: PhaseReading) -> tuple[Any, ...]:
    return item.gamma, item.low, item.high, item.phase


def _phases(bundle: Bundle) -> dict[tuple[str, str, str, str], PhaseReading]:
    return {
        (name.split("-", 1)[1], row["family"], row["model_from"], row["model_to"]): PhaseReading(
            gamma=finite(row["gamma"]), low=finite(row["gamma_low"]), high=finite(row["gamma_high"]),
            phase=str(row["phase"] or ""),
        )
        for name, table in bundle.tables.items()
        if name.startswith("gamma-")
        for row in table.rows
    }  # fmt: skip


def _items(bundle: Bundle, section: str) -> dict[str, Mapping[str, Any]]:
    held = bundle.sections.get(section) or {}
    return {str(item["id"]): item for item in held.get("items") or ()}


def claim_changes(old: Bundle, new: Bundle) -> tuple[ClaimChange, ...]:
    """Claims with another verdict first, then new and dropped ones."""
    before, after = _items(old, "claims"), _items(new, "claims")
    found = []
    for key in sorted({*before, *after}):
        past, present = before.get(key), after.get(key)
        verdicts = str(past["verdict"]) if past else "", str(present["verdict"]) if present else ""
        if verdicts[0] == verdicts[1]:
            continue
        shown = present or past
        assert shown is not None
        found.append(
            ClaimChange(id=key, title=str(shown["title"]), how=_how(past, present), old=verdicts[0], new=verdicts[1],
                        reason=str((present or {}).get("verdict_reason") or ""))
        )  # fmt: skip
    return tuple(sorted(found, key=lambda item: (item.how != "changed", item.id)))


def prediction_changes(old: Bundle, new: Bundle, movers: Movers) -> tuple[PredictionChange, ...]:
    """Predictions that read differently: decided first, then other states, other standings, other values."""
    before, after = _items(old, "predictions"), _items(new, "predictions")
    found = []
    for key in sorted({*before, *after}):
        change = _prediction(key, before.get(key), after.get(key), movers)
        if change is not None:
            found.append(change)
    return tuple(
        sorted(
            found,
            key=lambda item: (
                not (item.new_state in DECIDED and item.new_state != item.old_state),
                item.old_state == item.new_state, not item.flipped, item.id,
            ),
        )
    )  # fmt: skip


def _prediction(
    key: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, movers: Movers
) -> PredictionChange | None:
    past: Mapping[str, Any] = (old or {}).get("evaluation") or {}
    present: Mapping[str, Any] = (new or {}).get("evaluation") or {}
    shown = present or past
    values = tuple(_metric_values(past.get("metrics") or {}, present.get("metrics") or {}))
    ledger = _new_lines((old or {}).get("ledger") or (), (new or {}).get("ledger") or ())
    states = str(past.get("state") or ""), str(present.get("state") or "")
    standings = str(past.get("standing") or ""), str(present.get("standing") or "")
    numbers = past.get("n"), present.get("n")
    flipped = states[0] != states[1] or standings[0] != standings[1]
    if not (flipped or values or ledger or numbers[0] != numbers[1]):
        return None
    return PredictionChange(
        id=key,
        title=str(shown.get("title") or key),
        how=_how(old, new),
        old_state=states[0],
        new_state=states[1],
        old_standing=standings[0],
        new_standing=standings[1],
        flipped=flipped,
        old_n=numbers[0],
        new_n=numbers[1],
        values=values,
        because=tuple(str(line) for line in present.get("because") or ()),
        ledger=ledger,
        movers=_metric_movers(past.get("metrics") or {}, present.get("metrics") or {}, movers),
    )


def _metric_values(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[Value]:
    for name in sorted({*old, *new}):
        past, present = (finite((side.get(name) or {}).get("estimate")) for side in (old, new))
        if not same(past, present):
            unit = str((new.get(name) or old.get(name) or {}).get("unit") or "")
            yield Value(name=name, unit=unit, old=past, new=present)


def _metric_movers(old: Mapping[str, Any], new: Mapping[str, Any], movers: Movers) -> tuple[Mover, ...]:
    """The models behind any metric, each once: the record with most scores."""
    found: dict[str, Mover] = {}
    for name in sorted({*old, *new}):
        for mover in movers.of(old.get(name), new.get(name))[0]:
            known = found.get(mover.model)
            if known is None or len(mover.scores) > len(known.scores):
                found[mover.model] = mover.model_copy(update={"effect": None})
    return tuple(found[model] for model in sorted(found))


def _new_lines(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Lines of the ledger that the old bundle did not hold, in words."""
    held = {line.get("hash") for line in old}
    return tuple(f"{line['event']} at {line['at']}" for line in new if line.get("hash") not in held)


def source_changes(old: Bundle, new: Bundle) -> tuple[SourceChange, ...]:
    """Sources that turned stale or fresh first, then those read again or giving another number of rows."""
    before, after = ({str(row["source"]): row for row in side.meta.get("freshness") or ()} for side in (old, new))
    found = []
    for key in sorted(set(before) & set(after)):
        past, present = before[key], after[key]
        stale = bool(past.get("stale")), bool(present.get("stale"))
        rows = int(past.get("rows_used") or 0), int(present.get("rows_used") or 0)
        if stale[0] == stale[1] and past.get("newest") == present.get("newest") and rows[0] == rows[1]:
            continue
        found.append(
            SourceChange(
                id=key,
                name=str(present.get("name") or key),
                turned="" if stale[0] == stale[1] else "stale" if stale[1] else "fresh",
                old_newest=past.get("newest"),
                new_newest=present.get("newest"),
                old_rows=rows[0],
                new_rows=rows[1],
                max_age_days=present.get("max_age_days"),
            )
        )
    order = {"stale": 0, "fresh": 1, "": 2}
    return tuple(sorted(found, key=lambda item: (order[item.turned], item.id)))
