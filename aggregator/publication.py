"""From the store to feeds/: which feeds there are, and writing those that a visit touched."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aggregator.config import Config
from aggregator.model import Feed, Refusal, Site, Source
from aggregator.store import queries, transaction
from aggregator.store.published import Shelf

if TYPE_CHECKING:
    from aggregator.publish import Rendered, Renderer

log = logging.getLogger(__name__)

Call = Callable[..., Awaitable[Any]]

MEGABYTE = 1_000_000  # Google Agenda reads about that much of a calendar
_LATEST = 20
_COMING = 15
_BATCH = 60  # feeds rendered and written at a time: what is held in memory
_FEW = 60  # feeds that are rendered sooner here than workers would start
_PARTS = 4  # of a batch, so that workers end about together


@dataclass(frozen=True, slots=True)
class Published:
    """What a publication did: feeds rendered, files whose bytes changed, items that could not be spelled."""

    rendered: int
    written: tuple[str, ...]
    refused: tuple[Refusal, ...]


async def publish(
    connection: sqlite3.Connection, config: Config, out: Path, now: datetime, *, call: Call, everything: bool = False
) -> Published:
    """Render the feeds that were touched since they were last rendered (all with `everything`) and replace the files that differ.

    `now` gives the day on which a calendar's window stands; nothing else depends on it. `call` runs a function in a
    worker (`Workers.call`): many feeds are rendered side by side, a few here.

    Raises:
        PublishError: the folder cannot be written; what stood there stands still.
    """
    today = now.date().isoformat()
    touched = set(queries.dirty_feeds(connection, today))
    dirty = [path for path in _paths(connection, config) if everything or path in touched]
    if not dirty:
        return Published(0, (), ())
    from aggregator.publish import write

    shelf = Shelf(connection)
    sources = {s.slug: s for s in config.sources}
    refused: list[Refusal] = []
    writing: list[asyncio.Task[list[str]]] = []
    try:
        for start in range(0, len(dirty), _BATCH):
            shelf.forget()
            feeds = [_feed(path, shelf, config, sources, now) for path in dirty[start : start + _BATCH]]
            if len(dirty) > _FEW:
                parts = [feeds[n::_PARTS] for n in range(_PARTS)]
                spelled = [
                    done
                    for part in await asyncio.gather(*(call(render_all, part, config.site) for part in parts))
                    for done in part
                ]
            else:
                spelled = render_all(feeds, config.site)
            for done in spelled:
                _warn(done)
                refused += done.refused
            files = {path: data for done in spelled for path, data in done.files.items()}
            await asyncio.gather(*writing)  # one batch is written while the next one is rendered
            writing.append(asyncio.create_task(_replace(connection, out, files, feeds, today)))
        written = [path for batch in await asyncio.gather(*writing) for path in batch]
    finally:
        await asyncio.gather(*writing, return_exceptions=True)
    written += write(out, _around(connection, config, shelf, now))
    return Published(len(dirty), tuple(written), tuple(dict.fromkeys(refused)))


async def _replace(
    connection: sqlite3.Connection, out: Path, files: dict[str, bytes], feeds: list[Feed], today: str
) -> list[str]:
    """Replace the files that differ, then note their feeds as rendered: a crash between the two renders them once more."""
    from aggregator.publish import write

    written = await asyncio.to_thread(write, out, files)
    with transaction(connection):
        queries.mark_rendered(connection, [(feed.path, feed.calendar) for feed in feeds], today)
    return written


def render_all(feeds: list[Feed], site: Site) -> list[Rendered]:
    """Render feeds, in their order; a worker's part of a publication."""
    renderer = _renderer(site)
    return [renderer.render(feed) for feed in feeds]


@lru_cache(maxsize=1)
def _renderer(site: Site) -> Renderer:
    """Give this process's renderer: an item that stands in several feeds is spelled once in it."""
    from aggregator.publish import Renderer  # 0.1 s: only what changed pays for it

    return Renderer(site)


def _warn(done: Rendered) -> None:
    for refusal in done.refused:
        log.warning("left out of the feeds: %s (%s): %s", refusal.where, refusal.value, refusal.why)
    for path, data in done.files.items():
        if path.endswith(".ics") and len(data) > MEGABYTE:
            log.warning("%s has %.1f MB: Google Agenda reads about 1 MB of a calendar", path, len(data) / MEGABYTE)


def _paths(connection: sqlite3.Connection, config: Config) -> list[str]:
    """Give all feeds: those of sources that are read or have been; the combined ones last, when their items are spelled."""
    said = _said(connection)
    return [*(f"sources/{s.slug}" for s in config.sources if s.enabled or s.slug in said), *_COMBINED]


def _said(connection: sqlite3.Connection) -> set[str]:
    """Give the sources that have ever said something."""
    rows = connection.execute(
        "SELECT slug FROM sources AS n WHERE EXISTS (SELECT 1 FROM sightings AS s WHERE s.source = n.slug)"
    )
    return {slug for (slug,) in rows}


# path -> title, description; the site's title is put before them
_COMBINED = {
    "tout": ("tout", "Les actualités et les événements de toutes les sources."),
    "actualites": ("actualités", "Les actualités de toutes les sources."),
    "agenda": ("agenda", "Les événements de toutes les sources."),
}


def _outline(path: str, config: Config, sources: dict[str, Source]) -> Feed:
    """Give a feed without its items: its names and where it leads."""
    if path in _COMBINED:
        title, description = _COMBINED[path]
        return Feed(
            path,
            f"{config.site.title}\xa0: {title}",
            description,
            f"{config.site.base_url}/",
            (),
            calendar=path != "actualites",
        )
    source = sources[path.removeprefix("sources/")]
    return Feed(path, source.name, f"Les actualités et les événements publiés par {source.name}.", source.url, ())


def _feed(path: str, shelf: Shelf, config: Config, sources: dict[str, Source], now: datetime) -> Feed:
    outline = _outline(path, config, sources)
    events = tuple(shelf.events(path, now)) if path != "actualites" else ()
    items = tuple(shelf.entries(path))
    calendar = outline.calendar or bool(events) or any(item.kind == "event" for item in items)
    return Feed(
        path, outline.title, outline.description, outline.home, items, events, tuple(shelf.tombstones(path, now)), calendar
    )  # fmt: skip


def _around(connection: sqlite3.Connection, config: Config, shelf: Shelf, now: datetime) -> dict[str, bytes]:
    """Give what stands around the feeds: the index page and both OPML lists."""
    from aggregator.publish import index, opml_feeds, opml_sources, stylesheet

    sources = {s.slug: s for s in config.sources}
    calendars = {path for (path,) in connection.execute("SELECT path FROM feeds WHERE calendar = 1")}
    said = _said(connection)
    paths = [*_COMBINED, *(f"sources/{slug}" for slug in sources if slug in said)]
    outlines = [_outline(path, config, sources) for path in paths]
    feeds = [
        Feed(f.path, f.title, f.description, f.home, (), calendar=f.calendar or f.path in calendars) for f in outlines
    ]  # fmt: skip
    return {
        "index.html": index(config.site, feeds, shelf.entries("actualites")[:_LATEST], shelf.coming(now, _COMING)),
        "style.css": stylesheet(),
        "feeds.opml": opml_feeds(config.site, feeds),
        "sources.opml": opml_sources(config.site, config.sources),
    }
