"""What one run knows of a host, and what one fetch may still spend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

import httpx

from aggregator.errors import Unreachable
from aggregator.fetch import robots
from aggregator.fetch.addresses import shown
from aggregator.model import HostMemory


class Budget:
    """The seconds one `get` may still spend on the network; waiting for a host's turn is not counted."""

    def __init__(self, total: float) -> None:
        self.total = total
        self.spent = 0.0

    @property
    def left(self) -> float:
        """Seconds still to be spent."""
        return max(self.total - self.spent, 0.0)

    @asynccontextmanager
    async def running(self, url: httpx.URL) -> AsyncIterator[None]:
        """Spend the time of a block, and end it with Unreachable when nothing is left."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout(self.left):
                yield
        except TimeoutError:
            words = f"{shown(url)} was not complete after {self.total:g} s (total): it is tried again at its next turn"
            raise Unreachable(str(url), words) from None
        finally:
            self.spent += loop.time() - started

    async def sleep(self, seconds: float) -> None:
        """Spend time on waiting before a retry."""
        self.spent += seconds
        await asyncio.sleep(seconds)


class Host:
    """One host in this run: its turn, its memory, its rules."""

    def __init__(self, name: str, memory: HostMemory | None) -> None:
        self.name = name
        self.memory = replace(memory) if memory else HostMemory()  # a copy: the caller's stays as it was
        self.changed = False
        self.turn = asyncio.Lock()
        self.asking_robots = (
            asyncio.Lock()
        )  # never held while waiting for another host's: two hosts may redirect crosswise
        self.free_at = 0.0  # the loop's time at which its last request ended
        self.down: dict[str, tuple[float, Unreachable]] = {}  # scheme -> until when (loop's time), why
        self.rules: robots.Rules | None = None

    def knows_robots(self, now: datetime) -> bool:
        """Whether what its robots.txt last said still holds."""
        memory = self.memory
        return memory.robots_status is not None and memory.robots_until is not None and now < memory.robots_until
