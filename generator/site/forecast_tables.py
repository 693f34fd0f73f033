"""Tables of the forecast pages: leaderboard, error by benchmark, frontier, training runs, published equations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.escape import filled
from generator.site.tables import Cell, Column
from generator.site.view import View, lab_chip

Row = Mapping[str, Any]
_WIDTH, _HEIGHT = 132, 22
#: What the forecasts of a last checkpoint are called.
TRAINED = {
    "ridge-logit": "Ridge on increments in logits",
    "mean-increment": "Last given score plus the mean increment of other sizes",
    "persistence": "Last given score, unchanged",
    "two-checkpoint-line": "Line through the last two given checkpoints",
}
#: Ends of the scale of scores, percent, at which a forecast is cut.
ENDS = {0.0: "at the floor", 100.0: "at the ceiling"}
#: A gain whose whole interval is smaller than this, pp, is the reference itself.
_NOTHING = 0.005


def leaderboard(grouping: Row, *, headline: str, caption: str, lab: bool = False) -> Markup:
    """Models by rising error from the third size on; with `lab`, the same under leave-one-lab-out."""
    entries = _judged(grouping, lab=lab)
    reach = _reach(entries)
    columns = (
        Column("Model"),
        Column("Error, pp", "number", "mean absolute error from the third size on"),
        Column(
            "Gain, pp", "number", "over the two-point line; 95 % interval by paired bootstrap over what is held out"
        ),
        Column("Gain, drawn", "text", "dot and 95 % interval; the thin line is no gain", desk=True),
        Column("80 % covers", "number", "share of held-out scores inside the 80 % interval"),
        Column("From second, pp", "number", "mean absolute error with one size given"),
        Column("CRPS, pp", "number", "continuous ranked probability score"),
    )
    body = [_line(entry, reach, headline=headline) for entry in entries]
    return tables.table(columns, body, caption=caption, classes=tables.NARROW)


def errors(view: View, grouping: Row, axes: Sequence[str], *, caption: str) -> Markup:
    """Mean absolute error of every model on each benchmark, pp, from the third size on, families held out."""
    columns = (Column("Model"), *(Column(f"{view.axis_name(axis)}, pp", "number") for axis in axes))
    body = [
        (entry["title"], *(tables.figure(entry["mae_pp"]["from_third"][axis], 2) for axis in axes))
        for entry in _judged(grouping, lab=False)
    ]
    return tables.table(columns, body, caption=caption)


def _judged(grouping: Row, *, lab: bool) -> list[dict[str, Any]]:
    """The entries with an error from the third size on, best first."""
    entries = [_scheme(entry, lab) for entry in grouping["leaderboard"] if entry["mae_pp"]["from_third"]]
    entries = [entry for entry in entries if entry["mae_pp"]["from_third"]]
    return sorted(entries, key=lambda entry: entry["mae_pp"]["from_third"]["overall"])


def _scheme(entry: Row, lab: bool) -> dict[str, Any]:
    """The entry as it is, or with its scores under leave-one-lab-out in place of those of leave-one-family-out."""
    return {**entry, **entry["leave_one_lab_out"]} if lab else dict(entry)


def _reach(entries: Sequence[Row]) -> float:
    """Half width of the drawn gains: the farthest end of an interval, at most 8 pp."""
    skills = [entry["skill_vs_two_point"]["from_third"] for entry in entries]
    ends = [
        abs(skill[end]) for skill in skills for end in ("gain_low_pp", "gain_high_pp") if skill.get(end) is not None
    ]
    return min(8.0, max(ends, default=1.0))


def _line(entry: Row, reach: float, *, headline: str) -> list[Cell | Markup | str]:
    error, second = entry["mae_pp"]["from_third"], entry["mae_pp"]["from_second"]
    skill = entry["skill_vs_two_point"]["from_third"]
    chip = Markup(' <span class="cw-chip cw-chip--open">shown</span>') if entry["name"] == headline else ""
    covered = entry["coverage"]["from_third"]["80"]
    return [
        Cell(
            filled('<span class="cw-entry" title="{}">{}{}</span>', entry["name"], entry["title"], chip),
            entry["title"],
        ),
        tables.figure(error["overall"], 2),
        gain_cell(skill),
        gain_drawing(skill, reach),
        Cell(format.percent(100 * covered, 0), covered),
        tables.figure(second["overall"] if second else None, 2),
        tables.figure(entry["crps_pp"]["from_third"]["overall"], 2),
    ]


def gain_cell(skill: Row) -> Cell:
    """``+2.9 [+1.8, +4.1]``, or why there is none; 0 alone where the forecasts are those of the reference."""
    if skill["gain_pp"] is None:
        return Cell(filled('<span class="cw-none">{}</span>', skill["reason"]))
    if skill["gain_low_pp"] == skill["gain_high_pp"] == 0:
        return _no_gain()
    ends = format.interval(skill["gain_low_pp"], skill["gain_high_pp"], 2, sign=True)
    return Cell(_beside(format.signed(skill["gain_pp"], 2), ends), float(skill["gain_pp"]))


def _no_gain() -> Cell:
    return tables.figure(0.0, 0)


def _beside(value: str, ends: str) -> Markup:
    """A value and its interval, which stays on one line."""
    return filled('{} <span class="cw-bounds">{}</span>', value, ends)


def _gained(gain: Row) -> Cell:
    """A gain with its interval, or the reason why there is none; 0 alone for the reference itself."""
    bounds = gain.get("interval")
    if not bounds or not format.known(gain["estimate"]):
        return Cell(format.estimate(gain, 2, sign=True), gain["estimate"])
    if bounds["low"] == bounds["high"] == 0:
        return _no_gain()
    ends = format.interval(bounds["low"], bounds["high"], 2, sign=True)
    return Cell(_beside(format.signed(gain["estimate"], 2), ends), gain["estimate"])


def gain_drawing(skill: Row, reach: float) -> Cell:
    """A dot with its interval about the line of no gain, cut at ±`reach` pp."""
    if skill["gain_pp"] is None:
        return Cell("")

    def at(value: float) -> float:
        return round(6 + (_WIDTH - 12) * (min(max(value, -reach), reach) + reach) / (2 * reach), 1)

    clear = skill["excludes_zero"] and max(abs(skill["gain_low_pp"]), abs(skill["gain_high_pp"])) > _NOTHING
    colour = "var(--cw-muted)" if not clear else "var(--cw-ok)" if skill["gain_pp"] > 0 else "var(--cw-bad)"
    drawing = filled(
        '<svg viewBox="0 0 {w} {h}" width="{w}" height="{h}" class="cw-gain" aria-hidden="true" '
        'focusable="false">'
        '<line x1="{zero}" x2="{zero}" y1="2" y2="20" stroke="var(--cw-axis)"/>'
        '<line x1="{low}" x2="{high}" y1="11" y2="11" stroke="{colour}" stroke-width="2"/>'
        '<circle cx="{dot}" cy="11" r="4.5" fill="{colour}"/></svg>',
        w=_WIDTH,
        h=_HEIGHT,
        zero=at(0.0),
        low=at(skill["gain_low_pp"]),
        high=at(skill["gain_high_pp"]),
        dot=at(skill["gain_pp"]),
        colour=colour,
    )
    return Cell(drawing, float(skill["gain_pp"]))


def by_benchmark(view: View, grouping: Row, axes: Sequence[str], *, headline: str, reference: str) -> Markup:
    """Error of the headline model beside the two-point line and the noise floor, by benchmark."""
    entries = {entry["name"]: entry for entry in grouping["leaderboard"]}
    floor = grouping["noise_floor_pp"]["from_third"]
    columns = (
        Column("Benchmark"),
        Column(f"{entries[headline]['title']}, pp", "number"),
        Column("Two-point line, pp", "number"),
        Column("Best model here, pp", "number", "chosen after the fact, so it flatters"),
        Column("Noise of finite items, pp", "number", "the error that remains if every true score were known"),
    )
    judged = [entry["mae_pp"]["from_third"] for entry in entries.values() if entry["mae_pp"]["from_third"]]
    body = [
        (
            view.axis_name(axis) if axis != "overall" else Markup("<b>All</b>"),
            tables.figure(entries[headline]["mae_pp"]["from_third"][axis], 2),
            tables.figure(entries[reference]["mae_pp"]["from_third"][axis], 2),
            tables.figure(min(error[axis] for error in judged), 2),
            tables.figure(floor[axis], 2),
        )
        for axis in (*axes, "overall")
    ]
    return tables.table(columns, body, caption="Error by benchmark beside the noise floor", sortable=False)


def frontier_table(judged: Sequence[Row], *, caption: str) -> Markup:
    """Forecasts of GPQA Diamond under one scheme, best first."""
    columns = (
        Column("Forecast from"),
        Column("Error, pp", "number"),
        Column("Releases", "number"),
        Column("Gain over the mean, pp", "number", "95 % interval by bootstrap over labs"),
        Column("80 % covers", "number"),
    )
    body = []
    for entry in judged:
        if entry["mae_pp"] is None:
            reason = Cell(filled('<span class="cw-none">{}</span>', entry["reason"]))
            body.append((entry["title"], tables.figure(None), tables.figure(0.0, 0), reason, tables.figure(None)))
            continue
        gain = entry["gain_over_mean"]
        body.append(
            (
                entry["title"],
                tables.figure(entry["mae_pp"], 2),
                tables.figure(entry["n"], 0),
                _gained(gain),
                Cell(format.percent(100 * entry["coverage_80"], 0), entry["coverage_80"]),
            )
        )
    return tables.table(columns, body, caption=caption)


def next_table(view: View, rows: Sequence[Row], base: str) -> Markup:
    """GPQA Diamond of each lab's next release at a range of SWE-bench Verified scores."""
    columns = (
        Column("Lab"),
        Column("Latest here"),
        Column("If SWE-bench Verified is, %", "number"),
        Column("GPQA Diamond, %", "number"),
        Column("80 % interval", "number"),
    )
    body = [
        (
            Cell(lab_chip(view, row["lab"], base), row["lab"]),
            view.model_name(row["latest"]),
            tables.figure(row["swe"]),
            kept_within(row["estimate"]),
            tables.bounds(row["low_80"], row["high_80"]),
        )
        for row in rows
    ]
    return tables.table(columns, body, caption="The next release of each lab") + kept_note(rows)


def kept_within(percent: float) -> Cell:
    """A forecast in percent; one that was cut to the end of the scale says so."""
    text = format.number(percent, 1)
    if percent not in ENDS and text in ("0.0", "100.0"):
        text = format.number(percent, 2)
    return Cell(cut_mark(text, percent), float(percent))


def cut_mark(text: str, percent: float) -> Markup | str:
    """A text about a forecast, with the end of the scale at which that was cut."""
    return filled("{} <small>{}</small>", text, ENDS[percent]) if percent in ENDS else text


def kept_note(rows: Sequence[Row]) -> Markup:
    """What it means that a forecast or its interval ends at 0 or 100; empty where none does."""
    cut = [sum(row[name] in ENDS for row in rows) for name in ("estimate", "low_80", "high_80")]
    if not any(cut):
        return Markup("")
    return filled(
        '\n<p class="cw-small">Forecasts are kept within 0 and 100{nbsp}%: one “at the ceiling” or “at the floor” left that range '
        "({left} of {of} here), and an interval that ends at 100.0 or 0.0 is cut there ({ends} of {of}).</p>",
        nbsp=format.NBSP, left=cut[0], of=len(rows), ends=sum(row["low_80"] == 0.0 or row["high_80"] == 100.0 for row in rows),
    )  # fmt: skip


def training_table(cuts: Sequence[Row]) -> Markup:
    """Error of the last checkpoint's forecast by the last step that was given."""
    columns = (
        Column("Given up to step", "number"),
        Column("Forecast"),
        Column("Error, pp", "number"),
        Column(
            "Gain over the line, pp",
            "number",
            "over that of the last two given checkpoints; 95 % interval by bootstrap over sizes",
        ),
    )
    body = [
        (
            Cell(format.count(cut["given_until"]), float(cut["given_until"])),
            TRAINED.get(entry["name"], entry["name"]),
            tables.figure(entry["mae_pp"]["overall"], 2),
            _gained(entry["gain"]),
        )
        for cut in cuts
        for entry in cut["models"]
    ]
    return tables.table(columns, body, caption="Last checkpoints of the Pythia runs, forecast from early ones")


def terms_table(view: View, firm: Row) -> Markup:
    """Terms of the found system: coefficient with interval, and how often the sparse method keeps the term."""
    columns = (
        Column("Rate of"),
        Column("Term"),
        Column("Coefficient", "number", "fraction per decade of parameters"),
        Column("95 % interval", "number", "families resampled"),
        Column("Kept", "number", "share of resamples in which STLSQ keeps the term"),
    )
    body = [
        (
            view.axis_name(row["equation"]),
            "constant" if row["term"] == "1" else view.axis_name(row["term"]),
            tables.figure(row["coefficient"], 2, sign=True),
            tables.bounds(row["low"], row["high"], 2, sign=True),
            Cell(format.percent(100 * row["inclusion"], 0), row["inclusion"]),
        )
        for row in firm["terms"]
    ]
    return tables.table(columns, body, caption="Terms of the found system")


def brier_table(found: Row) -> Markup:
    """Brier scores of the phase forecast beside always-negative and the training frequency."""
    columns = (
        Column("Event"),
        Column("Cases", "number"),
        Column("It happened", "number"),
        Column("Brier score: forecast", "number", "smaller is better"),
        Column("always no", "number"),
        Column("training frequency", "number"),
    )
    names = {"interval": "γ12 is above zero in an interval", "family": "γ12 changes sign by the largest size"}
    body: list[list[Cell | Markup | str]] = [
        [
            text,
            tables.figure(found[name]["n"], 0),
            tables.figure(found[name]["events"], 0),
            *(
                tables.figure(found[name]["brier"][column], 3)
                for column in ("forecast", "always_negative", "frequency")
            ),
        ]
        for name, text in names.items()
    ]
    return tables.table(columns, body, caption="Brier scores of the phase forecast", sortable=False)
