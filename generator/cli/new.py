"""`capewatch new model`: a starting file with the keys in order and a comment where a person must choose."""

from __future__ import annotations

import csv
import datetime as dt
import re
from pathlib import Path

import click

from generator.cli.main import project_root
from generator.core import CapewatchError, WrongCall, counted, near_matches, write_atomic
from generator.schema import load_registry
from generator.schema.fields import check_id

_TEMPLATE = """\
# yaml-language-server: $schema=../../schema/model.schema.json
schema_version: 1
id: {id}
name: {name}
lab: {lab}
{family}kind: {kind}
{released}open_weights: {open_weights}
# params: 7.0e9            # a count, when it is public
links: []
{aliases}
observations:
  # One entry a score. Copy the block, fill it in, remove the comment marks. Two values that disagree are two entries.
  # - benchmark: gpqa-diamond        # an id under data/benchmarks/
  #   value: 83.4
  #   unit: percent                  # percent or fraction
  #   protocol: {{tools: false}}
  #   evaluator: maker               # or an id in data/evaluators.yaml
  #   source:
  #     title: {name} system card
  #     url: https://example.org/system-card
  #     retrieved: {today}
  []
"""


@click.group()
def new() -> None:
    """Write a correct starting file for a model or a prediction.

    Example: capewatch new model --name "Example 1" --lab openai --released 2026-11-20
    """


@new.command()
@click.option("--name", help="The name as its maker writes it. Required unless --from-unmatched names a spelling.")
@click.option("--lab", required=True, help="A lab id under data/labs/.")
@click.option("--id", "identity", help="Default: made from the name.")
@click.option("--family", help="A family id under data/families/; the file then goes into the family's folder.")
@click.option("--kind", type=click.Choice(["base", "chat"]), default="chat", show_default=True)
@click.option("--released", help="YYYY-MM-DD, YYYY-MM or YYYY.")
@click.option("--open-weights/--closed-weights", default=False, show_default=True)
@click.option(
    "--from-unmatched",
    nargs=2,
    metavar="SOURCE SPELLING",
    help="A row of data/snapshots/unmatched.csv: the spelling becomes an alias of the new model.",
)
@click.pass_obj
def model(
    root: Path | None,
    name: str | None,
    lab: str,
    identity: str | None,
    family: str | None,
    kind: str,
    released: str | None,
    open_weights: bool,
    from_unmatched: tuple[str, str] | None,
) -> None:
    """Write data/models/<lab or family>/<id>.yaml, ready to be filled in.

    Example: capewatch new model --name "Example 1" --lab openai --released 2026-11-20
    """
    project = project_root(root)
    registry = load_registry(project)
    _known("lab", lab, list(registry.labs))
    if family is not None:
        _known("family", family, list(registry.families))
    if from_unmatched is not None:
        _require_unmatched(project, *from_unmatched)
        name = name or from_unmatched[1]
    if name is None:
        raise click.UsageError("pass --name, or --from-unmatched SOURCE SPELLING")
    identity = identity or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    try:
        check_id(identity)
    except ValueError as error:
        raise WrongCall(f"bad id {identity!r}", hint=f"{error}; pass --id") from None
    if identity in registry.models:
        raise WrongCall(
            f"the model {identity!r} is already in {registry.models[identity].document.path}",
            hint="add the score there",
        )
    text = _TEMPLATE.format(
        id=identity,
        name=_quoted(name),
        lab=lab,
        family=f"family: {family}\n" if family else "",
        kind=kind,
        released=f"released: {released}\n" if released else "# released: 2026-11-20   # as precise as it is known\n",
        open_weights=str(open_weights).lower(),
        aliases=_aliases(from_unmatched),
        today=dt.datetime.now(dt.UTC).date().isoformat(),
    )
    path = project / "data" / "models" / (family or lab) / f"{identity}.yaml"
    write_checked(path, text, project)
    click.echo(f"wrote {path.relative_to(project)}; fill it in, then run: capewatch check")


@new.command()
@click.argument("identity")
@click.option("--title", required=True)
@click.option("--author", required=True, help="Who predicts.")
@click.option("--closes", required=True, help="Deadline, an instant with a zone: 2027-06-30T23:59:59Z.")
@click.option("--track", default="maker", show_default=True)
@click.option("--x", default="swe-bench-verified", show_default=True, help="First axis of the example metric.")
@click.option("--y", default="gpqa-diamond", show_default=True, help="Second axis of the example metric.")
@click.pass_obj
def prediction(
    root: Path | None, identity: str, title: str, author: str, closes: str, track: str, x: str, y: str
) -> None:
    """Write predictions/IDENTITY/prediction.yaml, ready to be edited and sealed.

    Example: capewatch new prediction my-claim --title "r stays high" --author "My Name" --closes 2027-06-30T23:59:59Z
    """
    from generator.cli.score import new_prediction_file

    path = new_prediction_file(
        root, identity=identity, title=title, author=author, closes=closes, track=track, x=x, y=y
    )
    click.echo(
        f"wrote {path.relative_to(project_root(root))}; edit it, then run: capewatch check && capewatch seal {identity}"
    )


def write_checked(path: Path, text: str, project: Path) -> None:
    """Write the file unless what was asked for breaks a rule; nothing stays behind then."""
    from generator.core import ProblemsFound
    from generator.schema import check_registry

    if path.exists():
        raise WrongCall(f"{path.relative_to(project)} exists already", hint="edit it, or choose another --id")
    write_atomic(path, text)
    shown = path.relative_to(project).as_posix()
    today = dt.datetime.now(dt.UTC).date()
    problems = [
        p for p in check_registry(load_registry(project), today=today) if p.path == shown and p.severity == "error"
    ]
    if problems:
        path.unlink()
        raise WrongCall(str(ProblemsFound(problems)))


def _aliases(from_unmatched: tuple[str, str] | None) -> str:
    if from_unmatched is None:
        return "aliases: {}"
    source, spelling = from_unmatched
    return f"aliases:\n  {source}: [{_quoted(spelling)}]"


def _require_unmatched(project: Path, source: str, spelling: str) -> None:
    """The spelling stands in unmatched.csv, or an error with near ones."""
    path = project / "data" / "snapshots" / "unmatched.csv"
    if not path.is_file():
        raise CapewatchError("data/snapshots/unmatched.csv is missing", hint="run capewatch pull first")
    with path.open(encoding="utf-8", newline="") as stream:
        known = [row["spelling"] for row in csv.DictReader(stream) if row["source"] == source]
    if spelling not in known:
        near = near_matches(spelling, known)
        hint = (
            f"near: {', '.join(near)}"
            if near
            else f"{counted(len(known), 'spelling')} of {source} {'is' if len(known) == 1 else 'are'} unmatched"
        )
        raise WrongCall(f"{source} has no unmatched spelling {spelling!r}", hint=hint)


def _known(kind: str, name: str, known: list[str]) -> None:
    if name not in known:
        near = near_matches(name, known) or sorted(known)
        raise WrongCall(
            f"unknown {kind} {name!r}", hint=f"known: {', '.join(near)}; add data/{kind}s first for a new one"
        )


def _quoted(text: str) -> str:
    """The name as a YAML scalar: plain where that is safe."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9 .+()/-]*[A-Za-z0-9.+)]", text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
