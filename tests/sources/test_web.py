"""The HTTP client against a local server that does everything wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from generator.core import CapewatchError
from generator.sources import Capture
from generator.sources.addresses import check_peer, check_url
from generator.sources.web import Limits, Pacer, WebClient, web_clients
from tests.sources.payloads import DAY, INSTANT
from tests.sources.server import BODY, Board, serving

LIMITS = Limits(connect=1, read=1, deadline=10, max_bytes=10_000, attempts=3, backoff=1, interval=0)


@pytest.fixture(scope="module")
def _server() -> Iterator[Board]:
    with serving() as board:
        yield board


@pytest.fixture
def board(_server: Board) -> Board:
    _server.hits.clear()
    _server.headers.clear()
    return _server


class Naps(list[float]):
    """Records what the client would have slept."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def client(limits: Limits = LIMITS, *, naps: Naps | None = None, **more: object) -> WebClient:
    return WebClient(
        INSTANT, DAY, limits=limits, pacer=Pacer(limits.interval), allow_private=("127.0.0.1",),
        sleep=naps if naps is not None else Naps(), jitter=lambda: 0.5, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def get(board: Board, path: str, limits: Limits = LIMITS, **more: object) -> Capture:
    return client(limits, **more).get(f"{board.url}{path}", name="a.json", accept=("application/json",))  # type: ignore[arg-type]


def refusal(board: Board, path: str, limits: Limits = LIMITS, **more: object) -> str:
    with pytest.raises(CapewatchError) as failure:
        get(board, path, limits, **more)
    return failure.value.message


def test_200_gives_bytes_hash_validators_and_the_instant_of_the_pull(board: Board) -> None:
    found = get(board, "/good")
    assert (found.data, found.fetched_at, found.day) == (BODY, INSTANT, DAY)
    record = found.record()
    assert (record["etag"], record["last_modified"]) == ('"v1"', "Sat, 11 Apr 2026 00:00:00 GMT")
    assert (record["bytes"], len(record["sha256"])) == (len(BODY), 64)


def test_the_user_agent_names_the_project(board: Board) -> None:
    get(board, "/good")
    assert board.headers[0]["User-Agent"].startswith("capewatch/")


def test_304_gives_an_empty_capture_and_only_when_it_was_asked_for(board: Board) -> None:
    known = {f"{board.url}/conditional": ('"v1"', "")}
    assert get(board, "/conditional", validators=known).not_modified
    assert get(board, "/conditional").data == BODY
    whole = client(validators=known).get(
        f"{board.url}/conditional", name="a", accept=("application/json",), conditional=False
    )
    assert whole.data == BODY


def test_301_is_followed_and_the_capture_keeps_the_public_address(board: Board) -> None:
    found = get(board, "/moved")
    assert (found.data, found.url) == (BODY, f"{board.url}/moved")


def test_redirects_end(board: Board) -> None:
    assert refusal(board, "/loop").endswith("more than 5 redirects")
    assert board.hits["/loop"] == 6


@pytest.mark.parametrize("path", ["/to-private", "/to-metadata", "/to-file", "/to-localhost-name"])
def test_a_redirect_to_a_private_address_is_refused(board: Board, path: str) -> None:
    assert "redirects to a refused address" in refusal(board, path)
    assert board.hits["/good"] == 0


def test_secret_headers_are_not_sent_on_to_another_host(board: Board) -> None:
    both = WebClient(
        INSTANT, DAY, limits=LIMITS, pacer=Pacer(0), allow_private=("127.0.0.1", "localhost", "::1"), sleep=Naps()
    )
    headers = {"x-api-key": "s3cret"}
    both.get(f"{board.url}/to-localhost-name", name="a", accept=("application/json",), headers=headers)
    assert [seen.get("x-api-key") for seen in board.headers] == ["s3cret", None]


def test_404_with_html_says_that_it_is_not_there(board: Board) -> None:
    assert refusal(board, "/missing").endswith("404, not there")
    assert board.hits["/missing"] == 1


def test_a_web_page_instead_of_data_is_refused_by_type_and_by_content(board: Board) -> None:
    assert refusal(board, "/page").endswith("answered with text/html, expected application/json")
    assert refusal(board, "/disguised-page").endswith("answered with a web page")


def test_401_points_to_the_key_and_other_statuses_are_named(board: Board) -> None:
    with pytest.raises(CapewatchError, match="401, not allowed") as failure:
        get(board, "/forbidden")
    assert "key" in failure.value.hint
    assert refusal(board, "/teapot").endswith("answered 418, expected 200")


def test_429_waits_as_long_as_the_server_asks(board: Board) -> None:
    naps = Naps()
    assert get(board, "/busy", naps=naps).data == BODY
    assert naps == [2.0]


def test_429_with_a_date_waits_until_then(board: Board) -> None:
    naps = Naps()
    assert get(board, "/busy-until", naps=naps).data == BODY
    assert len(naps) == 1
    assert 1.0 <= naps[0] <= 4.0


def test_429_for_an_hour_is_not_waited_for(board: Board) -> None:
    naps = Naps()
    assert refusal(board, "/busy-for-an-hour", naps=naps).endswith("429, asks to wait 3600 s, at most 120")
    assert (naps, board.hits["/busy-for-an-hour"]) == ([], 1)


def test_500_then_200_succeeds_after_a_backed_off_wait(board: Board) -> None:
    naps = Naps()
    assert get(board, "/shaky", naps=naps).data == BODY
    assert naps == [1.0]


def test_503_for_ever_gives_up_after_growing_waits(board: Board) -> None:
    naps = Naps()
    assert refusal(board, "/broken", naps=naps).endswith("answered 503; tried 3 times")
    assert (naps, board.hits["/broken"]) == ([1.0, 2.0], 3)


def test_gzip_is_unpacked(board: Board) -> None:
    assert get(board, "/gzip").data == BODY


def test_a_cut_off_gzip_stream_is_noticed_though_its_length_is_right(board: Board) -> None:
    assert refusal(board, "/cut-gzip").endswith("the gzip stream is cut off; tried 3 times")


def test_an_unknown_encoding_is_refused(board: Board) -> None:
    assert "unknown Content-Encoding 'br'" in refusal(board, "/brotli")


def test_a_gzip_bomb_is_stopped_at_the_limit(board: Board) -> None:
    assert refusal(board, "/gzip-bomb", replace(LIMITS, max_bytes=100_000)).endswith("more than 100000 bytes")


def test_two_gigabytes_declared_are_refused_before_reading(board: Board) -> None:
    started = time.monotonic()
    assert refusal(board, "/huge").endswith("declares 2147483648 bytes, allowed 10000")
    assert time.monotonic() - started < 1


def test_an_endless_stream_is_stopped_at_the_limit(board: Board) -> None:
    assert refusal(board, "/endless").endswith("more than 10000 bytes")


def test_a_cut_off_answer_is_tried_again_and_named(board: Board) -> None:
    assert "the answer broke off" in refusal(board, "/cut")
    assert board.hits["/cut"] == 3


@pytest.mark.parametrize("path", ["/drip", "/drip-headers"])
def test_a_slow_drip_ends_at_the_deadline_however_lively_the_connection(board: Board, path: str) -> None:
    started = time.monotonic()
    assert "too slow" in refusal(board, path, replace(LIMITS, deadline=0.4))
    assert time.monotonic() - started < 2


def test_a_silent_server_times_out(board: Board) -> None:
    assert "ReadTimeout; tried 1 times" in refusal(board, "/silent", replace(LIMITS, read=0.2, attempts=1))


def test_without_the_tests_allowance_a_loopback_address_is_refused(board: Board) -> None:
    with pytest.raises(CapewatchError, match="only https addresses"):
        WebClient(INSTANT, DAY, limits=LIMITS).get(f"{board.url}/good", name="a", accept=("application/json",))
    assert board.hits["/good"] == 0


def test_a_public_name_that_leads_to_loopback_is_refused_before_a_byte_is_sent(board: Board) -> None:
    """The name passes the check of addresses, the peer does not: so a name cannot be rebound to a private host."""
    port = board.url.rpartition(":")[2]
    rebound = WebClient(INSTANT, DAY, limits=replace(LIMITS, attempts=1), allow_private=("localhost",), pacer=Pacer(0))
    with pytest.raises(CapewatchError, match="refused, not a public address"):
        rebound.get(f"http://localhost:{port}/good", name="a", accept=("application/json",))
    assert board.hits["/good"] == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://epoch.ai/data.zip",
        "ftp://epoch.ai/data.zip",
        "https://user:pw@epoch.ai/",
        "https://epoch.ai:8443/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://127.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://0.0.0.0/",
        "https://epoch.ai/a b",
        "https://epoch.ai/" + "a" * 2000,
        "https:///x",
        "https://[",
        "https://epoch.ai:99999/",
    ],
)
def test_only_plain_https_addresses_of_public_hosts_are_asked(url: str) -> None:
    with pytest.raises(CapewatchError):
        check_url(url)


def test_a_public_address_is_asked() -> None:
    assert check_url("https://epoch.ai/data/benchmark_data.zip") == "epoch.ai"


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "::1",
                                     "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "0.0.0.0", "224.0.0.1", "100.64.0.1",
                                     "2002:7f00:1::"])  # fmt: skip
def test_a_peer_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(CapewatchError, match="not a public address"):
        check_peer(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111"])
def test_a_public_peer_passes(address: str) -> None:
    check_peer(address)


def test_requests_to_one_host_are_spaced_and_hosts_do_not_wait_for_each_other() -> None:
    now = [100.0]
    naps = Naps()
    pacer = Pacer(2.0, clock=lambda: now[0], sleep=naps)
    for host in ("a", "a", "b", "a"):
        pacer.wait(host)
    assert naps == [2.0, 4.0]
    now[0] = 200.0
    pacer.wait("a")
    assert naps == [2.0, 4.0]


def test_clients_of_one_pull_share_the_pacer() -> None:
    make = web_clients(INSTANT, DAY)
    first, second = make({}), make({})
    assert first.pacer is second.pacer  # type: ignore[attr-defined]  # both are WebClient
