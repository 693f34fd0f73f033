"""Files of the claims ledger: one claim a file, contradictions between claims, and the referee's objections."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from generator.core import Problem, ProblemsFound, near_matches
from generator.schema.fields import Finite, Id, LongText, Text, Written
from generator.schema.registry import Entry
from generator.schema.validate import validated
from generator.schema.yamlfile import Document, Location, read_yaml

#: Units of the last printed digit by which a recomputed number may differ: half a unit, and a little for rounding.
LAST_DIGIT = 0.51
_NAME = re.compile(r"^[a-z0-9][a-z0-9_.+-]{0,79}$")
_PLACEHOLDER = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
_KEY = re.compile(r"^[a-z0-9][a-z0-9_.+/-]*$")
#: Of a number; or of a yes or no, the words for each: ``is|is not``.
_SPEC = re.compile(r"([-+]?,?(\.\d{1,2})?[dfeg%]?)?|[a-z][a-z ]*\|[a-z][a-z ]*")
_YEAR = re.compile(r"\b20\d\d\b")
#: A number that stands alone: not part of a name such as Llama-2, 7B or V1, nor a year.
_TYPED_NUMBER = re.compile(r"(?<![\w./-])[-+−±]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?(?![\w-]|[.,]\d)")


def _check_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("a value name is lower-case letters, digits and _ . + -, at most 80")
    return text


def _check_printed(text: str) -> str:
    if not re.match(r"^[-+]?\d+(\.\d+)?(e[-+]?\d+)?$", text):
        raise ValueError("write the number as it was printed, for example '-0.989' or '3.6e-6', in quotes")
    return text


Name = Annotated[str, AfterValidator(_check_name), WithJsonSchema({"type": "string", "pattern": _NAME.pattern})]
Printed = Annotated[str, AfterValidator(_check_printed), Field(max_length=40)]
Theme = Literal[
    "base coupling", "critical scale", "dimension and width", "frontier", "trajectories", "loss", "internal", "counts"
]
PLACES: Mapping[str, str] = {
    "paper-base": "Lying Is Just a Phase (arXiv 2605.18838)",
    "paper-frontier": "The Growing Pains of Frontier Models (arXiv 2605.18840)",
    "manuscript": "an earlier manuscript in the released files (paper3A, nature.tex)",
    "readme": "README of the released code",
    "dashboard": "the papers' dashboard",
    "script": "a released script",
    "data": "a released data file",
    "summary": "abstract and announcement",
    "nowhere": "not in the papers: a check that they lack",
}
PlaceId = Literal[
    "paper-base", "paper-frontier", "manuscript", "readme", "dashboard", "script", "data", "summary", "nowhere"
]


class Place(Written):
    """Where a claim or number was published."""

    place: PlaceId
    detail: Text | None = None


class PublishedValue(Written):
    """One number as printed, and what a recomputed value must do to agree with it.

    equal: within half a unit of the last printed digit (2 % slack) or within `tolerance`; above and below: strictly;
    inside: the printed number lies within a recomputed pair [low, high].
    """

    name: Name
    printed: Printed
    of: Name | None = Field(None, description="name of the recomputed value, where it is not `name`")
    unit: Text | None = None
    compare: Literal["equal", "above", "below", "inside"] = "equal"
    tolerance: Finite | None = Field(None, gt=0, description="in the unit of the value; states why in `note`")
    headline: bool = Field(True, description="false: shown with its own status, but does not decide the verdict")
    implied: bool = Field(False, description="true: no number was printed; this is what the argument needs")
    note: LongText | None = None

    @property
    def target(self) -> str:
        """Name of the recomputed value it is compared with."""
        return self.of or self.name

    @property
    def value(self) -> float:
        return float(self.printed)

    @property
    def allowed(self) -> float:
        """Largest difference that still counts as equal."""
        if self.tolerance is not None:
            return self.tolerance
        mantissa, _, exponent = self.printed.lower().partition("e")
        decimals = len(mantissa.partition(".")[2])
        return LAST_DIGIT * 10.0 ** (int(exponent or 0) - decimals)


class RecipeRef(Written):
    """A recipe in code.

    published: what the claim itself says was done; alternative: another documented way to the same quantity; diagnostic:
    shows where a number comes from, or a null or baseline, and never decides the verdict.
    """

    id: Id
    kind: Literal["published", "alternative", "diagnostic"]
    description: LongText


class LiveQuestion(Written):
    """How the claim is asked of the live panels, or why it cannot be."""

    question: LongText | None = None
    panels: list[Id] = Field(default_factory=list, description="tracks that are asked")
    reason: LongText | None = Field(None, description="why the live panels cannot answer")


class Sentence(Written):
    """Whether what the claim's sentence says beyond its numbers follows from what is computed: judged by people, not computed.

    supported: the recomputed values carry it; not supported: they contradict it or are no evidence for it; not tested: nothing
    that was released tests it.
    """

    judged: Literal["supported", "not supported", "not tested"]
    reason: LongText = Field(description="in one sentence, with every number as a placeholder, as in `reading`")


class Claim(Written):
    """data/claims/<id>.yaml: a published claim in our words, its numbers, recipes and reading.

    The verdict is computed and never written here: reproduced, when one recipe of kind published agrees with every
    headline number; reproduced with another recipe, when one of kind alternative does; not reproduced, when a headline
    number was computed and disagrees; not computable from released data, when none disagrees but some cannot be computed.
    """

    schema_version: Literal[1]
    id: Id
    title: Text
    theme: Theme
    statement: LongText
    where: list[Place] = Field(min_length=1)
    published: list[PublishedValue] = Field(default_factory=list)
    recipes: list[RecipeRef] = Field(default_factory=list)
    units: dict[str, Text] = Field(
        default_factory=dict,
        description="unit of what the recipes give beside the printed numbers, by the name or by what follows its last dot",
    )
    not_computable: LongText | None = Field(None, description="why no recipe can be written: what was never released")
    reading: LongText
    sentence: Sentence | None = Field(None, description="left out where the claim says nothing beyond its numbers")
    contradicts: list[Id] = Field(default_factory=list, description="claims that say otherwise")
    live: LiveQuestion


class Said(Written):
    """One side of a contradiction: where, what was printed there, and the recomputed value (`claim/recipe/name`)."""

    place: PlaceId
    detail: Text | None = None
    says: Text
    computed: str | None = Field(None, max_length=200)


class Contradiction(Written):
    id: Id
    title: Text
    sides: list[Said] = Field(min_length=2)
    claims: list[Id] = Field(min_length=1)
    reading: LongText


class Contradictions(Written):
    """data/contradictions.yaml: places of the papers that disagree with each other."""

    schema_version: Literal[1]
    contradictions: list[Contradiction]


class Objection(Written):
    """A referee's objection, what the authors promised, and what the data say (a template over claim values)."""

    id: Id
    kind: Literal["major", "minor"]
    title: Text
    objected: LongText
    promised: LongText
    answer: LongText
    claims: list[Id] = Field(default_factory=list)


class Objections(Written):
    """data/objections.yaml."""

    schema_version: Literal[1]
    source: Text
    objections: list[Objection]


@dataclass
class Ledger:
    """Everything written about the claims, by id, and every problem found while reading."""

    claims: dict[str, Entry[Claim]] = field(default_factory=dict)
    contradictions: list[Contradiction] = field(default_factory=list)
    objections: list[Objection] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def require_clean(self) -> Ledger:
        """Self, or ProblemsFound with every error."""
        if self.problems:
            raise ProblemsFound(self.problems)
        return self


def load_claims(root: Path) -> Ledger:
    """Read data/claims/, data/contradictions.yaml and data/objections.yaml. Faults are in `problems`, never raised."""
    ledger = Ledger()
    for path in sorted((root / "data" / "claims").glob("*.yaml")):
        document = read_yaml(path, shown_as=path.relative_to(root).as_posix())
        claim = validated(document, Claim)
        ledger.problems.extend(document.problems)
        if claim is not None:
            ledger.problems.extend(_claim_problems(document, claim, path.stem))
            ledger.claims[claim.id] = Entry(claim, document)
    for entry in ledger.claims.values():
        for index, other in enumerate(entry.value.contradicts):
            ledger.problems.extend(_unknown(entry.document, ("contradicts", index), other, ledger))
    _load_lists(root, ledger)
    return ledger


def check_claims(root: Path) -> list[Problem]:
    """Every problem in the claims ledger, sorted by path and line."""
    return sorted(set(load_claims(root).problems))


def placeholders(template: str) -> list[tuple[str, str]]:
    """(key, format) of every placeholder of a template, in order."""
    return [(match.group(1).strip(), match.group(2) or "") for match in _PLACEHOLDER.finditer(template)]


def _load_lists(root: Path, ledger: Ledger) -> None:
    for name, kind in (("contradictions", Contradictions), ("objections", Objections)):
        path = root / "data" / f"{name}.yaml"
        if not path.exists():
            continue
        document = read_yaml(path, shown_as=f"data/{name}.yaml")
        value = validated(document, kind)
        ledger.problems.extend(document.problems)
        if value is None:
            continue
        items = getattr(value, name)
        setattr(ledger, name, list(items))
        for index, item in enumerate(items):
            where: Location = (name, index)
            text_key = "reading" if name == "contradictions" else "answer"
            ledger.problems.extend(_template_problems(document, (*where, text_key), getattr(item, text_key)))
            for number, claim in enumerate(item.claims):
                ledger.problems.extend(_unknown(document, (*where, "claims", number), claim, ledger))


def _claim_problems(document: Document, claim: Claim, stem: str) -> Iterator[Problem]:
    if claim.id != stem:
        yield document.problem(("id",), "file-name", "the id and the file name disagree", found=claim.id, allowed=stem)
    if not claim.recipes and not claim.not_computable:
        yield document.problem(("recipes",), "missing-key", "no recipe, and not_computable does not say why")
    if not claim.live.panels and not claim.live.reason:
        yield document.problem(("live",), "missing-key", "live names no panel, and no reason why it cannot be asked")
    if claim.live.panels and not claim.live.question:
        yield document.problem(("live",), "missing-key", "live names panels but not the question asked of them")
    for kind, names in (
        ("published", [value.name for value in claim.published]),
        ("recipes", [recipe.id for recipe in claim.recipes]),
    ):
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield document.problem((kind,), "duplicate-key", f"{kind}: {name!r} appears twice")
    yield from _template_problems(document, ("reading",), claim.reading)
    if claim.sentence:
        yield from _template_problems(document, ("sentence", "reason"), claim.sentence.reason)


def _template_problems(document: Document, where: Location, template: str) -> Iterator[Problem]:
    for key, spec in placeholders(template):
        if not _KEY.fullmatch(key):
            yield document.problem(
                where,
                "bad-placeholder",
                f"{key!r} names no value",
                allowed="{value}, {recipe/value}, {claim/recipe/value}",
            )
        if not _SPEC.fullmatch(spec):
            yield document.problem(
                where,
                "bad-placeholder",
                f"{{{key}:{spec}}} has no known format",
                allowed=".3f, .2e, d, +.2f, .0%, is|is not",
            )
    bare = _PLACEHOLDER.sub(" x ", template)
    if "{" in bare or "}" in bare:
        yield document.problem(where, "bad-placeholder", "a brace is not closed")
    for match in _TYPED_NUMBER.finditer(_YEAR.sub("", bare.replace("95 %", ""))):
        yield document.problem(
            where, "typed-number", f"the number {match.group(0)!r} is typed",
            hint="name a recomputed value, {recipe/value:.3f}, or a printed one, {published/name}",
        )  # fmt: skip


def _unknown(document: Document, where: Location, name: str, ledger: Ledger) -> Iterator[Problem]:
    if name not in ledger.claims:
        near = near_matches(name, ledger.claims)
        yield document.problem(
            where, "unknown-claim", "unknown claim", found=repr(name), hint=f"did you mean {near[0]!r}?" if near else ""
        )
