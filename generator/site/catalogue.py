"""Every group of pages, and the navigation. A new group is a module in groups/ and a row here."""

from __future__ import annotations

from generator.site.groups import (
    base,
    benchmarks,
    cascade,
    changelog,
    changes,
    cite,
    claims,
    compare,
    contribute,
    data,
    diagnose,
    families,
    forecasts,
    frontier,
    glossary,
    home,
    labs,
    matrices,
    method,
    models,
    predictions,
    rotation,
    sensitivity,
    speed,
    steering,
)
from generator.site.page import Group

GROUPS: tuple[Group, ...] = (
    home.GROUP,
    frontier.GROUP,
    base.GROUP,
    diagnose.GROUP,
    rotation.GROUP,
    cascade.GROUP,
    matrices.GROUP,
    sensitivity.GROUP,
    predictions.GROUP,
    claims.GROUP,
    forecasts.GROUP,
    steering.GROUP,
    models.GROUP,
    compare.GROUP,
    labs.GROUP,
    families.GROUP,
    benchmarks.GROUP,
    data.GROUP,
    changes.GROUP,
    method.GROUP,
    speed.GROUP,
    glossary.GROUP,
    contribute.GROUP,
    cite.GROUP,
    changelog.GROUP,
)

#: Tabs and the pages under each; a page that a build does not make is left out, and so is a tab without pages.
NAVIGATION: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Home", (("Home", "index.md"),)),
    (
        "Couplings",
        (
            ("Frontier", "frontier/index.md"),
            ("Base models", "base/index.md"),
            ("Rotation", "rotation/index.md"),
            ("Cascade", "cascade/index.md"),
            ("Matrices", "matrices/index.md"),
            ("Sensitivity", "sensitivity/index.md"),
        ),
    ),
    ("Diagnose", (("Diagnose", "diagnose/index.md"),)),
    (
        "Predictions",
        (
            ("Predictions", "predictions/index.md"),
            ("Claims", "claims/index.md"),
            ("Contradictions", "contradictions.md"),
            ("Objections", "objections.md"),
            ("Forecasts", "forecasts/index.md"),
        ),
    ),
    (
        "Steering",
        (
            ("Steering", "steering/index.md"),
            ("Internals", "steering/internals.md"),
            ("Levers", "steering/levers.md"),
            ("Live", "steering/live.md"),
        ),
    ),
    (
        "Models",
        (
            ("Models", "models/index.md"),
            ("Compare", "compare/index.md"),
            ("Labs", "labs/index.md"),
            ("Families", "families/index.md"),
            ("Benchmarks", "benchmarks/index.md"),
        ),
    ),
    ("Data", (("Data", "data/index.md"), ("What changed", "changes/index.md"))),
    (
        "Method",
        (
            ("Method", "method.md"),
            ("Glossary", "glossary.md"),
            ("Contribute", "contribute.md"),
            ("Maintain", "maintain.md"),
            ("Speed", "speed.md"),
            ("Scale", "scale.md"),
            ("Cite", "cite/index.md"),
            ("Changelog", "changelog.md"),
        ),
    ),
)


def navigation(made: set[str]) -> list[dict[str, object]]:
    """The ``nav`` of the site's configuration, from the paths of the pages that were made."""
    tabs: list[dict[str, object]] = []
    for tab, entries in NAVIGATION:
        present = [(title, path) for title, path in entries if path in made]
        if len(present) == 1 and len(entries) == 1:
            tabs.append({tab: present[0][1]})
        elif present:
            tabs.append({tab: [{title: path} for title, path in present]})
    return tabs
