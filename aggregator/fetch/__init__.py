"""HTTP, politely and safely: `Fetcher.get` brings one Page, and nothing of the HTTP libraries leaves this room."""

import sys

# httpx brings a command line of its own, and with it click and rich: 40 ms of every start. Without it httpx goes on.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

from aggregator.fetch.fetcher import Fetcher

__all__ = ["Fetcher"]
