"""What publication reads: items with their origins, by feed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from aggregator.model import Attachment, Item, Origin, Site, Tombstone, home_of
from aggregator.normalise.text import fold
from aggregator.store.items import feeds_of
from aggregator.store.rows import FACE, chunks, instant, marks, read_face, stamp

GONE_FOR = timedelta(days=30)  # what is called off or withdrawn is still said, and no longer
ENTRIES = 200  # of a combined feed
_FEW = 100  # of the others
SHARE = 0.3  # of a combined feed, that one source may take while others wait
SUMMARY = 300  # characters of a source's own words, where no licence lets us republish more (CUF's own cut)
_CHUNK = 500
_KEPT = 10_000  # items held in memory, about 3 kB each


class Shelf:
    """Loads items, each once a run; they stand in several feeds."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._items: dict[int, Item] = {}
        self._windows: dict[Window, dict[int, str]] = {}
        self._left: dict[str, list[tuple]] = {}  # type: ignore[type-arg]
        self._sources = {
            slug: (name, home_of(kind, url), bool(licensed))
            for slug, name, kind, url, licensed in connection.execute(
                "SELECT slug, name, kind, url, licence IS NOT NULL FROM sources"
            )
        }

    def entries(self, path: str, count: int | None = None) -> list[Item]:
        """Give the `count` newest items of a feed, newest first; but of several sources none takes more than its SHARE while others wait."""
        count = count or (ENTRIES if path in _MEMBERS else _FEW)
        slug = path.removeprefix("sources/")
        if slug != path:
            sql = "id IN (SELECT item_id FROM sightings WHERE source = ?) AND withdrawn_at IS NULL"
            return self._load(f"{sql} ORDER BY ranked_at DESC, first_seen DESC, position, uid LIMIT {count}", (slug,))
        if path in _MEMBERS:
            held, by = f"items AS i WHERE i.joined_to IS NULL AND {_MEMBERS[path]}", "i.ranked_at"
        else:
            held, by = "members AS m CROSS JOIN items AS i ON i.id = m.item_id WHERE m.path = ?", "m.ranked_at"
        rows = self._connection.execute(
            f"SELECT i.id, (SELECT source FROM sightings WHERE id = i.lead_id) FROM {held} AND i.withdrawn_at IS NULL"
            f" ORDER BY {by} DESC, i.first_seen DESC, i.position, i.uid LIMIT {count * 10}",
            () if path in _MEMBERS else (path,),
        )
        return self.items(_shared(rows, count))

    def events(self, path: str, window: Window) -> list[Item]:
        """Give the events of a calendar by start: those of its window; of those called off or withdrawn, the recent ones."""
        return self.items(list(self._standing_in(path, window)))

    def near(self, path: str, window: Window, now: datetime, count: int) -> list[Item]:
        """Give the first `count` events of a calendar that are not over on the day of `now`, wherever they are held, by start."""
        since = stamp(midnight(now) - timedelta(hours=14))
        return self.items([id_ for id_, ends in self._standing_in(path, window).items() if ends >= since][:count])

    def _standing_in(self, path: str, window: Window) -> dict[int, str]:
        """Give the events of a calendar's window and their ends, by start."""
        standing = self._standing(window)
        if path in _MEMBERS:
            return standing
        if path.startswith("sources/"):
            sql = "SELECT item_id FROM sightings WHERE source = :path"
        else:
            sql = "SELECT item_id FROM members WHERE path = :path AND ends >= :since"
        rows = self._connection.execute(sql, {"path": path.removeprefix("sources/"), "since": stamp(window.since)})
        held = {row[0] for row in rows}
        return {id_: ends for id_, ends in standing.items() if id_ in held}

    def paged_of(self, items: Iterable[Item], window: Window) -> frozenset[str]:
        """Give the UIDs of those of these items that are events with a page of their own: events of the window."""
        uids = [item.uid for item in items if item.kind == "event"]
        rows = (
            row
            for some in chunks(uids)
            for row in self._connection.execute(f"SELECT id, uid FROM items WHERE uid IN ({marks(some)})", some)
        )
        return frozenset(uid for id_, uid in rows if id_ in self._standing(window))

    def _standing(self, window: Window) -> dict[int, str]:
        """Give the events of a window and their ends, by start: asked once, for most events are over and most feeds small."""
        if window not in self._windows:
            self._windows[window] = dict(
                self._connection.execute(
                    f"SELECT id, coalesce(ends_utc, starts_utc) FROM items INDEXED BY items_ends WHERE {_IN_WINDOW} ORDER BY starts_utc, uid",
                    window.stamps(),
                )
            )
        return self._windows[window]

    def deadlines(self, window: Window) -> list[Item]:
        """Give the items whose last day to answer lies in the window, by that day."""
        return self._load(
            "deadline IS NOT NULL AND joined_to IS NULL AND deadline >= substr(:since, 1, 10) AND deadline < substr(:until, 1, 10)"
            f" AND {_NOT_LONG_GONE} ORDER BY deadline, uid",
            window.stamps(),
        )

    def paged(self, window: Window, ids: Sequence[int] | None) -> list[int]:
        """Give the ids of the events that have a page: those of the window; of `ids` only, unless it is None."""
        among = "" if ids is None else f" AND id IN ({', '.join(map(str, ids))})"
        return [
            row[0]
            for row in self._connection.execute(
                f"SELECT id FROM items WHERE {_IN_WINDOW}{among} ORDER BY id", window.stamps()
            )
        ]

    def former(self, ids: Sequence[int]) -> dict[int, list[str]]:
        """Give the UIDs of the items that have become part of these: their pages say what these say."""
        found: dict[int, list[str]] = {}
        for some in chunks(ids):
            rows = self._connection.execute(
                f"SELECT joined_to, uid FROM items WHERE joined_to IN ({', '.join('?' * len(some))}) ORDER BY uid", some
            )
            for item, uid in rows:
                found.setdefault(item, []).append(uid)
        return found

    def changed(self) -> list[int]:
        """Give the ids of the events whose plan changed, the last change first: enough for a feed."""
        rows = self._connection.execute(
            "SELECT r.item_id FROM revisions AS r JOIN items AS i ON i.id = r.item_id WHERE i.kind = 'event' AND i.joined_to IS NULL"
            f" AND r.field <> 'title' AND r.field IN ({_PLANNED}) ORDER BY r.at DESC, r.id DESC LIMIT {ENTRIES * 5}"
        )
        return list(dict.fromkeys(row[0] for row in rows))

    def revisions(self, ids: Sequence[int]) -> dict[int, list[tuple[datetime, str, str | None, str | None]]]:
        """Give the changes of plan of these items: (at, field, old, new), as stored."""
        found: dict[int, list[tuple[datetime, str, str | None, str | None]]] = {}
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            rows = self._connection.execute(
                f"SELECT item_id, at, field, old, new FROM revisions WHERE item_id IN ({', '.join('?' * len(chunk))})"
                f" AND field IN ({_PLANNED}) ORDER BY at, id",
                chunk,
            )
            for item, at, field, old, new in rows:
                found.setdefault(item, []).append((instant(at), field, old, new))
        return found

    def tombstones(self, path: str, now: datetime) -> list[Tombstone]:
        """Give the items that left a feed in the last 30 days: withdrawn, or become part of another one."""
        since = stamp(midnight(now) - GONE_FOR)
        if since not in self._left:
            self._left[since] = self._connection.execute(
                "SELECT uid, left, kind, news, deadline, held FROM ("
                "SELECT uid, withdrawn_at AS left, kind, news, deadline, id AS held FROM items INDEXED BY items_withdrawn"
                " WHERE withdrawn_at >= :since AND joined_to IS NULL"
                " UNION ALL SELECT i.uid, i.joined_at, p.kind, p.news, p.deadline, p.id FROM items AS i INDEXED BY items_joined_at"
                " JOIN items AS p ON p.id = i.joined_to WHERE i.joined_at >= :since) ORDER BY left DESC, uid",
                {"since": since},
            ).fetchall()
        held = {row[-1] for row in self._left[since]}
        if path not in _MEMBERS:
            held = self._among(path, held)
        left = (
            Tombstone(uid, instant(when))
            for uid, when, kind, news, deadline, item in self._left[since]
            if item in held and (path not in _MEMBERS or path in feeds_of(kind, news, deadline, ()))
        )
        return list(islice(left, ENTRIES))

    def _among(self, path: str, ids: Iterable[int]) -> set[int]:
        """Give those of some items that stand in a source's feed, or in one of interest."""
        if path.startswith("sources/"):
            sql = "SELECT item_id FROM sightings WHERE source = ? AND item_id IN"
        else:
            sql = "SELECT item_id FROM members WHERE path = ? AND item_id IN"
        found: set[int] = set()
        for some in chunks(sorted(ids)):
            rows = self._connection.execute(f"{sql} ({marks(some)})", (path.removeprefix("sources/"), *some))
            found.update(row[0] for row in rows)
        return found

    def coming(self, now: datetime, count: int) -> list[Item]:
        """Give the next events from `now`, by start."""
        return self._load(
            "kind = 'event' AND joined_to IS NULL AND coalesce(ends_utc, starts_utc) >= ? AND withdrawn_at IS NULL"
            f" AND coalesce(status, '') NOT IN ('cancelled', 'postponed') ORDER BY starts_utc, uid LIMIT {count}",
            (stamp(now),),
        )

    def feeds_of(self, ids: Sequence[int]) -> dict[int, list[str]]:
        """Give the paths of the feeds of interest that hold these items, by item."""
        found: dict[int, list[str]] = {}
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            rows = self._connection.execute(
                f"SELECT item_id, path FROM members WHERE item_id IN ({', '.join('?' * len(chunk))}) ORDER BY item_id, path",
                chunk,
            )
            for item, path in rows:
                found.setdefault(item, []).append(path)
        return found

    def is_calendar(self, path: str) -> bool:
        """Say whether a feed has been a calendar: its subscribers keep it, empty or not."""
        return (
            self._connection.execute("SELECT 1 FROM feeds WHERE path = ? AND calendar = 1", (path,)).fetchone()
            is not None
        )

    def forget(self) -> None:
        """Drop loaded items when they are many: most stand in their source's feed alone."""
        if len(self._items) > _KEPT:
            self._items.clear()

    def items(self, ids: Sequence[int]) -> list[Item]:
        """Give items by their store ids, in that order."""
        wanted = [id_ for id_ in ids if id_ not in self._items]
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            self._fetch(f"id IN ({', '.join('?' * len(chunk))})", chunk)
        return [self._items[id_] for id_ in ids]

    def _load(self, where: str, parameters: Sequence[object] | dict[str, object]) -> list[Item]:
        rows = self._connection.execute(f"SELECT id FROM items WHERE {where}", parameters)
        return self.items([row[0] for row in rows])

    def _fetch(self, where: str, parameters: Sequence[object]) -> None:
        rows = self._connection.execute(
            f"SELECT id, uid, lead_id, sequence, updated, ranked_at, first_seen, changed_at, withdrawn_at, {FACE} FROM items WHERE {where}",
            parameters,
        ).fetchall()
        ids = [row[0] for row in rows]
        tags = _grouped(
            self._connection.execute(
                f"SELECT item_id, name FROM tags WHERE item_id IN ({marks(ids)}) ORDER BY item_id, scheme, value", ids
            )
        )
        told = _grouped(
            self._connection.execute(
                "SELECT s.item_id, s.source, s.url, s.id, CASE WHEN n.licence IS NOT NULL THEN s.content END FROM sightings AS s JOIN sources AS n"
                f" ON n.slug = s.source WHERE s.item_id IN ({marks(ids)}) ORDER BY s.item_id, s.withdrawn_at IS NOT NULL, s.own DESC, s.first_seen, s.source, s.id",
                ids,
            )
        )
        leads = [row[2] for row in rows]
        attached = _grouped(
            self._connection.execute(
                f"SELECT sighting_id, url, media_type, length, title FROM attachments WHERE sighting_id IN ({marks(ids)}) ORDER BY sighting_id, position",
                leads,
            )
        )
        for id_, uid, lead, sequence, updated, ranked, first_seen, changed, withdrawn, *rest in rows:
            face = read_face(rest)
            origins = tuple(
                Origin(slug, self._sources[slug][0], self._sources[slug][1], url)
                for slug, url, _, _ in told.get(id_, ())
            )
            free = self._sources[origins[0].slug][2]
            content = next((words for _, _, sighting, words in told.get(id_, ()) if sighting == lead), None)
            self._items[id_] = Item(
                uid=uid, kind=face.kind, title=face.title, url=face.url, summary=face.summary if free else _cut(face.summary), content=content,
                language=face.language or "fr", published=face.published, updated=instant(updated), ranked_at=instant(ranked),
                first_seen=instant(first_seen), changed_at=instant(changed), sequence=sequence, when=face.when, status=face.status,
                location=face.location, geo=face.geo, author=face.author, organiser=face.organiser,
                categories=_each_once(name for (name,) in tags.get(id_, ())), attachments=tuple(Attachment(*a) for a in attached.get(lead, ())),
                origins=origins, withdrawn_at=instant(withdrawn) if withdrawn else None, deadline=face.deadline, conference=face.conference,
            )  # fmt: skip


_MEMBERS = {
    "tout": "1",
    "actualites": "i.news = 1",
    "agenda": "i.kind = 'event'",
    "echeances": "i.deadline IS NOT NULL",
    "modifications": "0",  # its entries are changes, none of which is withdrawn
}
_PLANNED = "'title', 'starts', 'ends', 'all_day', 'tz', 'status', 'location', 'withdrawn_at'"
_NOT_LONG_GONE = (
    "(withdrawn_at IS NULL OR withdrawn_at >= :gone)"
    " AND (coalesce(status, '') NOT IN ('cancelled', 'postponed') OR coalesce(status_at, first_seen) >= :gone)"
)
_IN_WINDOW = f"kind = 'event' AND joined_to IS NULL AND coalesce(ends_utc, starts_utc) >= :since AND +starts_utc < :until AND {_NOT_LONG_GONE}"


@dataclass(frozen=True, slots=True)
class Window:
    """The days that calendars show around `today` (midnight, UTC): `since` and `until` (exclusive), as the site says."""

    since: datetime
    until: datetime
    gone: datetime  # what was called off or withdrawn before is said no more

    def stamps(self) -> dict[str, object]:
        """Give the bounds as the store writes them."""
        return {"since": stamp(self.since), "until": stamp(self.until), "gone": stamp(self.gone)}


def window(site: Site, now: datetime) -> Window:
    """Give the window of the day of `now`."""
    today = midnight(now)
    return Window(today - timedelta(days=site.days_back), today + timedelta(days=site.days_ahead), today - GONE_FOR)


def midnight(now: datetime) -> datetime:
    """Give the beginning of the day (UTC) of `now`."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _grouped(rows: Iterable[tuple[object, ...]]) -> dict[object, list[tuple]]:  # type: ignore[type-arg]
    groups: dict[object, list[tuple]] = {}  # type: ignore[type-arg]
    for key, *values in rows:
        groups.setdefault(key, []).append(tuple(values))
    return groups


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    """Names that readers see: a source's « Haïti » and ours are one."""
    kept: dict[str, str] = {}
    for name in names:
        kept.setdefault(fold(name), name)
    return tuple(kept.values())


def _shared(rows: Iterable[tuple[int, str]], count: int) -> list[int]:
    """Take the newest, but from one source no more than its share while others still wait; then fill up in order.

    No more rows are read than that takes.
    """
    most = int(count * SHARE)
    taken: dict[str, int] = {}
    order: list[int] = []
    chosen: set[int] = set()
    for id_, source in rows:
        order.append(id_)
        taken[source] = taken.get(source, 0) + 1
        if taken[source] <= most:
            chosen.add(id_)
            if len(chosen) == count:
                break
    for id_ in order:
        if len(chosen) == count:
            break
        chosen.add(id_)
    return [id_ for id_ in order if id_ in chosen]


def _cut(summary: str | None) -> str | None:
    """Cut a summary at a word, as SPIP does: 300 characters with the sign that it goes on."""
    if summary is None or len(summary) <= SUMMARY:
        return summary
    return summary[: SUMMARY - 4].rsplit(" ", 1)[0].rstrip(" ,;:") + "\xa0(…)"
