"""Fragments of the Contribute page: what may be written for a lab, a family, a benchmark and an evaluator today."""

from __future__ import annotations

from markupsafe import Markup

from generator.site.escape import filled
from generator.site.page import Group
from generator.site.view import View

_KINDS = (
    ("Labs", "labs"),
    ("Families", "families"),
    ("Benchmarks", "benchmarks"),
    ("Evaluators", "evaluators"),
)


def ids(view: View, _base: str) -> str:
    """The ids that a model file may name."""
    parts = []
    for title, kind in _KINDS:
        names = Markup(" ").join(filled("<code>{}</code>", item["id"]) for item in view.bundle.entities[kind])
        parts.append(
            filled(
                '<details><summary>{}</summary>\n<p class="cw-ids">{}</p>\n</details>',
                f"{title}: {len(view.bundle.entities[kind])} ids",
                names,
            )
        )
    return Markup("\n").join(parts)


GROUP = Group("contribute", fragments={"contribute/ids": ids})
