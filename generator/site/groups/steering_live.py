"""Steering, live: the demo model in the reader's browser. The page is the form; the arithmetic is steering-model.mjs."""

from __future__ import annotations

from collections.abc import Iterator

from generator.site import format
from generator.site.groups.steering_parts import steering_runs
from generator.site.page import Page
from generator.site.view import View

URL = "steering/live/"


def pages(view: View) -> Iterator[Page]:
    live = (view.section("steering") or {}).get("live")
    if not live:
        return
    sentence = (
        f"A network of {live['config']['blocks']} blocks, trained on the synthetic world, answers in your browser: choose a "
        "question, add the truth vector or a random one of equal length, and watch the probabilities move."
    )
    run = next((run["id"] for run in steering_runs(view) if run["model"]["id"] == live["model"]), "")
    body = view.render(
        "steering-live.md.j2",
        URL,
        sentence=sentence,
        live=live,
        run=run,
        megabytes=format.number(live["bytes"] / 1e6, 1),
    )
    yield Page("steering/live.md", "Steering, live", sentence, body, hide=("toc",))
