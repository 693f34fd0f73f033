"""The status board of the home page: predictions by state and claims by verdict, as far as the bundle has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.site.escape import filled
from generator.site.view import View, link

#: state of a prediction → class of its chip and the picture before it
STATES = {
    "open": ("open", "M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1zm.6 2.4v2.9l2 1.2-.6 1-2.6-1.6V3.4z"),
    "awaiting data": ("wait", "M2.5 1h7v2.2L7 6l2.5 2.8V11h-7V8.800L5 6 2.5 3.200z"),
    "passed": ("ok", "M4.700 9.800 1 6.100l1.300-1.300 2.400 2.400 5-5L11 3.5z"),
    "failed": (
        "bad",
        "M2.300 1 6 4.700 9.700 1 11 2.300 7.300 6 11 9.700 9.700 11 6 7.300 2.300 11 1 9.700 4.700 6 1 2.300z",
    ),
    "undetermined": ("none", "M1 5h10v2H1z"),
    "not yet registered": ("none", "M1 5h2.500v2H1zM4.750 5h2.500v2h-2.500zM8.500 5H11v2H8.500z"),
    "annulled": ("none", "M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1zM3.200 4.300l4.5 4.5A3.400 3.400 0 0 1 3.200 4.300z"),
}
#: verdict of a claim → class of its chip and the picture before it
VERDICTS = {
    "reproduced": ("ok", STATES["passed"][1]),
    "reproduced with another recipe": (
        "wait",
        "M1 7c1.5-4 3.5-4 5-1.5S9.5 7 11 3v2.5c-1.5 4-3.5 4-5 1.5S2.5 5.5 1 9.5z",
    ),
    "not reproduced": ("bad", STATES["failed"][1]),
    "not computable from released data": ("none", STATES["annulled"][1]),
}
#: whether the sentence of a claim follows → class of its chip and the picture before it
SENTENCES = {
    "supported": ("ok", STATES["passed"][1]),
    "not supported": ("bad", STATES["failed"][1]),
    "not tested": ("none", STATES["undetermined"][1]),
}
#: standing of a prediction → class of its chip and the picture before it
STANDINGS = {
    "on course to pass": ("ok", "M6 1.5 10.5 6.5H7.5v4h-3v-4h-3z"),
    "on course to fail": ("bad", "M6 10.5 1.5 5.5h3v-4h3v4h3z"),
    "undetermined": ("warn", STATES["undetermined"][1]),
}


def chip(text: str, look: tuple[str, str]) -> Markup:
    """A chip with a picture and the word: nothing is told by colour alone."""
    return filled(
        '<span class="cw-chip cw-chip--{}"><svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><path d="{}"/></svg>'
        "{}</span>",
        *look,
        text,
    )


def state_chip(state: str) -> Markup:
    return chip(state, STATES.get(state, ("none", STATES["undetermined"][1])))


def standing_chip(standing: str) -> Markup:
    """Where a prediction would end if the data of the day were the last."""
    return chip(standing, STANDINGS.get(standing, ("none", STATES["undetermined"][1])))


def verdict_chip(verdict: str) -> Markup:
    return chip(verdict, VERDICTS.get(verdict, ("none", STATES["annulled"][1])))


def sentence_chip(judged: str) -> Markup:
    """Whether what a claim says beyond its numbers follows, as people judged it."""
    return chip(judged, SENTENCES.get(judged, ("none", STATES["annulled"][1])))


def board(view: View, base: str) -> str:
    """Every prediction with state, standing and deadline, and the claims by verdict; nothing while neither is there."""
    parts = []
    predictions = [row for row in prediction_rows(view) if row["file"]["kind"] == "prediction"]
    if predictions:
        predictions.sort(key=lambda row: (str(row["evaluation"]["closes"] or "9"), row["evaluation"]["number"] or 0))
        body = filled('<ul class="cw-list">{}</ul>', Markup("").join(_line(row, base) for row in predictions))
        parts.append(_card("Predictions", link(base, "predictions/"), len(predictions), body))
    claims = claim_rows(view)
    if claims:
        parts.append(_card("Published claims", link(base, "claims/"), len(claims), _claims(claims)))
    return filled('<div class="cw-board">\n{}\n</div>', Markup("\n").join(parts)) if parts else ""


def _claims(claims: Sequence[Mapping[str, Any]]) -> Markup:
    """How many have each verdict, and of those that say more than their numbers how many are supported."""
    verdicts = Counter(row["verdict"] for row in claims)
    kinds = [*VERDICTS, *sorted(set(verdicts) - set(VERDICTS))]
    body = filled(
        '<p class="cw-tally__of">Their numbers</p>\n{}{}', _bar(verdicts, kinds), _tally(verdicts, kinds, verdict_chip)
    )
    judged = Counter(row["sentence"]["judged"] for row in claims if row["sentence"])
    if not judged:
        return body
    return filled(
        '{}\n<p class="cw-tally__of">What {} of them {} beyond their numbers</p>\n{}',
        body,
        judged.total(),
        "says" if judged.total() == 1 else "say",
        _tally(judged, [*SENTENCES], sentence_chip),
    )


def _tally(counts: Mapping[str, int], kinds: Sequence[str], made: Callable[[str], Markup]) -> Markup:
    lines = Markup("").join(filled("<li><b>{}</b> {}</li>", counts[kind], made(kind)) for kind in kinds)
    return filled('<ul class="cw-tally cw-tally--tall">{}</ul>', lines)


def _bar(verdicts: Mapping[str, int], kinds: Sequence[str]) -> Markup:
    """The verdicts as one bar, each as wide as its count."""
    parts, start = [], 0
    for verdict in kinds:
        parts.append(
            filled(
                '<rect class="cw-chip--{}" x="{}" width="{}" height="1" fill="currentColor"/>',
                VERDICTS.get(verdict, ("none", ""))[0],
                start,
                verdicts[verdict],
            )
        )
        start += verdicts[verdict]
    return filled(
        '<svg class="cw-verdicts" viewBox="0 0 {} 1" preserveAspectRatio="none" aria-hidden="true">{}</svg>',
        start,
        Markup("").join(parts),
    )


def _line(item: dict[str, Any], base: str) -> Markup:
    row = item["evaluation"]
    return filled('<li><a href="{}predictions/{}/">{}</a><span>{} {}</span><span class="cw-small">{}</span></li>',
        base if base != "./" else "", item["id"], row["title"], state_chip(row["state"]),
        standing_chip(row["standing"]) if row["state"] == "open" else "", deadline(row["closes"]),
    )  # fmt: skip


def deadline(closes: str | None) -> Markup:
    """The closing day; a script adds the days that are left."""
    if not closes:
        return Markup('<span class="cw-none">no deadline</span>')
    return filled('<span class="cw-when"><time datetime="{}" data-cw-deadline>{}</time></span>', closes, closes[:10])


def prediction_rows(view: View) -> list[dict[str, Any]]:
    """Predictions of the bundle, or an empty list."""
    section = view.section("predictions") or {}
    return list(section.get("items", ()))


def claim_rows(view: View) -> list[dict[str, Any]]:
    """Claims of the bundle, or an empty list."""
    section = view.section("claims") or {}
    return list(section.get("items", ()))


def _card(title: str, href: str, total: int, body: Markup) -> Markup:
    return filled(
        '<section class="cw-card"><h3><a href="{}">{}</a> <span>{}</span></h3>{}</section>', href, title, total, body
    )
