"""robots.txt is obeyed, remembered, and never a reason to guess (RFC 9309)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from time import process_time

import pytest

from aggregator.errors import BadStatus, Disallowed, Postponed, Unreachable
from aggregator.fetch import Fetcher
from aggregator.fetch.robots import MAX_ROBOTS, Rules, product_token, text_of
from aggregator.model import HostMemory, Page
from tests.fakeweb import FakeWeb, drip, head, raw, redirect, reply, reset
from tests.fetch.conftest import NOW, Clock, asking, make_fetcher

AGENT = "cooperation-aggregator/0.1 (+https://example.org)"
SPIP = b"""User-agent: *
Disallow: /ecrire/
Disallow: /spip.php?action=*
Disallow: /*.api/
Crawl-delay: 1
Noindex: /x
Sitemap: https://example.org/sitemap.xml
"""


async def test_closed_paths_are_not_asked_for(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/robots.txt"] = reply(200, SPIP.replace(b"Crawl-delay: 1", b""), content_type="text/plain")
    web["/spip.php"] = reply(200, b"x")
    assert isinstance(await fetcher.get(asking(web.url("/spip.php?page=backend"))), Page)
    with pytest.raises(Disallowed, match=r"/ecrire/\?a is closed to us by robots.txt"):
        await fetcher.get(asking(web.url("/ecrire/?a")))
    with pytest.raises(Disallowed):
        await fetcher.get(asking(web.url("/spip.php?action=login")))
    assert web.asked("/robots.txt") == 1
    assert len(web.requests) == 2


async def test_each_hop_of_a_redirect_is_checked_with_its_own_host(fetcher: Fetcher, web: FakeWeb) -> None:
    async with FakeWeb() as other:
        web["/"] = redirect(301, other.url("/private/page"))
        other["/robots.txt"] = reply(200, b"User-agent: *\nDisallow: /private/", content_type="text/plain")
        other["/private/page"] = reply(200, b"x")
        with pytest.raises(Disallowed) as closed:
            await fetcher.get(asking(web.url("/")))
    assert closed.value.url == other.url("/private/page")
    assert other.asked("/private/page") == 0


async def test_rules_are_remembered_for_a_day(clock: Clock, web: FakeWeb) -> None:
    web["/robots.txt"] = reply(200, b"User-agent: *\nDisallow: /x", content_type="text/plain")
    web["/"] = reply(200, b"x")
    async with make_fetcher(clock) as fetcher:
        await fetcher.get(asking(web.url("/")))
        memory = fetcher.remembered()
    assert memory == {web.authority: HostMemory("User-agent: *\nDisallow: /x", 200, NOW + timedelta(hours=24), None)}
    async with make_fetcher(clock, memory) as fetcher:
        clock.move(hours=23)
        await fetcher.get(asking(web.url("/")))
        with pytest.raises(Disallowed):
            await fetcher.get(asking(web.url("/x")))
        assert fetcher.remembered() == {}
        assert web.asked("/robots.txt") == 1
        clock.move(hours=1)
        await fetcher.get(asking(web.url("/")))
    assert web.asked("/robots.txt") == 2
    assert fetcher.remembered()[web.authority].robots_until == clock.now + timedelta(hours=24)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_host_without_robots_is_open(fetcher: Fetcher, web: FakeWeb, status: int) -> None:
    web["/robots.txt"] = reply(status, b"User-agent: *\nDisallow: /")
    web["/"] = reply(200, b"x")
    assert isinstance(await fetcher.get(asking(web.url("/"))), Page)
    assert fetcher.remembered()[web.authority] == HostMemory("", status, NOW + timedelta(hours=24))


@pytest.mark.parametrize("status", [429, 500, 502, 503, 599])
async def test_host_whose_robots_fails_is_closed_for_an_hour(clock: Clock, web: FakeWeb, status: int) -> None:
    web["/robots.txt"] = [reply(status, b"oops"), reply(404)]
    web["/"] = reply(200, b"x")
    async with make_fetcher(clock) as fetcher:
        for _ in range(2):
            with pytest.raises(Disallowed, match=f"its robots.txt answered {status}.*after 2026-11-25 13:00 UTC"):
                await fetcher.get(asking(web.url("/")))
        assert web.asked("/robots.txt") == 1
        assert web.asked("/") == 0
        clock.move(hours=1)
        assert isinstance(await fetcher.get(asking(web.url("/"))), Page)


@pytest.mark.parametrize(
    "answer",
    [
        reset(),
        raw(b"not http at all\r\n\r\n"),
        raw(head(200, {"Content-Length": "100"}) + b"User-agent: *"),
        drip(head(200), every=0.02),
        reply(200, b"x", {"Content-Encoding": "br"}),
    ],
    ids=["reset", "garbage", "cut", "drip", "brotli"],
)
async def test_host_whose_robots_cannot_be_read_is_closed(fetcher: Fetcher, web: FakeWeb, answer: object) -> None:
    web["/robots.txt"] = answer  # type: ignore[assignment]
    web["/"] = reply(200, b"x")
    with pytest.raises(Disallowed, match=r"its robots.txt could not be read"):
        await fetcher.get(asking(web.url("/"), limits={"total": 0.3}))
    assert web.asked("/") == 0
    assert fetcher.remembered()[web.authority] == HostMemory("", 0, NOW + timedelta(hours=1))


async def test_host_that_is_down_is_unreachable_rather_than_closed(fetcher: Fetcher) -> None:
    async with FakeWeb() as gone:
        url = gone.url("/")
    with pytest.raises(Unreachable, match="cannot be connected to"):
        await fetcher.get(asking(url))
    assert fetcher.remembered() == {}


async def test_robots_that_asks_for_time_postpones_its_host(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/robots.txt"] = reply(503, b"", {"Retry-After": "7200"})
    with pytest.raises(Disallowed):
        await fetcher.get(asking(web.url("/")))
    with pytest.raises(Postponed):
        await fetcher.get(asking(web.url("/")))
    assert fetcher.remembered()[web.authority].not_before == NOW + timedelta(hours=2)


async def test_robots_may_be_redirected_five_times(fetcher: Fetcher, web: FakeWeb) -> None:
    async with FakeWeb() as other:
        web["/robots.txt"] = redirect(301, other.url("/1"))
        for number in range(1, 5):
            other[f"/{number}"] = redirect(302, f"/{number + 1}")
        other["/5"] = reply(200, b"User-agent: *\nDisallow: /", content_type="text/plain")
        with pytest.raises(Disallowed):
            await fetcher.get(asking(web.url("/")))
    assert fetcher.remembered()[web.authority].robots == "User-agent: *\nDisallow: /"


async def test_robots_redirected_for_ever_counts_as_absent(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/robots.txt"] = redirect(302, "/robots.txt")
    web["/"] = reply(200, b"x")
    assert isinstance(await fetcher.get(asking(web.url("/"))), Page)
    assert web.asked("/robots.txt") == 6


async def test_two_hosts_whose_robots_redirect_to_each_other_do_not_wait_for_ever(
    fetcher: Fetcher, web: FakeWeb
) -> None:
    async with FakeWeb() as other:
        web["/robots.txt"], other["/robots.txt"] = redirect(302, other.url("/r")), redirect(302, web.url("/r"))
        web["/r"] = other["/r"] = reply(404)
        web["/"] = other["/"] = reply(200, b"x")
        async with asyncio.timeout(5):
            await asyncio.gather(*(fetcher.get(asking(site.url("/"), delay=0.01)) for site in (web, other)))


@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html><p>Disallow: /</p>", b"\xef\xbb\xbf\r\n <html>", b"", b"\x00\xff\xfe"]
)
async def test_page_in_place_of_robots_is_no_rule(fetcher: Fetcher, web: FakeWeb, page: bytes) -> None:
    web["/robots.txt"] = reply(200, page)
    web["/"] = reply(200, b"x")
    assert isinstance(await fetcher.get(asking(web.url("/"))), Page)


async def test_sources_small_limit_does_not_touch_robots(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/robots.txt"] = reply(200, b"#" * 5_000 + b"\nUser-agent: *\nDisallow: /x", content_type="text/plain")
    web["/x"] = reply(200, b"x")
    with pytest.raises(Disallowed):
        await fetcher.get(asking(web.url("/x"), limits={"body": 1_000}))


async def test_long_robots_is_read_to_its_limit(fetcher: Fetcher, web: FakeWeb) -> None:
    start = b"User-agent: *\nDisallow: /x\n"
    web["/robots.txt"] = reply(200, start + b"Disallow: /y\n" * 200_000, content_type="text/plain")
    web["/"] = reply(200, b"x")
    assert isinstance(await fetcher.get(asking(web.url("/"))), Page)
    with pytest.raises(Disallowed):
        await fetcher.get(asking(web.url("/x")))


def test_cut_robots_keeps_whole_lines_only() -> None:
    start = b"User-agent: *\nAllow: /\n"
    filler = b"#" * (MAX_ROBOTS - len(start) - len(b"\nDisallow: /")) + b"\nDisallow: /"
    assert text_of(start + filler + b"private/\n").endswith("#\n")
    assert text_of(start + filler).endswith("\nDisallow: /")


# ── reading ──


@pytest.mark.parametrize(
    ("rules", "path", "open_to_us"),
    [
        ("User-agent: *\nDisallow: /", "/", False),
        ("User-agent: *\nDisallow:", "/", True),
        ("User-agent: GPTBot\nDisallow: /", "/", True),
        ("User-agent: cooperation-aggregator\nDisallow: /\n\nUser-agent: *\nAllow: /", "/", False),
        ("user-agent: Cooperation-Aggregator/2.0\ndisallow: /x", "/x", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: cooperation-aggregator\nAllow: /", "/", True),
        ("User-agent: cooperation\nDisallow: /", "/", True),
        ("User-agent: aggregator\nDisallow: /", "/", True),
        ("User-agent: GPTBot\nUser-agent: *\nDisallow: /x", "/x", False),
        ("User-agent: GPTBot\nUser-agent: Bingbot\nDisallow: /\n\nUser-agent: *\nDisallow: /x", "/y", True),
        ("User-agent: *\nSitemap: /s\n\n# x\nUser-agent: GPTBot\nDisallow: /a\nDisallow: /x", "/x", False),
        ("User-agent: GPTBot\nDisallow: /a\nUser-agent: *\nDisallow: /b\nDisallow: /x", "/a", True),
        ("User-agent: *\nDisallow: /b\nUser-agent: GPTBot\nDisallow: /a\nDisallow: /x", "/x", True),
        ("User-agent: *\nDisallow: /b\nUser-agent: GPTBot\nDisallow: /\nUser-agent: *\nDisallow: /x", "/x", False),
        ("User-agent: *\nCrawl-delay: 1\nDisallow: /x", "/x", False),
        ("User-agent *\nDisallow /x", "/x", False),
        ("User-agent: *\nDisallow: /*?*\nAllow: /spip.php?page=backend", "/spip.php?page=backend", True),
        ("User-agent: *\nDisallow: /*?*\nAllow: /spip.php?page=backend", "/spip.php?page=plan", False),
        ("User-agent: *\nDisallow: /agenda/*/print$", "/agenda/12/print", False),
        ("User-agent: *\nDisallow: /agenda/*/print$", "/agenda/12/print/x", True),
        ("User-agent: *\nDisallow: /évènements", "/%C3%A9v%C3%A8nements/1", False),
        ("\ufeffUser-agent: *\nDisallow: /", "/", False),
        ("User-agent: * # all\nDisallow: /x # why", "/x", False),
        ("Disallow: /", "/", True),
    ],
)
def test_rules_are_matched_with_our_product_token(rules: str, path: str, open_to_us: bool) -> None:
    assert Rules(text_of(rules.encode()), AGENT).allows("https://www.ville.example" + path) is open_to_us


@pytest.mark.parametrize(
    ("said", "delay"),
    [("2.5", 2.5), ("1", 1.0), ("3600", 60.0), ("-1", None), ("nan", None), ("inf", None), ("x", None)],
)
def test_crawl_delay_is_read_and_capped(said: str, delay: float | None) -> None:
    assert Rules(f"User-agent: *\nCrawl-delay: {said}", AGENT).delay == delay


def test_product_token_is_the_first_word_of_the_user_agent() -> None:
    assert product_token(AGENT) == "cooperation-aggregator"


@pytest.mark.parametrize(
    "bomb",
    [
        "".join(f"User-agent: bot{'abcdefghij'[n % 10]}{n}\n" for n in range(12_000)) + "Disallow: /x\n" * 18_000,
        "User-agent: *\n" + "".join(f"Disallow: /*{n}*a*b*c$\n" for n in range(20_000)),
        "User-agent: *\nDisallow: /" + "*a" * 250_000 + "b",
        "User-agent: *\nDisallow: /" + "%" * 500_000,
        "User-agent" * 50_000,
        "User-agent: " + " " * 500_000,
        ":" * 500_000,
    ],
    ids=["many names", "many wildcards", "one wildcard", "percent", "words", "spaces", "colons"],
)
def test_hostile_robots_is_read_in_linear_time(bomb: str) -> None:
    started = process_time()
    rules = Rules(bomb, AGENT)
    for _ in range(3):
        rules.allows("https://www.ville.example/" + "a" * 1_900)
    assert process_time() - started < 2.0


async def test_status_of_closed_host_is_told(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/robots.txt"] = reply(503)
    with pytest.raises(Disallowed) as closed:
        await fetcher.get(asking(web.url("/")))
    assert closed.value.status == 503
    assert not isinstance(closed.value, BadStatus)
