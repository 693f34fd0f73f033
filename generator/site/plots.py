"""Small line drawings as inline SVG: several panels of one kind side by side, sharp at every width, without a library.

The large charts with many models are Vega's; these show a few values each and must read the same on a phone, in print
and without JavaScript. Every figure has its finding in words, its data as a table, and a link to the file behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

WIDTH, HEIGHT = 340, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 12, 10, 26
Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """Points joined in their order; kind: main (solid, with dots) or expected (dashed, without).

    hollow: which points are drawn as a ring, because they rest on too little to be read.
    """

    points: Sequence[Point]
    kind: str = "main"
    hollow: Sequence[bool] = ()


@dataclass(frozen=True)
class Span:
    """A horizontal interval at height y with a dot at `at` (None: no dot)."""

    y: float
    low: float
    high: float
    at: float | None = None


@dataclass(frozen=True)
class Panel:
    """One drawing. x, y: where the axes begin and end; ticks: (value, text); levels: horizontal reference lines;
    uprights: vertical ones; band: (x, low, high) of an interval; bars: (from, to, height) of a histogram; flags: named
    vertical lines (x, name); alt: the drawing in words."""

    alt: str
    x: Point
    y: Point
    x_ticks: Sequence[tuple[float, str]] = ()
    y_ticks: Sequence[tuple[float, str]] = ()
    lines: Sequence[Line] = ()
    band: Sequence[tuple[float, float, float]] = ()
    levels: Sequence[float] = ()
    uprights: Sequence[float] = ()
    spans: Sequence[Span] = ()
    bars: Sequence[tuple[float, float, float]] = ()
    flags: Sequence[tuple[float, str]] = ()
    name: str = ""
    note: str = ""
    height: int = HEIGHT

    def html(self) -> Markup:
        """The panel with its name above and a note below."""
        head = Markup('<p class="cw-panel__name">{}</p>').format(self.name) if self.name else Markup("")
        foot = Markup('<p class="cw-panel__note">{}</p>').format(self.note) if self.note else Markup("")
        return Markup('<div class="cw-panel">{}{}{}</div>').format(head, self.svg(), foot)

    def svg(self) -> Markup:
        parts = [self._grid(), self._band(), *map(self._bar, self.bars), *map(self._line, self.lines)]
        parts += [*map(self._span, self.spans), *(self._flag(row, *flag) for row, flag in enumerate(self.flags))]
        return Markup('<svg class="cw-plot" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
            WIDTH, self.height, self.alt, Markup("").join(parts)
        )

    def _at(self, x: float, y: float) -> Point:
        """Place in the drawing, cut at the ends of the axes."""
        across = _share(x, self.x) * (WIDTH - _LEFT - _RIGHT) + _LEFT
        down = (1 - _share(y, self.y)) * (self.height - _TOP - _BOTTOM) + _TOP
        return round(across, 1), round(down, 1)

    def _grid(self) -> Markup:
        parts = []
        for value, text in self.y_ticks:
            _x, down = self._at(self.x[0], value)
            parts.append(_rule("grid", _LEFT, down, WIDTH - _RIGHT, down))
            parts.append(_text(_LEFT - 5, down + 4, text, "end"))
        for index, (value, text) in enumerate(self.x_ticks):
            across, _y = self._at(value, self.y[0])
            last = index == len(self.x_ticks) - 1 and across > WIDTH - 50
            parts.append(_text(across + (10 if last else 0), self.height - 8, text, "end" if last else "middle"))
        parts.append(_rule("axis", _LEFT, self.height - _BOTTOM, WIDTH - _RIGHT, self.height - _BOTTOM))
        parts += [_rule("level", _LEFT, self._at(0, y)[1], WIDTH - _RIGHT, self._at(0, y)[1]) for y in self.levels]
        parts += [
            _rule("upright", self._at(x, 0)[0], _TOP, self._at(x, 0)[0], self.height - _BOTTOM) for x in self.uprights
        ]
        return Markup("").join(parts)

    def _band(self) -> Markup:
        if len(self.band) < 2:
            return Markup("")
        upper = [self._at(x, high) for x, _low, high in self.band]
        lower = [self._at(x, low) for x, low, _high in reversed(self.band)]
        return Markup('<polygon class="band" points="{}"/>').format(_points([*upper, *lower]))

    def _bar(self, bar: tuple[float, float, float]) -> Markup:
        (left, top), (right, bottom) = self._at(bar[0], bar[2]), self._at(bar[1], 0)
        return Markup('<rect class="bar" x="{:g}" y="{:g}" width="{:g}" height="{:g}"/>').format(
            left + 0.5, top, max(right - left - 1, 1), max(bottom - top, 0)
        )

    def _flag(self, row: int, x: float, name: str) -> Markup:
        """Each name on a row of its own, on the side where there is room."""
        across, _y = self._at(x, self.y[0])
        left = across > WIDTH * 0.6
        text = _text(across + (-5 if left else 5), _TOP + 8 + 13 * row, name, "end" if left else "start")
        return _rule(f"flag flag--{row}", across, _TOP, across, self.height - _BOTTOM) + text

    def _line(self, line: Line) -> Markup:
        places = [self._at(x, y) for x, y in line.points]
        drawn = Markup('<polyline class="line {}" points="{}"/>').format(line.kind, _points(places))
        if line.kind != "main":
            return drawn
        rings = [*line.hollow, *[False] * (len(places) - len(line.hollow))]
        dot = Markup('<circle{} cx="{}" cy="{}" r="3.2"/>')
        return drawn + Markup("").join(
            dot.format(Markup(' class="hollow"') if ring else "", x, y)
            for (x, y), ring in zip(places, rings, strict=True)
        )

    def _span(self, span: Span) -> Markup:
        (left, down), (right, _y) = self._at(span.low, span.y), self._at(span.high, span.y)
        drawn = _rule("span", left, down, right, down)
        if span.at is None:
            return drawn
        return drawn + Markup('<circle cx="{}" cy="{}" r="5"/>').format(self._at(span.at, span.y)[0], down)


@dataclass(frozen=True)
class Plots:
    """Panels as one figure: `finding` in words from the statistics, `table` the same data, `data` the file below the root."""

    identity: str
    title: str
    finding: str
    panels: Sequence[Panel]
    table: Markup = field(default_factory=Markup)
    note: str = ""
    data: str = ""

    def html(self, base: str) -> Markup:
        """The figure for a page whose way up to the root is `base`."""
        link = Markup('<span class="cw-chart__links"><a href="{}{}">{}</a></span>').format(
            base, self.data, _kind(self.data)
        )
        twin = Markup('<details class="cw-twin"><summary>The same data as a table</summary>\n{}\n</details>\n')
        return Markup(
            '<figure class="cw-chart" id="{}">\n<figcaption><span class="cw-chart__title">{}</span> '
            '<span class="cw-chart__finding">{}</span></figcaption>\n<div class="cw-panels">{}</div>\n'
            '<p class="cw-chart__foot">{} {}</p>\n{}</figure>'
        ).format(
            self.identity,
            self.title,
            self.finding,
            Markup("\n").join(panel.html() for panel in self.panels),
            self.note,
            link if self.data else "",
            twin.format(self.table) if self.table else "",
        )


def _kind(path: str) -> str:
    return path.rsplit(".", 1)[-1].upper()


def _share(value: float, ends: Point) -> float:
    low, high = ends
    return min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 0.5


def _points(places: Sequence[Point]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)


def _rule(kind: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    return Markup('<line class="{}" x1="{:g}" y1="{:g}" x2="{:g}" y2="{:g}"/>').format(kind, x1, y1, x2, y2)


def _text(x: float, y: float, text: str, anchor: str) -> Markup:
    return Markup('<text x="{:g}" y="{:g}" text-anchor="{}">{}</text>').format(x, y, anchor, text)
