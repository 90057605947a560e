"""From the store to feeds/: which feeds there are, and writing those that a visit touched."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aggregator import interests, taxonomy
from aggregator.config import Config
from aggregator.errors import ExtractError, PublishError
from aggregator.model import Feed, Refusal, Site, Source
from aggregator.normalise.text import fold
from aggregator.store import open_for_reading, queries, snapshot, transaction
from aggregator.store.published import ENTRIES, Shelf, Window, window

if TYPE_CHECKING:
    from aggregator.publish import Ahead, Renderer

log = logging.getLogger(__name__)

Call = Callable[..., Awaitable[Any]]

MEGABYTE = 1_000_000  # Google Agenda reads about that much of a calendar
_LATEST = 20
_COMING = 15
_PAGE = 51  # events to come that a feed's page is given: one more than it shows says that there are more
_FEW = 60  # feeds that are rendered sooner here than workers would load what they need
_PART = 20  # feeds rendered and put in place at a time
_PAGED = 200  # pages of events rendered at a time
_PAGES = "evenements"
_SNAPSHOT = "aggregator.db"
_TOP = "tout"  # a feed that is always there
_AT_ONCE = 8  # parts under way: enough that each worker has one waiting


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
    worker (`Workers.call`): many feeds are rendered side by side, few here alone. A snapshot that the operator wishes
    follows what the store says now.

    Raises:
        PublishError: the folder cannot be written; what stood there stands still.
    """
    done = await _publish_feeds(connection, config, out, now, call=call, everything=everything)
    if config.snapshot and await asyncio.to_thread(_publish_snapshot, _store(connection), out):
        done = replace(done, written=(*done.written, _SNAPSHOT))
    return done


def _publish_snapshot(store: Path, out: Path) -> bool:
    """Replace the snapshot if the store has changed since; tell whether it had."""
    place = out / _SNAPSHOT
    if place.exists() and place.samefile(store):
        raise PublishError(
            f"{place} is the store itself, where site.snapshot would stand: keep the store elsewhere (--db)"
        )
    if not snapshot.differs(store, place):
        return False
    from aggregator.publish import prepare, put_in_place
    from aggregator.publish.write import _beside as beside

    prepare(out, [_SNAPSHOT])
    made = beside(place)
    try:
        snapshot.publishable(store, made, beside(place.with_name(f"{_SNAPSHOT}.whole")))
        made.chmod(0o444)  # nobody writes to it: `serve` knows it by that from a store
        put_in_place(out, [_SNAPSHOT])
    except BaseException:
        made.unlink(missing_ok=True)
        raise
    return True


def _store(connection: sqlite3.Connection) -> Path:
    return Path(connection.execute("PRAGMA database_list").fetchone()[2])


async def _publish_feeds(
    connection: sqlite3.Connection, config: Config, out: Path, now: datetime, *, call: Call, everything: bool
) -> Published:
    today = now.date().isoformat()
    site = blake2b(repr(config.site).encode(), digest_size=8).hexdigest()
    touched = queries.dirty_feeds(connection, today, site)
    dirty = [p for p in _paths(connection, config) if everything or p in touched or not _stands(out, p)]
    if not dirty and (out / "index.html").exists():
        return Published(0, (), ())
    from aggregator.publish import prepare, write

    sources = {s.slug: s for s in config.sources}
    names = _names()
    plans = [_Plan(_outline(p, config, sources, names), None if everything else touched.get(p)) for p in dirty]
    shown = window(config.site, now)
    anew = everything or not (out / _PAGES).exists() or queries.site_of(connection, _TOP) != site
    events = Shelf(connection).paged(shown, None if anew else queries.unpublished(connection))
    prepare(out, [f"{_PAGES}/x", *(f"{plan.outline.path}.rss" for plan in plans)])
    parts = await _rendered(connection, out, _chunks(plans, events), config.site, now, call)
    rendered = [feed for part in parts for feed in part.feeds]
    _warn(parts)
    written = [path for part in parts for path in part.changed]
    written += write(out, _around(connection, config, {path: calendar for path, calendar, _ in rendered}, now))
    with transaction(connection):  # what fails or crashes before this is done once more
        queries.mark_rendered(connection, rendered, today, site)
        queries.mark_published(connection, events, shown.since)
    refused = dict.fromkeys(refusal for part in parts for refusal in part.refused)
    return Published(len(dirty), tuple(written), tuple(refused))


def _stands(out: Path, path: str) -> bool:
    """Say whether a feed has its files: what an older version left has no page."""
    return (out / f"{path}.rss").exists() and (out / f"{path}.html").exists()


@dataclass(frozen=True, slots=True)
class _Part:
    """Feeds that were rendered (path, whether it is a calendar, months that have a grid); their files that changed lie beside
    their places."""

    feeds: tuple[tuple[str, bool, tuple[date, ...]], ...]
    changed: tuple[str, ...]
    refused: tuple[Refusal, ...]
    large: tuple[tuple[str, int], ...]  # calendars of more than a megabyte, and their bytes


@dataclass(frozen=True, slots=True)
class _Plan:
    """A feed to render (its items are still in the store). `months`: of which it has a grid, if its calendar stands as it is."""

    outline: Feed
    months: tuple[date, ...] | None


@dataclass(frozen=True, slots=True)
class _Work:
    """What one part of a publication renders: feeds, or pages of events."""

    plans: tuple[_Plan, ...] = ()
    events: tuple[int, ...] = ()


def _chunks(plans: list[_Plan], events: list[int]) -> list[_Work]:
    """Cut the work into parts. The combined feeds, which are last and take longest, begin first."""
    feeds = [_Work(tuple(plans[start : start + _PART])) for start in range(0, len(plans), _PART)]
    pages = [_Work(events=tuple(events[start : start + _PAGED])) for start in range(0, len(events), _PAGED)]
    return [*reversed(feeds), *pages]


async def _rendered(
    connection: sqlite3.Connection, out: Path, works: list[_Work], site: Site, now: datetime, call: Call
) -> list[_Part]:
    """Render and put in place, part by part: a few feeds here, many in workers.

    Workers read the store and write beside the places themselves: items sent there and files sent back were a third of
    the work. What fails does not keep the other parts from their places.
    """
    from aggregator.publish import put_in_place

    store, shelf = _store(connection), Shelf(connection)
    slots = asyncio.Semaphore(_AT_ONCE)
    few = sum(len(work.plans) for work in works) <= _FEW and sum(len(work.events) for work in works) <= _PAGED

    async def one(work: _Work) -> _Part:
        async with slots:
            try:
                done = (
                    _render(shelf, out, work, site, now)
                    if few
                    else await call(render_part, store, out, work, site, now)
                )
            except ExtractError as error:  # its worker died
                what = work.plans[0].outline.path if work.plans else "the pages of events"
                raise PublishError(f"{what} and what comes after could not be rendered: {error}") from error
            await asyncio.to_thread(put_in_place, out, done.changed)
            return done

    ended = await asyncio.gather(*(one(work) for work in works), return_exceptions=True)
    failed = [one for one in ended if isinstance(one, BaseException)]
    if failed:
        raise failed[0]
    return [one for one in ended if isinstance(one, _Part)]


def render_part(store: Path, out: Path, work: _Work, site: Site, now: datetime) -> _Part:
    """Render feeds or pages out of the store and write what differs beside its place: a worker's part of a publication."""
    with closing(open_for_reading(store)) as connection:
        return _render(Shelf(connection), out, work, site, now)


def _render(shelf: Shelf, out: Path, work: _Work, site: Site, now: datetime) -> _Part:
    from aggregator.publish import lay_beside, months_of

    renderer, shown = _renderer(site), window(site, now)
    feeds: list[tuple[str, bool, tuple[date, ...]]] = []
    changed: list[str] = []
    refused: list[Refusal] = []
    large: list[tuple[str, int]] = []
    for plan in work.plans:
        shelf.forget()
        feed, left_out = _filled(plan.outline, shelf, shown, now, whole=plan.months is None)
        months, done = plan.months, renderer.entries(feed)
        files = done.files
        refused += [*left_out, *done.refused]
        if months is None:
            months = months_of(feed.events, shown.since.date(), shown.until.date())
            if feed.calendar:
                calendar = renderer.calendar(feed)
                files |= calendar.files | renderer.grids(feed, months, _grids(out, feed.path, shown))
                refused += calendar.refused
        files |= renderer.twin(feed, now.date(), months)
        feeds.append((feed.path, feed.calendar, months))
        changed += lay_beside(out, files)
        large += [(p, len(d)) for p, d in files.items() if p.endswith(".ics") and len(d) > MEGABYTE]
    if work.events:
        changes, held, names = shelf.revisions(work.events), shelf.feeds_of(work.events), _names()
        former = shelf.former(work.events)
        for id_, item in zip(work.events, shelf.items(work.events), strict=True):
            theirs = {fold(names[path]): path for path in held.get(id_, ()) if path in names}
            page = renderer.page(item, changes.get(id_, ()), theirs, former.get(id_, ()))
            refused += page.refused
            changed += lay_beside(out, page.files)
    return _Part(tuple(feeds), tuple(changed), tuple(refused), tuple(large))


def _grids(out: Path, path: str, shown: Window) -> list[date]:
    """Give the months of the window of which a calendar has a page already: one that empties must not stand as it was."""
    month, found = shown.since.date().replace(day=1), []
    while month <= shown.until.date():
        if (out / f"{path}.{month:%Y-%m}.html").exists():
            found.append(month)
        month = (month + timedelta(days=31)).replace(day=1)
    return found


@lru_cache(maxsize=1)
def _renderer(site: Site) -> Renderer:
    """Give this process's renderer: an item that stands in several feeds is spelled once in it."""
    from aggregator.publish import Renderer  # 0.1 s: only what changed pays for it

    return Renderer(site)


def _warn(parts: list[_Part]) -> None:
    for part in parts:
        for refusal in part.refused:
            log.warning("left out of the feeds: %s (%s): %s", refusal.where, refusal.value, refusal.why)
        for path, size in part.large:
            log.warning("%s has %.1f MB: Google Agenda reads about 1 MB of a calendar", path, size / MEGABYTE)


def _paths(connection: sqlite3.Connection, config: Config) -> list[str]:
    """Give all feeds: those of sources that are read or have been, of interests that have had something to say, those of
    sources.yaml; the combined ones last, when their items are spelled."""
    said = _said(connection)
    return [
        *(f"sources/{s.slug}" for s in config.sources if s.enabled or s.slug in said),
        *_interests(connection),
        *(interest.path for interest in config.interests),
        *_COMBINED,
    ]


def _interests(connection: sqlite3.Connection) -> list[str]:
    """Give the feeds of countries, themes and the like that have ever held something: their readers keep them."""
    rows = connection.execute(
        "SELECT path FROM feeds WHERE path LIKE '%/%' AND path NOT LIKE 'sources/%' ORDER BY path"
    )
    return [path for (path,) in rows]


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
    "echeances": ("échéances", "Les dates limites des appels à projets, des candidatures et des inscriptions."),
    "modifications": ("modifications", "Ce qui change dans l’agenda\xa0: reports, annulations, lieux et horaires."),
}
_CALENDARS = frozenset({"tout", "agenda", "echeances"})
_WITH_CALENDAR = frozenset({"pays", "zones", "themes", "territoires"})  # for who waits for their first event


def _outline(path: str, config: Config, sources: dict[str, Source], names: Mapping[str, str]) -> Feed:
    """Give a feed without its items: its names, which say what it holds, and where it leads. `names`: `_names`."""
    if path in _COMBINED:
        title, description = _COMBINED[path]
        return Feed(
            path,
            f"{config.site.title}\xa0: {title}",
            description,
            f"{config.site.base_url}/{path}.html",
            (),
            calendar=path in _CALENDARS,
        )
    if not path.startswith("sources/"):
        own = next((one for one in config.interests if one.path == path), None)
        title, description = (own.title, own.description) if own else interests.title_of(path, names)
        return Feed(
            path,
            f"{config.site.title}\xa0: {title}",
            description,
            f"{config.site.base_url}/{path}.html",
            (),
            calendar=own.filter.kind != "news" if own else path.partition("/")[0] in _WITH_CALENDAR,
        )
    source = sources[path.removeprefix("sources/")]
    return Feed(path, source.name, f"Les actualités et les événements publiés par {source.name}.", source.home, ())


def _names() -> dict[str, str]:
    """Give the names of the feeds of taxonomy.yaml: path -> name."""
    return {interests.folder_of(e.scheme, e.slug): e.name for e in taxonomy.current().entries}


def _filled(outline: Feed, shelf: Shelf, shown: Window, now: datetime, *, whole: bool) -> tuple[Feed, list[Refusal]]:
    """Give a feed with what stands in it, its calendar only with `whole`, and what could not be said."""
    from aggregator.publish import change_entries, deadline_of

    path = outline.path
    if path == "modifications":
        ids = shelf.changed()
        revisions = shelf.revisions(ids)
        entries, refused = change_entries(
            (item, revisions[id_]) for id_, item in zip(ids, shelf.items(ids), strict=True)
        )
        return replace(outline, items=tuple(entries[:ENTRIES])), refused
    items, stones = shelf.entries(path), tuple(shelf.tombstones(path, now))
    if path == "actualites":
        return replace(outline, items=tuple(items), tombstones=stones), []
    if path == "echeances":
        days = tuple(deadline_of(item) for item in shelf.deadlines(shown))
        coming = tuple(one for one in days if one.when and one.when.start >= now.date())
        items = [deadline_of(item) for item in items]
        return replace(outline, items=tuple(items), events=days, coming=coming, tombstones=stones), []
    coming = tuple(shelf.near(path, shown, now, _PAGE))
    events = tuple(shelf.events(path, shown)) if whole else ()
    calendar = (
        outline.calendar or bool(events) or any(item.kind == "event" for item in items) or shelf.is_calendar(path)
    )
    feed = replace(
        outline, items=tuple(items), events=events, coming=coming, paged=shelf.paged_of(items, shown), tombstones=stones, calendar=calendar
    )  # fmt: skip
    return feed, []


def _around(
    connection: sqlite3.Connection, config: Config, rendered: Mapping[str, bool], now: datetime
) -> dict[str, bytes]:
    """Give what stands around the feeds: the index page and both OPML lists. `rendered`: path -> whether it is a calendar."""
    from aggregator.publish import index, opml_feeds, opml_sources, stylesheet

    shelf, sources, said = Shelf(connection), {s.slug: s for s in config.sources}, _said(connection)
    calendars = dict(connection.execute("SELECT path, calendar FROM feeds")) | dict(rendered)
    paths = [
        *(interest.path for interest in config.interests),
        *_COMBINED,
        *_interests(connection),
        *(f"sources/{slug}" for slug in sources if slug in said),
    ]
    names = _names()
    outlines = [_outline(path, config, sources, names) for path in paths]
    feeds = [
        replace(outline, calendar=outline.calendar or bool(calendars.get(outline.path))) for outline in outlines
    ]  # fmt: skip
    return {
        "index.html": index(
            config.site,
            feeds,
            shelf.entries("actualites", _LATEST),
            shelf.coming(now, _COMING),
            _ahead(connection, config.site, now),
        ),
        "style.css": stylesheet(),
        "feeds.opml": opml_feeds(config.site, tuple(feeds)),
        "sources.opml": opml_sources(config.site, config.sources),
    }


# From the events to come, which are few, to their feeds: the other way all members would be read. A day begins in UTC up to
# a day before its date.
_AHEAD = """
WITH coming AS MATERIALIZED (
  SELECT id, substr(starts, 1, 10) AS first FROM items INDEXED BY items_starts
  WHERE starts_utc >= date(:today, '-1 day') AND starts_utc < :until AND substr(starts, 1, 10) >= :today AND kind = 'event'
  AND joined_to IS NULL AND withdrawn_at IS NULL AND coalesce(status, '') NOT IN ('cancelled', 'postponed')
), held AS (
  SELECT m.path AS path, c.first AS first FROM coming AS c CROSS JOIN members AS m ON m.item_id = c.id
  UNION ALL SELECT path, first FROM (
    SELECT DISTINCT 'sources/' || s.source AS path, c.id, c.first AS first
    FROM coming AS c CROSS JOIN sightings AS s ON s.item_id = c.id
  )
  UNION ALL SELECT p.value, c.first FROM coming AS c, json_each('["tout", "agenda"]') AS p
)
SELECT path, count(*), min(first) FROM held GROUP BY path
"""


def _ahead(connection: sqlite3.Connection, site: Site, now: datetime) -> dict[str, Ahead]:
    """Give what each calendar has to come from today on: how many events, and the day of the first."""
    from aggregator.publish import Ahead

    days = {"today": now.date().isoformat(), "until": window(site, now).stamps()["until"]}
    return {path: Ahead(n, date.fromisoformat(first)) for path, n, first in connection.execute(_AHEAD, days)}
