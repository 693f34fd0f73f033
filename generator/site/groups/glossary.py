"""Fragment of the Glossary: where each instrument is shown, as far as this build makes the page."""

from __future__ import annotations

from markupsafe import Markup

from generator.site.page import Group
from generator.site.view import View, link

# section of the bundle, address, name, what is there
_PLACES = (
    ("coefficients", "diagnose/", "Diagnose", "place a model by its scores"),
    ("rotation", "rotation/", "Rotation", "signal, saturation, co-activation"),
    ("cascade", "cascade/", "Cascade", "the claimed transitions Nc1 to Nc4"),
    ("matrices", "matrices/", "Matrices", "r of all axes, effective dimension, eigenvectors"),
    ("isoclines", "sensitivity/", "Sensitivity", "isoclines, nulls, partial r, range restriction, width"),
)


def where(view: View, base: str) -> str:
    """A list of the pages that show the terms with today's numbers."""
    items = Markup("").join(
        Markup('<li><a href="{}">{}</a>: {}</li>').format(link(base, url), name, text)
        for section, url, name, text in _PLACES
        if view.section(section)
    )
    return (
        Markup("<ul>{}</ul>").format(items)
        if items
        else Markup("<p>This build carries none of the wider analyses.</p>")
    )


GROUP = Group("glossary", fragments={"glossary/where": where})
