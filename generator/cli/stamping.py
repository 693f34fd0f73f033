"""`capewatch stamp`: timestamps for seals, from public calendars."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli.main import project_root
from generator.core import CapewatchError

CALENDARS = ("https://alice.btc.calendar.opentimestamps.org", "https://bob.btc.calendar.opentimestamps.org")
_TIMEOUT = 30


@click.command()
@click.option(
    "--calendar",
    "calendars",
    multiple=True,
    metavar="URL",
    help="Ask this calendar. Default: two public ones, in turn.",
)
@click.option("--strict", is_flag=True, help="Exit 1 when a seal could not be stamped.")
@click.pass_obj
def stamp(root: Path | None, calendars: tuple[str, ...], strict: bool) -> None:
    """Write predictions/<id>/seal.ots for every sealed prediction that has none. Only the seal's hash leaves the machine.

    A calendar that does not answer is a warning: a later run asks again. The proof is a promise at first; `ots upgrade`
    and `ots verify` of the OpenTimestamps client complete and check it.

    Example: capewatch stamp
    """
    from generator.automation.stamping import stamp_all, unstamped

    project = project_root(root)
    wanted = unstamped(project)
    if not wanted:
        click.echo("every seal has its proof")
        return
    done = stamp_all(project, wanted, calendars=list(calendars or CALENDARS), post=_post)
    for item in done:
        if item.problem:
            told = " ".join(item.problem.split()).replace("::", ": :")
            click.echo(f"::warning title=seal not stamped::{item.id}: {told}")
        else:
            click.echo(f"{item.id}: predictions/{item.id}/seal.ots stamps {item.digest}")
    if strict and any(item.problem for item in done):
        raise click.exceptions.Exit(1)


def _post(url: str, body: bytes) -> bytes:
    import requests

    from generator.automation.stamping import MAX_ANSWER

    try:
        with requests.post(
            url, data=body, timeout=_TIMEOUT, stream=True, allow_redirects=False,
            headers={"Accept": "application/vnd.opentimestamps.v1", "Content-Type": "application/x-www-form-urlencoded"},
        ) as answer:  # fmt: skip
            if answer.status_code != 200:
                raise CapewatchError(f"status {answer.status_code}")
            return answer.raw.read(MAX_ANSWER + 1, decode_content=True)
    except requests.RequestException as error:
        raise CapewatchError(type(error).__name__) from None
