"""Tables of the pages of changes: one function a list of `Changes`, rows linked to the models and benchmarks of this site."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from generator.report.changes.records import (
    ChangeList,
    ClaimChange,
    Edit,
    Entity,
    HChange,
    HReading,
    ModelChange,
    Mover,
    ObservationChange,
    Observed,
    PhaseChange,
    PhaseReading,
    PredictionChange,
    Reading,
    ScoreChange,
    SourceChange,
    StatisticChange,
    Value,
)
from generator.report.changes.words import value_line
from generator.site import format, tables
from generator.site.claim_words import statistic_name
from generator.site.escape import filled
from generator.site.groups.board import standing_chip, state_chip, verdict_chip
from generator.site.groups.choices import headings
from generator.site.published import no_value
from generator.site.tables import Cell, Column
from generator.site.view import View, axis_link, lab_chip, link, model_link, source_link

ARROW = Markup(' <span role="img" aria-label="to">→</span> ')
#: First part of the id of a statistic → the page that shows it, and its name.
PLACES = {
    "labs": ("labs/", "Labs"),
    "cascade": ("cascade/", "Cascade"),
    "sensitivity": ("sensitivity/", "Sensitivity"),
    "isoclines": ("sensitivity/", "Sensitivity"),
    "matrices": ("matrices/", "Matrices"),
}
NO_BREAK = "\u2011"  # a hyphen at which no line ends
#: Models named in a cell before "and N more".
MOVERS = 4


class ChangeTables:
    """The tables of one page, given the view and the way up to the root."""

    def __init__(self, view: View, base: str) -> None:
        self._view, self._base = view, base

    def predictions(self, rows: Sequence[PredictionChange]) -> Markup:
        columns = (
            Column("Prediction"),
            Column("State"),
            Column("Standing"),
            Column("Values"),
            Column("Moved by", wide=True),
        )
        body = [
            (
                Cell(self._named("predictions", row.id, row.title), row.title),
                _turned(row.old_state, row.new_state, state_chip),
                _turned(row.old_standing, row.new_standing, standing_chip),
                _lines(self._value(row.id, value) for value in row.values),
                self._movers(row.movers),
            )
            for row in rows
        ]
        return tables.table(columns, body, caption="Predictions that read differently")

    def claims(self, rows: Sequence[ClaimChange]) -> Markup:
        columns = (Column("Claim"), Column("Before"), Column("Now"), Column("Reason", wide=True))
        body = [
            (
                Cell(self._named("claims", row.id, row.title), row.title),
                verdict_chip(row.old) if row.old else no_value(),
                verdict_chip(row.new) if row.new else no_value(),
                tables.text(row.reason),
            )
            for row in rows
        ]
        return tables.table(columns, body, caption="Claims with another verdict")

    def models(self, rows: Sequence[ModelChange]) -> Markup:
        columns = (
            Column("Model"), Column("Lab"), Column("Kind", wide=True), Column("Released", "day"), Column("Observations", "number"),
            Column("Change"),
        )  # fmt: skip
        body = [
            (
                self._model(row.id, row.name),
                Cell(lab_chip(self._view, row.lab, self._base), row.lab),
                row.kind,
                Cell(format.day(row.released), row.released),
                tables.figure(float(row.observations), 0),
                row.how,
            )
            for row in rows
        ]
        return tables.table(columns, body, caption="Models added and removed")

    def scores(self, rows: Sequence[ScoreChange]) -> Markup:
        columns = (
            Column("Model"), Column("Benchmark"), Column("Track"), Column("Before", "number"), Column("Now", "number"),
            Column("Change", "number"), Column("Source"), Column("Why", wide=True),
        )  # fmt: skip
        body = [
            (
                self._model(row.model, row.name),
                Cell(axis_link(self._view, row.axis, self._base), row.axis),
                self._view.track_name(row.track),
                tables.figure(row.old.value if row.old else None),
                tables.figure(row.new.value if row.new else None),
                tables.figure(row.move, sign=True),
                _source(row.new or row.old),
                row.why,
            )
            for row in rows
        ]
        return tables.table(columns, body, caption="Scores that a track uses")

    def statistics(self, rows: Sequence[StatisticChange]) -> Markup:
        columns = (
            Column("Statistic"), Column("Before"), Column("Now"), Column("Move", "number"),
            Column("In half widths", "number", "the move divided by half the width of the old interval"),
            Column("n", "number"), Column("Moved by"),
        )  # fmt: skip
        body = [
            (
                self._statistic(row),
                _reading(row.old),
                _reading(row.new),
                tables.figure(row.move, 3, sign=True),
                tables.figure(row.size, 2),
                _ns(row.old, row.new),
                self._movers(row.movers) if row.movers else tables.text(row.attribution),
            )
            for row in rows
        ]
        return tables.table(columns, body, caption="Statistics that moved", classes=f"{tables.NARROW} {tables.STACKED}")

    def h(self, rows: Sequence[HChange]) -> Markup:
        columns = (
            Column("Model"), Column("Track"), Column("h before, pp", "number"), Column("h now, pp", "number"), Column("Move, pp", "number"),
            Column("95 % prediction interval of h, pp"), Column("Rank"), Column("Label"), Column("Cause", wide=True),
        )  # fmt: skip
        body = [
            (
                self._model(row.model, row.name),
                self._view.track_name(row.track),
                tables.figure(row.old.h if row.old else None, sign=True),
                tables.figure(row.new.h if row.new else None, sign=True),
                tables.figure(row.move, sign=True),
                _h_interval(row.new),
                _pair(*(f"{side.rank} of {side.of}" if side else "" for side in (row.old, row.new))),
                _pair(*(side.label if side else "" for side in (row.old, row.new))),
                row.cause,
            )
            for row in rows
        ]
        return tables.table(columns, body, caption="Models whose h, rank or label differs")

    def phases(self, rows: Sequence[PhaseChange]) -> Markup:
        columns = (Column("From"), Column("To"), Column("Family"), Column("γ12 before"), Column("γ12 now"))
        body = [
            (
                self._model(row.model_from, None),
                self._model(row.model_to, None),
                Cell(self._named("families", row.family, row.family), row.family),
                _phase(row.old),
                _phase(row.new),
            )
            for row in rows
        ]
        return tables.table(columns, body, caption="Size steps whose local coupling differs")

    def sources(self, rows: Sequence[SourceChange]) -> Markup:
        columns = (Column("Source"), Column("Turned"), Column("Newest data"), Column("Rows used"))
        chips = {"stale": "warn", "fresh": "ok"}
        body = [
            (
                Cell(row.name, row.name),
                filled('<span class="cw-chip cw-chip--{}">{}</span>', chips[row.turned], row.turned)
                if row.turned
                else no_value(),
                _pair(row.old_newest or "", row.new_newest or ""),
                _pair(format.count(row.old_rows), format.count(row.new_rows)),
            )
            for row in rows
        ]
        return tables.table(columns, body, caption="Sources that turned stale or fresh, or were read again")

    def entities(self, rows: Sequence[Entity]) -> Markup:
        columns = (Column("Kind"), Column("Entry"), Column("Change"))
        body = [(row.kind, Cell(self._named(row.kind, row.id, row.name), row.name), row.how) for row in rows]
        return tables.table(columns, body, caption="Other entries added and removed")

    def edits(self, rows: Sequence[Edit]) -> Markup:
        columns = (Column("Entry"), Column("Kind"), Column("Field"), Column("Before"), Column("Now"))
        body = [
            (
                Cell(self._named(row.kind, row.id, row.name), row.name),
                row.kind,
                row.field,
                tables.text(row.old),
                tables.text(row.new),
            )
            for row in rows
        ]
        return tables.table(columns, body, caption="Fields that read differently")

    def observations(self, rows: Sequence[ObservationChange]) -> Markup:
        columns = (
            Column("Model"), Column("Benchmark"), Column("Before", "number"), Column("Now", "number"), Column("Source"),
            Column("Used by"),
        )  # fmt: skip
        body = [
            (
                self._model(row.model, row.name),
                Cell(
                    axis_link(self._view, row.axis, self._base) if row.axis else row.benchmark,
                    row.axis or row.benchmark,
                ),
                tables.figure(row.old.value if row.old else None),
                tables.figure(row.new.value if row.new else None),
                _source(row.new or row.old),
                tables.text(", ".join(self._view.track_name(track) for track in row.used_by)),
            )
            for row in rows
        ]
        return tables.table(columns, body, caption="Observations added, withdrawn and revised")

    def of(self, name: ChangeList, rows: Sequence[object]) -> Markup:
        """The table of the list `name` of `Changes`."""
        made: Markup = getattr(self, name)(rows)
        return made

    def _model(self, identity: str, name: str | None) -> Cell:
        return Cell(model_link(self._view, identity, self._base, name), name or identity)

    def _named(self, folder: str, identity: str, name: str) -> Markup | str:
        """A link where this site has the page; a thing of an earlier day may be gone."""
        known = {
            "models": self._view.models,
            "labs": self._view.labs,
            "families": self._view.families,
            "benchmarks": self._view.benchmarks,
        }.get(folder)
        items = (self._view.section(folder) or {}).get("items", ()) if folder in ("claims", "predictions") else ()
        if (known is not None and identity in known) or any(item["id"] == identity for item in items):
            return filled('<a href="{}">{}</a>', link(self._base, f"{folder}/{identity}/"), name)
        return name

    def _value(self, prediction: str, value: Value) -> str:
        """A metric on both sides, by the words and the unit the page of the prediction has for it."""
        items = (self._view.section("predictions") or {}).get("items", ())
        heads = next((headings(item) for item in items if item["id"] == prediction), {})
        name = f"{heads[value.name]}:" if value.name in heads else value.name
        return value_line(value.model_copy(update={"name": name}))

    def _statistic(self, row: StatisticChange) -> Cell:
        about = (
            " × ".join(self._view.axis_name(axis) for axis in row.axes)
            if len(row.axes) <= 2
            else f"{len(row.axes)} benchmarks"
        )
        where: Markup | str = self._view.track_name(row.track) if row.track else ""
        parts = row.id.split("/")
        if parts[:2] == ["claims", "items"] and len(parts) > 2:
            titles = {one["id"]: one["title"] for one in (self._view.section("claims") or {}).get("items", ())}
            where = filled("in {}", self._named("claims", parts[2], titles.get(parts[2], parts[2])))
        elif parts[0] != row.track:
            where = self._place(row)
        flip = filled(' <span class="cw-chip cw-chip--warn">{}</span>', row.flip) if row.flip else ""
        return Cell(
            filled(
                '<b>{}</b>{} <span class="cw-where">{}</span>{}',
                self._named_words(row.name),
                f", {about}" if about else "",
                where,
                flip,
            ),
            row.id,
        )

    def _named_words(self, name: str) -> str:
        """A statistic with labs, families and benchmarks by name; the pair of benchmarks stands beside it."""
        words = (self._view.axis_name(word) for word in name.split() if "~" not in word)
        return statistic_name(self._view, " ".join(words))

    def _place(self, row: StatisticChange) -> Markup:
        """The page that shows a statistic of no track alone, with what else its id says; the id itself where no page does."""
        head, *rest = row.id.split("/")
        if head not in PLACES:
            return filled("<code>{}</code>", row.id)
        said: list[Markup | str] = [filled('<a href="{}">{}</a>', link(self._base, PLACES[head][0]), PLACES[head][1])]
        if head == "labs":
            said.append(str(self._view.labs.get(rest[1], {}).get("name", rest[1])))
        if head == "cascade":
            said.append(rest[0])
        if head == "sensitivity" and "|" in rest[-1]:
            said.append(f"given {rest[-1].rpartition('|')[2]}")
        if row.track:
            said.append(self._view.track_name(row.track))
        return Markup(", ").join(said)

    def _movers(self, movers: Sequence[Mover]) -> Markup:
        if not movers:
            return no_value()
        shown = [
            filled(
                "{}{}",
                model_link(self._view, mover.model, self._base, mover.name),
                f" ({format.signed(mover.effect, 3)})" if mover.effect is not None else "",
            )
            for mover in movers[:MOVERS]
        ]
        rest = len(movers) - len(shown)
        return filled(
            '<span class="cw-movers">{}{}</span>', Markup(", ").join(shown), f" and {rest} more" if rest else ""
        )


def _turned(old: str, new: str, chip) -> Markup:  # type: ignore[no-untyped-def]
    """One chip, or two with an arrow between."""
    if old == new:
        return chip(new) if new else no_value()
    return (chip(old) if old else no_value()) + ARROW + (chip(new) if new else no_value())


def _pair(old: str, new: str) -> Markup:
    if old == new:
        return filled("{}", new) if new else no_value()
    return filled("{}{}{}", old or no_value(), ARROW, new or no_value())


def _lines(texts: Iterable[str]) -> Markup:
    return Markup("<br>").join(texts) or no_value()


def _source(side: Observed | None) -> Cell:
    if side is None:
        return Cell(no_value())
    day = side.published or side.recorded
    return Cell(source_link(side.url, f"{side.source_name}, {str(day).replace('-', NO_BREAK)}"), side.source_name)


def _reading(side: Reading | None) -> Cell:
    if side is None:
        return Cell(no_value())
    if side.estimate is None:
        return Cell(no_value(side.reason))
    if side.low is None and side.high is None:
        return Cell(format.words(side.estimate), side.estimate)
    bounds = ", ".join(format.words(end) if end is not None else "open" for end in (side.low, side.high))
    return Cell(filled('{} <span class="cw-bounds">[{}]</span>', format.words(side.estimate), bounds), side.estimate)


def _ns(old: Reading | None, new: Reading | None) -> Cell:
    shown = new or old
    return Cell(_pair(*(str(side.n) if side else "" for side in (old, new))), float(shown.n) if shown else None)


def _h_interval(side: HReading | None) -> Cell:
    if side is None or side.pi_low is None or side.pi_high is None:
        return Cell(no_value())
    low, high = side.pi_low - side.fitted, side.pi_high - side.fitted
    return tables.bounds(low, high, sign=True)


def _phase(side: PhaseReading | None) -> Cell:
    if side is None:
        return Cell(no_value())
    return Cell(
        f"{format.number(side.gamma)} {format.interval(side.low, side.high)}, {side.phase or 'no phase'}", side.gamma
    )
