"""sources.yaml in the store: the `sources` table says what it says."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime

from aggregator.model import Source
from aggregator.store.rows import marks, stamp


def sync_sources(connection: sqlite3.Connection, sources: Iterable[Source], now: datetime) -> None:
    """Make the `sources` table say what sources.yaml says; a source that left it is kept, marked removed, with all its items."""
    at = stamp(now)
    rows = [
        (s.slug, s.name, s.url, s.kind, int(s.enabled), s.territory.level, s.territory.insee, s.territory.siren, json.dumps(s.territory.partners), s.licence,
         json.dumps(s.tags, ensure_ascii=False), s.language, position)
        for position, s in enumerate(sources)
    ]  # fmt: skip
    columns = "slug, name, url, kind, enabled, level, insee, siren, partners, licence, tags, language, position"
    kept = {row[0]: row[1:] for row in connection.execute(f"SELECT slug, {columns}, removed_at FROM sources")}
    said = {row[0] for row in rows}
    changed = [row for row in rows if kept.get(row[0]) != (*row, None)]
    gone = [(at, slug) for slug, row in kept.items() if row[-1] is None and slug not in said]
    if not changed and not gone:
        return
    connection.executemany(
        f"INSERT INTO sources ({columns}, first_seen) VALUES ({marks(columns.split(','))}, '{at}') ON CONFLICT (slug) DO UPDATE SET"
        f" ({columns}, removed_at) = ({', '.join('excluded.' + c for c in columns.split(', '))}, NULL)",
        changed,
    )
    connection.executemany("INSERT OR IGNORE INTO source_state (source) VALUES (?)", [(row[0],) for row in changed])
    connection.executemany("UPDATE sources SET removed_at = ? WHERE slug = ?", gone)
    for slug, tags in [
        (row[0], json.loads(row[10])) for row in changed if row[0] in kept and kept[row[0]][10] != row[10]
    ]:
        why = f"sources.yaml tags {slug}"
        connection.execute("DELETE FROM tags WHERE scheme = 'source' AND why = ?", (why,))
        connection.executemany(
            "INSERT OR IGNORE INTO tags SELECT DISTINCT item_id, 'source', ?, ?, ? FROM sightings WHERE source = ?",
            [(tag, tag, why, slug) for tag in tags],
        )
    feeds = {"tout", "actualites", "agenda", "echeances", "modifications", *(f"sources/{row[0]}" for row in changed)}
    connection.executemany(
        "INSERT INTO feeds (path, dirty) VALUES (?, 2) ON CONFLICT (path) DO UPDATE SET dirty = 2",
        [(path,) for path in sorted(feeds)],
    )
