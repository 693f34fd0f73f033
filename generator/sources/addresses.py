"""Which addresses may be asked: public hosts over https. Checked on the name, and on the peer before a byte is sent."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import weakref
from collections.abc import Collection
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests.adapters
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from generator.core import CapewatchError

MAX_URL = 2000


def check_url(url: str, *, allow_private: Collection[str] = ()) -> str:
    """The host of `url`; CapewatchError when it is no https address of a host without user and port tricks.

    Hosts in `allow_private` may be asked over plain http: for tests against a local server only.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise CapewatchError(f"{url[:200]!r} is no address: {error}") from None
    if host in allow_private and parts.scheme in ("http", "https"):
        return host
    if len(url) > MAX_URL or any(ord(character) < 33 for character in url):
        raise CapewatchError(f"{url[:200]!r} is no address", hint=f"at most {MAX_URL} characters, no blanks")
    if parts.scheme != "https":
        raise CapewatchError(f"{url[:200]}: refused, only https addresses are asked")
    if not host or parts.username is not None or parts.password is not None or port not in (None, 443):
        raise CapewatchError(f"{url[:200]}: refused, an address names a public host, no user and no other port")
    if _is_literal(host):
        check_peer(host, allow_private=allow_private)
    return host


def redirect_target(url: str, location: str, *, allow_private: Collection[str] = ()) -> str:
    """Where a redirect leads, as a whole address; CapewatchError when it may not be followed."""
    target = urljoin(url, location.strip())
    try:
        check_url(target, allow_private=allow_private)
    except CapewatchError as error:
        raise CapewatchError(f"{url}: redirects to a refused address: {error.message}", hint=error.hint) from None
    return target


def check_peer(address: str, *, allow_private: Collection[str] = ()) -> None:
    """CapewatchError unless `address` (an IP) is global: loopback, private, link-local and the like are refused."""
    if address in allow_private:
        return
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None) or ip
    if not (ip.is_global and inner.is_global) or ip.is_multicast:
        raise CapewatchError(
            f"{address}: refused, not a public address", hint="a public leaderboard does not live in a private network"
        )


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class GuardedAdapter(requests.adapters.HTTPAdapter):
    """Connects like requests does, but checks the peer's address before anything is sent over a new connection.

    So a public name that resolves to a private address (also on a second look-up) is refused.
    """

    def __init__(self, *, allow_private: Collection[str] = ()) -> None:
        self._allow_private = frozenset(allow_private)
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        super().__init__(max_retries=0)

    def abort(self) -> None:
        """Break every open connection: a server that drips its headers is cut off too."""
        for sock in list(self._sockets):
            with contextlib.suppress(OSError):  # it is closed already
                sock.shutdown(socket.SHUT_RDWR)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pool_classes(self._allow_private, self._sockets)


def _pool_classes(
    allow_private: frozenset[str], sockets: weakref.WeakSet[socket.socket]
) -> dict[str, type[HTTPConnectionPool]]:
    def guarded(sock: socket.socket) -> socket.socket:
        try:
            check_peer(sock.getpeername()[0], allow_private=allow_private)
        except CapewatchError:
            sock.close()
            raise
        sockets.add(sock)
        return sock

    class PlainConnection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return guarded(super()._new_conn())

    class SecureConnection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return guarded(super()._new_conn())

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": PlainPool, "https": SecurePool}


__all__ = ["GuardedAdapter", "check_peer", "check_url", "redirect_target"]
