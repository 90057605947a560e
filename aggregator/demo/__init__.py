"""The sample federation: eight small sites on loopback, over real HTTP, whose content changes from day to day.

They speak what real sites speak: a bespoke SPIP portal, SPIP's own feed, RSS 2.0 and Atom, a bare HTML list, JSON-LD
events, iCalendar, RSS 1.0 and JSON Feed. Names of towns are real; what they say is invented, but for the portal's first
page, and no address outside this machine is needed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Self

from aggregator.demo import sites
from aggregator.demo.server import HOST, Answer, Listener
from aggregator.demo.sites import SITES
from aggregator.errors import ConfigError

__all__ = ["PORT", "SITES", "START", "Federation", "configuration", "troubles"]

PORT = 8801  # the first site's; the others follow
START = datetime(2025, 11, 3, 8, 0, tzinfo=UTC)  # day 1; the next days follow at 24 hours


class Federation:
    """The sites, listening on 127.0.0.1:`port` and following while the context is open.

    `day`: from 1; days beyond 4 are as 4. On entering raises ConfigError when a port cannot be had; none is then kept.
    """

    def __init__(self, day: int = 1, port: int = PORT) -> None:
        self.day = day
        self.port = port
        self._listeners: list[Listener] = []

    def base(self, slug: str) -> str:
        """Give the base URL of a site, without a trailing slash: "http://127.0.0.1:8801"."""
        return sites.addresses(self.port)[slug]

    async def __aenter__(self) -> Self:
        for number, slug in enumerate(SITES):
            listener = Listener(partial(self._answer, slug))
            try:
                await listener.open(self.port + number)
            except (OSError, OverflowError) as error:
                await self.__aexit__()
                why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                raise ConfigError(
                    [
                        f"--port: {self.port}: {HOST}:{self.port + number} cannot be used ({why}); "
                        f"choose another with --port: it and the {len(SITES) - 1} after it must be free"
                    ]
                ) from error
            self._listeners.append(listener)
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._listeners:
            await self._listeners.pop().close()

    def _answer(self, slug: str, target: str, now: str) -> Answer:
        return sites.answer(slug, target, day=self.day, port=self.port, now=now)


def configuration(port: int = PORT) -> str:
    """Give the text of a sources.yaml that reads the federation at `port`; it publishes at the port before it."""
    return sites.configuration(port)


def troubles(day: int) -> tuple[str, ...]:
    """Give the sites that answer with an error on that day, on purpose."""
    return tuple(slug for slug, closed in (sites.CLOSED,) if closed == day)
