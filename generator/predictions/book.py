"""The prediction files of a project, loaded at once: typed values, their positions, and every problem of shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from generator.core import Problem, WrongCall, near_matches
from generator.predictions.shape import shape_problems
from generator.schema import Entry
from generator.schema.prediction import Prediction
from generator.schema.validate import validated
from generator.schema.yamlfile import Document, read_yaml

FOLDER = "predictions"
FILE = "prediction.yaml"


@dataclass
class Book:
    """predictions: id -> entry, only those whose shape is sound, so that evaluating one cannot fail on its form.

    typed: every entry whose types are right, sound or not. documents: every file that could be read, by folder name.
    problems: everything that is wrong with the files.
    """

    root: Path
    predictions: dict[str, Entry[Prediction]] = field(default_factory=dict)
    typed: list[Entry[Prediction]] = field(default_factory=list)
    documents: dict[str, Document] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def get(self, identity: str) -> Prediction:
        """One prediction; WrongCall with near matches for an unknown id."""
        if identity not in self.predictions:
            near = near_matches(identity, self.predictions)
            hint = f"near: {', '.join(near)}" if near else f"predictions: {', '.join(sorted(self.predictions))}"
            raise WrongCall(f"unknown prediction {identity!r}", hint=hint)
        return self.predictions[identity].value

    def ordered(self) -> list[Prediction]:
        """By number, then by id; statements without a number last."""
        values = [entry.value for entry in self.predictions.values()]
        return sorted(values, key=lambda p: (p.number is None, p.number or 0, p.id))


def load_predictions(root: Path) -> Book:
    """Read predictions/*/prediction.yaml under `root`. Faults never raise; they are in `problems`."""
    book = Book(root)
    folder = root / FOLDER
    seen: dict[str, str] = {}
    for place in sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else ():
        path = place / FILE
        shown = path.relative_to(root).as_posix()
        if not path.exists() and not path.is_symlink():
            book.problems.append(Problem(shown, 0, "missing-file", f"the folder {place.name} holds no {FILE}"))
            continue
        document = read_yaml(path, shown_as=shown)
        value = validated(document, Prediction)
        book.documents[place.name] = document
        found = list(document.problems)
        if value is not None:
            book.typed.append(Entry(value, document))
            found += [*shape_problems(document, value), *_identity(document, value, place.name, seen)]
        book.problems.extend(found)
        if value is not None and not any(problem.severity == "error" for problem in found):
            book.predictions[value.id] = Entry(value, document)
    return book


def _identity(document: Document, value: Prediction, folder: str, seen: dict[str, str]) -> Iterator[Problem]:
    if value.id != folder:
        yield document.problem(
            ("id",),
            "file-name",
            f"the id {value.id!r} and the folder disagree",
            found=folder,
            allowed=f"{FOLDER}/{value.id}/{FILE}",
        )
    if value.id == FOLDER:
        yield document.problem(
            ("id",),
            "bad-id",
            f"the id {FOLDER!r} names the badge and the feed of all predictions",
            hint="choose another id",
        )
    if value.id in seen:
        yield document.problem(
            ("id",),
            "duplicate-id",
            f"the id {value.id!r} is taken",
            hint=f"first in {seen[value.id]}; choose another id",
        )
    seen.setdefault(value.id, document.path)
