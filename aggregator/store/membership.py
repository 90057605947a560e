"""Which items stand in which feeds of interest: kept as items change, so that a visit renders only what it touched."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from aggregator.interests import Facts, Interest, Medium, paths, territories
from aggregator.normalise.text import fold
from aggregator.store.rows import chunks, marks

_Place = tuple[
    str, str | None
]  # when an item ranks; of an event, its end: feeds are read by the one, calendars by the other
_DATED = {"agenda", "echeances"}  # the combined feeds of what has a day to come


class Membership:
    """Places items in feeds through one connection (there is one writer)."""

    def __init__(
        self, connection: sqlite3.Connection, slugs: Mapping[tuple[str, str], str], own: Sequence[Interest]
    ) -> None:
        self.connection = connection
        self.slugs = slugs
        self.own = own
        self._worded = any(interest.filter.words for interest in own)
        self._territories = {
            slug: territories(level, insee, siren)
            for slug, level, insee, siren in connection.execute("SELECT slug, level, insee, siren FROM sources")
        }

    def place(self, ids: Iterable[int]) -> set[str]:
        """Put items into the feeds that hold them now, out of those that do not; give all feeds this touches."""
        touched: set[str] = set()
        for some in chunks(sorted(ids)):
            touched |= self._placed(some)
        return touched

    def _placed(self, ids: Sequence[int]) -> set[str]:
        here = f"({marks(ids)})"
        before: dict[int, dict[str, _Place]] = {}
        for item, path, ranked, ends in self.connection.execute(
            f"SELECT item_id, path, ranked_at, ends FROM members WHERE item_id IN {here}", ids
        ):
            before.setdefault(item, {})[path] = ranked, ends
        ranks, facts = self._facts(ids)
        touched: set[str] = set()
        gone, come = [], []
        for item in ids:
            was = before.get(item, {})
            now = dict.fromkeys(paths(facts[item], self.slugs, self.own), ranks[item]) if item in facts else {}
            gone += [(path, place[0], item) for path, place in was.items() if now.get(path) != place]
            come += [(path, place[0], item, place[1]) for path, place in now.items() if was.get(path) != place]
            touched.update(was, now)
        self.connection.executemany("DELETE FROM members WHERE path = ? AND ranked_at = ? AND item_id = ?", gone)
        self.connection.executemany("INSERT INTO members VALUES (?, ?, ?, ?)", come)
        return touched

    def _facts(self, ids: Sequence[int]) -> tuple[dict[int, _Place], dict[int, Facts]]:
        """Give what decides of each item that stands for itself, and where in a feed it stands."""
        here = f"({marks(ids)})"
        tags: dict[int, set[tuple[str, str]]] = {}
        for item, scheme, value in self.connection.execute(
            f"SELECT item_id, scheme, value FROM tags WHERE item_id IN {here} AND scheme NOT IN ('category', 'source')",
            ids,
        ):
            tags.setdefault(item, set()).add((scheme, value))
        sources: dict[int, set[str]] = {}
        for item, source in self.connection.execute(
            f"SELECT item_id, source FROM sightings WHERE item_id IN {here}", ids
        ):
            sources.setdefault(item, set()).add(source)
        media: dict[int, set[Medium]] = {}
        for item, media_type in self.connection.execute(
            "SELECT s.item_id, a.media_type FROM sightings AS s JOIN attachments AS a ON a.sighting_id = s.id"
            f" WHERE s.item_id IN {here}",
            ids,
        ):
            media.setdefault(item, set()).add(_medium(media_type))
        ranks: dict[int, _Place] = {}
        facts: dict[int, Facts] = {}
        for item, kind, news, ranked, ends, title, summary in self.connection.execute(
            "SELECT id, kind, news, ranked_at, iif(kind = 'event', coalesce(ends_utc, starts_utc), NULL), title, summary FROM items"
            f" WHERE id IN {here} AND joined_to IS NULL",
            ids,
        ):
            ranks[item] = ranked, ends
            said = frozenset(sources.get(item, ()))
            facts[item] = Facts(
                kind, bool(news), frozenset(tags.get(item, ())), said,
                frozenset().union(*(self._territories.get(source, frozenset()) for source in said)),
                frozenset(media.get(item, ())), f" {fold(f'{title} {summary or str()}')} " if self._worded else "  ",
            )  # fmt: skip
        return ranks, facts


def _medium(media_type: str) -> Medium:
    kinds: dict[str, Medium] = {"image": "photos", "audio": "sons", "video": "videos"}
    return kinds.get(media_type.partition("/")[0], "documents")


def dirty(connection: sqlite3.Connection, feeds: Iterable[str]) -> None:
    """Note feeds that are to be rendered: 1, their entries; 2, their calendars too, for an event or a last day is concerned.

    `feeds`: all that one change touches, the combined ones among them.
    """
    touched = sorted(feeds)
    level = 2 if _DATED & set(touched) else 1
    connection.executemany(
        "INSERT INTO feeds (path, dirty) VALUES (?, ?) ON CONFLICT (path) DO UPDATE SET dirty = excluded.dirty WHERE dirty < excluded.dirty",
        [(path, level) for path in touched],
    )
