"""Forecasts, third page: the next release of each lab, and training runs from their early checkpoints."""

from __future__ import annotations

from typing import Any

from generator.site import forecast_tables as shown
from generator.site.forecast_blocks import part
from generator.site.page import Page, base_of
from generator.site.view import View

PATH, URL = "forecasts/releases.md", "forecasts/releases/"


def page(view: View) -> Page | None:
    """The page, or None where neither part has a result."""
    frontier, training = _frontier(view, base_of(URL)), _training(view)
    if not frontier and training["reason"]:
        return None
    body = view.render("forecasts-releases.md.j2", URL, frontier=frontier, training=training)
    description = (
        "GPQA Diamond of the next releases, and last checkpoints of training runs, each forecast from what came before."
    )
    return Page(PATH, "Next releases and training runs", description, body, search=description)


def _frontier(view: View, base: str) -> list[dict[str, Any]]:
    found = part(view, "frontier")
    if found.get("reason"):
        return []
    schemes = (("forward", "Each release from those before it"), ("leave-one-lab-out", "One lab held out at a time"))
    return [
        {"name": view.track_name(track), "reason": one["reason"]}
        | (
            {}
            if one["reason"]
            else {
                "tables": [
                    (title, shown.frontier_table(one["judged"][scheme], caption=f"{title}, {view.track_name(track)}"))
                    for scheme, title in schemes
                ],
                "next": shown.next_table(view, one["next"], base),
                "day": one["next"][0]["day"] if one["next"] else "",
            }
        )
        for track, one in sorted(found.items(), reverse=True)
    ]


def _training(view: View) -> dict[str, Any]:
    found = part(view, "training")
    if found.get("reason"):
        return {"reason": found["reason"]}
    first = found["cuts"][0]
    return {
        "reason": "",
        "table": shown.training_table(found["cuts"]),
        "runs": first["runs"],
        "sizes": first["groups"],
        "axes": len(found["axes"]),
        "last": found["last_step"],
    }
