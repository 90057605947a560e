"""What the operator's files change for what is stored already: tags, keys, feeds of interest, what is the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime

from aggregator.model import Sighting
from aggregator.store.absorb import Absorber
from aggregator.store.items import Touched
from aggregator.store.rows import SIGHTING, chunks, read_sighting, sighting_row

Mark = Callable[[Sighting], Sighting | None]  # with its tags and keys; None: its source is no longer read


def fact(connection: sqlite3.Connection, name: str) -> str | None:
    """Give what the store notes of the operator's files under a name."""
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def note(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Note it."""
    connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))


def words(absorber: Absorber, mark: Mark, now: datetime) -> set[str]:
    """Tag all sightings anew and look again for those that tell the same: the taxonomy, or what decides, has changed.

    Gives the feeds that this touches. A change of tags is no revision: their sources said nothing new.
    """
    connection, feeds = absorber.connection, set[str]()
    ids = [id_ for (id_,) in connection.execute("SELECT id FROM sightings ORDER BY id")]
    for some in chunks(ids):
        keys: dict[int, tuple[int, ...]] = {}
        rows = connection.execute(
            f"SELECT id, {SIGHTING} FROM sightings WHERE id BETWEEN ? AND ? ORDER BY id", (some[0], some[-1])
        ).fetchall()
        for id_, *row in rows:
            sighting = read_sighting(row)
            before = absorber.joining.keys_of(id_)
            marked = mark(sighting)
            if marked is None:
                continue
            if marked.tags != sighting.tags:
                connection.execute("UPDATE sightings SET tags = ? WHERE id = ?", (sighting_row(marked)[-1], id_))
            keys[id_] = absorber.joining.reindexed(id_, before)
        touched = Touched()
        feeds |= absorber.joining.follow(keys, now, touched)
        feeds |= absorber.items.compose("Europe/Paris", touched, now)
        items = {
            item
            for (item,) in connection.execute(
                "SELECT DISTINCT item_id FROM sightings WHERE id BETWEEN ? AND ?", (some[0], some[-1])
            )
        }
        for item in items:
            absorber.items.retag(item, [told.sighting for told in absorber.items.told(item)])
        feeds |= absorber.membership.place({*items, *touched.by})
    # Every feed and every page may name a category that is called otherwise now.
    connection.execute(
        "INSERT OR IGNORE INTO unpublished SELECT id FROM items WHERE kind = 'event' AND joined_to IS NULL"
    )
    return feeds | {path for (path,) in connection.execute("SELECT path FROM feeds")}


def interests(absorber: Absorber) -> set[str]:
    """Place all items anew: the feeds of interest of sources.yaml have changed. Gives the feeds that this touches."""
    return absorber.membership.place(id_ for (id_,) in absorber.connection.execute("SELECT id FROM items"))


def overrides(absorber: Absorber, names: Iterable[str], now: datetime) -> set[str]:
    """Judge again what overrides.yaml names now or named before. Gives the feeds that this touches."""
    ids = absorber.joining.named(names)
    touched = Touched()
    feeds = absorber.joining.follow({id_: absorber.joining.keys_of(id_) for id_ in ids}, now, touched)
    for (item,) in [
        absorber.connection.execute("SELECT item_id FROM sightings WHERE id = ?", (id_,)).fetchone()
        for id_ in sorted(ids)
    ]:
        touched.by.setdefault(item, None)  # another sighting may lead
    feeds |= absorber.items.compose("Europe/Paris", touched, now)
    return feeds | absorber.membership.place(touched.by)
