"""A chart as a page shows it: title, finding in words, drawing, legend, table twin and links to its data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from generator.site.charts.store import Chart
from generator.site.colours import OUTLINES
from generator.site.escape import filled


@dataclass(frozen=True)
class Key:
    """One legend entry: the group that it stands for in the chart's data, its text, colour and symbol."""

    group: str
    text: str
    colour: str
    shape: str = "circle"


@dataclass(frozen=True)
class Figure:
    """Everything around one chart. `finding` says in one or two sentences what the chart shows, from statistics;
    `csv` is a link below the site's root; `table` is the same data as an HTML table. `whole` and `zoom` are two windows
    (x_low, x_high, y_low, y_high) between which a reader may switch; `names` are the points that can be marked, with
    their group."""

    identity: str
    title: str
    finding: str
    chart: Chart
    table: Markup = field(default_factory=Markup)
    csv: str = ""
    keys: Sequence[Key] = field(default_factory=tuple)
    note: str = ""
    compact: bool = False
    whole: Mapping[str, float] | None = None
    zoom: Mapping[str, float] | None = None
    names: Sequence[tuple[str, str]] = field(default_factory=tuple)

    def html(self, base: str) -> Markup:
        """The figure for a page whose way up to the root is `base`."""
        store = self.chart.store
        if store is not None and not (self.compact and self.chart.name in store.shown):
            store.shown[self.chart.name] = self
        return self._figure(base, tools=self._tools(), foot=self._foot(base), table=self._details())

    def core(self, base: str) -> Markup:
        """The drawing with finding and legend alone, as a frame on another site shows it."""
        return self._figure(base, tools=Markup(""), foot=Markup(""), table=Markup(""))

    def _figure(self, base: str, *, tools: Markup, foot: Markup, table: Markup) -> Markup:
        return filled(
            '<figure class="cw-chart{compact}" id="{id}" data-cw-chart="{spec}">\n'
            '<figcaption><span class="cw-chart__title">{title}</span> <span class="cw-chart__finding">{finding}</span>'
            "</figcaption>\n"
            '<div class="cw-chart__plot" role="img" aria-label="{title} {finding}">{svg}</div>\n{tools}{legend}{foot}{table}</figure>',
            compact=" cw-chart--compact" if self.compact else "",
            id=self.identity,
            spec=f"{base}{self.chart.path}",
            title=self.title,
            finding=self.finding,
            svg=self.chart.svg,
            tools=tools,
            legend=self._legend(),
            foot=foot,
            table=table,
        )

    def _tools(self) -> Markup:
        """Switches for names and window, and a list to mark one model; a script shows them."""
        if not self.zoom or not self.whole:
            return Markup("")
        options = Markup("").join(
            filled('<option value="{}">{} ({})</option>', name, name, group) for name, group in sorted(self.names)
        )
        return filled(
            '<form class="cw-chart__tools" data-cw-chart-tools hidden>'
            '<label class="cw-field">Names <select name="names"><option value="outside">outliers</option>'
            '<option value="all">all with room</option><option value="none">none</option></select></label>'
            '<label class="cw-field">View <select name="view"><option value="whole" data-window="{}">whole range</option>'
            '<option value="zoom" data-window="{}">crowded corner</option></select></label>'
            '<label class="cw-field">Mark <select name="mark"><option value="">no model</option>{}</select></label>'
            "</form>\n",
            json.dumps(dict(self.whole)),
            json.dumps(dict(self.zoom)),
            options,
        )

    def _legend(self) -> Markup:
        if not self.keys:
            return Markup("")
        items = Markup("").join(
            filled(
                '<li><button type="button" class="cw-key" data-cw-key="{}" aria-pressed="false">'
                '<svg class="cw-glyph" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><path d="{}" fill="{}"/></svg>'
                "{}</button></li>",
                key.group,
                OUTLINES[key.shape],
                key.colour,
                key.text,
            )
            for key in self.keys
        )
        return filled('<ul class="cw-legend" aria-label="Legend">{}</ul>\n', items)

    def _foot(self, base: str) -> Markup:
        if self.compact and not self.note:
            return Markup("")
        csv = filled('<a href="{}">CSV</a> ', f"{base}{self.csv}") if self.csv else Markup("")
        links = filled(
            '{}<a href="{}">Chart specification</a> <a href="{}" data-cw-embed>Embed</a>',
            csv,
            f"{base}{self.chart.path}",
            f"{base}embed/{self.chart.name}/",
        )
        note = " ".join(part for part in (self.note, self.chart.left_out) if part)
        return filled('<p class="cw-chart__foot">{} <span class="cw-chart__links">{}</span></p>\n', note, links)

    def _details(self) -> Markup:
        if not self.table:
            return Markup("")
        return filled(
            '<details class="cw-twin"><summary>The same data as a table</summary>\n{}\n</details>\n', self.table
        )
