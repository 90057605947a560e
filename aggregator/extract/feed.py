"""The kind `feed`: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, JSON Feed."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.model import Extracted, Limits, Page


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: news in document order (events where the feed says so by RSS's event module), word for word."""

    def __call__(self, page: Page, limits: Limits) -> Extracted:
        """Read a feed. One that lists nothing gives no items, which is no error here.

        Raises:
            ExtractError: this is no feed (an HTML page, a sitemap …), or so damaged that no entry can be read.
        """
        from aggregator.extract.feed_read import read_feed  # lxml loads where feeds are read

        return read_feed(page, limits)
