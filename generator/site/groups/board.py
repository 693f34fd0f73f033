"""The status board of the home page: predictions by state and claims by verdict, as far as the bundle has them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from markupsafe import Markup

from generator.site.view import View, link

#: state of a prediction → class of its chip and the picture before it
STATES = {
    "open": ("open", "M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1zm.6 2.4v2.9l2 1.2-.6 1-2.6-1.6V3.4z"),
    "awaiting data": ("wait", "M2.5 1h7v2.2L7 6l2.5 2.8V11h-7V8.800L5 6 2.500 3.200z"),
    "passed": ("ok", "M4.700 9.800 1 6.100l1.300-1.300 2.400 2.400 5-5L11 3.500z"),
    "failed": (
        "bad",
        "M2.300 1 6 4.700 9.700 1 11 2.300 7.300 6 11 9.700 9.700 11 6 7.300 2.300 11 1 9.700 4.700 6 1 2.300z",
    ),
    "undetermined": ("none", "M1 5h10v2H1z"),
    "annulled": ("none", "M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1zM3.200 4.300l4.500 4.500A3.400 3.400 0 0 1 3.200 4.300z"),
}
#: verdict of a claim → class of its chip
VERDICTS = {
    "reproduced": "ok",
    "reproduced with another recipe": "wait",
    "not reproduced": "bad",
    "not computable from released data": "none",
}


def state_chip(state: str) -> Markup:
    """A chip with a picture and the word: the state is never told by colour alone."""
    kind, outline = STATES.get(state, ("none", STATES["undetermined"][1]))
    return Markup(
        '<span class="cw-chip cw-chip--{}"><svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><path d="{}"/></svg>'
        "{}</span>"
    ).format(kind, outline, state)


def standing_chip(standing: str) -> Markup:
    """Where a prediction would end if the data of the day were the last."""
    kind = {"on course to pass": "ok", "on course to fail": "bad", "undetermined": "warn"}.get(standing, "none")
    return Markup('<span class="cw-chip cw-chip--{}">{}</span>').format(kind, standing)


def verdict_chip(verdict: str) -> Markup:
    return Markup('<span class="cw-chip cw-chip--{}">{}</span>').format(VERDICTS.get(verdict, "none"), verdict)


def board(view: View, base: str) -> str:
    """Every prediction with state, standing and deadline, and the claims by verdict; nothing while neither is there."""
    parts = []
    predictions = [row for row in prediction_rows(view) if row["file"]["kind"] == "prediction"]
    if predictions:
        body = Markup('<ul class="cw-list">{}</ul>').format(Markup("").join(_line(row, base) for row in predictions))
        parts.append(_card("Predictions", link(base, "predictions/"), len(predictions), body))
    claims = claim_rows(view)
    if claims:
        verdicts = Counter(row["verdict"] for row in claims)
        chips = Markup("").join(
            Markup("<li>{} <b>{}</b></li>").format(verdict_chip(verdict), verdicts[verdict])
            for verdict in [*VERDICTS, *sorted(set(verdicts) - set(VERDICTS))]
        )
        body = Markup('<ul class="cw-tally cw-tally--tall">{}</ul>').format(chips)
        parts.append(_card("Published claims", link(base, "claims/"), len(claims), body))
    return Markup('<div class="cw-board">\n{}\n</div>').format(Markup("\n").join(parts)) if parts else ""


def _line(item: dict[str, Any], base: str) -> Markup:
    row = item["evaluation"]
    return Markup('<li><a href="{}predictions/{}/">{}</a><span>{} {}</span><span class="cw-small">{}</span></li>').format(
        base if base != "./" else "", item["id"], row["title"], state_chip(row["state"]),
        standing_chip(row["standing"]) if row["state"] == "open" else "", deadline(row["closes"]),
    )  # fmt: skip


def deadline(closes: str | None) -> Markup:
    """The closing day; a script adds the days that are left."""
    if not closes:
        return Markup('<span class="cw-none">no deadline</span>')
    return Markup('<span class="cw-when"><time datetime="{}" data-cw-deadline>{}</time></span>').format(
        closes, closes[:10]
    )


def prediction_rows(view: View) -> list[dict[str, Any]]:
    """Predictions of the bundle, or an empty list."""
    section = view.section("predictions") or {}
    return list(section.get("items", ()))


def claim_rows(view: View) -> list[dict[str, Any]]:
    """Claims of the bundle, or an empty list."""
    section = view.section("claims") or {}
    return list(section.get("items", ()))


def _card(title: str, href: str, total: int, body: Markup) -> Markup:
    return Markup('<section class="cw-card"><h3><a href="{}">{}</a> <span>{}</span></h3>{}</section>').format(
        href, title, total, body
    )
