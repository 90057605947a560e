"""What publication reads: items with their origins, by feed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from aggregator.model import Attachment, Item, Origin, Tombstone, home_of
from aggregator.store.rows import FACE, instant, read_face, stamp

WINDOW_BACK = timedelta(days=30)
WINDOW_AHEAD = timedelta(days=548)  # 18 months
ENTRIES = 200  # of a feed
SHARE = 0.3  # of a combined feed, that one source may take while others wait
SUMMARY = 300  # characters of a source's own words, where no licence lets us republish more (CUF's own cut)
_CHUNK = 500
_KEPT = 2_000  # items held in memory


class Shelf:
    """Loads items, each once a run; they stand in several feeds."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._items: dict[int, Item] = {}
        self._sources = {
            slug: (name, home_of(kind, url), bool(licensed))
            for slug, name, kind, url, licensed in connection.execute(
                "SELECT slug, name, kind, url, licence IS NOT NULL FROM sources"
            )
        }

    def entries(self, path: str) -> list[Item]:
        """Give the items of a feed, newest first: at most ENTRIES, and in combined feeds at most SHARE of one source."""
        slug = path.removeprefix("sources/")
        if slug != path:
            sql = "id IN (SELECT item_id FROM sightings WHERE source = ?) AND withdrawn_at IS NULL"
            return self._load(f"{sql} ORDER BY ranked_at DESC, first_seen DESC, position, uid LIMIT {ENTRIES}", (slug,))
        # Its sources' share is counted over a few times the entries: no table is scanned.
        rows = self._connection.execute(
            "SELECT i.id, s.source FROM items AS i JOIN sightings AS s ON s.id = i.lead_id WHERE i.withdrawn_at IS NULL"
            f" AND {_MEMBERS[path]} ORDER BY i.ranked_at DESC, i.first_seen DESC, i.position, i.uid LIMIT {ENTRIES * 10}"
        ).fetchall()
        return self.items(_shared(rows))

    def events(self, path: str, now: datetime) -> list[Item]:
        """Give the events of a calendar by start: those of its window, the withdrawn ones for 30 days."""
        slug = path.removeprefix("sources/")
        member = "id IN (SELECT item_id FROM sightings WHERE source = :slug)" if slug != path else "1"
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return self._load(
            f"kind = 'event' AND {member} AND starts_utc < :until AND (ends_utc >= :since OR starts_utc >= :since)"
            " AND (withdrawn_at IS NULL OR withdrawn_at >= :since) AND (status IS NOT 'cancelled' OR changed_at >= :since)"
            " ORDER BY starts_utc, uid",
            {"slug": slug, "since": stamp(today - WINDOW_BACK), "until": stamp(today + WINDOW_AHEAD)},
        )

    def tombstones(self, path: str, now: datetime) -> list[Tombstone]:
        """Give the items that left a feed by being withdrawn in the last 30 days."""
        slug = path.removeprefix("sources/")
        member = "i.id IN (SELECT item_id FROM sightings WHERE source = ?)" if slug != path else _MEMBERS[path]
        since = now.replace(hour=0, minute=0, second=0, microsecond=0) - WINDOW_BACK
        rows = self._connection.execute(
            f"SELECT i.uid, i.withdrawn_at FROM items AS i WHERE i.withdrawn_at >= ? AND {member} ORDER BY i.withdrawn_at DESC, i.uid LIMIT {ENTRIES}",
            (stamp(since), *((slug,) if slug != path else ())),
        )
        return [Tombstone(uid, instant(when)) for uid, when in rows]

    def coming(self, now: datetime, count: int) -> list[Item]:
        """Give the next events from `now`, by start."""
        return self._load(
            f"kind = 'event' AND coalesce(ends_utc, starts_utc) >= ? AND starts_utc < ? AND withdrawn_at IS NULL ORDER BY starts_utc, uid LIMIT {count}",
            (stamp(now), stamp(now + WINDOW_AHEAD)),
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
        return self.items(
            [row[0] for row in self._connection.execute(f"SELECT id FROM items WHERE {where}", parameters)]
        )

    def _fetch(self, where: str, parameters: Sequence[object]) -> None:
        rows = self._connection.execute(
            f"SELECT id, uid, lead_id, sequence, updated, ranked_at, first_seen, changed_at, withdrawn_at, {FACE} FROM items WHERE {where}",
            parameters,
        ).fetchall()
        ids = [row[0] for row in rows]
        marks = ", ".join("?" * len(ids))
        tags = _grouped(
            self._connection.execute(
                f"SELECT item_id, value FROM tags WHERE item_id IN ({marks}) ORDER BY item_id, scheme, value", ids
            )
        )
        told = _grouped(
            self._connection.execute(
                "SELECT s.item_id, s.source, s.url, s.id, CASE WHEN n.licence IS NOT NULL THEN s.content END FROM sightings AS s JOIN sources AS n"
                f" ON n.slug = s.source WHERE s.item_id IN ({marks}) ORDER BY s.item_id, s.withdrawn_at IS NOT NULL, s.own DESC, s.first_seen, s.source, s.id",
                ids,
            )
        )
        leads = [row[2] for row in rows]
        attached = _grouped(
            self._connection.execute(
                f"SELECT sighting_id, url, media_type, length, title FROM attachments WHERE sighting_id IN ({marks}) ORDER BY sighting_id, position",
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
                categories=tuple(value for (value,) in tags.get(id_, ())), attachments=tuple(Attachment(*a) for a in attached.get(lead, ())),
                origins=origins, withdrawn_at=instant(withdrawn) if withdrawn else None,
            )  # fmt: skip


_MEMBERS = {"tout": "1", "actualites": "i.kind = 'news'", "agenda": "i.kind = 'event'"}


def _grouped(rows: Iterable[tuple[object, ...]]) -> dict[object, list[tuple]]:  # type: ignore[type-arg]
    groups: dict[object, list[tuple]] = {}  # type: ignore[type-arg]
    for key, *values in rows:
        groups.setdefault(key, []).append(tuple(values))
    return groups


def _shared(rows: Sequence[tuple[int, str]]) -> list[int]:
    """Take the newest, but from one source no more than its share while others still wait; then fill up in order."""
    most = int(ENTRIES * SHARE)
    taken: dict[str, int] = {}
    first: list[int] = []
    for id_, source in rows:
        taken[source] = taken.get(source, 0) + 1
        if taken[source] <= most:
            first.append(id_)
    chosen = set(first[:ENTRIES])
    for id_, _ in rows:
        if len(chosen) >= ENTRIES:
            break
        chosen.add(id_)
    return [id_ for id_, _ in rows if id_ in chosen]


def _cut(summary: str | None) -> str | None:
    """Cut a summary at a word, as SPIP does: 300 characters with the sign that it goes on."""
    if summary is None or len(summary) <= SUMMARY:
        return summary
    return summary[: SUMMARY - 4].rsplit(" ", 1)[0].rstrip(" ,;:") + "\xa0(…)"
