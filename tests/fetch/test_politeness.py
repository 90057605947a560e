"""One request at a time a host, with pauses; a cap over all hosts; hosts that ask for time get it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from time import monotonic

import pytest

from aggregator.errors import BadStatus, Postponed, Unreachable
from aggregator.fetch import Fetcher
from aggregator.model import HostMemory, Page
from tests.fakeweb import FakeWeb, drip, head, raw, redirect, reply, reset, silent
from tests.fetch.conftest import NOW, Clock, asking, make_fetcher


def pauses(web: FakeWeb) -> list[float]:
    """Seconds between the end of each answer and the arrival of the next request."""
    return [request.at - ended for request, ended in zip(web.requests[1:], web.ended_at, strict=False)]


async def test_one_host_is_asked_one_at_a_time_with_pauses(fetcher: Fetcher, web: FakeWeb) -> None:
    for number in range(4):
        web[f"/{number}"] = reply(200, b"x")
    web["/3"] = redirect(302, "/0")
    await asyncio.gather(*(fetcher.get(asking(web.url(f"/{number}"), delay=0.1)) for number in range(4)))
    assert web.at_once == 1
    assert len(web.requests) == 6  # robots.txt, four pages, one redirect
    assert all(0.099 <= pause < 0.5 for pause in pauses(web))
    assert len({round(pause, 3) for pause in pauses(web)}) > 1  # jitter: not in step


async def test_crawl_delay_raises_the_pause(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/robots.txt"] = reply(200, b"User-agent: *\nCrawl-delay: 0.2", content_type="text/plain")
    web["/"] = reply(200, b"x")
    await fetcher.get(asking(web.url("/"), delay=0.01))
    await fetcher.get(asking(web.url("/"), delay=0.01))
    assert all(0.199 <= pause < 0.8 for pause in pauses(web))


async def test_hosts_waiting_for_their_turn_do_not_hold_up_the_others(clock: Clock) -> None:
    async with AsyncExitStack() as stack:
        slow = await stack.enter_async_context(FakeWeb())
        others = [await stack.enter_async_context(FakeWeb()) for _ in range(20)]
        fetcher = await stack.enter_async_context(make_fetcher(clock, concurrency=2))
        for web in (slow, *others):
            web["/"] = reply(200, b"x")
        waiting = [asyncio.create_task(fetcher.get(asking(slow.url("/"), delay=30))) for _ in range(10)]
        started = monotonic()
        await asyncio.gather(*(fetcher.get(asking(web.url("/"))) for web in others))
        assert monotonic() - started < 2.0
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_no_more_than_eight_requests_at_once_over_all_hosts(clock: Clock) -> None:
    under_way, most = 0, 0

    async def slow(asked: object, out: asyncio.StreamWriter) -> bool:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.02)
        under_way -= 1
        out.write(head(200, {"Content-Length": "0"}))
        return True

    async with AsyncExitStack() as stack:
        webs = [await stack.enter_async_context(FakeWeb()) for _ in range(12)]
        for web in webs:
            web["/"] = web["/robots.txt"] = slow
        fetcher = await stack.enter_async_context(make_fetcher(clock))
        await asyncio.gather(*(fetcher.get(asking(web.url("/"))) for web in webs))
    assert most == 8


async def test_waiting_for_a_turn_is_not_counted_as_fetching(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/"] = reply(200, b"x")
    asked = asking(web.url("/"), delay=0.3, limits={"total": 0.25})
    pages = await asyncio.gather(*(fetcher.get(asked) for _ in range(3)))
    assert all(isinstance(page, Page) and page.ms < 250 for page in pages)


# ── Retry-After ──


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta(seconds=60)),
        ("1", timedelta(seconds=60)),
        ("999999", timedelta(hours=24)),
        ("9" * 5_000, timedelta(hours=24)),
        (format_datetime(NOW + timedelta(minutes=30), usegmt=True), timedelta(minutes=30)),
        (format_datetime(NOW - timedelta(days=3), usegmt=True), timedelta(seconds=60)),
        (format_datetime(NOW + timedelta(days=300), usegmt=True), timedelta(hours=24)),
        ("Wednesday, 25-Nov-26 12:30:00 GMT", timedelta(minutes=30)),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("Wed, 99 Foo 2026 99:99:99 GMT", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_kept_within_bounds_and_remembered(
    fetcher: Fetcher, web: FakeWeb, status: int, said: str, wait: timedelta | None
) -> None:
    web["/"] = reply(status, b"later", {"Retry-After": said})
    with pytest.raises(BadStatus) as bad:
        await fetcher.get(asking(web.url("/")))
    until = None if wait is None else NOW + wait
    assert bad.value.retry_after == until
    assert fetcher.remembered()[web.authority].not_before == until
    assert web.asked("/") == 1


async def test_postponed_host_is_not_asked_before_its_time(clock: Clock, web: FakeWeb) -> None:
    web["/"] = [reply(503, b"later", {"Retry-After": "600"}), reply(200, b"x")]
    until = NOW + timedelta(seconds=600)
    async with make_fetcher(clock) as fetcher:
        with pytest.raises(BadStatus, match="2026-11-25 12:10 UTC"):
            await fetcher.get(asking(web.url("/")))
        for target in ("/", "/other"):
            with pytest.raises(Postponed, match="after 2026-11-25 12:10 UTC") as postponed:
                await fetcher.get(asking(web.url(target)))
            assert postponed.value.until == until
        memory = fetcher.remembered()
    connections = web.connections
    async with make_fetcher(clock, memory) as next_run:
        with pytest.raises(Postponed):
            await next_run.get(asking(web.url("/")))
        assert web.connections == connections
        clock.move(seconds=600)
        assert isinstance(await next_run.get(asking(web.url("/"))), Page)


async def test_those_already_waiting_are_postponed_too(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/"] = reply(429, b"later", {"Retry-After": "600"})
    results = await asyncio.gather(
        *(fetcher.get(asking(web.url("/"), delay=0.05)) for _ in range(5)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["BadStatus"] + ["Postponed"] * 4
    assert web.asked("/") == 1


async def test_other_statuses_do_not_postpone_a_host(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/"] = reply(404, b"", {"Retry-After": "600"})
    with pytest.raises(BadStatus):
        await fetcher.get(asking(web.url("/")))
    assert fetcher.remembered()[web.authority].not_before is None


async def test_what_the_caller_remembers_is_not_changed_behind_its_back(clock: Clock, web: FakeWeb) -> None:
    web["/"] = reply(503, b"", {"Retry-After": "600"})
    known = {web.authority: HostMemory(robots="", robots_status=200, robots_until=NOW + timedelta(hours=1))}
    async with make_fetcher(clock, known) as fetcher:
        with pytest.raises(BadStatus):
            await fetcher.get(asking(web.url("/")))
    assert known[web.authority].not_before is None
    assert fetcher.remembered()[web.authority].robots_until == NOW + timedelta(hours=1)


# ── retries ──


async def test_retries_stop_when_time_is_up(clock: Clock, web: FakeWeb) -> None:
    web["/robots.txt"] = reply(404, close=True)
    web["/"] = reset()
    async with make_fetcher(clock, retry_wait=30.0) as fetcher:
        with pytest.raises(Unreachable):
            await fetcher.get(asking(web.url("/"), limits={"total": 5.0}))
    assert web.asked("/") == 1


async def test_retries_wait_for_the_hosts_turn(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/robots.txt"] = reply(404, close=True)
    web["/"] = [reset(), reply(200, b"x")]
    await fetcher.get(asking(web.url("/"), delay=0.1))
    assert all(pause >= 0.099 for pause in pauses(web))


# ── connections ──


async def test_connection_is_kept_for_the_next_request(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/"] = reply(200, b"x")
    web["/304"] = raw(head(304), close=False)
    for _ in range(3):
        await fetcher.get(asking(web.url("/")))
        await fetcher.get(asking(web.url("/304"), etag='"a"'))
    assert web.connections == 1


async def test_closed_connection_is_not_used_again(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/"] = reply(200, b"x", close=True)
    for _ in range(3):
        assert isinstance(await fetcher.get(asking(web.url("/"))), Page)
    assert web.connections == 4 - 1  # robots.txt shares the first


@pytest.mark.parametrize(
    "answer",
    [
        head(200, {"Content-Length": "3", "Transfer-Encoding": "chunked"}) + b"1\r\nx\r\n0\r\n\r\n",
        head(200, {"Content-Length": "1"}) + b"x" + head(200, {"Content-Length": "8"}) + b"smuggled",
        head(200, {"Content-Length": "1"}) + b"xyz",
        head(302, {"Content-Length": "100000", "Location": "/end"}) + b"x" * 100_000,
    ],
    ids=["two lengths", "two answers", "surplus", "unread"],
)
async def test_connection_in_doubt_is_not_used_again(fetcher: Fetcher, web: FakeWeb, answer: bytes) -> None:
    web["/"] = raw(answer, close=False)
    web["/end"] = reply(200, b"x")
    for target in ("/", "/end"):
        page = await fetcher.get(asking(web.url(target)))
        assert isinstance(page, Page)
        assert page.body == b"x"
    assert web.connections == 2
    assert web.last("/end").connection == 2


async def test_kept_connection_that_the_server_closed_is_replaced_without_a_word(
    fetcher: Fetcher, web: FakeWeb
) -> None:
    web["/"] = reply(200, b"x")
    await fetcher.get(asking(web.url("/")))
    web["/"] = [reset(), reply(200, b"y")]  # the request arrives just as the server gives up the connection
    page = await fetcher.get(asking(web.url("/"), limits={"total": 2.0}))
    assert isinstance(page, Page)
    assert web.asked("/") == 3


async def test_open_connections_are_bounded(clock: Clock) -> None:
    async with AsyncExitStack() as stack:
        webs = [await stack.enter_async_context(FakeWeb()) for _ in range(90)]
        fetcher = await stack.enter_async_context(make_fetcher(clock))
        for web in webs:
            web["/"] = reply(200, b"x")
        before = len(list(Path("/proc/self/fd").iterdir()))
        await asyncio.gather(*(fetcher.get(asking(web.url("/"))) for web in webs))
        for _ in range(100):
            await asyncio.sleep(0)
        opened = len(list(Path("/proc/self/fd").iterdir())) - before
    assert opened <= 2 * 64 + 2  # both ends are in this process


async def test_one_silent_host_costs_its_own_fetch_only(clock: Clock, web: FakeWeb) -> None:
    web["/"] = silent()
    web["/drip"] = drip(head(200), every=0.05)
    async with FakeWeb() as good, make_fetcher(clock) as fetcher:
        good["/"] = reply(200, b"x")
        bad = [
            asyncio.create_task(fetcher.get(asking(web.url(target), limits={"total": 0.3})))
            for target in ("/", "/drip")
        ]
        assert isinstance(await fetcher.get(asking(good.url("/"))), Page)
        assert not any(task.done() for task in bad)
        assert {type(result) for result in await asyncio.gather(*bad, return_exceptions=True)} == {Unreachable}
