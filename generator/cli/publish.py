"""`capewatch publish`: versions of the site on a git branch."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.cli import log
from generator.cli.build import DEFAULT_RESAMPLES, DEFAULT_SEED
from generator.cli.diff import builder
from generator.cli.main import project_root
from generator.core import CapewatchError
from generator.publish.budget import MAX_BRANCH_MB, MAX_VERSION_MB, MB
from generator.publish.names import DEV, record, require_cut

if TYPE_CHECKING:
    from generator.publish.branch import Published, Target, Versions
    from generator.report.bundle import Bundle

#: What a version must be committed with, so that it can be rebuilt from history.
INPUTS = ("data", "predictions", "site_src", "mkdocs.yml", "generator")


@dataclass(frozen=True)
class Asked:
    """The options that every publication takes."""

    project: Path
    target: Target
    seed: int
    resamples: int
    site: Path | None
    bundle: Path | None


@click.group()
def publish() -> None:
    """Versions of the site on a branch: `dev` is overwritten, YYYY.MM is cut once and never changes.

    Example: capewatch publish dev --site-url https://example.org/capewatch/ --push
    """


def _branch(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--push", is_flag=True, help="Push the branch, from the remote's tip, without overwriting what is there."
        ),
        click.option("--remote", default="origin", show_default=True, help="Remote that --push goes to."),
        click.option("--branch", default="gh-pages", show_default=True, help="Branch that holds the versions."),
    ):
        command = option(command)
    return command


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of `Asked`; the command gets one `Asked` as its first argument."""

    @functools.wraps(command)
    @click.pass_obj
    def wrapped(
        root: Path | None, /, *, push: bool, remote: str, branch: str, site_url: str, seed: int, resamples: int,
        site: Path | None, bundle: Path | None, max_branch_mb: float, max_version_mb: float, **more: Any,
    ) -> None:  # fmt: skip
        from generator.publish.branch import Target

        if (site is None) != (bundle is None):
            raise click.UsageError("--site and --bundle go together: a built site and the bundle it was built from")
        target = Target(site_url, branch, remote if push else "", max_branch_mb, max_version_mb)
        command(Asked(project_root(root), target, seed, resamples, site, bundle), **more)

    folder = click.Path(exists=True, file_okay=False, path_type=Path)
    for option in (
        click.option(
            "--site-url", envvar="SITE_URL", required=True, help="Address below which all versions are served."
        ),
        click.option("--seed", default=DEFAULT_SEED, show_default=True),
        click.option("--resamples", default=DEFAULT_RESAMPLES, show_default=True, type=click.IntRange(200, 1_000_000)),
        click.option("--site", type=folder, help="Publish this site, built with --versioned, instead of building one."),
        click.option("--bundle", type=folder, help="The bundle of --site."),
        click.option("--max-branch-mb", default=MAX_BRANCH_MB, show_default=True, type=click.FloatRange(1)),
        click.option("--max-version-mb", default=MAX_VERSION_MB, show_default=True, type=click.FloatRange(1)),
    ):
        wrapped = option(wrapped)
    return _branch(wrapped)


@publish.command()
@_options
def dev(asked: Asked) -> None:
    """Build the present data and overwrite `dev`; nothing is committed when nothing changed.

    Example: capewatch publish dev --site-url https://example.org/capewatch/ --push
    """
    versions = _versions(asked)
    site, bundle, packed = _built(asked)
    done = versions.publish_dev(site, record=_record(asked, DEV, bundle), bundle=packed)
    _tell(done, asked.target)


@publish.command()
@click.argument("name", metavar="YYYY.MM")
@_options
def cut(asked: Asked, name: str) -> None:
    """Build the committed data, add them as version YYYY.MM, and point `latest` to it. A version never changes after that.

    The change file of `capewatch publish notes YYYY.MM` must be committed first, unless there is no version before.

    Example: capewatch publish cut 2026.11 --site-url https://example.org/capewatch/ --push
    """
    versions = _versions(asked)
    require_cut(name)
    versions.refresh()
    versions.require_new(name)
    _require_committed(asked.project)
    site, bundle, packed = _built(asked)
    _require_notes(asked.project, versions, name, bundle)
    done = versions.cut(name, site, record=_record(asked, name, bundle), bundle=packed)
    _tell(done, asked.target)


@publish.command()
@click.argument("name", metavar="YYYY.MM")
@click.option("--branch", default="gh-pages", show_default=True)
@click.option("--seed", default=DEFAULT_SEED, show_default=True)
@click.option("--resamples", default=DEFAULT_RESAMPLES, show_default=True, type=click.IntRange(200, 1_000_000))
@click.pass_obj
def notes(root: Path | None, name: str, branch: str, seed: int, resamples: int) -> None:
    """Write data/changes/YYYY.MM.json: what changed since the latest version. Commit it, then cut the version.

    Example: capewatch publish notes 2026.11
    """
    from generator.publish.branch import Target, Versions
    from generator.publish.git import Repository
    from generator.report.history import version_file, write_changes

    project = project_root(root)
    versions = Versions(Repository(project), Target(branch=branch))
    versions.require_new(require_cut(name))
    previous = versions.latest()
    if previous is None:
        click.echo(f"no version before {name}: there is nothing to compare with, and no file is needed")
        return
    build = builder(seed=seed, resamples=resamples, stored_forecasts_only=False)  # what `cut` will compute
    made = version_file(name, previous, versions.bundle(previous), build(project, None))
    path = write_changes(project, made)
    click.echo(f"{path.relative_to(project)}: {made.changes.summary}")


@publish.command()
@click.argument("old", type=click.DateTime(["%Y-%m-%d"]))
@click.argument("new", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--seed", default=DEFAULT_SEED, show_default=True)
@click.option("--resamples", default=DEFAULT_RESAMPLES, show_default=True, type=click.IntRange(200, 1_000_000))
@click.pass_obj
def replay(root: Path | None, old: Any, new: Any, seed: int, resamples: int) -> None:
    """Write data/changes/OLD_NEW.json: the present data as they were public by two days, by the present code.

    Example: capewatch publish replay 2026-05-31 2026-06-30
    """
    from generator.report.history import replay_file, write_changes

    if not old < new:
        raise click.UsageError(f"{old.date()} is not before {new.date()}")
    project = project_root(root)
    build = builder(seed=seed, resamples=resamples)
    made = replay_file(build(project, old.date()), build(project, new.date()))
    path = write_changes(project, made)
    click.echo(f"{path.relative_to(project)}: {made.changes.summary}")


@publish.command(name="list")
@click.option("--branch", default="gh-pages", show_default=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def list_versions(root: Path | None, branch: str, as_json: bool) -> None:
    """Every version with its size, and whether it may be dropped. Nothing is dropped by itself.

    Example: capewatch publish list
    """
    from dataclasses import asdict

    from generator.core import canonical_json
    from generator.publish.branch import Target, Versions
    from generator.publish.git import Repository

    held = Versions(Repository(project_root(root)), Target(branch=branch)).held()
    if as_json:
        click.echo(canonical_json([asdict(item) for item in held], indent=1), nl=False)
        return
    for item in held:
        verb = "may be dropped" if item.may_go else "kept"
        click.echo(f"{item.name:8} {item.size / MB:7.1f} MB  {verb}: {item.reason}")
    click.echo(
        f"{len(held)} version{'s' * (len(held) != 1)}, {sum(item.size for item in held) / MB:.1f} MB on branch {branch}"
    )


@publish.command()
@click.argument("names", nargs=-1, required=True, metavar="YYYY.MM…")
@_branch
@click.pass_obj
def drop(root: Path | None, names: tuple[str, ...], push: bool, remote: str, branch: str) -> None:
    """Replace versions that the rule lets go (see `list`) by a note and their bundle, so that they can still be compared.

    Example: capewatch publish drop 2025.01
    """
    from generator.publish.branch import Target, Versions
    from generator.publish.git import Repository

    target = Target(branch=branch, remote=remote if push else "")
    done = Versions(Repository(project_root(root)), target).drop(names)
    _tell(done, target)


def _versions(asked: Asked) -> Versions:
    from generator.publish.branch import Versions
    from generator.publish.git import Repository

    return Versions(Repository(asked.project), asked.target)


def _built(asked: Asked) -> tuple[Path, Bundle, bytes]:
    """The site to publish, its bundle, and the bundle packed."""
    from generator.report import Settings, make_bundle
    from generator.report.packed import pack, read_any

    if asked.site is not None and asked.bundle is not None:
        bundle = read_any(asked.bundle)
        return asked.site, bundle, pack(bundle)
    from generator.site import build_site

    bundle = make_bundle(asked.project, Settings(seed=asked.seed, resamples=asked.resamples))
    site = asked.project / "build" / "published"
    build_site(bundle, root=asked.project, site_url=asked.target.site_url, versioned=True, site=site)
    return site, bundle, pack(bundle)


def _record(asked: Asked, name: str, bundle: Bundle) -> dict[str, Any]:
    from generator.publish.git import Repository

    repository = Repository(asked.project)
    commit = repository.commit_of("HEAD")
    clean = commit is not None and not repository.changed(_inputs(asked.project))
    return record(name, commit=commit, clean=clean, meta=bundle.meta, site_url=asked.target.site_url)


def _inputs(project: Path) -> list[str]:
    return [name for name in INPUTS if (project / name).exists()]


def _require_committed(project: Path) -> None:
    """A version is rebuilt from history, so everything it is made from has to be in it."""
    from generator.publish.git import Repository

    repository = Repository(project)
    changed = repository.changed(_inputs(project))
    if repository.commit_of("HEAD") is None or changed:
        named = ", ".join(changed[:3]) or "the repository has no commit"
        raise CapewatchError(
            f"not committed: {named}{f' and {len(changed) - 3} more' if len(changed) > 3 else ''}",
            hint="commit first: a version must be rebuildable from history",
        )


def _require_notes(project: Path, versions: Versions, name: str, bundle: Bundle) -> None:
    """The committed change file of a version must be what comparing it with the version before gives."""
    from generator.report.history import FOLDER, version_file

    previous = versions.latest()
    if previous is None:
        return
    path = project / FOLDER / f"{name}.json"
    advice = f"run `capewatch publish notes {name}` and commit {path.relative_to(project)}"
    if not path.is_file():
        raise CapewatchError(f"{path.relative_to(project)} is missing: what changed since {previous}", hint=advice)
    wanted = version_file(name, previous, versions.bundle(previous), bundle).text()
    if path.read_text(encoding="utf-8") != wanted:
        raise CapewatchError(
            f"{path.relative_to(project)} does not say what changed since {previous}", hint=f"delete it, {advice}"
        )


def _tell(done: Published, target: Target) -> None:
    log.event(
        "done", version=done.name, changed=done.changed, commit=done.commit, branch=target.branch, remote=target.remote
    )
    where = f"branch {target.branch}" + (f" of {target.remote}" if target.remote else "")
    if not done.changed:
        click.echo(f"{done.name}: nothing changed on {where}, {done.commit[:12]}")
    else:
        click.echo(f"{done.name}: {done.size / MB:.1f} MB on {where}, {done.commit[:12]}")
