from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.fetch import Fetcher
from aggregator.model import HostMemory, Limits, Request
from tests.fakeweb import FakeWeb

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = NOW
    calls: int = field(default=0)

    def __call__(self) -> datetime:
        self.calls += 1
        return self.now

    def move(self, **passed: float) -> None:
        self.now += timedelta(**passed)


def make_fetcher(clock: Clock, hosts: Mapping[str, HostMemory] | None = None, **given: Any) -> Fetcher:
    agent = "cooperation-aggregator/0.1 (+https://example.org/contact)"
    return Fetcher(user_agent=agent, clock=clock, hosts=hosts, random=random.Random(7), **({"retry_wait": 0.0} | given))


def asking(url: str, **given: Any) -> Request:
    """A request to the fake web, without delay and with short limits."""
    limits = Limits(**({"connect": 2.0, "read": 2.0, "total": 5.0} | given.pop("limits", {})))
    return Request(url, limits=limits, **({"delay": 0.0, "allow_private": True} | given))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def web() -> AsyncIterator[FakeWeb]:
    async with FakeWeb() as web:
        yield web


@pytest.fixture
async def fetcher(clock: Clock) -> AsyncIterator[Fetcher]:
    async with make_fetcher(clock) as fetcher:
        yield fetcher
