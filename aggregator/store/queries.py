"""Questions the program asks of its store: who is due, what is known of a source, of a host, of an item."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from aggregator.model import HostMemory, Known, PageMemory, Way
from aggregator.store.rows import instant, stamp


def due(connection: sqlite3.Connection, prints: Mapping[str, str], now: datetime) -> set[str]:
    """Give the slugs of `prints` (slug -> fingerprint) whose turn it is, or that are read another way than last time."""
    rows = connection.execute("SELECT source, next_visit, fingerprint FROM source_state")
    at = stamp(now)
    turns = {
        slug: next_visit is None or next_visit <= at or fingerprint != prints.get(slug)
        for slug, next_visit, fingerprint in rows
    }
    return {slug for slug in prints if turns.get(slug, True)}


def known(connection: sqlite3.Connection) -> dict[str, Known]:
    """Give what earlier visits left for the next: fingerprint, validators and digests, by slug.

    A list in doubt (empty, shrunk) is read anew each time, changed or not: what it says is judged again as days pass.
    """
    pages: dict[str, dict[str, PageMemory]] = {}
    for slug, url, etag, last_modified, digest, more in connection.execute(
        "SELECT p.source, url, etag, last_modified, digest, more FROM pages AS p JOIN source_state AS t ON t.source = p.source"
        " WHERE t.state NOT IN ('empty', 'shrunk')"
    ):
        pages.setdefault(slug, {})[url] = PageMemory(etag, last_modified, digest, tuple(json.loads(more)))
    return {
        slug: Known(fingerprint, pages.get(slug, {}), Way(**json.loads(way)) if way else None, failures)
        for slug, fingerprint, way, failures in connection.execute(
            "SELECT source, fingerprint, way, failures FROM source_state"
        )
    }


def hosts(connection: sqlite3.Connection) -> dict[str, HostMemory]:
    """Give what is remembered of hosts."""
    rows = connection.execute("SELECT authority, robots, robots_status, robots_until, not_before FROM hosts")
    return {
        a: HostMemory(text, status, instant(until) if until else None, instant(back) if back else None)
        for a, text, status, until, back in rows
    }


def remember_hosts(connection: sqlite3.Connection, memories: Mapping[str, HostMemory]) -> None:
    """Store what a run learnt of hosts."""
    connection.executemany(
        "INSERT OR REPLACE INTO hosts VALUES (?, ?, ?, ?, ?)",
        [
            (
                authority,
                m.robots,
                m.robots_status,
                stamp(m.robots_until) if m.robots_until else None,
                stamp(m.not_before) if m.not_before else None,
            )
            for authority, m in memories.items()
        ],
    )


def status(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Give one row a source: its state, last success, next visit, last error and alarm, and what it has brought."""
    return _rows(
        connection,
        "SELECT s.slug, s.name, s.enabled, s.removed_at, t.state, t.last_visit, t.last_success, t.last_change, t.next_visit, t.interval_s, t.failures,"
        " t.listed, t.error_class, t.error, t.alarm, t.moved_to, t.moved_visits, t.way, t.way_at,"
        " (SELECT count(*) FROM sightings AS g WHERE g.source = s.slug) AS sightings"
        " FROM sources AS s LEFT JOIN source_state AS t ON t.source = s.slug ORDER BY s.slug",
        (),
    )


def find(connection: sqlite3.Connection, what: str, canonical: str | None) -> list[int]:
    """Give the ids of the items that `what` names: an id, a UID, a guid, a link in any of its spellings."""
    rows = connection.execute(
        "SELECT coalesce(joined_to, id) FROM items WHERE uid = :uid OR CAST(id AS TEXT) = :what UNION SELECT item_id FROM sightings"
        " WHERE guid = :what OR url = :what OR canonical = :canonical ORDER BY 1",
        {"uid": what.removeprefix("urn:uuid:").lower(), "what": what, "canonical": canonical},
    )
    return [row[0] for row in rows]


def story(connection: sqlite3.Connection, item: int) -> dict[str, Any]:
    """Give all that is known of an item: itself, its sightings with the rule that joined each, its revisions, its tags and why."""
    (it,) = _rows(connection, "SELECT * FROM items WHERE id = ?", (item,))
    return {
        **it,
        "sightings": _rows(
            connection, "SELECT * FROM v_sightings WHERE item_id = ? ORDER BY first_seen, sighting_id", (item,)
        ),
        "revisions": _rows(
            connection, "SELECT at, field, old, new, source FROM v_changes WHERE item_id = ? ORDER BY at", (item,)
        ),
        "tags": _rows(
            connection, "SELECT scheme, value, name, why FROM tags WHERE item_id = ? ORDER BY scheme, value", (item,)
        ),
        "verdicts": _rows(
            connection,
            "SELECT v.same, v.rule, v.score, v.words, v.gates, v.veto, a.source AS one, a.title AS one_title, b.source AS other, b.title AS other_title, v.at"
            " FROM verdicts AS v JOIN sightings AS a ON a.id = v.one JOIN sightings AS b ON b.id = v.other WHERE a.item_id = ? OR b.item_id = ?"
            " ORDER BY v.same DESC, v.score DESC, v.one, v.other",
            (item, item),
        ),
    }


def near_misses(connection: sqlite3.Connection, limit: int) -> list[dict[str, Any]]:
    """Give the pairs that were not joined though they are alike, the most alike first."""
    return _rows(
        connection, "SELECT * FROM v_near_misses ORDER BY score DESC, at DESC, one_url, other_url LIMIT ?", (limit,)
    )


def dirty_feeds(connection: sqlite3.Connection, day: str, site: str) -> dict[str, tuple[date, ...] | None]:
    """Give the feeds to render: touched by a visit, of another site's name or address, or calendars of another day's window.

    With each, if its calendar stands as it is, the months of which that has a grid; else None: its events are touched too.
    """
    rows = connection.execute(
        "SELECT path, dirty = 1 AND site IS ? AND (calendar = 0 OR rendered_on IS ?) AS same, months FROM feeds"
        " WHERE dirty > 0 OR site IS NOT ? OR (calendar = 1 AND rendered_on IS NOT ?)",
        (site, day, site, day),
    )
    return {
        path: tuple(date.fromisoformat(f"{month}-01") for month in json.loads(months)) if same else None
        for path, same, months in rows
    }


def site_of(connection: sqlite3.Connection, path: str) -> str | None:
    """Give the digest of the site that stands in a feed, None if it was never rendered."""
    row = connection.execute("SELECT site FROM feeds WHERE path = ?", (path,)).fetchone()
    return row[0] if row else None


def unpublished(connection: sqlite3.Connection) -> list[int]:
    """Give the ids of the events that changed since their page was last rendered."""
    return [row[0] for row in connection.execute("SELECT item_id FROM unpublished ORDER BY item_id")]


def mark_published(connection: sqlite3.Connection, ids: Iterable[int], before: datetime) -> None:
    """Note pages of events as rendered; what was over `before` needs none, what lies far ahead waits."""
    connection.executemany("DELETE FROM unpublished WHERE item_id = ?", [(id_,) for id_ in ids])
    connection.execute(
        "DELETE FROM unpublished WHERE item_id IN (SELECT u.item_id FROM unpublished AS u JOIN items AS i ON i.id = u.item_id"
        " WHERE i.starts_utc IS NULL OR coalesce(i.ends_utc, i.starts_utc) < ?)",
        (stamp(before),),
    )


def mark_rendered(
    connection: sqlite3.Connection, feeds: Iterable[tuple[str, bool, Sequence[date]]], day: str, site: str
) -> None:
    """Note feeds (path, whether it is a calendar, the months of which it has a grid) as rendered."""
    connection.executemany(
        "INSERT INTO feeds (path, dirty, rendered_on, site, calendar, months) VALUES (?, 0, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
        " (dirty, rendered_on, site, calendar, months)"
        " = (0, excluded.rendered_on, excluded.site, excluded.calendar, excluded.months)",
        [
            (path, day, site, int(calendar), json.dumps([f"{m:%Y-%m}" for m in months]))
            for path, calendar, months in feeds
        ],
    )


def _rows(connection: sqlite3.Connection, sql: str, parameters: tuple[object, ...]) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description]
    return [
        {
            name: json.loads(value) if isinstance(value, str) and value[:1] in "[{" and name in _JSON else value
            for name, value in zip(names, row, strict=True)
        }
        for row in cursor
    ]


_JSON = frozenset({"way", "doubts", "categories", "raw", "partners", "words", "gates"})
