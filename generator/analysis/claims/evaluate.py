"""Every claim recomputed: recipes run, verdict judged, live question asked, reading filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from generator.analysis.claims.catalogue import QUESTIONS, RECIPES
from generator.analysis.claims.inputs import ClaimInputs, read_inputs
from generator.analysis.claims.recipes import LiveFunction, LivePanel, LiveRequest, RecipeFunction, Value, plain
from generator.analysis.claims.text import fill, names
from generator.analysis.claims.verdict import VERDICTS, Comparison, Verdict, judge
from generator.core import CapewatchError, WrongCall, near_matches
from generator.panel.frame import Panel
from generator.schema.claim import PLACES, Claim, Ledger, load_claims

Recomputed = dict[str, dict[str, dict[str, Value]]]
#: Given the call that recomputes claim id → recipe id → values, answers it anew or from a store.
Keep = Callable[[Callable[[], Recomputed]], Recomputed]
#: Question → what it was answered, `LiveAnswer.as_dict`.
Answers = dict[str, dict[str, Any]]
#: Given a track, the questions (question → seed of its stream) and the call that asks them all of the track's panel, answers it
#: anew or from a store.
KeepLive = Callable[[str, Mapping[str, int], Callable[[], Answers]], Answers]


def computed_anew(compute: Callable[[], Recomputed]) -> Recomputed:
    """Keeps nothing."""
    return compute()


def asked_anew(_track: str, _questions: Mapping[str, int], ask: Callable[[], Answers]) -> Answers:
    """Keeps nothing."""
    return ask()


@dataclass(frozen=True)
class LiveAnswer:
    """The statistics a live question gave on one track, each as `Statistic.as_dict` gives it, or the reason why it has none."""

    track: str
    statistics: Sequence[Mapping[str, Any]] = ()
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"track": self.track, "reason": self.reason, "statistics": list(self.statistics)}


@dataclass(frozen=True)
class ClaimResult:
    """A claim with everything computed for it. recomputed: recipe id → value name → value at full precision."""

    claim: Claim
    recomputed: Mapping[str, Mapping[str, Value]]
    judged: Verdict
    live: tuple[LiveAnswer, ...]
    reading: str
    sentence_reason: str = ""

    @property
    def id(self) -> str:
        return self.claim.id

    @property
    def verdict(self) -> str:
        return self.judged.verdict

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        claim = self.claim
        command = f"capewatch claims {claim.id}"
        return {
            "id": claim.id,
            "title": claim.title,
            "theme": claim.theme,
            "statement": _one_line(claim.statement),
            "where": [{"place": one.place, "name": PLACES[one.place], "detail": one.detail} for one in claim.where],
            "published": [_compared(one) for one in self.judged.comparisons],
            "recomputed": {recipe: dict(values) for recipe, values in self.recomputed.items()},
            "verdict": self.verdict,
            "verdict_recipe": self.judged.recipe,
            "verdict_reason": self.judged.reason,
            "recipe": [
                {
                    "id": one.id,
                    "kind": one.kind,
                    "is_published_recipe": one.kind == "published",
                    "description": _one_line(one.description),
                    "command": command,
                }
                for one in claim.recipes
            ],
            "not_computable": _one_line(claim.not_computable or ""),
            "live_question": _one_line(claim.live.question or ""),
            "live": [one.as_dict() for one in self.live],
            "reading": self.reading,
            "sentence": {"judged": claim.sentence.judged, "reason": self.sentence_reason} if claim.sentence else None,
            "contradicts": list(claim.contradicts),
            "command": command,
        }


def evaluate_claims(
    source: Path | ClaimInputs,
    *,
    ledger: Ledger | None = None,
    live_panels: Mapping[str, Panel] | None = None,
    rng: np.random.Generator,
    streams: Callable[[str], np.random.Generator] | None = None,
    resamples: int = 10_000,
    only: Sequence[str] | None = None,
    keep: Keep = computed_anew,
    keep_live: KeepLive = asked_anew,
) -> list[ClaimResult]:
    """Recompute the claims of the ledger, sorted by theme and id as the files are.

    `source`: the project folder, or inputs already read (then `ledger` is needed). `live_panels`: live panels by track.
    `rng` and `resamples` serve the live statistics; published bootstraps have the seeds and sizes their scripts set.
    Each live question has its own stream and is asked once, so one claim alone gives what it gives among all; `streams`:
    by name, those that statistics of a report draw from, for questions that give such a statistic. `keep` is given the
    call that recomputes every recipe from the published tables, and may answer it from what it kept; `keep_live` so for each track
    the call that asks the live questions.
    Raises WrongCall for an unknown id in `only`, ProblemsFound when a claim file is faulty.
    """
    if isinstance(source, ClaimInputs):
        if ledger is None:
            raise ValueError("give the ledger with inputs that are already read")
        inputs = source
    else:
        inputs = read_inputs(source, live=live_panels)
        ledger = ledger or load_claims(source)
    claims = ledger.require_clean().claims
    wanted = _wanted(claims, only)
    chosen = [claims[name].value for name in wanted]
    asked = _Asked(
        inputs.live if live_panels is None else live_panels,
        chosen, rng=rng, streams=streams, resamples=resamples, keep=keep_live,
    )  # fmt: skip
    recomputed = keep(lambda: {claim.id: _recomputed(claim, inputs) for claim in chosen})
    return [_evaluate(claim, recomputed[claim.id], asked) for claim in chosen]


def verdict_counts(results: Sequence[ClaimResult]) -> dict[str, int]:
    """How many claims have each verdict, in the order of VERDICTS, zeros included."""
    return {verdict: sum(result.verdict == verdict for result in results) for verdict in VERDICTS}


def _wanted(claims: Mapping[str, Any], only: Sequence[str] | None) -> list[str]:
    if only is None:
        return sorted(claims)
    for name in only:
        if name not in claims:
            near = near_matches(name, claims)
            raise WrongCall(
                f"no claim {name!r}", hint=f"near: {', '.join(near)}" if near else "`capewatch claims` lists all"
            )
    return list(only)


def _only(rng: np.random.Generator) -> Callable[[str], np.random.Generator]:
    return lambda _name: rng


class _Asked:
    """The live questions of these claims: each is asked once of a track, with a stream of its own; claims share its answer."""

    def __init__(
        self,
        live: Mapping[str, Panel],
        claims: Sequence[Claim],
        *,
        rng: np.random.Generator,
        streams: Callable[[str], np.random.Generator] | None,
        resamples: int,
        keep: KeepLive,
    ) -> None:
        self._panels, self._claims, self._keep = live, claims, keep
        questions = sorted({_question_name(question) for question in QUESTIONS.values()})
        self._seeds = dict(zip(questions, rng.integers(0, 2**63, size=len(questions)).tolist(), strict=True))
        self._resamples, self._streams = resamples, streams
        self._answers: dict[str, Answers] = {}

    def answer(self, claim: Claim, track: str) -> LiveAnswer:
        """The statistics of the claim's question on one track, or why there are none."""
        if track not in self._panels:
            return LiveAnswer(track, reason=f"no live panel of the track {track} was given")
        missing = _missing_axes(claim, self._panels[track])
        if missing:
            return LiveAnswer(track, reason=f"the live panel has no axis {', '.join(missing)}")
        if track not in self._answers:
            self._answers[track] = self._track(track)
        return LiveAnswer(**self._answers[track][_question_name(QUESTIONS[claim.id])])

    def _track(self, track: str) -> Answers:
        """What every question that the claims ask of a track is answered."""
        panel = self._panels[track]
        asked = {
            _question_name(question): question
            for claim in self._claims
            if track in claim.live.panels and not _missing_axes(claim, panel)
            for question in (QUESTIONS[claim.id],)
        }
        live = LivePanel(panel)
        return self._keep(
            track,
            {name: self._seeds[name] for name in asked},
            lambda: {name: self._asked(name, question, live, track).as_dict() for name, question in asked.items()},
        )

    def _asked(self, name: str, question: LiveFunction, live: LivePanel, track: str) -> LiveAnswer:
        rng = np.random.default_rng([self._seeds[name], *track.encode()])
        try:
            found = question(LiveRequest(live, rng, self._resamples, self._streams or _only(rng)))
        except CapewatchError as error:  # the panel lacks an axis that this question alone needs
            return LiveAnswer(track, reason=error.message)
        panel = live.panel
        as_of = panel.as_of.isoformat() if panel.as_of else ""
        return LiveAnswer(track, [one.of(track=panel.track, as_of=as_of).as_dict() for one in found])


def _question_name(question: LiveFunction) -> str:
    return f"{question.__module__}.{question.__qualname__}"


def _recomputed(claim: Claim, inputs: ClaimInputs) -> dict[str, dict[str, Value]]:
    return {recipe.id: plain(_recipe(claim.id, recipe.id)(inputs)) for recipe in claim.recipes}


def _evaluate(claim: Claim, recomputed: Mapping[str, Mapping[str, Value]], asked: _Asked) -> ClaimResult:
    printed = {value.name: value.printed for value in claim.published}
    known, where = names(recomputed, printed), f"data/claims/{claim.id}.yaml"
    reading = fill(claim.reading, known, where=where)
    reason = fill(claim.sentence.reason, known, where=where) if claim.sentence else ""
    if claim.live.panels:
        answers = tuple(asked.answer(claim, track) for track in claim.live.panels)
    else:
        answers = (LiveAnswer("", reason=_one_line(claim.live.reason or "")),)
    return ClaimResult(claim, recomputed, judge(claim, recomputed), answers, reading, reason)


def _recipe(claim: str, recipe: str) -> RecipeFunction:
    if (claim, recipe) not in RECIPES:
        known = sorted(name for owner, name in RECIPES if owner == claim)
        raise CapewatchError(
            f"data/claims/{claim}.yaml names recipe {recipe!r}, which no code implements",
            hint=f"recipes of this claim: {', '.join(known) or 'none'}",
        )
    return RECIPES[claim, recipe]


def _missing_axes(claim: Claim, panel: Panel) -> list[str]:
    """Axes every live question of this theme needs and the panel has not."""
    needed = ("swe-bench-verified", "gpqa-diamond") if claim.theme == "frontier" else ("hellaswag", "truthfulqa")
    return [axis for axis in needed if axis not in panel.scores.columns]


def _compared(one: Comparison) -> dict[str, Any]:
    value = one.published
    return {
        "name": value.name,
        "printed": value.printed,
        "value": value.value,
        "unit": value.unit,
        "compare": value.compare,
        "allowed": value.allowed if value.compare == "equal" else None,
        "headline": value.headline,
        "implied": value.implied,
        "note": value.note,
        "recomputed": one.recomputed,
        "recipe": one.recipe,
        "status": one.status,
    }


def _one_line(text: str) -> str:
    return " ".join(text.split())
