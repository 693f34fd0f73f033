"""Matrices: how all axes couple at once, whether the table of couplings can be a correlation matrix, and its "
"eigenstructure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.axes import listed, short
from generator.site.heat import heat_map
from generator.site.page import Group, Page, base_of
from generator.site.plots import Line, Panel, Plots
from generator.site.published import no_value, publish_csv, publish_json, stamp
from generator.site.tables import Cell, Column
from generator.site.view import View
from generator.site.wording import has_estimate, range_words

URL = "matrices/"
#: families that the page shows, those of most models; the file has all
MOST_FAMILIES = 60
NULL = "no coupling (axes permuted)"
NAMES = {
    "all": "All base models",
    "below 3.5B": "Below 3.5\u00a0B parameters",
    "above 3.5B": "Above 3.5\u00a0B parameters",
}
Row = Mapping[str, Any]


def pages(view: View) -> Iterator[Page]:
    section = view.section("matrices")
    if not section:
        return
    base = base_of(URL)
    along = section["dimension_along_size"]
    paths = [
        publish_csv(view, "matrices", list(long_form(section))),
        publish_csv(view, "eigenvectors", section["eigenvectors"]),
        publish_csv(view, "dimension-along-size", along),
        publish_json(view, "matrices", section),
    ]
    sentence = finding(section)
    shown = _largest(section["families"])
    body = view.render(
        "matrices.md.j2",
        URL,
        sentence=sentence,
        stamp=stamp(
            view, base, track="harness-v1", more="base models; the frontier matrix is of the makers' track", paths=paths
        ),
        matrices=[
            _matrix(view, NAMES.get(name, name), matrix) for name, matrix in sorted(section["base"].items(), key=_order)
        ],
        frontier=_matrix(view, "Frontier models, as their makers report", section["frontier"]),
        turned=turned_sentence(section["axis_rotation"]),
        dimensions=dimension_table(section),
        along=along_figure(along, base),
        vectors=vector_table(view, section["eigenvectors"]),
        families=[
            (
                view.families[name]["name"] if name in view.families else name,
                heat_map(view, matrix, caption=_family_caption(view, name, matrix), small=True),
            )
            for name, matrix in shown
        ],
        rest=_rest(len(section["families"]) - len(shown)),
    )
    yield Page("matrices/index.md", "Matrices", sentence, body)


def finding(section: Row) -> str:
    """How many independent directions the base benchmarks carry, beside the null."""
    found = section["dimension"].get("correlation")
    if not has_estimate(found):
        return f"No effective dimension is given: {(found or {}).get('reason') or 'not computed'}."
    null = found["baselines"].get(NULL)
    return (
        f"The {len(found['axes'])} base benchmarks act like {format.number(found['estimate'], 1)} independent "
        "directions "
        f"({range_words(found['interval'], 1)}; {format.plural(found['n'], 'model')}): the same scores with each "
        "benchmark shuffled give "
        f"{format.number(null, 1)}, and the first direction alone explains "
        f"{format.number(100 * found['details']['explained'][0], 0)}{format.NBSP}% of the variance."
    )


def _largest(families: Mapping[str, Row]) -> list[tuple[str, Row]]:
    """The families whose matrices the page shows, in their order: those with most models."""
    models = {name: int(max(max(row) for row in matrix["n"])) for name, matrix in families.items()}
    chosen = set(sorted(models, key=lambda name: (-models[name], name))[:MOST_FAMILIES])
    return [(name, matrix) for name, matrix in families.items() if name in chosen]


def _rest(count: int) -> str:
    return f"{format.plural(count, 'further family', 'further families')} in the file alone." if count else ""


def _order(item: tuple[str, Any]) -> tuple[int, str]:
    """All models, then the smaller ones, then the larger."""
    known = list(NAMES)
    return (known.index(item[0]) if item[0] in known else len(known), item[0])


def _matrix(view: View, title: str, matrix: Row) -> dict[str, Any]:
    repaired = Markup("")
    if not matrix["valid"]:
        repaired = heat_map(view, matrix, caption=f"Nearest correlation matrix: {title}", cells="repaired")
    return {
        "title": title,
        "map": heat_map(view, matrix, caption=f"r: {title}"),
        "validity": validity(view, matrix),
        "repaired": repaired,
    }


def validity(view: View, matrix: Row) -> str:
    """Whether the cells, each on its own models, can stand in one correlation matrix."""
    axes = matrix["axes"]
    empty = [
        f"{short(view, axes[i])} with {short(view, axes[j])}"
        for i in range(len(axes))
        for j in range(i + 1, len(axes))
        if not format.known(matrix["r"][i][j])
    ]
    if empty:
        return (
            f"{format.plural(len(empty), 'pair')} of axes {'has' if len(empty) == 1 else 'have'} fewer than three "
            f"shared models ({listed(empty)}), so the "
            "table is not a whole matrix and no eigenvalue of it means anything. The nearest correlation matrix, "
            "with empty cells starting at zero, stands below."
        )
    if matrix["valid"]:
        return "A valid correlation matrix: no eigenvalue is below zero."
    return (
        "Not a valid correlation matrix: each cell has other models, and no set of scores can have all these r at "
        "once. The nearest valid one stands below."
    )


def turned_sentence(statistic: Row | None) -> str:
    """How far the first axis turns from small to large models, beside the same after relabelling."""
    if not has_estimate(statistic):
        return f"No rotation of the first axis is given: {(statistic or {}).get('reason') or 'not computed'}."
    assert statistic is not None
    sizes = statistic["details"].get("sizes") or [0, 0]
    return (
        f"From the {format.count(sizes[0])} models below 3.5\u00a0B to the {format.count(sizes[1])} above, the "
        "first eigenvector of the covariance turns by "
        f"{format.number(statistic['estimate'], 1)}°. With models relabelled at random it turns by "
        f"{format.number(statistic['baselines'].get('mean angle after relabelling'), 1)}° on average and by "
        f"at most {format.number(statistic['details'].get('null_high'), 1)}° in 97.5{format.NBSP}% of draws ("
        f"{format.p_value(statistic['p'].get('relabelled'))}). "
        "An angle has no interval here; the relabelled draws are what it is measured against."
    )


def dimension_table(section: Row) -> Markup:
    rows = [(f"All, {kind} matrix", found) for kind, found in section["dimension"].items()]
    rows += [
        (f"{NAMES.get(name, name)}, covariance", found)
        for name, found in sorted(section["dimension_by_size"].items(), key=_order)
    ]
    columns = (
        Column("Models"),
        Column("n", "number"),
        Column("d_eff", "number"),
        Column("95 %, clustered", "number", "families left out one at a time"),
        Column("95 %, plain", "number", "as if models were independent"),
        Column("95 %, bootstrap", "number", "families resampled"),
        Column("Null mean", "number", "each axis permuted"),
        Column("Null range", "number", "95 % of permutations"),
        Column("p", "number", "permutation"),
    )
    body: list[Sequence[Cell | Markup | str]] = []
    for name, found in rows:
        others, details = found["others"], found["details"]
        body.append(
            (
                name,
                tables.figure(found["n"], 0),
                tables.figure(found["estimate"], 2) if has_estimate(found) else Cell(no_value(found["reason"])),
                *(_bounds(others.get(kind)) for kind in ("clustered", "plain", "clustered-bootstrap")),
                tables.figure(found["baselines"].get(NULL), 2),
                tables.bounds(details.get("null_low"), details.get("null_high"), 2)
                if format.known(details.get("null_low"))
                else Cell(no_value()),
                Cell(format.p_short(found["p"].get("permutation")), found["p"].get("permutation")),
            )
        )
    return tables.table(columns, body, caption="Effective dimension", sortable=False)


def _bounds(interval: Row | None) -> Cell:
    return tables.bounds(interval["low"], interval["high"], 2) if interval else Cell(no_value())


def along_figure(rows: Sequence[Row], base: str) -> Markup:
    """d_eff in a window of models that moves along size."""
    known = [row for row in rows if format.known(row["d_eff"]) and format.known(row["n_mid"])]
    if len(known) < 3:
        return Markup("")
    points = [(math.log10(row["n_mid"]), row["d_eff"]) for row in known]
    least, most = (pick(known, key=lambda row: row["d_eff"]) for pick in (min, max))
    text = (
        f"Between {format.number(least['d_eff'])} (around {format.size(least['n_mid'])}) and "
        f"{format.number(most['d_eff'])} (around {format.size(most['n_mid'])}); "
        "neighbouring windows share most of their models, so a single peak is weak evidence."
    )
    top = math.ceil(max(value for _x, value in points) * 2) / 2
    low, high = points[0][0], points[-1][0]
    ticks = [(float(power), format.size(10.0**power)) for power in range(math.ceil(low), math.floor(high) + 1)]
    panel = Panel(
        alt=text,
        x=(low, high),
        y=(1.0, top),
        x_ticks=ticks,
        y_ticks=[(1 + step / 2, format.number(1 + step / 2, 1)) for step in range(int((top - 1) * 2) + 1)],
        lines=[Line(points)],
    )
    columns = (
        Column("Middle size", "number"),
        Column("From", "number"),
        Column("To", "number"),
        Column("d_eff", "number"),
    )
    body: list[Sequence[Cell | Markup | str]] = [
        (
            tables.size(row["n_mid"]),
            tables.size(row["n_low"]),
            tables.size(row["n_high"]),
            tables.figure(row["d_eff"], 2),
        )
        for row in known
    ]
    twin = tables.table(columns, body, caption="Effective dimension along size")
    return Plots(
        "dimension-along-size",
        "Effective dimension along model size.",
        text,
        [panel],
        note="Covariance matrix of equally many models a window.",
        table=twin,
        data="data/sections/dimension-along-size.csv",
    ).html(base)


def vector_table(view: View, rows: Sequence[Row]) -> Markup:
    fixed = {"cone", "eigenvalue", "explained", "rank", "settled"}
    axes = [name for name in (rows[0] if rows else {}) if name not in fixed]
    columns = (
        Column("Rank", "number"),
        Column("Eigenvalue", "number"),
        Column("Explained", "number"),
        Column("Cone", "number", "half-angle that holds 95 % of resampled directions"),
        *(Column(short(view, axis), "number") for axis in axes),
    )
    body: list[Sequence[Cell | Markup | str]] = [
        (
            str(row["rank"]),
            tables.figure(row["eigenvalue"], 2),
            Cell(f"{format.number(100 * row['explained'], 1)}{format.NBSP}%", row["explained"]),
            Cell(_cone(row), row["cone"]),
            *(tables.figure(row[axis], 2, sign=True) for axis in axes),
        )
        for row in rows
    ]
    return tables.table(columns, body, caption="Eigenvectors of the correlation matrix", sortable=False)


def _cone(row: Row) -> Markup | str:
    if not format.known(row["cone"]):
        return no_value()
    return f"{format.number(row['cone'], 0)}°{'' if row['settled'] else ', not settled'}"


def _family_caption(view: View, name: str, matrix: Row) -> str:
    title = view.families[name]["name"] if name in view.families else name
    return f"{title}, {format.plural(int(max(max(row) for row in matrix['n'])), 'model')}"


def long_form(section: Row) -> Iterator[dict[str, Any]]:
    """Every cell of every matrix as one record."""
    named = {**{f"base {name}": matrix for name, matrix in section["base"].items()}, "frontier": section["frontier"]}
    named |= {f"family {name}": matrix for name, matrix in section["families"].items()}
    for name, matrix in named.items():
        for i, x in enumerate(matrix["axes"]):
            for j, y in enumerate(matrix["axes"]):
                yield {
                    "matrix": name,
                    "x": x,
                    "y": y,
                    **{kind: matrix[kind][i][j] for kind in ("r", "low", "high", "n", "repaired")},
                }


GROUP = Group("matrices", pages)
