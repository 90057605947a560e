"""A house on loopback: a fake web, a sources.yaml, a store and a public folder, with the real pipeline between them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

import pytest

from aggregator import config, pipeline
from aggregator.store import open_for_writing
from tests.fakeweb import FakeWeb, reply

START = datetime(2025, 11, 3, 8, 0, tzinfo=UTC)


@dataclass
class House:
    """`web`: what sources say; `run()` is one run of the program at `now`."""

    folder: Path
    web: FakeWeb
    now: datetime = START
    sources: dict[str, str] = field(default_factory=dict)
    address: str = "http://127.0.0.1:8800"
    site: dict[str, Any] = field(default_factory=dict)  # more of what sources.yaml says of the site
    feeds: list[dict[str, Any]] = field(default_factory=list)

    def source(self, slug: str, **said: Any) -> None:
        """Add a source, or say something else of it: kind, url (a path of the web), options, aliases …"""
        said = {"name": slug.title(), "kind": "feed", "url": f"/{slug}"} | said
        if str(said["url"]).startswith("/"):
            said["url"] = self.web.url(said["url"])
        self.sources[slug] = json.dumps({"slug": slug, **said}, ensure_ascii=False)

    @property
    def file(self) -> Path:
        return self.folder / "sources.yaml"

    @property
    def db(self) -> Path:
        return self.folder / "store.db"

    @property
    def out(self) -> Path:
        return self.folder / "feeds"

    def write_config(self) -> Path:
        site = json.dumps(
            {"title": "Essai", "url": self.address, "contact": "https://exemple.invalid/contact", **self.site}
        )
        lines = "".join(f"  - {said}\n" for said in self.sources.values())
        self.file.write_text(
            f"site: {site}\nfeeds: {json.dumps(self.feeds)}\ndefaults: {{delay: 0s, allow_private: true}}\nsources:\n{lines}",
            encoding="utf-8",
        )
        return self.file

    async def run(self, *only: str, after: timedelta = timedelta(0), everything: bool = True) -> pipeline.Run:
        """Visit all sources (or those `only`) `after` some time has passed, and publish."""
        self.now += after
        configuration = config.load(self.write_config())
        with open_for_writing(self.db) as connection:
            return await pipeline.run(
                connection, configuration, self.out, clock=lambda: self.now, only=only, everything=everything
            )

    def sql(self, question: str, *parameters: object) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)
        try:
            return connection.execute(question, parameters).fetchall()
        finally:
            connection.close()

    def one(self, question: str, *parameters: object) -> Any:
        """Give the single value that a question has as its answer."""
        ((value,),) = self.sql(question, *parameters)
        return value

    def published(self, path: str) -> str:
        return (self.out / path).read_text(encoding="utf-8")

    def files(self) -> dict[str, tuple[int, int, bytes]]:
        """Give every public file with its inode, modification time and bytes."""
        return {
            str(p.relative_to(self.out)): (p.stat().st_ino, p.stat().st_mtime_ns, p.read_bytes())
            for p in sorted(self.out.rglob("*"))
            if p.is_file()
        }


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with FakeWeb() as web:
        yield House(tmp_path, web)


def rss(items: Iterable[dict[str, str]], base: str = "https://ville.example") -> bytes:
    """Write an RSS feed of items with title, path, day ("03 Nov 2025"), and optionally guid, text."""
    parts = "".join(
        f"<item><title>{escape(i['title'])}</title><link>{escape(i.get('link') or base + i['path'])}</link>"
        + (f'<guid isPermaLink="false">{i["guid"]}</guid>' if "guid" in i else "")
        + (f"<pubDate>{i['day']} 10:00:00 +0100</pubDate>" if "day" in i else "")
        + f"<description>{escape(i.get('text', 'Un texte.'))}</description></item>"
        for i in items
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title><link>{base}/</link><description>x</description>{parts}</channel></rss>'.encode()


def news(count: int, newest: int = 28) -> list[dict[str, str]]:
    """Give `count` news of October 2025, newest first, one a day."""
    return [
        {
            "title": f"Nouvelle du {newest - n} octobre",
            "path": f"/actualite-{newest - n}",
            "day": f"{newest - n:02d} Oct 2025",
        }
        for n in range(count)
    ]


def ics(*events: str) -> bytes:
    """Write a calendar of VEVENT bodies."""
    body = "".join(f"BEGIN:VEVENT\r\nDTSTAMP:20251101T000000Z\r\n{event.strip()}\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//FR\r\n{body}END:VCALENDAR\r\n".encode()


def xml(body: bytes) -> Any:
    return reply(body=body, headers={"Content-Type": "application/rss+xml; charset=utf-8"})


def calendar(body: bytes) -> Any:
    return reply(body=body, headers={"Content-Type": "text/calendar; charset=utf-8"})
