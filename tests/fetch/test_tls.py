"""https: whom we trust, and how its failures are named."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from aggregator.errors import Unreachable
from aggregator.fetch import Fetcher
from aggregator.model import Page
from tests.fakeweb import FakeWeb, raw, redirect, reply
from tests.fetch.conftest import asking

DATA = Path(__file__).parent / "data"


@pytest.fixture(autouse=True)
def _trust_the_test_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(DATA / "authority.pem"))


def secure(certificate: str) -> FakeWeb:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(DATA / f"{certificate}.pem")
    return FakeWeb(tls=tls, name="localhost")


async def test_trusted_site_is_read_over_a_kept_connection(fetcher: Fetcher) -> None:
    async with secure("localhost") as web:
        web["/"] = reply(200, b"x" * 2_000_000)
        web["/until-close"] = raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it")
        for _ in range(2):
            page = await fetcher.get(asking(web.url("/")))
            assert isinstance(page, Page)
            assert len(page.body) == 2_000_000
        assert web.connections == 1
        unmeasured = await fetcher.get(asking(web.url("/until-close")))
        assert isinstance(unmeasured, Page)
        assert unmeasured.body == b"all of it"


@pytest.mark.parametrize(
    ("certificate", "why"), [("expired", "certificate has expired"), ("wrong", "not valid for 'localhost'")]
)
async def test_bad_certificate_is_named_as_such_and_not_tried_again(
    fetcher: Fetcher, certificate: str, why: str
) -> None:
    async with secure(certificate) as web:
        with pytest.raises(Unreachable, match="localhost shows a certificate that cannot be trusted") as untrusted:
            await fetcher.get(asking(web.url("/")))
        assert why in str(untrusted.value)
        assert web.requests == []


async def test_unknown_authority_is_not_trusted(fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(DATA / "wrong.pem"))
    async with secure("localhost") as web:
        with pytest.raises(Unreachable, match="certificate that cannot be trusted"):
            await fetcher.get(asking(web.url("/")))


async def test_site_may_send_us_from_http_to_https_and_back(fetcher: Fetcher, web: FakeWeb) -> None:
    async with secure("localhost") as safe:
        web["/"] = redirect(301, safe.url("/"))
        safe["/"] = redirect(301, web.url("/end"))
        web["/end"] = reply(200, b"x")
        page = await fetcher.get(asking(web.url("/")))
    assert isinstance(page, Page)
    assert page.moved_to == web.url("/end")


@asynccontextmanager
async def listening(answer: bytes | None) -> AsyncIterator[int]:
    """A server that answers a greeting with these bytes, or (None) not at all."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1_000)
        if answer is None:
            await reader.read(1_000)
        else:
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_slow_handshake_is_ended(fetcher: Fetcher) -> None:
    async with listening(None) as port:
        with pytest.raises(Unreachable, match=r"127.0.0.1 did not answer within 0.2 s \(TLS\)"):
            await fetcher.get(asking(f"https://127.0.0.1:{port}/", limits={"connect": 0.2}))


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x15\x03\x01\x00\x02\x02\x28"])
async def test_host_that_does_not_speak_tls_is_named_as_such(fetcher: Fetcher, answer: bytes) -> None:
    async with listening(answer) as port:
        with pytest.raises(Unreachable, match="TLS"):
            await fetcher.get(asking(f"https://127.0.0.1:{port}/"))
