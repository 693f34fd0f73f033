"""The HTTP client: polite, bounded and suspicious. One instance serves one source; the pacer is shared by all."""

from __future__ import annotations

import datetime as dt
import email.utils
import random
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import requests

from generator import __version__
from generator.core import CapewatchError
from generator.sources.addresses import GuardedAdapter, check_url, redirect_target
from generator.sources.body import TransientError, read_body
from generator.sources.capture import Capture
from generator.sources.client import Client, Validators

USER_AGENT = f"capewatch/{__version__} (public leaderboard snapshots; one request at a time per host)"
_RETRIED = (429, 500, 502, 503, 504)
_REDIRECTS = (301, 302, 303, 307, 308)
_KEPT_HEADERS = ("etag", "last-modified", "content-type", "content-length", "date")


@dataclass(frozen=True)
class Limits:
    """Seconds and bytes. `deadline` bounds one attempt as a whole, however the server drips."""

    connect: float = 10.0
    read: float = 30.0
    deadline: float = 180.0
    max_bytes: int = 64 * 2**20
    attempts: int = 4
    backoff: float = 1.0
    backoff_max: float = 30.0
    retry_after_max: float = 120.0
    redirects: int = 5
    interval: float = 1.0  # between two requests to one host


class Pacer:
    """Keeps two requests to one host `interval` seconds apart, over all threads."""

    def __init__(
        self,
        interval: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval, self._clock, self._sleep = interval, clock, sleep
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str) -> None:
        """Return when `host` may be asked again."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next.get(host, now))
            self._next[host] = turn + self._interval
        if turn > now:
            self._sleep(turn - now)


@dataclass
class WebClient:
    """`Client` over HTTP. `instant` and `day` are those of the pull; `validators` come from the last one.

    `allow_private` names hosts (such as 127.0.0.1) that a test's local server has; leave it empty otherwise.
    """

    instant: str
    day: dt.date
    validators: Validators = field(default_factory=dict)
    limits: Limits = Limits()
    pacer: Pacer = field(default_factory=lambda: Pacer(Limits().interval))
    allow_private: Collection[str] = ()
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.SystemRandom().random

    def __post_init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy, no netrc: nothing of the machine reaches a server
        self._adapter = GuardedAdapter(allow_private=self.allow_private)
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, self._adapter)

    def get(
        self,
        url: str,
        *,
        name: str,
        accept: Sequence[str],
        headers: Mapping[str, str] | None = None,
        conditional: bool = True,
    ) -> Capture:
        """See `Client.get`."""
        etag, modified = self.validators.get(url, ("", "")) if conditional else ("", "")
        sent = {"User-Agent": USER_AGENT, "Accept": ", ".join((*accept, "*/*;q=0.1")), "Accept-Encoding": "gzip"}
        sent |= {"If-None-Match": etag} if etag else {}
        sent |= {"If-Modified-Since": modified} if modified else {}
        for attempt in range(1, self.limits.attempts + 1):
            try:
                return self._attempt(url, name, accept, sent, dict(headers or {}), bool(etag or modified))
            except _WaitError as error:
                wait, reason = error.seconds, str(error)
            except TransientError as error:
                wait, reason = None, str(error)
            if attempt < self.limits.attempts:
                self.sleep(self._delay(attempt) if wait is None else wait)
        raise CapewatchError(
            f"{reason}; tried {self.limits.attempts} times",
            hint="the server has trouble; the last good snapshot is kept",
        )

    def _delay(self, attempt: int) -> float:
        """Exponential back-off with jitter: half to one and a half of 1, 2, 4, … times `backoff`."""
        return min(self.limits.backoff * 2 ** (attempt - 1), self.limits.backoff_max) * (0.5 + self.jitter())

    def _attempt(
        self,
        url: str,
        name: str,
        accept: Sequence[str],
        sent: Mapping[str, str],
        secret: Mapping[str, str],
        asked: bool,
    ) -> Capture:
        deadline = self.clock() + self.limits.deadline
        watchdog = threading.Timer(self.limits.deadline, self._adapter.abort)
        watchdog.daemon = True
        watchdog.start()
        try:
            response, final = self._follow(url, sent, secret)
            with response:
                if response.status_code == 304 and asked:
                    return self._capture(url, name, b"", response, not_modified=True)
                self._check_status(response, final)
                self._check_type(response, final, accept)
                limit = self.limits.max_bytes
                data = read_body(response, url=final, max_bytes=limit, deadline=deadline, clock=self.clock)
        except TransientError:
            if self.clock() < deadline:
                raise
            raise CapewatchError(
                f"{url}: too slow: not complete after {self.limits.deadline:g} s", hint="pull this source later"
            ) from None
        finally:
            watchdog.cancel()
        if data[:200].lstrip().lower().startswith((b"<!doctype html", b"<html")):
            raise CapewatchError(f"{final}: answered with a web page", hint="the address may have moved")
        return self._capture(url, name, data, response)

    def _follow(self, url: str, sent: Mapping[str, str], secret: Mapping[str, str]) -> tuple[requests.Response, str]:
        """GET, following redirects by hand; secret headers go to the first host only."""
        first = check_url(url, allow_private=self.allow_private)
        for _ in range(self.limits.redirects + 1):
            host = check_url(url, allow_private=self.allow_private)
            self.pacer.wait(host)
            request_headers = {**sent, **(secret if host == first else {})}
            try:
                response = self._session.get(
                    url, headers=request_headers, stream=True, allow_redirects=False,
                    timeout=(self.limits.connect, self.limits.read),
                )  # fmt: skip
            except requests.RequestException as error:
                raise TransientError(f"{url}: {type(error).__name__}") from None
            location = response.headers.get("Location")
            if response.status_code not in _REDIRECTS or not location:
                return response, url
            response.close()
            url = redirect_target(url, location, allow_private=self.allow_private)
        raise CapewatchError(f"{url}: more than {self.limits.redirects} redirects")

    def _check_status(self, response: requests.Response, url: str) -> None:
        status = response.status_code
        if status in _RETRIED:
            self._retry_later(response, url)
        if status in (401, 403):
            raise CapewatchError(f"{url}: {status}, not allowed", hint="check the key of this source, or its terms")
        if status in (404, 410):
            raise CapewatchError(
                f"{url}: {status}, not there", hint="the address may have moved; see the source's page"
            )
        if status != 200:
            raise CapewatchError(f"{url}: answered {status}, expected 200")

    def _retry_later(self, response: requests.Response, url: str) -> None:
        seconds = _retry_after(response.headers.get("Retry-After"), response.headers.get("Date"))
        if seconds is None:
            raise TransientError(f"{url}: answered {response.status_code}")
        if seconds > self.limits.retry_after_max:
            raise CapewatchError(
                f"{url}: {response.status_code}, asks to wait {seconds:.0f} s, at most {self.limits.retry_after_max:.0f}",
                hint="pull this source later",
            )
        raise _WaitError(f"{url}: answered {response.status_code}", seconds)

    @staticmethod
    def _check_type(response: requests.Response, url: str, accept: Sequence[str]) -> None:
        found = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if found not in accept:
            raise CapewatchError(
                f"{url}: answered with {found or 'no content type'}, expected {' or '.join(accept)}",
                hint="the address may have moved, or the service shows an error page",
            )

    def _capture(
        self, url: str, name: str, data: bytes, response: requests.Response, *, not_modified: bool = False
    ) -> Capture:
        kept = {header: response.headers[header] for header in _KEPT_HEADERS if header in response.headers}
        return Capture(name, url, data, self.instant, self.day, headers=kept, not_modified=not_modified)


class _WaitError(Exception):
    """The server named the seconds to wait."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


def _retry_after(value: str | None, date: str | None) -> float | None:
    """Retry-After as seconds, or as a date relative to the server's own; None when it says nothing usable."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value.strip()[:9])
    try:
        until = email.utils.parsedate_to_datetime(value)
        now = email.utils.parsedate_to_datetime(date or "")
        return max((until - now).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def web_clients(
    instant: str, day: dt.date, *, limits: Limits | None = None, allow_private: Collection[str] = ()
) -> Callable[[Validators], Client]:
    """What `Request.client` wants: a fresh client for each source, all of them sharing one pacer."""
    chosen = limits or Limits()
    pacer = Pacer(chosen.interval)

    def client(validators: Validators) -> Client:
        return WebClient(instant, day, validators, chosen, pacer, allow_private)

    return client
