"""Outputs: items and feeds as RSS, Atom, JSON Feed, iCalendar, HTML and OPML; and files that are replaced whole.

Same feeds, same bytes: nothing here reads a clock. One item that cannot be spelled costs itself: it comes back as a
Refusal, for the caller to log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import TypeVar

from aggregator.model import Change, Feed, Item, Plan, Refusal, Site
from aggregator.publish import changes, ical, jsonfeed, pages, rss_atom
from aggregator.publish.deadlines import deadline_of
from aggregator.publish.entry import entry_of, line
from aggregator.publish.head import head_of
from aggregator.publish.html import Ahead, index, stylesheet
from aggregator.publish.opml import feeds as opml_feeds
from aggregator.publish.opml import sources as opml_sources
from aggregator.publish.pages import months as months_of
from aggregator.publish.write import lay_beside, prepare, put_in_place, write

__all__ = [
    "Ahead", "Rendered", "Renderer", "change_entries", "deadline_of", "index", "lay_beside", "months_of", "opml_feeds", "opml_sources", "prepare", "put_in_place", "render", "stylesheet", "write",
]  # fmt: skip

T = TypeVar("T")
Revision = tuple[datetime, str, str | None, str | None]  # at, field, old, new, as stored

# Items whose spelled forms are kept, about 5 kB each: feeds share the newest ones.
_KEPT_ENTRIES, _KEPT_EVENTS = 3_000, 10_000
_KEPT_ROWS = 2_000  # entries of pages, about 1 kB each beside their items


@dataclass(frozen=True, slots=True)
class Rendered:
    """The files of a feed (path -> bytes) and the items that stand in none of them, or not in all."""

    files: dict[str, bytes]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class _Forms:
    rss: bytes
    atom: bytes
    json: bytes


class Renderer:
    """Renders the feeds of a run. An item that stands in several feeds is spelled once, while it stays the same."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._forms = lru_cache(maxsize=_KEPT_ENTRIES)(_forms)
        self._event = lru_cache(maxsize=_KEPT_EVENTS)(ical.event)
        self._entry = lru_cache(maxsize=_KEPT_ROWS)(pages.entry)

    def render(self, feed: Feed, *, updated: datetime | None = None) -> Rendered:
        """Give a feed's files: "<path>.rss", ".atom", ".json" and, of a calendar, ".ics".

        `updated` dates a feed in which nothing has a date (such as when its source was first seen), never one that
        holds something: pass what the store knows, not the hour of the run, or the bytes differ each time.
        """
        entries = self.entries(feed, updated=updated)
        calendar = self.calendar(feed, updated=updated) if feed.calendar else Rendered({}, ())
        return Rendered(entries.files | calendar.files, tuple(dict.fromkeys((*entries.refused, *calendar.refused))))

    def entries(self, feed: Feed, *, updated: datetime | None = None) -> Rendered:
        """Give a feed's files but its calendar."""
        refused: list[Refusal] = []
        spelled = _each(self._forms, feed.items, refused)
        said = head_of(feed, [item for item, _ in spelled], self._site, updated)
        files = {
            f"{feed.path}.rss": rss_atom.rss(said, (forms.rss for _, forms in spelled)),
            f"{feed.path}.atom": rss_atom.atom(said, (forms.atom for _, forms in spelled)),
            f"{feed.path}.json": jsonfeed.feed(said, (forms.json for _, forms in spelled)),
        }
        return Rendered(files, tuple(dict.fromkeys(refused)))

    def calendar(self, feed: Feed, *, updated: datetime | None = None) -> Rendered:
        """Give a calendar's "<path>.ics"."""
        refused: list[Refusal] = []
        events = _each(self._event, feed.events, refused)
        said = head_of(replace(feed, tombstones=()), (), self._site, updated)
        file = ical.feed(said, [item for item, _ in events], (vevent for _, vevent in events))
        return Rendered({f"{feed.path}.ics": file}, tuple(dict.fromkeys(refused)))

    def twin(self, feed: Feed, today: date, months: Sequence[date]) -> dict[str, bytes]:
        """Give a feed's page, "<path>.html". `months`: those that have a grid."""
        return {f"{feed.path}.html": pages.feed(self._site, feed, today, months, self._entry)}

    def grids(self, feed: Feed, held: Sequence[date], standing: Iterable[date]) -> dict[str, bytes]:
        """Give the pages of a calendar's months, "<path>.2026-11.html": of those that hold something (`months_of`), and of those
        of which there is a page already (`standing`), which would go on showing what has moved away."""
        months = sorted({*held, *standing})
        return {pages.month_path(feed, month): pages.month(self._site, feed, month, held) for month in months}

    def page(
        self,
        item: Item,
        revisions: Sequence[Revision],
        feeds: Mapping[str, str] | None = None,
        former: Iterable[str] = (),
    ) -> Rendered:
        """Give an event's own page, "evenements/<uid>.html", with what became of it (`changes.history`).

        `feeds`: those that hold it, folded name -> path; its categories lead there. `former`: the UIDs of what has become
        part of it; the same page stands there.
        """
        try:
            said = pages.event(self._site, item, _history(item, revisions), feeds)
            paths = [pages.event_path(item), *(pages.event_path(replace(item, uid=uid)) for uid in former)]
            return Rendered(dict.fromkeys(paths, said), ())
        except Exception as error:  # whatever one event holds, the others have their pages
            return Rendered({}, (_refusal(item, error),))


def change_entries(changed: Iterable[tuple[Item, Sequence[Revision]]]) -> tuple[list[Item], list[Refusal]]:
    """Give the entries of the feed of changes, newest first: one for each change of an event that was still to come."""
    entries: list[Item] = []
    refused: list[Refusal] = []
    for item, revisions in changed:
        try:
            said = [changes.entry(item, change) for change in _history(item, revisions)]
        except Exception as error:  # whatever one event holds, the others' changes are published
            refused.append(_refusal(item, error))
        else:
            entries += [entry for entry in said if entry is not None]
    return sorted(entries, key=lambda entry: (entry.ranked_at, entry.uid), reverse=True), refused


def _history(item: Item, revisions: Sequence[Revision]) -> tuple[Change, ...]:
    now = Plan(item.when, item.status, item.location, item.withdrawn_at is not None)
    return changes.history(now, revisions, item.title)


def render(feed: Feed, site: Site, *, updated: datetime | None = None) -> Rendered:
    """Render one feed; see `Renderer.render`. A run that renders several keeps a Renderer."""
    return Renderer(site).render(feed, updated=updated)


def _forms(item: Item) -> _Forms:
    said = entry_of(item)
    rss, atom = rss_atom.entries(said)
    return _Forms(rss, atom, jsonfeed.item(said))


def _each(spell: Callable[[Item], T], items: Iterable[Item], refused: list[Refusal]) -> list[tuple[Item, T]]:
    """Spell each item alone; those that cannot be spelled, or whose id another one has, go to `refused`."""
    spelled: dict[str, tuple[Item, T]] = {}
    for item in items:
        try:
            if item.uid in spelled:
                raise ValueError("another item of this feed has the same id")
            spelled[item.uid] = (item, spell(item))
        except Exception as error:  # whatever one item holds, the feed's others are published
            refused.append(_refusal(item, error))
    return list(spelled.values())


def _refusal(item: Item, error: Exception) -> Refusal:
    where = line(str(item.title))[:200] or str(item.uid)[:200]
    return Refusal(where, "publish", str(item.uid)[:200], f"{type(error).__name__}: {error}"[:500])
