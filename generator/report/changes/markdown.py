"""`Changes` as Markdown for a comment or a terminal. Every text of the bundle is escaped: it may be hostile.

What a reader of a forge meets is inert: no markup, no link but a plain http(s) source, no mention, no reference to an issue.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from generator.core import counted
from generator.report.changes.records import Changes, HReading, Mover, Observed, PhaseReading, Reading
from generator.report.changes.words import interval, number, prediction_line, signed

T = TypeVar("T")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
# A dot between digits and a hyphen inside a line start nothing; every other mark could.
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~^=:$@\"'/]|^-|(?<!\d)\.|\.(?!\d))")
_JOINER = "\u2060"
MAX_TEXT = 300
MOVERS_SHOWN = 4


def escaped(value: Any) -> str:
    """One line that Markdown shows as it is. A word joiner after @ and # stops mentions and references, which a forge
    looks for after it has decoded character references."""
    line = " ".join(_CONTROL.sub("", str(value)).split())
    line = line if len(line) <= MAX_TEXT else f"{line[:MAX_TEXT]}…"
    line = _MARKUP.sub(lambda found: f"&#{ord(found.group())};", html.escape(line, quote=False))
    return line.replace("&#64;", f"&#64;{_JOINER}").replace("&#35;", f"&#35;{_JOINER}")


def link(text: Any, url: str) -> str:
    """A link to a plain http(s) address, otherwise the text alone."""
    try:
        parts = urlsplit(_CONTROL.sub("", url))
    except ValueError:
        return escaped(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return escaped(text)
    return f"[{escaped(text)}](<{quote(parts.geturl(), safe=':/?#&=%+,;~!$*@')}>)"


def changes_markdown(changes: Changes, *, limit: int | None = None, heading: int = 2) -> str:
    """The changes as GitHub-flavoured Markdown. `limit`: rows a table shows before it says how many more there are;
    `heading`: level of the title."""
    mark = "#" * heading
    old, new = changes.old, changes.new
    lines = [f"{mark} From {escaped(old.label)} to {escaped(new.label)}", "", f"{escaped(changes.summary)}.", ""]
    lines += [f"- {escaped(item.text)}" for item in changes.headlines[:limit]]
    if limit is not None and len(changes.headlines) > limit:
        lines.append(f"- and {len(changes.headlines) - limit} more")
    for title, block in _blocks(changes, limit):
        lines += ["", f"{mark}# {title}", "", *block]
    return "\n".join(lines).rstrip() + "\n"


def _blocks(changes: Changes, limit: int | None) -> Iterator[tuple[str, list[str]]]:
    for title, head, rows, cells in _tables(changes):
        if rows:
            yield f"{title} ({len(rows)})", _table(head, rows, cells, limit)
    if changes.not_compared:
        yield "Not compared", [f"- {escaped(item.part)}: {escaped(item.reason)}" for item in changes.not_compared]
    if changes.settings:
        yield (
            "Beside the data",
            [
                f"- {escaped(item.name)}: {escaped(item.old or '—')} → {escaped(item.new or '—')}"
                for item in changes.settings
            ],
        )


def _table(head: Sequence[str], rows: Sequence[T], cells: Callable[[T], Sequence[str]], limit: int | None) -> list[str]:
    shown = rows if limit is None else rows[:limit]
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {' | '.join(cells(row))} |" for row in shown]
    if len(shown) < len(rows):
        lines += ["", f"and {counted(len(rows) - len(shown), 'more row')}"]
    return lines


def _tables(changes: Changes) -> Iterator[tuple[str, Sequence[str], Sequence[Any], Callable[[Any], Sequence[str]]]]:
    yield (
        "Predictions", ("prediction", "change", "n", "moved by"), changes.predictions,
        lambda row: (
            escaped(row.title), escaped(prediction_line(row).removeprefix(f"{row.title}: ")),
            f"{_count(row.old_n)} → {_count(row.new_n)}", _movers(row.movers),
        ),
    )  # fmt: skip
    yield (
        "Verdicts of claims", ("claim", "before", "now", "reason"), changes.claims,
        lambda row: (escaped(row.title), escaped(row.old or "—"), escaped(row.new or "—"), escaped(row.reason)),
    )  # fmt: skip
    yield (
        "Models", ("model", "lab", "kind", "released", "observations", "change"), changes.models,
        lambda row: (
            escaped(row.name), escaped(row.lab), escaped(row.kind), escaped(row.released or "—"),
            str(row.observations), row.how,
        ),
    )  # fmt: skip
    yield (
        "Scores used by a track", ("model", "axis", "track", "before", "now", "source", "why"), changes.scores,
        lambda row: (
            escaped(row.name), escaped(row.axis), escaped(row.track), _value(row.old), _value(row.new),
            _source(row.new or row.old), escaped(row.why),
        ),
    )  # fmt: skip
    yield (
        "Statistics", ("statistic", "before", "now", "move", "n", "what turned", "moved by"), changes.statistics,
        lambda row: (
            escaped(row.id), _reading(row.old), _reading(row.new), escaped(signed(row.move)), _n(row.old, row.new),
            escaped(row.flip or "—"), _movers(row.movers) if row.movers else escaped(row.attribution),
        ),
    )  # fmt: skip
    yield (
        "h-field", ("model", "track", "h before", "h now", "95 % prediction interval", "rank", "label", "cause"), changes.h,
        lambda row: (
            escaped(row.name), escaped(row.track), _h(row.old), _h(row.new), _h_interval(row.new),
            _ranks(row.old, row.new), _labels(row.old, row.new), escaped(row.cause),
        ),
    )  # fmt: skip
    yield (
        "Phases of size steps", ("family", "from", "to", "before", "now"), changes.phases,
        lambda row: (
            escaped(row.family), escaped(row.model_from), escaped(row.model_to), _phase(row.old), _phase(row.new),
        ),
    )  # fmt: skip
    yield (
        "Sources", ("source", "turned", "newest", "rows used"), changes.sources,
        lambda row: (
            escaped(row.name), row.turned or "—", f"{escaped(row.old_newest or '—')} → {escaped(row.new_newest or '—')}",
            f"{row.old_rows} → {row.new_rows}",
        ),
    )  # fmt: skip
    yield (
        "Other entries", ("kind", "entry", "change"), changes.entities,
        lambda row: (escaped(row.kind), escaped(row.name), row.how),
    )  # fmt: skip
    yield (
        "Fields edited", ("kind", "entry", "field", "before", "now"), changes.edits,
        lambda row: (
            escaped(row.kind), escaped(row.name), escaped(row.field), escaped(row.old or "—"), escaped(row.new or "—"),
        ),
    )  # fmt: skip
    yield (
        "Observations", ("model", "benchmark", "before", "now", "source", "used by"), changes.observations,
        lambda row: (
            escaped(row.name), escaped(row.axis or row.benchmark), _value(row.old), _value(row.new),
            _source(row.new or row.old), escaped(", ".join(row.used_by) or "—"),
        ),
    )  # fmt: skip


def _count(value: int | None) -> str:
    return "—" if value is None else str(value)


def _value(side: Observed | None) -> str:
    return escaped(number(side.value, 1) if side else "—")


def _source(side: Observed | None) -> str:
    return link(f"{side.source_name}, {side.published or side.recorded}", side.url) if side else "—"


def _reading(side: Reading | None) -> str:
    if side is None:
        return "—"
    if side.estimate is None:
        return escaped(side.reason)
    return escaped(f"{number(side.estimate)}{interval(side.low, side.high)}")


def _n(old: Reading | None, new: Reading | None) -> str:
    return f"{_count(old.n if old else None)} → {_count(new.n if new else None)}"


def _movers(movers: Sequence[Mover]) -> str:
    shown = [
        escaped(mover.name + (f" ({signed(mover.effect, 3)})" if mover.effect is not None else ""))
        for mover in movers[:MOVERS_SHOWN]
    ]
    rest = len(movers) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "") if shown else "—"


def _h(side: HReading | None) -> str:
    return escaped(signed(side.h, 1) if side else "—")


def _h_interval(side: HReading | None) -> str:
    return escaped(f"{number(side.y, 1)} in{interval(side.pi_low, side.pi_high)}") if side else "—"


def _ranks(old: HReading | None, new: HReading | None) -> str:
    return " → ".join(f"{side.rank} of {side.of}" if side else "—" for side in (old, new))


def _labels(old: HReading | None, new: HReading | None) -> str:
    names = [escaped(side.label) if side else "—" for side in (old, new)]
    return names[1] if names[0] == names[1] else " → ".join(names)


def _phase(side: PhaseReading | None) -> str:
    return escaped(f"{number(side.gamma)}{interval(side.low, side.high)} {side.phase or 'no phase'}") if side else "—"
