"""HTTP, politely and safely: `Fetcher.get` brings one Page, and nothing of the HTTP libraries leaves this room."""

from aggregator.fetch.fetcher import Fetcher

__all__ = ["Fetcher"]
