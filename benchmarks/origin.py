"""An origin on loopback: N sources × 20 items, each on an address of its own, with ETag, 304 and robots.txt.

`python -m benchmarks.origin N PORT`: source n is 127.0.x.y:PORT. Every fourth is RSS, Atom, iCalendar, HTML; each also answers
/feed (RSS or Atom), for readers that read feeds only. `POST /edit?share=5` changes 5 % of the sources.
"""

from __future__ import annotations

import asyncio
import random
import sys
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape

ITEMS = 20
KINDS = ("rss", "atom", "ics", "html")
WORDS = (
    "coopération décentralisée réunion du groupe-pays Haïti Sénégal Madagascar Liban Japon région ville département projet solidarité "
    "eau climat jeunesse l’été œuvre château partenariat jumelage élus appel à projets fonds forum rencontre « échange » développement"
).split()
START = datetime(2025, 11, 3, 9, tzinfo=UTC)


def address(n: int) -> str:
    return f"127.0.{n // 250}.{n % 250 + 1}"


def kind(n: int) -> str:
    return KINDS[n % 4]


def path(n: int) -> str:
    return {"rss": "/rss", "atom": "/atom", "ics": "/agenda.ics", "html": "/actualites"}[kind(n)]


class Sites:
    """What the sources say; `edits[n]` counts how often source n has changed."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.edits = [0] * count
        self.cache: dict[tuple[int, str, int], bytes] = {}

    def edit(self, share: int) -> None:
        for n in range(self.count):
            self.edits[n] += n % 100 < share

    def body(self, n: int, wanted: str) -> bytes:
        key = (n, wanted, self.edits[n])
        if key not in self.cache:
            self.cache.pop((n, wanted, self.edits[n] - 1), None)
            self.cache[key] = {"rss": self._rss, "atom": self._atom, "ics": self._ics, "html": self._html}[wanted](
                n
            ).encode()
        return self.cache[key]

    def _items(self, n: int) -> list[tuple[str, str, str, str, datetime]]:
        first = self.edits[n]  # an edit brings one new item, the oldest leaves
        items = []
        for i in range(first + ITEMS - 1, first - 1, -1):
            draw = random.Random(n * 100_003 + i)
            title = " ".join(draw.choices(WORDS, k=9)).capitalize() + f" {n}-{i}"
            summary = " ".join(draw.choices(WORDS, k=40))
            content = "".join(
                f'<p>{" ".join(draw.choices(WORDS, k=30))} <a href="/page/{i}">suite</a></p>' for _ in range(4)
            )
            items.append((f"/article/{i}", title, summary, content, START + timedelta(hours=i, minutes=n % 60)))
        return items

    def _rss(self, n: int) -> str:
        base = f"http://{address(n)}:{PORT}"
        items = "".join(
            f'<item><title>{escape(t)}</title><link>{base}{u}</link><guid isPermaLink="true">{base}{u}</guid><pubDate>{format_datetime(d)}</pubDate>'
            f"<dc:creator>Rédaction</dc:creator><category>International</category><description>{escape(s)}</description>"
            f"<content:encoded><![CDATA[{c}]]></content:encoded></item>"
            for u, t, s, c, d in self._items(n)
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
            f'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Source {n}</title><link>{base}/</link>'
            f"<description>Actualités</description>{items}</channel></rss>"
        )

    def _atom(self, n: int) -> str:
        base = f"http://{address(n)}:{PORT}"
        items = "".join(
            f'<entry><id>{base}{u}</id><title>{escape(t)}</title><link rel="alternate" href="{base}{u}"/><published>{d:%Y-%m-%dT%H:%M:%SZ}</published>'
            f'<updated>{d:%Y-%m-%dT%H:%M:%SZ}</updated><author><name>Rédaction</name></author><category term="International"/>'
            f'<summary>{escape(s)}</summary><content type="html">{escape(c)}</content></entry>'
            for u, t, s, c, d in self._items(n)
        )
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><id>{base}/</id><title>Source {n}</title>'
            f"<updated>{START:%Y-%m-%dT%H:%M:%SZ}</updated>{items}</feed>"
        )

    def _ics(self, n: int) -> str:
        events = "".join(
            f"BEGIN:VEVENT\r\nUID:{n}-{u}@exemple.invalid\r\nDTSTAMP:20251103T090000Z\r\nDTSTART;TZID=Europe/Paris:{d + timedelta(days=30):%Y%m%dT%H%M%S}\r\n"
            f"DTEND;TZID=Europe/Paris:{d + timedelta(days=30, hours=2):%Y%m%dT%H%M%S}\r\nSUMMARY:{t}\r\nDESCRIPTION:{s}\r\nLOCATION:Salle des fêtes\r\n"
            f"URL:http://{address(n)}:{PORT}{u}\r\nEND:VEVENT\r\n"
            for u, t, s, _, d in self._items(n)
        )
        return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Source {n}//FR\r\n{events}END:VCALENDAR\r\n"

    def _html(self, n: int) -> str:
        cards = "".join(
            f'<article class="card"><h3><a href="{u}">{escape(t)}</a></h3><time>{d.day} novembre 2025</time><p class="chapo">{escape(s)}</p>'
            f'<div class="more">{c}</div></article>'
            for u, t, s, c, d in self._items(n)
        )
        return f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Source {n}</title></head><body><main>{cards}</main></body></html>'


class Origin(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, as small as it can be: the origin must not be what is measured."""

    def __init__(self, sites: Sites) -> None:
        self.sites = sites
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        host = transport.get_extra_info("sockname")[0].split(".")
        self.n = int(host[2]) * 250 + int(host[3]) - 1

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            self.transport.write(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        line, *fields = head.split(b"\r\n")
        target = line.split(b" ")[1].decode()
        if target.startswith("/edit"):
            self.sites.edit(int(target.partition("=")[2]))
            return b"HTTP/1.1 204 No Content\r\n\r\n"
        if target == "/robots.txt":
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        wanted = kind(self.n) if target == path(self.n) else ("rss", "atom")[self.n % 2]
        tag = f'"{self.n}-{wanted}-{self.sites.edits[self.n]}"'.encode()
        for one in fields:
            name, _, value = one.partition(b":")
            if name.lower() == b"if-none-match" and value.strip() == tag:
                return b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\n\r\n"
        body = self.sites.body(self.n, wanted)
        media = {
            "rss": b"application/rss+xml",
            "atom": b"application/atom+xml",
            "ics": b"text/calendar",
            "html": b"text/html",
        }[wanted]
        return (
            b"HTTP/1.1 200 OK\r\nContent-Type: "
            + media
            + b"; charset=utf-8\r\nETag: "
            + tag
            + f"\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )


async def main(count: int, port: int) -> None:
    sites = Sites(count)
    for n in range(count):  # written before anything is measured
        sites.body(n, kind(n))
        sites.body(n, ("rss", "atom")[n % 2])
    server = await asyncio.get_running_loop().create_server(lambda: Origin(sites), "0.0.0.0", port, backlog=1024)
    print("ready", zlib.crc32(sites.body(0, "rss")), flush=True)
    await server.serve_forever()


PORT = 8765

if __name__ == "__main__":
    PORT = int(sys.argv[2])
    asyncio.run(main(int(sys.argv[1]), PORT))
