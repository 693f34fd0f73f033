"""From a leaderboard's spelling to a model id: alias tables first, then stated rules, never a guess.

Rules, in order; the first that gives exactly one model wins, and one that gives two is no match:
1. the spelling is listed for this source;
2. the spelling, folded (case, provider prefix, punctuation), is the id, the name or a listed spelling of a model;
3. the same after removing an effort suffix (``_high``, ``-thinking-16k``) and a pre-release mark, which are kept as protocol;
4. the same after also removing a calendar-date tag (``-20251101``, ``-2026-03-05``).
Four-digit tags (``-0731``) name different models and are never removed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from generator.core import near_matches
from generator.schema import Registry

_EFFORT = re.compile(
    r"[_\-\s(]+(?:(?:thinking|effort)[_\-\s]+)?"
    r"(?P<effort>max|xhigh|x-high|high|medium|low|minimal|none|default|\d{1,3}k|thinking|reasoning|"
    r"no[\s-]?think(?:ing)?|non-thinking)"
    r"(?:[_\-\s]+(?:effort|think(?:ing)?(?:\s+tokens)?))?\)?$",
    re.IGNORECASE,
)
_PRE_RELEASE = re.compile(r"[_\-\s(]+pre-?release\)?$", re.IGNORECASE)
_DATE_TAG = re.compile(r"[_\-\s(]+(?:20\d{6}|20\d{2}-\d{2}-\d{2})\)?$")
_PROVIDER = re.compile(r"^(?:[A-Za-z0-9][\w.:-]*/)+")
_PUNCTUATION = re.compile(r"(?:[^\w+]|_)+")


def fold(spelling: str) -> str:
    """Case, provider prefix (``meta-llama/``) and punctuation removed; letters of every script stay, so the result of
    two names that differ in them differs. Empty for a spelling without letter or digit, which names nothing."""
    plain = unicodedata.normalize("NFKC", spelling)
    return _PUNCTUATION.sub("-", _PROVIDER.sub("", plain).casefold()).strip("-")


@dataclass(frozen=True)
class Match:
    """A spelling resolved: the model, the rule that resolved it, and the effort its suffix named."""

    model: str
    rule: str
    effort: str = ""


class Identity:
    """Resolves spellings against the alias tables of a registry."""

    def __init__(self, registry: Registry) -> None:
        self._verbatim: dict[tuple[str, str], str] = {}
        self._folded: dict[str, set[str]] = {}
        self._ignored: dict[tuple[str, str], str] = {}
        for entry in registry.models.values():
            model = entry.value
            for name in (model.id, model.name):
                self._folded.setdefault(fold(name), set()).add(model.id)
            for source, spellings in model.aliases.items():
                for spelling in spellings:
                    self._add(source, spelling, model.id)
        for table in registry.alias_tables:
            for spelling, model_id in table.spellings.items():
                self._add(table.source, spelling, model_id)
            for ignored in table.ignore:
                self._ignored[table.source, ignored.spelling] = ignored.reason

    def _add(self, source: str, spelling: str, model: str) -> None:
        self._verbatim[source, spelling] = model
        self._folded.setdefault(fold(spelling), set()).add(model)

    def resolve(self, source: str, spelling: str) -> Match | None:
        """The model that `spelling` names in `source`, or None."""
        if (source, spelling) in self._verbatim:
            return Match(self._verbatim[source, spelling], "listed")
        bare, effort = _without_effort(spelling)
        if effort and (source, bare) in self._verbatim:
            return Match(self._verbatim[source, bare], "listed, effort suffix", effort)
        dateless = _DATE_TAG.sub("", bare)
        for candidate, rule, found_effort in (
            (spelling, "folded", ""),
            (bare, "folded, effort suffix", effort),
            (dateless, "folded, date tag", effort),
        ):
            key = fold(candidate)
            models = self._folded.get(key, set()) if key else set()
            if len(models) == 1:
                return Match(next(iter(models)), rule, found_effort)
            if models:
                return None
        return None

    def ignored(self, source: str, spelling: str) -> str | None:
        """Why a spelling is deliberately not tracked, or None."""
        return self._ignored.get((source, spelling))

    def near(self, spelling: str) -> list[str]:
        """Known models whose names look like `spelling`; for people to read, never used to match."""
        hits = near_matches(_without_effort(spelling)[0], self._folded)
        return list(dict.fromkeys(model for hit in hits for model in sorted(self._folded[hit])))

    def resolve_all(self, source: str, spellings: Iterable[str]) -> pd.DataFrame:
        """One row a distinct spelling: columns model ('' when none), rule, effort; index spelling."""
        rows = {}
        for spelling in sorted(set(spellings)):
            match = self.resolve(source, spelling)
            rows[spelling] = (match.model, match.rule, match.effort) if match else ("", "", "")
        return pd.DataFrame.from_dict(rows, orient="index", columns=["model_id", "rule", "suffix_effort"])


def _without_effort(spelling: str) -> tuple[str, str]:
    """The spelling without effort suffix and pre-release mark, and the effort."""
    effort = ""
    match = _EFFORT.search(spelling)
    if match:
        effort, spelling = match["effort"].lower(), spelling[: match.start()]
    return _PRE_RELEASE.sub("", spelling), effort
