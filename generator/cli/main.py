"""`capewatch`: one group, commands loaded on demand, no traceback for anything a user can cause."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from generator.cli import log
from generator.core import CapewatchError, WrongCall, printable

# One thread for linear algebra: the same bytes on every machine, and small matrices are faster so.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

#: command -> (module, attribute, one line of help)
COMMANDS: Mapping[str, tuple[str, str, str]] = {
    "alarm": ("generator.cli.watch", "alarm", "Body of the one issue about stale, failed or quarantined sources."),
    "build": ("generator.cli.build", "build", "Data to bundle to pages to site/, offline."),
    "serve": ("generator.cli.build", "serve", "Build, serve on this machine, rebuild on change."),
    "check": ("generator.cli.check", "check", "Validate everything people wrote; all problems at once."),
    "claims": ("generator.cli.claims", "claims", "Recompute the published claims and give each its verdict."),
    "comment": (
        "generator.cli.effect",
        "comment",
        "The pull request's comment, from a report that anyone may have written.",
    ),
    "diagnose": ("generator.cli.diagnose", "diagnose", "Locate, diagnose and rotate for your own scores."),
    "diff": ("generator.cli.diff", "diff", "What changed between two bundles, versions, days or revisions."),
    "doctor": ("generator.cli.watch", "doctor", "Is everything in order: environment, data, ledgers, site branch."),
    "effect": ("generator.cli.effect", "effect", "What a change of the data does to models, statistics, predictions."),
    "forecasts": (
        "generator.cli.forecasts",
        "forecasts",
        "Forecasting models judged out of sample; --write makes data/forecasts current.",
    ),
    "new": ("generator.cli.new", "new", "Write a correct starting file."),
    "panel": ("generator.cli.panel", "panel", "One track at one day as a table, also from logs larger than memory."),
    "publish": ("generator.cli.publish", "publish", "Versions of the site on a git branch: dev, monthly cuts."),
    "pull": ("generator.cli.pull", "pull", "Refresh data/snapshots from the public leaderboards."),
    "release-notes": (
        "generator.cli.release",
        "release_notes",
        "Check a tag against the version and print its changelog.",
    ),
    "resolve": (
        "generator.cli.score",
        "resolve",
        "Append outcomes to the ledgers once they are due (shows only, unless --write).",
    ),
    "score": ("generator.cli.score", "score", "Status of the predictions, at any date."),
    "seal": ("generator.cli.score", "seal", "Seal a prediction, or declare a change of a sealed one."),
    "stamp": ("generator.cli.stamping", "stamp", "Ask a public calendar to timestamp the seals (needs a network)."),
    "steer": ("generator.steering.cli", "steer", "The steering benchmark (needs the extra capewatch[steer])."),
    "store": ("generator.cli.store", "store", "Commit what the jobs appended under data/, and push it."),
    "summary": ("generator.cli.watch", "summary", "Markdown summary of a run: sources, data, predictions."),
    "schema": ("generator.cli.check", "schema", "Write the JSON Schemas of data/ for editors."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported only when they run."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute, _help = COMMANDS[name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        from generator.core import near_matches

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = near_matches(args[0], COMMANDS)
            advice = f"did you mean {near[0]!r}?" if near else f"commands: {', '.join(sorted(COMMANDS))}"
            raise click.UsageError(f"no command {args[0]!r}; {advice}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_module, _name, text) in sorted(COMMANDS.items())])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="capewatch")
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="CAPEWATCH_ROOT",
    help="Project folder (the one with mkdocs.yml and data/). Default: the nearest above the current folder.",
)
@click.option(
    "--log", "log_format", type=click.Choice(["text", "json"]), default="text", show_default=True, envvar="CAPEWATCH_LOG",
    help="json: one event a line on standard error, for pull, build, publish, store and every error.",
)  # fmt: skip
@click.pass_context
def cli(ctx: click.Context, root: Path | None, log_format: str) -> None:
    """Static-site report generator and prediction tracker for capability coupling in language models.

    \b
    Exit codes: 0 done; 1 a fault in the data or the world; 2 a fault in the call;
    3 partly done (pull: some sources passed; store: another run was first); 130 interrupted.

    Example: capewatch build
    """
    ctx.obj = root
    log.set_format(ctx, log_format)


def project_root(given: Path | None) -> Path:
    """The project folder, or an error that says where was looked."""
    if given is not None:
        if not (given / "data").is_dir():
            raise WrongCall(f"{given}: not a capewatch project: it has no data/ folder", hint="pass --root FOLDER")
        return given.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "mkdocs.yml").is_file() and (folder / "data").is_dir():
            return folder
    raise WrongCall(
        f"no capewatch project in {here} or above it: no folder holds mkdocs.yml and data/",
        hint="change into the project, or pass --root FOLDER",
    )


def main() -> None:
    """Entry point: exit 0 done, 1 a fault in data or world, 2 a fault in the call, 3 partly done."""
    try:
        # Outside standalone mode click returns the code of ctx.exit() and Exit instead of leaving with it.
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        _tell(error.format_message(), error.show)
        sys.exit(2 if isinstance(error, click.UsageError) else 1)
    except click.Abort:
        _tell("interrupted", lambda: click.echo("interrupted", err=True))
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except CapewatchError as error:
        text = "\n".join(printable(line) for line in f"capewatch: {error}".split("\n"))
        _tell(str(error), lambda: click.echo(text, err=True))
        sys.exit(error.exit_code)
    except OSError as error:
        text = f"capewatch: {error.filename or 'system'}: {error.strerror or error}"
        _tell(text, lambda: click.echo(text, err=True))
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _tell(message: str, show: Callable[[], None]) -> None:
    """An error to a person as it is, or as an event when the call asked for JSON."""
    if log.wants_json(sys.argv[1:]) or os.environ.get("CAPEWATCH_LOG") == "json":
        log.write("capewatch", "failed", message=message)
    else:
        show()
