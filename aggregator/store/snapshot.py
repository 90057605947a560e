"""A copy of the store for others to read: whole, in one file, nothing beside it, the store's own mark and version in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from aggregator.errors import PublishError, StoreError
from aggregator.store import open_for_reading
from aggregator.store.published import _cut as cut


def copy(store: Path, place: Path) -> int:
    """Write a copy of the whole store to `place`, where nothing may stand; give the items in it.

    Raises:
        StoreError: the store cannot be read.
        PublishError: the copy cannot be written; what there is of it is the caller's to remove.
    """
    with closing(open_for_reading(store)) as connection, closing(_made(place)) as made, _told(place):
        connection.backup(made)  # in one step: the writer waits a quarter of the time that VACUUM INTO takes
        made.execute("PRAGMA journal_mode = DELETE")  # no sidecars, whatever the store has
        return int(made.execute("SELECT count(*) FROM items").fetchone()[0])


def _made(place: Path) -> sqlite3.Connection:
    with _told(place):
        made = sqlite3.connect(place, isolation_level=None)
        made.execute("PRAGMA synchronous = OFF")  # nobody else knows this file: whoever puts it in its place syncs it
        return made


def publishable(store: Path, place: Path, beside: Path) -> None:
    """Write to `place` a copy of the store that may be given to anybody; `beside` is needed meanwhile. Nothing may stand at either.

    It has all tables and rows, but what feeds do not republish is left out: whole texts of sources without a licence,
    words as they stood on pages (they may hold addresses of people), what was refused, what is remembered of hosts.

    Raises:
        StoreError, PublishError: as `copy`.
    """
    try:
        copy(store, beside)
        with closing(_made(beside)) as made, _told(place):
            made.execute("PRAGMA journal_mode = OFF")  # it is made anew if this fails
            made.create_function("cut", 1, cut, deterministic=True)
            made.executescript(f"BEGIN; {_LEFT_OUT} COMMIT;")
            made.execute("VACUUM INTO ?", (str(place.absolute()),))  # so that nothing of it stays in free pages
    finally:
        beside.unlink(missing_ok=True)


_CLOSED = "(SELECT slug FROM sources WHERE licence IS NULL)"
_LEFT_OUT = f"""
UPDATE sightings SET raw = '{{}}' WHERE raw <> '{{}}';
UPDATE sightings SET content = NULL, summary = cut(summary)
  WHERE source IN {_CLOSED} AND (content IS NOT NULL OR summary IS NOT cut(summary));
UPDATE items SET summary = cut(summary)
  WHERE summary IS NOT cut(summary) AND lead_id IN (SELECT id FROM sightings WHERE source IN {_CLOSED});
UPDATE revisions SET old = CASE field WHEN 'summary' THEN cut(old) END, new = CASE field WHEN 'summary' THEN cut(new) END
  WHERE field IN ('content', 'summary')
    AND (sighting_id IS NULL OR sighting_id IN (SELECT id FROM sightings WHERE source IN {_CLOSED}));
DELETE FROM refusals;
DELETE FROM hosts;
INSERT INTO items_fts (items_fts) VALUES ('optimize');
"""


def differs(store: Path, place: Path) -> bool:
    """Tell whether the snapshot at `place` is missing, not ours, or older than what the store says now.

    A visit that brought nothing makes it older only on another day than the last one's: the ledger alone is not worth
    gigabytes every few minutes.
    """
    if not place.exists():
        return True
    try:
        with closing(open_for_reading(place)) as old:
            before = _said(old)
    except (StoreError, sqlite3.DatabaseError):
        return True
    with closing(open_for_reading(store)) as connection:
        return _said(connection) != before


def _said(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """Give what differs between two stores that say something else: a few look-ups by key, whatever the store's size."""
    questions = (
        "PRAGMA user_version",
        "SELECT max(id) FROM items",
        "SELECT max(id) FROM sightings",
        "SELECT max(id) FROM revisions",
        "SELECT max(id) FROM runs WHERE new + changed + withdrawn > 0",
        "SELECT substr(at, 1, 10) FROM runs ORDER BY id DESC LIMIT 1",
        "SELECT * FROM facts ORDER BY name",
        "SELECT * FROM sources ORDER BY slug",
    )
    return [row for question in questions for row in connection.execute(question)]


@contextmanager
def _told(place: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise PublishError(f"{place} cannot be written ({error}): is there room, and may we write there?") from error
