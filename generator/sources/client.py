"""What an adapter may ask of the world: bytes by URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from generator.sources.capture import Capture

#: address → (ETag, Last-Modified) of the last pull; empty where the server gave none.
Validators = dict[str, tuple[str, str]]


class Client(Protocol):
    """Fetches one URL as a capture; the HTTP client and the tests' stand-ins implement it."""

    def get(
        self,
        url: str,
        *,
        name: str,
        accept: Sequence[str],
        headers: Mapping[str, str] | None = None,
        conditional: bool = True,
    ) -> Capture:
        """GET `url` → `Capture` named `name`.

        `accept` lists the content types taken (without parameters). `headers` are sent and never stored or logged:
        keys travel there. With `conditional` the validators of the last pull are sent and the capture may come back
        empty with `not_modified`. CapewatchError says what went wrong otherwise.
        """
        ...
