"""Serving the built site on this machine, rebuilding when an input changes."""

from __future__ import annotations

import functools
import http.server
import socketserver
import threading
import time
from pathlib import Path

import click

from generator.cli.build import DEFAULT_RESAMPLES, DEFAULT_SEED, run_build
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
    _rebuild(project, address)
    handler = functools.partial(_Quiet, directory=str(project / "site"))
    try:
        server = _Server((host, port), handler)
    except OSError as error:
        raise CapewatchError(f"cannot serve on {host}:{port}: {error.strerror}", hint="choose another --port") from None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    click.echo(f"serving {address} (Ctrl-C stops)")
    try:
        while True:
            time.sleep(POLL_SECONDS)
            _rebuild(project, address)
    except KeyboardInterrupt:
        server.shutdown()


def _rebuild(project: Path, address: str) -> None:
    stamp = Stamp(project, {"serve": address})
    if stamp.is_current() or stamp.failed_before():
        return
    try:
        click.echo(
            run_build(
                project, as_of=None, seed=DEFAULT_SEED, resamples=DEFAULT_RESAMPLES, site_url=address, stamp=stamp
            )
        )
    except CapewatchError as error:
        stamp.write_failed()
        click.echo(f"capewatch: {error}", err=True)
    else:
        stamp.write()
