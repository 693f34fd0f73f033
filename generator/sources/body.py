"""Reading an answer's body: bounded in size and time, unpacked by hand so that a cut-off stream is noticed."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import requests
import urllib3.exceptions

from generator.core import CapewatchError

_CHUNK = 64 * 1024


class TransientError(Exception):
    """Something that may go well next time: the request is tried again."""


def declared_length(response: requests.Response) -> int | None:
    """Content-Length as a number; None when it is missing or no number."""
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def read_body(
    response: requests.Response, *, url: str, max_bytes: int, deadline: float, clock: Callable[[], float]
) -> bytes:
    """The unpacked body, at most `max_bytes`, read before `clock()` passes `deadline`.

    CapewatchError when it is too large (by its declared length, or while streaming) or too slow; TransientError when
    it ends early.
    """
    declared = declared_length(response)
    if declared is not None and declared > max_bytes:
        raise CapewatchError(f"{url}: declares {declared} bytes, allowed {max_bytes}", hint="nothing was read")
    unpack = _unpacker(response.headers.get("Content-Encoding", "identity").strip().lower(), url, max_bytes)
    parts: list[bytes] = []
    size = received = 0
    while True:
        if clock() > deadline:
            raise CapewatchError(f"{url}: too slow: {received} bytes when the time was up", hint="try again later")
        try:
            # read1 gives what has come; read would wait for a full block and a slow drip would hold it for ever.
            packed = response.raw.read1(_CHUNK, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise TransientError(
                f"{url}: the answer broke off after {received} bytes: {type(error).__name__}"
            ) from None
        if not packed:
            break
        received += len(packed)
        for plain in unpack(packed):
            size += len(plain)
            if size > max_bytes:
                raise CapewatchError(f"{url}: more than {max_bytes} bytes", hint="reading was stopped")
            parts.append(plain)
    if declared is not None and received < declared:
        raise TransientError(f"{url}: the answer broke off: {received} of {declared} bytes")
    unpack(None)
    return b"".join(parts)


def _unpacker(encoding: str, url: str, max_bytes: int) -> Callable[[bytes | None], list[bytes]]:
    """A function bytes → unpacked pieces; called with None at the end, when it checks that the stream is whole."""
    if encoding in ("", "identity"):
        return lambda packed: [packed] if packed else []
    if encoding not in ("gzip", "x-gzip"):
        raise CapewatchError(f"{url}: unknown Content-Encoding {encoding!r}", hint="allowed: gzip, identity")
    stream = zlib.decompressobj(16 + zlib.MAX_WBITS)

    def unpack(packed: bytes | None) -> list[bytes]:
        if packed is None:
            if not stream.eof:
                raise TransientError(f"{url}: the gzip stream is cut off")
            return []
        try:
            return [stream.decompress(packed, max_bytes + 1)]
        except zlib.error as error:
            raise TransientError(f"{url}: the gzip stream is damaged: {error}") from None

    return unpack
