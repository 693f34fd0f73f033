"""What Altair and vl-convert make: templates, static drawings, pictures, the script; here or in processes of their own.

Both libraries are imported only when something is made: a build that finds everything in its cache needs neither.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import queue
import re
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import lru_cache
from pathlib import Path
from typing import Any

from generator.core import CapewatchError, canonical_json, write_if_changed

VEGA_LITE = "6.4"
STATIC_WIDTH = 560
#: On a phone the words of a drawing are this much larger than drawn, so that they can be read; the room for them is left here.
_PHONE_WORDS = 17 / 12
#: width of a number of three digits with sign and tick
_NUMBERS = 30.0
_SNIPPET = "window.vegaEmbed = vegaEmbed;"
#: The text between tags, which stays; attributes that go; numbers of more than two decimals. Attributes are met before any > in them.
_TRIMMED = re.compile(
    r'(>[^<]+<)| (?:aria-[a-z]+|role|class|pointer-events|xmlns:xlink|version|font-family)="[^"]*"|(-?\d+\.\d{2})\d+'
)
_EMPTY = re.compile(r"<path (?:class=\"[^\"]*\" )?(?:d=\"\"|d=\"M0,0h0v0h0Z\")[^>]*/>|<text[^>]*></text>|<g></g>")
_SIZE = re.compile(r'<svg([^>]*?) width="([\d.]+)" height="([\d.]+)"')


def draw(spec: Mapping[str, Any]) -> str:
    """A static inline SVG of a specification: fixed width, no accessibility tree of its own, two decimals."""
    import vl_convert

    rows = spec["datasets"]
    vega = json.loads(_compiled(canonical_json({**still(spec), "datasets": {name: [] for name in rows}})))
    for data in vega["data"]:
        data.update({"values": rows[data["name"]]} if data["name"] in rows else {})
    return trimmed(vl_convert.vega_to_svg(vega))


def still(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The specification of a drawing that stays as it is."""
    return {
        **spec,
        "layer": _still(spec["layer"]),
        "width": STATIC_WIDTH,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": {**_roomy(spec), "aria": False},
    }


def trimmed(svg: str) -> str:
    """The drawing without what a page does not need of it."""
    svg = _TRIMMED.sub(lambda found: found[1] or found[2] or "", svg)
    before = ""
    while before != svg:
        before, svg = svg, _EMPTY.sub("", svg)
    return _SIZE.sub(r'<svg\1 aria-hidden="true" focusable="false"', svg, count=1).replace("\n", " ")


@lru_cache(maxsize=64)
def _compiled(spec: str) -> str:
    """The Vega specification of a Vega-Lite one, both as JSON. It does not depend on the rows of the data sets, so charts that
    differ in these alone are compiled once."""
    import vl_convert

    return canonical_json(vl_convert.vegalite_to_vega(json.loads(spec), vl_version=VEGA_LITE))


def _still(node: Any) -> Any:
    """The layers without tooltips, which a drawing does not have but would be worked out for each of its marks."""
    if isinstance(node, list):
        return [_still(item) for item in node]
    if isinstance(node, dict):
        return {name: _still(value) for name, value in node.items() if name != "tooltip"}
    return node


def _roomy(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with a margin for the larger words that a phone shows, so that they stay off the title of the axis."""
    config: dict[str, Any] = copy.deepcopy(dict(spec.get("config", {})))
    rows = [row["row"] for rows in spec["datasets"].values() for row in rows if isinstance(row.get("row"), str)]
    words = min(max(map(len, rows)) * 6.5, 170) if rows else _NUMBERS
    config["axisY"] = {**config.get("axisY", {}), "minExtent": round(words * _PHONE_WORDS)}
    return config


def script() -> str:
    """Vega, Vega-Lite and vega-embed as one script that asks no other host for anything."""
    import vl_convert

    return str(vl_convert.javascript_bundle(_SNIPPET, vl_version=VEGA_LITE))


def templates() -> str:
    """Every template by name, as JSON."""
    from generator.site.charts.templates import TEMPLATES

    return canonical_json({name: make() for name, make in TEMPLATES.items()})


def picture(svg: str) -> bytes:
    """A drawing as PNG with its pixels packed well: the renderer packs them loosely."""
    import vl_convert

    loose = bytes(vl_convert.svg_to_png(svg))
    chunks = list(_chunks(loose))
    pixels = zlib.compress(zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT")), 6)
    header = next(body for kind, body in chunks if kind == b"IHDR")
    return loose[:8] + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    )


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


#: What can be asked for by name.
MAKERS: Mapping[str, Callable[..., str | bytes]] = {
    "draw": draw, "script": script, "templates": templates, "picture": picture,
}  # fmt: skip
#: Path of the file to make, name of the maker, its arguments.
Order = tuple[Path, str, tuple[Any, ...]]


def start(orders: list[Order]) -> Callable[[], None]:
    """Fill these orders in one process from now on; returns a call that waits for it. It raises CapewatchError."""
    if not orders:
        return lambda: None
    process = _process(stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    process.stdin.write("".join(map(_line, orders)))
    process.stdin.close()

    def wait() -> None:
        if code := process.wait():
            raise _stopped(code)

    return wait


class Drawers:
    """As many processes as there are cores, which make files while this one goes on. They start with the first order; as long as
    this one goes on, there is one fewer, where there are several. `started` holds all there ever were.

    Not by fork: vl-convert's own threads would be missing in the child.
    """

    def __init__(self, processes: int | None = None) -> None:
        count = processes or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(count)
        self._room = threading.Semaphore(max(1, count - 1))
        self._orders: dict[Path, Future[None]] = {}
        self._idle: queue.SimpleQueue[subprocess.Popen[str]] = queue.SimpleQueue()
        self.started: list[subprocess.Popen[str]] = []

    def ask(self, path: Path, maker: str, *arguments: Any) -> None:
        """Let `path` be made; once, however often it is asked for."""
        if path not in self._orders:
            self._orders[path] = self._pool.submit(self._fill, (path, maker, arguments))

    def rest(self) -> Future[None]:
        """Nothing is asked for a while: let the processes end when all that was asked for is there. Each holds over 100 MB."""
        return self._pool.submit(self._end_idle, list(self._orders.values()))

    def finish(self) -> None:
        """Wait until everything that was asked for is there. Raises CapewatchError when something cannot be made."""
        self._room.release()
        for order in self._orders.values():
            order.result()

    def __enter__(self) -> Drawers:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        for process in self.started:
            process.communicate()

    def _end_idle(self, asked: list[Future[None]]) -> None:
        wait(asked)  # all of them are being filled: the pool begins them in the order in which they came
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().communicate()

    def _fill(self, order: Order) -> None:
        with self._room:
            self._made(order)

    def _made(self, order: Order) -> None:
        try:
            process = self._idle.get_nowait()
        except queue.Empty:
            process = _process(stdout=subprocess.PIPE)
            self.started.append(process)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(_line(order))
            process.stdin.flush()
            done = process.stdout.readline()
        except BrokenPipeError:
            done = ""
        if not done:
            raise _stopped(process.wait())
        self._idle.put(process)


def serve(lines: Iterator[str]) -> Iterator[str]:
    """The other side: a line of JSON an order; says the path of each file that is made."""
    for line in lines:
        path, maker, arguments = json.loads(line)
        write_if_changed(Path(path), MAKERS[maker](*arguments))
        yield path


def _process(*, stdout: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "generator.site.charts.worker"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stdout, text=True, encoding="ascii")


def _line(order: Order) -> str:
    path, maker, arguments = order
    return json.dumps([str(path), maker, arguments]) + "\n"


def _stopped(code: int) -> CapewatchError:
    return CapewatchError(
        f"a process that draws charts stopped with exit code {code}", hint="what it said stands above"
    )
