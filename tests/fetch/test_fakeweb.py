"""The fake web serves synchronous tests too."""

from __future__ import annotations

import asyncio

from aggregator.model import Page
from tests.fakeweb import FakeWeb, reply, running
from tests.fetch.conftest import Clock, asking, make_fetcher


def test_fake_web_serves_from_a_thread() -> None:
    async def fetch(url: str) -> object:
        async with make_fetcher(Clock()) as fetcher:
            return await fetcher.get(asking(url))

    with running(FakeWeb()) as web:
        web["/"] = reply(200, b"x")
        page = asyncio.run(fetch(web.url("/")))
    assert isinstance(page, Page)
    assert web.asked("/") == 1
