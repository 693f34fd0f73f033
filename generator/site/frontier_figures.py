"""Figures of the Frontier page beside the scatter: how each lab's h moved, and one model at several effort settings."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.analysis.emphasis import SWING
from generator.site import format, tables
from generator.site.charts import Figure
from generator.site.figures import h_bands, lab_keys
from generator.site.plots import Line, Panel, Plots
from generator.site.published import publish_csv
from generator.site.tables import Cell, Column
from generator.site.view import View, lab_chip, model_link

#: share of the axis that a letter of a setting takes, and that stays free between two settings: on a desk, on a phone
ROOM = {"label": (0.012, 0.012), "narrow": (0.04, 0.03)}
LEAST_STEPS = 2  # releases before a lab's path is drawn
#: What the words and the γ of a table of steps mean.
READ_STEPS = (
    f"In the table, a swing is a step of h by more than {SWING:g}{format.NBSP}pp; the order is unknown where two releases have one date "
    "as far as it is known; γ over a small change of SWE-bench is mostly noise."
)
Row = Mapping[str, Any]


def lab_paths(view: View, track: str, base: str) -> Markup | str:
    """h over the releases of every lab, one small panel a lab on common axes, with every step as a table."""
    labs = {
        lab: found["trajectory"]
        for lab, found in ((view.section("labs") or {}).get(track) or {}).items()
        if len(found["trajectory"]) > LEAST_STEPS
    }
    if not labs:
        return ""
    steps = [step for path in labs.values() for step in path]
    years = (min(step["year"] for step in steps), max(step["year"] for step in steps))
    bands = {row["model"]: row for row in h_bands(view.h_rows(track))}
    ends = [bands[step["model"]][end] for step in steps if step["model"] in bands for end in ("low", "high")]
    reach = 10.0 * -(-max(map(abs, [*ends, *(step["h"] for step in steps)])) // 10)
    ticks = [(float(year), str(year)) for year in range(int(years[0]) + 1, int(years[1]) + 1)]
    panels = [
        _panel(view, lab, path, bands, x=years, reach=reach, ticks=ticks)
        for lab, path in sorted(labs.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    records = [
        {"lab": lab, **after, "h_before": before["h"], "model_before": before["model"]}
        for lab, path in labs.items()
        for before, after in itertools.pairwise(path)
    ]
    swings = sum(1 for record in records if record["swing"])
    return Plots(
        f"paths-{track}",
        "h over each lab's releases, in pp.",
        f"{format.plural(len(records), 'step')} between consecutive releases of {format.plural(len(labs), 'lab')}; "
        f"in {swings} of them h moves by more than {SWING:g}{format.NBSP}pp.",
        panels,
        table=_step_table(view, records, base, track),
        note="Common axes; dashed: the population line; band: 95 % prediction interval of a single model. A release scatters by "
        f"that much, so a swing inside it is no event. {READ_STEPS}",
        data=publish_csv(view, f"steps-{track}", records),
    ).html(base)


def _panel(
    view: View,
    lab: str,
    path: Sequence[Row],
    bands: Mapping[str, Row],
    *,
    x: tuple[float, float],
    reach: float,
    ticks: list[tuple[float, str]],
) -> Panel:
    name = view.labs[lab]["name"] if lab in view.labs else lab
    first, last = path[0], path[-1]
    text = f"{name}: from {format.pp(first['h'])} ({first['released']}) to {format.pp(last['h'])} ({last['released']})"
    return Panel(
        alt=text,
        x=x,
        y=(-reach, reach),
        x_ticks=ticks,
        y_ticks=[(value, format.signed(value, 0)) for value in (-reach, 0.0, reach)],
        levels=(0.0,),
        band=[
            (step["year"], *(bands[step["model"]][end] for end in ("low", "high")))
            for step in path
            if step["model"] in bands
        ],
        lines=[Line([(step["year"], step["h"]) for step in path])],
        name=name,
        note=f"{format.plural(len(path), 'release')}, {format.pp(first['h'])} to {format.pp(last['h'])}",
        height=130,
    )


def _step_table(view: View, records: Sequence[Row], base: str, track: str) -> Markup:
    labels = {row["model"]: row["label"] for row in view.h_rows(track)}
    columns = (
        Column("Lab"),
        Column("From"),
        Column("To"),
        Column("ΔSWE, pp", "number"),
        Column("ΔGPQA, pp", "number"),
        Column("γ, pp per pp", "number", "ΔGPQA / ΔSWE"),
        Column("h before, pp", "number"),
        Column("h after, pp", "number"),
        Column("Reading"),
    )
    body = [
        (
            Cell(lab_chip(view, step["lab"], base), step["lab"]),
            Cell(model_link(view, step["model_before"], base), view.model_name(step["model_before"])),
            Cell(model_link(view, step["model"], base), view.model_name(step["model"])),
            tables.figure(step["dx"], sign=True),
            tables.figure(step["dy"], sign=True),
            tables.figure(step["gamma"], 2, sign=True),
            tables.figure(step["h_before"], sign=True),
            tables.figure(step["h"], sign=True),
            _reading(labels.get(step["model_before"], ""), labels.get(step["model"], ""), step),
        )
        for step in records
    ]
    return tables.table(columns, body, caption=f"Steps between consecutive releases, {view.track_name(track)}")


def _reading(before: str, after: str, step: Row) -> str:
    words = f"stays {after}" if before == after else f"{before} → {after}"
    more = [word for word, told in (("swing", step["swing"]), ("order unknown", not step["order_known"])) if told]
    return ", ".join([words, *more])


def effort_tiers(view: View, track: str, base: str) -> Figure | None:
    """h of one model at several effort settings, the settings joined from least effort to most."""
    rows = (view.section("effort") or {}).get(track) or []
    if not rows:
        return None
    points = _apart([_tier_point(view, row, index) for index, row in enumerate(rows)])
    names = list(dict.fromkeys(point["row"] for point in points))
    spans = {row["model"]: [other["h"] for other in rows if other["model"] == row["model"]] for row in rows}
    widest = max(spans, key=lambda model: max(spans[model]) - min(spans[model]))
    clear = [row for row in rows if format.known(row["dh"]) and abs(row["dh"]) > 2 * row["se_dh"]]
    chart = view.charts.chart(
        f"tiers-{track}", "rows", {"points": points, "marks": [{"x": 0}]},
        {"x": "Residual h, pp", "y": "Effort", "who": "Lab", "more": "SWE-bench Verified", "rows": names, "height": 40 + 28 * len(names),
         "type": "linear", "words": "datum.label", "ticks": [float(tick) for tick in range(-30, 31, 5)]},
    )  # fmt: skip
    changes = [row for row in rows if format.known(row["dh"])]
    moved = sum(len({row["label"] for row in rows if row["model"] == model}) > 1 for model in spans)
    return Figure(
        identity=f"tiers-{track}",
        title="One model at several effort settings.",
        finding=f"{format.plural(len(names), 'model')} with GPQA Diamond at two settings or more. Widest: "
        f"{view.model_name(widest)}, h from {format.pp(min(spans[widest]))} to {format.pp(max(spans[widest]))}. "
        f"{_effort_alone(moved, len(spans), len(clear), len(changes))}",
        chart=chart,
        keys=lab_keys(view, [{"lab": view.models[row["model"]]["lab"]} for row in rows]),
        note="Each point is one setting, joined from least effort to most; bars: one sampling error of the change on each side. "
        "Where SWE-bench Verified is reported at one setting only, it is held and the change is that of GPQA Diamond alone.",
        csv=publish_csv(view, f"effort-{track}", rows),
        table=tier_twin(view, rows, base),
    )


def _effort_alone(moved: int, models: int, clear: int, changes: int) -> str:
    """How many labels effort alone changes, and how many changes stand out of the noise."""
    if models == 1:
        first = f"Effort alone {'changes' if moved else 'does not change'} its label"
    else:
        first = f"Effort alone changes the label of {moved} of them"
    if changes == 1:
        return f"{first}; the change is {'larger' if clear else 'not larger'} than twice the sampling error."
    return (
        f"{first}; {clear} of {changes} changes {'is' if clear == 1 else 'are'} larger than twice the sampling error."
    )


def _apart(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The points with the words of a setting left out where they would cover those of another one of the same row."""
    axis = max(point["high"] for point in points) - min(point["low"] for point in points)
    kept: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for point in sorted(points, key=lambda point: (point["row"], -point["order"])):
        for field, (letter, gap) in ROOM.items():
            near, letters = kept.setdefault((field, point["row"]), []), len(point[field])
            if any(abs(point["x"] - x) < (letter * (letters + other) / 2 + gap) * axis for x, other in near):
                point[field] = ""
            else:
                near.append((point["x"], letters))
    return points


def _tier_point(view: View, row: Row, index: int) -> dict[str, Any]:
    mark = view.mark(view.models[row["model"]]["lab"])
    lab = view.labs[view.models[row["model"]]["lab"]]["name"]
    se = row["se_dh"] if format.known(row["se_dh"]) else 0.0
    return {
        "x": row["h"], "low": row["h"] - se, "high": row["h"] + se, "row": view.model_name(row["model"]), "order": index,
        "name": f"{view.model_name(row['model'])}, {row['effort']}", "who": lab, "group": view.models[row["model"]]["lab"],
        "colour": mark.colour, "shape": mark.shape, "label": row["effort"], "narrow": row["effort"], "x_text": format.pp(row["h"]),
        "y_text": row["effort"],
        "more": format.percent(row["x"]) + (" (held)" if row["x_shared"] else ""),
    }  # fmt: skip


def tier_twin(view: View, rows: Sequence[Row], base: str) -> Markup:
    columns = (
        Column("Model"),
        Column("Effort"),
        Column("SWE, %", "number"),
        Column("GPQA, %", "number"),
        Column("h, pp", "number"),
        Column("Against"),
        Column("ΔSWE, pp", "number"),
        Column("ΔGPQA, pp", "number"),
        Column("Δh, pp", "number"),
        Column("± error, pp", "number", "one sampling error of Δh"),
    )
    body = [
        (
            Cell(model_link(view, row["model"], base), view.model_name(row["model"])),
            row["effort"],
            Cell(f"{format.number(row['x'], 1)}{' held' if row['x_shared'] else ''}", row["x"]),
            tables.figure(row["y"]),
            tables.figure(row["h"], sign=True),
            row["reference"] or Cell(Markup('<span class="cw-none">first setting</span>')),
            tables.figure(row["dx"], sign=True),
            tables.figure(row["dy"], sign=True),
            tables.figure(row["dh"], sign=True),
            tables.figure(row["se_dh"]),
        )
        for row in rows
    ]
    return tables.table(columns, body, caption="Effort settings of one model", sortable=False)
