"""Nothing from the network is unbounded: time, bytes on the wire, bytes decoded, headers."""

from __future__ import annotations

import asyncio
import gzip
import socket
import tracemalloc
from time import monotonic

import pytest

from aggregator.errors import FetchError, Refused, TooLarge, Unreachable
from aggregator.fetch import Fetcher
from aggregator.model import Limits, Page
from tests.fakeweb import FakeWeb, chunked, drip, flood, gzip_bomb, head, nested_gzip, raw, reply, silent
from tests.fetch.conftest import Clock, asking, make_fetcher

OK = head(200, {"Content-Type": "text/html", "Connection": "close"})
BOMB = gzip_bomb(100_000_000)


def test_defaults_are_those_promised() -> None:
    limits = Limits()
    assert (limits.connect, limits.read, limits.total, limits.body, limits.redirects) == (10, 15, 60, 10_000_000, 10)


@pytest.mark.parametrize(
    "start",
    [OK, b"HTTP/1.1 200 OK\r\nX-Slow: ", head(200, {"Transfer-Encoding": "chunked"}), b"HTTP/1.1 200 "],
    ids=["body", "header", "chunk size", "reason"],
)
async def test_drip_is_ended_by_the_deadline_and_not_tried_again(fetcher: Fetcher, web: FakeWeb, start: bytes) -> None:
    web["/"] = drip(start, every=0.02, piece=b"0")
    started = monotonic()
    with pytest.raises(Unreachable) as slow:
        await fetcher.get(asking(web.url("/"), limits={"total": 0.3}))
    assert monotonic() - started < 1.0
    words = f"{web.authority}/ was not complete after 0.3 s (total): it is tried again at its next turn"
    assert str(slow.value) == words
    assert web.asked("/") == 1


async def test_silence_is_ended_by_the_read_limit(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/"] = silent()
    web["/half"] = drip(OK + b"half", every=60)
    for target in ("/", "/half"):
        with pytest.raises(Unreachable, match=r"sent nothing for 0.1 s \(read\)"):
            await fetcher.get(asking(web.url(target), limits={"read": 0.1}))
        assert web.asked(target) == 3


async def test_host_that_takes_no_connection_is_ended_by_the_connect_limit(clock: Clock) -> None:
    with socket.socket() as full:  # a listener whose queue is full answers no SYN
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = []
        for _ in range(4):
            knock = socket.socket()
            knock.setblocking(False)
            knock.connect_ex(full.getsockname())
            waiting.append(knock)
        async with make_fetcher(clock) as fetcher:
            with pytest.raises(Unreachable, match=r"127.0.0.1 did not answer within 0.2 s \(connect\)"):
                await fetcher.get(asking(f"http://127.0.0.1:{full.getsockname()[1]}/", limits={"connect": 0.2}))
        for knock in waiting:
            knock.close()


async def test_closed_port_is_unreachable(fetcher: Fetcher) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreachable, match=r"cannot be connected to \(connect"):
        await fetcher.get(asking(f"http://127.0.0.1:{port}/"))


# ── bytes ──


async def test_body_at_its_limit_passes_and_one_byte_more_does_not(fetcher: Fetcher, web: FakeWeb) -> None:
    for size, encoding in ((5_000, "identity"), (5_000, "gzip"), (5_001, "identity"), (5_001, "gzip")):
        body = b"x" * size if encoding == "identity" else gzip.compress(b"x" * size)
        web["/sized"] = reply(200, body, {"Content-Encoding": encoding})
        web["/chunked"] = chunked(body, headers={"Content-Encoding": encoding})
        for target in ("/sized", "/chunked"):
            asked = asking(web.url(target), limits={"body": 5_000})
            if size == 5_000:
                assert isinstance(await fetcher.get(asked), Page)
            else:
                with pytest.raises(TooLarge, match="5,000 bytes"):
                    await fetcher.get(asked)


@pytest.mark.parametrize(
    "endless",
    [
        flood(OK, b"x" * 50_000),
        flood(head(200, {"Transfer-Encoding": "chunked"}), b"1\r\nx\r\n" * 5_000),
        flood(head(200, {"Transfer-Encoding": "chunked"}) + b"1;", b"extension" * 5_000),
        flood(head(200, {"Transfer-Encoding": "chunked"}) + b"0\r\n", b"Trailer: x\r\n" * 5_000),
        flood(b"HTTP/1.1 200 OK\r\n", b"Header: x\r\n" * 1_000),
        flood(b"HTTP/1.1 200 OK\r\nHeader: ", b"x" * 10_000),
        flood(b"HTTP/1.1 200 ", b"x" * 10_000),
        flood(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100),
        raw(head(200, [("X-Many", str(n)) for n in range(300)])),
        raw(head(200, {"X-Long": "x" * 70_000, "Content-Length": "0"})),
    ],
    ids=[
        "body", "chunks", "chunk extension", "trailers", "headers", "header", "reason", "hints", "300 headers", "70 kB"
    ],
)  # fmt: skip
async def test_endless_answers_are_cut_off(fetcher: Fetcher, web: FakeWeb, endless: object) -> None:
    web["/"] = endless  # type: ignore[assignment]
    with pytest.raises((TooLarge, Unreachable)) as cut:
        await fetcher.get(asking(web.url("/"), limits={"body": 100_000}))
    assert "(total)" not in str(cut.value)


async def test_announced_size_is_refused_before_it_is_read(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/"] = drip(head(200, {"Content-Length": "50000000000"}), every=60)
    with pytest.raises(TooLarge):
        await fetcher.get(asking(web.url("/"), limits={"read": 1.0}))


async def test_bombs_stay_within_the_decoded_limit(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/gzip"] = reply(200, BOMB, {"Content-Encoding": "gzip"})
    web["/error"] = reply(503, BOMB, {"Content-Encoding": "gzip"})
    web["/robots.txt"] = reply(200, BOMB, {"Content-Encoding": "gzip"}, content_type="text/plain")
    tracemalloc.start()
    for target in ("/gzip", "/error"):
        with pytest.raises(FetchError):
            await fetcher.get(asking(web.url(target), limits={"body": 1_000_000}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12_000_000


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "gzip,br", "x-unknown", "é", "dcb"])
async def test_encodings_we_did_not_ask_for_are_refused(fetcher: Fetcher, web: FakeWeb, encoding: str) -> None:
    web["/"] = reply(200, nested_gzip(BOMB, 1), {"Content-Encoding": encoding})
    with pytest.raises(Refused, match="is encoded as"):
        await fetcher.get(asking(web.url("/")))


async def test_encodings_in_two_headers_are_two_encodings(fetcher: Fetcher, web: FakeWeb) -> None:
    body = nested_gzip(b"x", 2)
    said = [("Content-Encoding", "gzip"), ("Content-Encoding", "gzip"), ("Content-Length", str(len(body)))]
    web["/"] = raw(head(200, said) + body)
    with pytest.raises(Refused, match="gzip, gzip"):
        await fetcher.get(asking(web.url("/")))


async def test_many_empty_gzip_members_are_not_followed_for_ever(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/"] = reply(200, gzip.compress(b"") * 50_000, {"Content-Encoding": "gzip"})
    started = monotonic()
    with pytest.raises(TooLarge):
        await fetcher.get(asking(web.url("/")))
    assert monotonic() - started < 1.0


# ── answers that are not what HTTP promises ──


@pytest.mark.parametrize(
    "answer",
    [
        head(200, {"Content-Length": "100"}) + b"short",
        head(200, {"Content-Length": "-5"}) + b"short",
        head(200, {"Content-Length": "5x"}) + b"short",
        head(200, [("Content-Length", "5"), ("Content-Length", "9")]) + b"short",
        head(200, {"Transfer-Encoding": "chunked"}) + b"5\r\nsho",
        head(200, {"Transfer-Encoding": "chunked"}) + b"zz\r\nshort\r\n0\r\n\r\n",
        head(200, {"Transfer-Encoding": "chunked"}) + b"5\r\nshort\r\n",
        head(200, {"Transfer-Encoding": "chunked"}) + b"fffffffffffffffff\r\nshort",
        head(200, {"Transfer-Encoding": "gzip, chunked"}) + b"5\r\nshort\r\n0\r\n\r\n",
        head(200, {"Content-Encoding": "gzip", "Content-Length": "20"}) + gzip.compress(b"x" * 5_000)[:20],
        head(200, {"Content-Encoding": "gzip", "Content-Length": "5"}) + b"short",
        head(101, {"Upgrade": "websocket", "Connection": "Upgrade"}),
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"<html>HTTP/0.9</html>",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-",
        b"\x16\x03\x01\x00\x05",
        b"",
    ],
)
async def test_broken_answers_are_unreachable(fetcher: Fetcher, web: FakeWeb, answer: bytes) -> None:
    web["/robots.txt"] = reply(404, close=True)
    web["/"] = raw(answer)
    with pytest.raises(Unreachable):
        await fetcher.get(asking(web.url("/")))
    assert web.asked("/") == 3


async def test_fetch_that_is_given_up_leaves_nothing_behind(clock: Clock, web: FakeWeb) -> None:
    web["/"] = silent()
    web["/after"] = reply(200, b"x")
    async with make_fetcher(clock) as fetcher:
        task = asyncio.create_task(fetcher.get(asking(web.url("/"))))
        while not web.asked("/"):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert isinstance(await fetcher.get(asking(web.url("/after"))), Page)
