"""Serving the built site on this machine, rebuilding when an input changes."""

from __future__ import annotations

import functools
import http.server
import socketserver
import threading
import time
from pathlib import Path

import click

from generator.cli.build import DEFAULT_RESAMPLES, DEFAULT_SEED, Stages, run_build
from generator.cli.stamp import Stamp
from generator.core import CapewatchError

POLL_SECONDS = 1.0


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: one line a request hides the build's messages."""


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True


def serve_forever(project: Path, *, host: str, port: int) -> None:
    """Serve site/ and rebuild on change until interrupted. A build that fails is reported and the old site stays."""
    address = f"http://{host}:{port}/"
    handler = functools.partial(_Quiet, directory=str(project / "site"))
    try:  # before the build, so that a port that is taken is told at once
        server = _Server((host, port), handler)
    except OSError as error:
        raise CapewatchError(f"cannot serve on {host}:{port}: {error.strerror}", hint="choose another --port") from None
    _rebuild(project, address, why="building the site, which is then served")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    click.echo(f"serving {address} (Ctrl-C stops)")
    try:
        while True:
            time.sleep(POLL_SECONDS)
            _rebuild(project, address, why="a file changed: building again")
    except KeyboardInterrupt:
        server.shutdown()


def _rebuild(project: Path, address: str, *, why: str) -> None:
    """Build unless the site is current or the same inputs failed before; `why` is told first."""
    stamp = Stamp(project, {"serve": address})
    if stamp.is_current() or stamp.failed_before():
        return
    click.echo(f"{why} …")
    stages = Stages()
    try:
        summary = run_build(
            project, as_of=None, seed=DEFAULT_SEED, resamples=DEFAULT_RESAMPLES, site_url=address, stamp=stamp,
            tell=stages.begin,
        )  # fmt: skip
        stages.end()
        click.echo(summary)
    except CapewatchError as error:
        stamp.write_failed()
        click.echo(f"capewatch: {error}", err=True)
    else:
        stamp.write()
