"""Charts on pages of their own, for frames on other sites: no navigation, light or dark by address, a line with the source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from generator.site.charts.figure import Figure
from generator.site.escape import shown
from generator.site.view import View, link

FOLDER = "embed"
BASE = "../../"


def embed_pages(view: View, places: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Path and HTML of the page of every chart that was shown. `places`: chart -> address and anchor of its page."""
    template = view.env.get_template("embed.html.j2")
    for name, figure in sorted(view.charts.shown.items()):
        if name in places:
            url, anchor = places[name]
            yield (
                f"{FOLDER}/{name}/index.html",
                shown(
                    template.render(
                        base=BASE,
                        figure=embedded(figure),
                        title=figure.title,
                        back=f"{link(BASE, url)}#{anchor}",
                        as_of=view.as_of,
                    )
                ),
            )


def embedded(figure: Figure) -> Markup:
    """The figure without what leads around the site: drawing, finding and legend."""
    return figure.core(BASE)


def catalogue(view: View, places: Mapping[str, tuple[str, str]], site_url: str) -> list[dict[str, Any]]:
    """Every embeddable chart: id, title, finding, and the addresses of its page, frame, specification and data."""
    return [
        {
            "id": name,
            "title": figure.title,
            "finding": figure.finding,
            "page": f"{site_url}{places[name][0]}#{places[name][1]}",
            "embed": f"{site_url}{FOLDER}/{name}/",
            "spec": f"{site_url}{figure.chart.path}",
            "csv": f"{site_url}{figure.csv}" if figure.csv else None,
        }
        for name, figure in sorted(view.charts.shown.items())
        if name in places
    ]
