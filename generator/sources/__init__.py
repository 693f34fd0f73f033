"""Public leaderboards: fetch (network → captures), parse (captures → observations), gates, and the pull that joins them.

::

    from generator.sources import Request, chosen, exit_code, pull, read_terms, web_clients

    terms = read_terms(root)
    request = Request(root, now, terms, mirror=mirror_folder("…"))            # from a folder
    request = Request(root, now, terms, client=web_clients(instant, day))     # from the web
    results = pull(request, chosen(names, terms), progress=show)              # list[PullResult]
    raise SystemExit(exit_code(results))                                      # 0 all, 1 none, 3 partial

README.md in this folder lists the adapters, the figures of the fault tests, and how to add a source.
"""

from generator.sources.capture import Capture, Parsed, Rejection
from generator.sources.catalogue import CATALOGUE, Source, source
from generator.sources.mirror import mirror_folder
from generator.sources.pull import PullResult, Request, chosen, environment_keys, exit_code, pull
from generator.sources.terms import is_stale, read_terms
from generator.sources.web import Limits, WebClient, web_clients

__all__ = [
    "CATALOGUE",
    "Capture",
    "Limits",
    "Parsed",
    "PullResult",
    "Rejection",
    "Request",
    "Source",
    "WebClient",
    "chosen",
    "environment_keys",
    "exit_code",
    "is_stale",
    "mirror_folder",
    "pull",
    "read_terms",
    "source",
    "web_clients",
]
