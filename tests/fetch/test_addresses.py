"""Where we do not go: judged by what a name resolves to, at each hop, at the moment of connecting."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from aggregator.errors import Disallowed, Refused, Unreachable
from aggregator.fetch import Fetcher
from aggregator.fetch.addresses import shown, why_refused
from aggregator.model import HostMemory, Page
from tests.fakeweb import FakeWeb, redirect, reply
from tests.fetch.conftest import NOW, Clock, asking, make_fetcher

CASES = [
    line.split("\t")
    for line in (Path(__file__).parent / "data" / "addresses.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize(("address", "what"), CASES)
def test_address_is_what_the_registries_say(address: str, what: str) -> None:
    assert (why_refused(address) or "visited") == what


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[0:0:0:0:0:ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "10.0.0.1",
        "[fe80::1]",
    ],
)
async def test_every_spelling_of_an_inner_address_is_refused(fetcher: Fetcher, web: FakeWeb, host: str) -> None:
    with pytest.raises(Refused):
        await fetcher.get(asking(f"http://{host}:8080/", allow_private=False))
    assert web.connections == 0


def resolver(*addresses: str, port: int | None = None) -> Any:
    """A name service that gives every name these addresses."""

    def resolve(host: str, asked_port: int, **_: object) -> list[tuple[Any, ...]]:
        families = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses]
        return [
            (family, socket.SOCK_STREAM, 6, "", (address, port or asked_port))
            for family, address in zip(families, addresses, strict=True)
        ]

    return resolve


@pytest.mark.parametrize(
    "answers", [("127.0.0.1",), ("93.184.216.34", "127.0.0.1"), ("2a00:1450::1", "::ffff:10.0.0.1")]
)
async def test_name_is_refused_when_any_of_its_addresses_is(
    clock: Clock, web: FakeWeb, answers: tuple[str, ...]
) -> None:
    async with make_fetcher(clock, resolve=resolver(*answers, port=web.port)) as fetcher:
        with pytest.raises(Refused, match=r"www\.ville\.example is "):
            await fetcher.get(asking("http://www.ville.example/", allow_private=False))
    assert web.connections == 0


async def test_the_address_judged_is_the_address_connected_to(clock: Clock, web: FakeWeb) -> None:
    web["/"] = reply(200, b"x", close=True)
    lookups: list[str] = []

    def resolve(host: str, port: int, **given: object) -> list[tuple[Any, ...]]:
        lookups.append(host)
        return list(resolver("127.0.0.1", port=web.port)(host, port))

    async with make_fetcher(clock, resolve=resolve) as fetcher:
        page = await fetcher.get(asking("http://www.ville.example/"))
    assert page.url == "http://www.ville.example/"
    assert list(fetcher.remembered()) == ["www.ville.example"]
    assert web.last("/").headers["host"] == "www.ville.example"
    assert len(lookups) == web.connections


async def test_next_address_is_tried_when_one_does_not_answer(clock: Clock, web: FakeWeb) -> None:
    web["/"] = reply(200, b"x")
    async with make_fetcher(clock, resolve=resolver("::1", "127.0.0.9", "127.0.0.1", port=web.port)) as fetcher:
        assert isinstance(await fetcher.get(asking("http://www.ville.example/")), Page)


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://2130706433:{port}/"]
)
async def test_allowed_source_does_not_open_the_way_for_others(clock: Clock, web: FakeWeb, target: str) -> None:
    """A kept-alive connection to an inner host is not lent to a source that may not go there."""
    web["/"] = reply(200, b"x")
    url = target.format(port=web.port)
    memory = HostMemory(robots="", robots_status=200, robots_until=NOW.replace(year=2027))
    async with make_fetcher(clock, {url.split("/")[2]: memory}) as fetcher:
        assert isinstance(await fetcher.get(asking(url)), Page)
        before = len(web.requests)
        with pytest.raises(Refused):
            await fetcher.get(asking(url, allow_private=False))
    assert len(web.requests) == before


def route(monkeypatch: pytest.MonkeyPatch, web: FakeWeb, public: str) -> list[str]:
    """Make the network carry what is sent to a public address to the fake web; give the addresses connected to."""
    loop = asyncio.get_running_loop()
    connect, connected = loop.sock_connect, []

    async def routed(sock: socket.socket, address: Any) -> None:
        connected.append(address[0])
        await connect(sock, ("127.0.0.1", web.port) if address[0] == public else address)

    monkeypatch.setattr(loop, "sock_connect", routed)
    return connected


@pytest.mark.parametrize("inner_host", ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"])
async def test_redirect_of_a_public_site_to_an_inner_address_is_refused(
    clock: Clock, web: FakeWeb, monkeypatch: pytest.MonkeyPatch, inner_host: str
) -> None:
    connected = route(monkeypatch, web, "93.184.216.34")
    web["/"] = redirect(302, f"http://{inner_host}:8080/latest/meta-data")
    web["/page"] = reply(200, b"public")

    def resolve(host: str, port: int, **given: Any) -> list[tuple[Any, ...]]:
        is_public = host == "www.ville.example"
        return list(resolver("93.184.216.34")(host, port) if is_public else socket.getaddrinfo(host, port, **given))

    async with make_fetcher(clock, resolve=resolve) as fetcher:
        page = await fetcher.get(asking("http://www.ville.example/page", allow_private=False))
        assert isinstance(page, Page)
        with pytest.raises(Refused, match=r"www\.ville\.example/.*which is not visited"):
            await fetcher.get(asking("http://www.ville.example/", allow_private=False))
    assert set(connected) == {"93.184.216.34"}


async def test_robots_txt_that_leads_to_an_inner_address_closes_its_site(
    clock: Clock, web: FakeWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = route(monkeypatch, web, "93.184.216.34")
    web["/robots.txt"] = redirect(302, "http://127.0.0.1:8080/robots.txt")
    async with make_fetcher(clock, resolve=resolver("93.184.216.34")) as fetcher:
        with pytest.raises(Disallowed, match=r"its robots\.txt could not be read"):
            await fetcher.get(asking("http://www.ville.example/", allow_private=False))
    assert set(connected) == {"93.184.216.34"}
    assert web.asked("/") == 0


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:8080/_x",
        "//example.org/",
        "example.org/feed",
        "",
        "http://",
        "http:///feed",
        "http://:8080/",
        "http://user@example.org/",
        "http://user:secret@example.org/",
        "http://evil.example\\@127.0.0.1/",
        "http://127.0.0.1\\.evil.example/",
        "http://%31%32%37.0.0.1/",
        "http://ex..fr/",
        "http://example.org:22/",
        "http://example.org:0/",
        "http://example.org:6379/",
        "http://example.org:10000/",
        "http://example.org:99999/",
        "http://example.org:-80/",
        "http://[::1/",
        "http://exa mple.org/",
        "http://example.org/\r\nHost: x",
        "http://example.org/\x00",
        "http://example.org/" + "a" * 2_000,
        "http://" + "a" * 70 + ".fr/",
    ],
)
async def test_what_is_no_address_of_the_web_is_refused(clock: Clock, url: str) -> None:
    async with make_fetcher(clock, resolve=resolver("127.0.0.1")) as fetcher:
        with pytest.raises(Refused) as refused:
            await fetcher.get(asking(url, allow_private=False))
    assert "secret" not in str(refused.value) + refused.value.url
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("port", ["", ":80", ":443", ":8000", ":8080", ":9999"])
async def test_usual_ports_are_visited(clock: Clock, port: str) -> None:
    async with make_fetcher(clock, resolve=resolver("192.168.0.1")) as fetcher:
        with pytest.raises(Refused, match="a private address"):  # judged by its address, not by its port
            await fetcher.get(asking(f"http://example.org{port}/", allow_private=False))


async def test_unknown_name_is_named_as_such_and_not_tried_again(clock: Clock) -> None:
    calls = []

    def resolve(host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        calls.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with make_fetcher(clock, resolve=resolve) as fetcher:
        with pytest.raises(Unreachable, match=r"www\.ville\.example has no address \(DNS: Name or service not known\)"):
            await fetcher.get(asking("http://www.ville.example/"))
        assert len(calls) == 1
        with pytest.raises(Unreachable, match="DNS"):  # another source of the same host does not ask again at once
            await fetcher.get(asking("http://www.ville.example/other"))
    assert len(calls) == 1
    assert fetcher.remembered() == {}


async def test_many_names_are_looked_up_at_the_same_time(clock: Clock, web: FakeWeb) -> None:
    web["/"] = reply(200, b"x")
    together = threading.Barrier(32, timeout=10)  # a look-up ends only when 32 of them are under way

    def resolve(host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        together.wait()
        return list(resolver("127.0.0.1", port=web.port)(host, port))

    memory = HostMemory(robots="", robots_status=200, robots_until=NOW.replace(year=2027))
    names = [f"ville{number}.example" for number in range(32)]
    async with make_fetcher(clock, dict.fromkeys(names, memory), concurrency=32, resolve=resolve) as fetcher:
        pages = await asyncio.gather(*(fetcher.get(asking(f"http://{name}/")) for name in names))
    assert len({page.url for page in pages}) == 32


async def test_environment_proxies_are_not_read(clock: Clock, web: FakeWeb, monkeypatch: pytest.MonkeyPatch) -> None:
    web["/"] = reply(200, b"direct")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with make_fetcher(clock) as fetcher:
        page = await fetcher.get(asking(web.url("/")))
    assert isinstance(page, Page)


def test_addresses_are_shown_without_secrets_and_on_one_line() -> None:
    assert shown("https://user:secret@www.ville.fr/a?b=c") == "www.ville.fr/a?b=c"
    assert shown("http://www.ville.fr/\x1b[31m\n") == "www.ville.fr/?[31m?"
    assert len(shown("http://www.ville.fr/" + "a" * 5_000)) == 200
