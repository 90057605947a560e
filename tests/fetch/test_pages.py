"""What a fetch brings: pages, unchanged pages, moved pages, and statuses that are no page."""

from __future__ import annotations

import gzip
import hashlib
import zlib

import pytest

from aggregator.errors import BadStatus, Refused, Unreachable
from aggregator.fetch import Fetcher
from aggregator.model import NotModified, Page
from tests.fakeweb import FakeWeb, chunked, conditional, head, raw, redirect, reply, reset
from tests.fetch.conftest import NOW, asking

FEED = b"<?xml version='1.0'?><rss version='2.0'><channel/></rss>"


async def test_page_carries_what_the_server_said(fetcher: Fetcher, web: FakeWeb) -> None:
    headers = {"ETag": '"v1"', "Last-Modified": "Wed, 25 Nov 2026 08:00:00 GMT"}
    web["/spip.php?page=backend"] = reply(200, FEED, headers, content_type="Text/XML; charset=ISO-8859-1")

    page = await fetcher.get(asking(web.url("/spip.php?page=backend")))

    assert isinstance(page, Page)
    assert (page.status, page.body, page.content_type, page.charset) == (200, FEED, "text/xml", "ISO-8859-1")
    assert (page.etag, page.last_modified) == ('"v1"', "Wed, 25 Nov 2026 08:00:00 GMT")
    assert page.url == page.requested == web.url("/spip.php?page=backend")
    assert page.digest == hashlib.blake2b(FEED, digest_size=16).hexdigest()
    assert page.fetched_at == NOW
    assert page.wire_bytes == len(FEED)
    assert page.moved_to is None


async def test_we_say_who_we_are_and_what_we_read(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/"] = reply(200, b"<p>x")
    await fetcher.get(asking(web.url("/")))

    said = web.last("/").headers
    assert said["user-agent"] == "cooperation-aggregator/0.1 (+https://example.org/contact)"
    assert said["accept-encoding"] == "gzip, deflate"
    assert said["host"] == web.authority
    assert not {"cookie", "authorization", "referer", "from", "if-none-match"} & set(said)


@pytest.mark.parametrize("target", ["/a?article13", "/a?x=%5B1%5D&y=", "/a?", "/+-Actualite-+", "/a%2Fb;v=1?q=a+b"])
async def test_addresses_are_asked_for_as_written(fetcher: Fetcher, web: FakeWeb, target: str) -> None:
    web[target] = reply(200, b"here")
    page = await fetcher.get(asking(web.url(target) + "#fragment"))
    assert isinstance(page, Page)
    assert page.url == web.url(target)


@pytest.mark.parametrize(
    ("said", "media_type", "charset"),
    [
        ("text/calendar; charset:utf-8;charset=UTF-8", "text/calendar", "UTF-8"),
        ('text/html; CHARSET="windows-1252"', "text/html", "windows-1252"),
        ("text/html;charset='utf-8'", "text/html", "utf-8"),
        ("application/feed+json", "application/feed+json", None),
        ("", "", None),
        ("garbage", "", None),
        ("text/html, text/html; charset=utf-8", "text/html", "utf-8"),
    ],
)
async def test_content_type_is_read_as_servers_write_it(
    fetcher: Fetcher, web: FakeWeb, said: str, media_type: str, charset: str | None
) -> None:
    web["/"] = reply(200, b"x", content_type=said)
    page = await fetcher.get(asking(web.url("/")))
    assert isinstance(page, Page)
    assert (page.content_type, page.charset) == (media_type, charset)


def raw_deflate(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-15)
    return squeeze.compress(data) + squeeze.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(FEED)),
        ("x-gzip", gzip.compress(FEED)),
        ("GZIP", gzip.compress(FEED[:20]) + gzip.compress(FEED[20:])),
        ("gzip", gzip.compress(FEED) + b"\0\0trailing"),
        ("deflate", zlib.compress(FEED)),
        ("deflate", raw_deflate(FEED)),
        ("identity", FEED),
        ("UTF-8", FEED),
    ],
)
async def test_encodings_of_real_servers_are_read(fetcher: Fetcher, web: FakeWeb, encoding: str, body: bytes) -> None:
    web["/"] = reply(200, body, {"Content-Encoding": encoding})
    page = await fetcher.get(asking(web.url("/")))
    assert isinstance(page, Page)
    assert page.body == FEED
    assert page.wire_bytes == len(body)


async def test_chunked_and_unmeasured_answers_are_read_whole(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/chunked"] = chunked(b"one ", b"two", trailer=b"X-Checksum: 1\r\n")
    web["/padded"] = raw(head(200, {"Transfer-Encoding": "chunked"}) + b"3  \r\nabc\r\n0\r\n\r\n")
    web["/until-close"] = raw(head(200, {"Connection": "close"}) + b"one two")
    web["/http10"] = raw(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\none two")
    web["/no-reason"] = raw(b"HTTP/1.1 200\r\nContent-Length: 7\r\n\r\none two")
    web["/both"] = raw(
        head(200, {"Content-Length": "3", "Transfer-Encoding": "chunked"}) + b"7\r\none two\r\n0\r\n\r\n"
    )
    web["/hints"] = raw(head(103, {"Link": "</a>"}) + head(100) + head(200, {"Content-Length": "7"}) + b"one two")
    web["/upgrade"] = raw(head(200, {"Upgrade": "h2,h2c", "Connection": "Upgrade", "Content-Length": "7"}) + b"one two")
    web["/extra"] = raw(head(200, {"Content-Length": "7"}) + b"one twoHTTP/1.1 200 OK\r\n\r\nsmuggled", close=False)
    for target in ("/chunked", "/until-close", "/http10", "/no-reason", "/both", "/hints", "/upgrade", "/extra"):
        page = await fetcher.get(asking(web.url(target)))
        assert isinstance(page, Page)
        assert page.body == b"one two", target
    padded = await fetcher.get(asking(web.url("/padded")))
    assert isinstance(padded, Page)
    assert padded.body == b"abc"


async def test_large_page_is_read_whole_as_fast_as_it_comes(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/"] = chunked(*(bytes([n]) * 40_000 for n in range(200)))
    page = await fetcher.get(asking(web.url("/")))
    assert isinstance(page, Page)
    assert page.body == b"".join(bytes([n]) * 40_000 for n in range(200))


# ── unchanged ──


async def test_validators_bring_304(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/etag"] = conditional(FEED, etag='W/"v1"')
    web["/date"] = conditional(FEED, last_modified="Wed, 25 Nov 2026 08:00:00 GMT")
    for target in ("/etag", "/date"):
        first = await fetcher.get(asking(web.url(target)))
        assert isinstance(first, Page)
        again = await fetcher.get(asking(web.url(target), etag=first.etag, last_modified=first.last_modified))
        assert again == NotModified(web.url(target), 304, NOW, ms=again.ms)


async def test_same_bytes_are_unchanged_whatever_the_validators_say(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/"] = [
        reply(200, FEED, {"Last-Modified": "Wed, 25 Nov 2026 08:00:00 GMT"}),
        reply(200, FEED, {"Last-Modified": "Wed, 25 Nov 2026 08:00:02 GMT"}),
        reply(200, FEED + b" "),
    ]
    first = await fetcher.get(asking(web.url("/")))
    assert isinstance(first, Page)
    again = await fetcher.get(asking(web.url("/"), digest=first.digest, last_modified=first.last_modified))
    assert isinstance(again, NotModified)
    assert again.status == 200
    assert again.wire_bytes == len(FEED)
    assert isinstance(await fetcher.get(asking(web.url("/"), digest=first.digest)), Page)


@pytest.mark.parametrize(
    "stored",
    [
        {"etag": '"é"'},
        {"etag": "unquoted"},
        {"etag": '"a"\r\nX-Injected: 1'},
        {"etag": '"' + "a" * 5_000 + '"'},
        {"last_modified": "hier"},
        {"last_modified": "Mon, 00 Jan 0000 00:00:00 GMT"},
        {"last_modified": "Wed, 25 Nov 2026 08:00:00 GMT\r\nX-Injected: 1"},
        {"last_modified": "mer., 25 févr. 2026 08:00:00 GMT"},
    ],
)
async def test_validators_that_no_server_meant_are_not_sent(
    fetcher: Fetcher, web: FakeWeb, stored: dict[str, str]
) -> None:
    web["/"] = reply(200, b"x")
    assert isinstance(await fetcher.get(asking(web.url("/"), **stored)), Page)
    assert not {"if-none-match", "if-modified-since", "x-injected"} & set(web.last("/").headers)


async def test_validators_that_cannot_be_sent_back_are_not_kept(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/"] = reply(200, b"x", {"ETag": '"' + "a" * 5_000 + '"', "Last-Modified": "0"})
    page = await fetcher.get(asking(web.url("/")))
    assert isinstance(page, Page)
    assert (page.etag, page.last_modified) == (None, None)


async def test_unasked_304_is_no_page(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/"] = raw(head(304))
    with pytest.raises(BadStatus, match="304"):
        await fetcher.get(asking(web.url("/")))


# ── moved ──


@pytest.mark.parametrize(
    ("statuses", "moved"),
    [((301,), True), ((301, 308), True), ((302,), False), ((301, 302), False), ((303, 307), False)],
)
async def test_only_a_wholly_permanent_chain_says_that_a_page_moved(
    fetcher: Fetcher, web: FakeWeb, statuses: tuple[int, ...], moved: bool
) -> None:
    for number, status in enumerate(statuses):
        web[f"/{number}"] = redirect(status, f"/{number + 1}")
    web[f"/{len(statuses)}"] = conditional(FEED, etag='"v1"')
    end = web.url(f"/{len(statuses)}")

    page = await fetcher.get(asking(web.url("/0")))
    assert (page.url, page.moved_to) == (end, end if moved else None)
    unchanged = await fetcher.get(asking(web.url("/0"), etag='"v1"'))
    assert (unchanged.status, unchanged.moved_to) == (304, end if moved else None)


@pytest.mark.parametrize(
    "location", ["../évènements".encode(), "../évènements".encode("latin-1"), b"/%C3%A9v%C3%A8nements"]
)
async def test_redirects_are_relative_and_may_hold_accents(fetcher: Fetcher, web: FakeWeb, location: bytes) -> None:
    web["/a/b"] = raw(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n", close=False)
    web["/%C3%A9v%C3%A8nements"] = reply(200, b"here")
    page = await fetcher.get(asking(web.url("/a/b")))
    assert isinstance(page, Page)
    assert page.body == b"here"


async def test_no_cookie_is_kept_even_within_a_chain(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/"] = reply(302, b"", {"Location": "/next", "Set-Cookie": "session=1; Path=/"})
    web["/next"] = reply(200, b"x")
    await fetcher.get(asking(web.url("/")))
    assert "cookie" not in web.last("/next").headers


async def test_circles_and_long_chains_are_refused(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/here"] = redirect(302, "/there")
    web["/there"] = redirect(302, "/here")
    with pytest.raises(Refused, match="in a circle"):
        await fetcher.get(asking(web.url("/here")))
    for number in range(11):
        web[f"/{number}"] = redirect(301, f"/{number + 1}")
    web["/11"] = reply(200, b"too far")
    with pytest.raises(Refused, match="more than 10 times"):
        await fetcher.get(asking(web.url("/0")))
    assert web.asked("/11") == 0
    assert (await fetcher.get(asking(web.url("/1")))).url == web.url("/11")


@pytest.mark.parametrize(
    "location",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "http://user:secret@127.0.0.1/",
        "javascript:alert(1)",
        "http://",
        "http://[x/",
    ],
)
async def test_redirects_out_of_the_web_are_refused(fetcher: Fetcher, web: FakeWeb, location: str) -> None:
    web["/"] = redirect(302, location)
    with pytest.raises(Refused) as refused:
        await fetcher.get(asking(web.url("/")))
    assert "secret" not in str(refused.value) + refused.value.url


async def test_redirect_that_leads_nowhere_is_a_bad_status(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/"] = reply(302, b"somewhere")
    with pytest.raises(BadStatus, match="302"):
        await fetcher.get(asking(web.url("/")))


# ── no page ──


@pytest.mark.parametrize("status", [204, 206, 400, 401, 403, 404, 410, 418, 500, 502, 503])
async def test_other_statuses_are_no_page_and_are_not_tried_again(fetcher: Fetcher, web: FakeWeb, status: int) -> None:
    web["/gone"] = reply(status, b"" if status == 204 else b"<title>Erreur</title>")
    with pytest.raises(BadStatus, match=str(status)) as bad:
        await fetcher.get(asking(web.url("/gone")))
    assert (bad.value.status, bad.value.url, bad.value.retry_after) == (status, web.url("/gone"), None)
    assert bad.value.ms is not None
    assert web.asked("/gone") == 1


async def test_status_counts_even_when_its_page_is_damaged(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/br"] = reply(404, b"???", {"Content-Encoding": "br"})
    web["/cut"] = raw(head(410, {"Content-Length": "500"}) + b"cut")
    web["/huge"] = reply(500, b"x" * 200_000)
    for target, status in (("/br", 404), ("/cut", 410), ("/huge", 500)):
        with pytest.raises(BadStatus) as bad:
            await fetcher.get(asking(web.url(target)))
        assert bad.value.status == status


async def test_passing_trouble_is_tried_twice_more(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/robots.txt"], web["/never"] = reply(404, close=True), reset()
    with pytest.raises(Unreachable, match="closed the connection"):
        await fetcher.get(asking(web.url("/never")))
    assert web.asked("/never") == 3
    web["/"] = [reset(), reset(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal"), reply(200, b"in the end")]
    page = await fetcher.get(asking(web.url("/")))
    assert isinstance(page, Page)
    assert page.body == b"in the end"
