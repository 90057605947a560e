"""Items: made by their first sighting, given the face that their sightings make, revised when it changes, never deleted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from aggregator import dedupe
from aggregator.dedupe import Told
from aggregator.model import Sighting, Source
from aggregator.normalise.text import fold
from aggregator.normalise.urls import host
from aggregator.overrides import Overrides
from aggregator.store.rows import FACE, SIGHTING, Row, chunks, face_row, instant, marks, read_sighting, stamp

FIRST = "first of its item"
Names = Mapping[tuple[str, str], str]  # (scheme, value) of a tag -> its name

_ITEM = f"id, uid, {FACE}, starts_utc, ends_utc, lead_id, position, updated, ranked_at, first_seen, changed_at, news"
_FACE = tuple(FACE.split(", "))
_INSERT_TAG = "INSERT OR IGNORE INTO tags VALUES (?, ?, ?, ?, ?)"
_INSERT_UNPUBLISHED = "INSERT OR IGNORE INTO unpublished VALUES (?)"  # its page is to be rendered
_NAMESPACE = UUID("6f0a6c1e-5d5b-5c64-9a2f-0f1e2d3c4b5a")


@dataclass(slots=True)
class Touched:
    """The items that a visit touches: by which sighting, and what changed in it that no face shows (field, old, new)."""

    by: dict[int, int | None] = field(default_factory=dict)
    new: list[int] = field(default_factory=list)  # made by this visit
    inside: dict[int, list[tuple[str, object, object]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Voice:
    """What of a source decides how its sightings weigh: its place in sources.yaml, its folded name, its tags."""

    position: int
    name: str
    tags: tuple[str, ...]


class Items:
    """Writes items through one connection; keeps the next id in memory (there is one writer)."""

    def __init__(self, connection: sqlite3.Connection, names: Names, overrides: Overrides) -> None:
        self.connection = connection
        self.names = names
        self.overrides = overrides
        self.next = self.first = 1 + (connection.execute("SELECT max(id) FROM items").fetchone()[0] or 0)
        self._voices = {
            slug: _Voice(position, fold(name), tuple(json.loads(tags)))
            for slug, position, name, tags in connection.execute("SELECT slug, position, name, tags FROM sources")
        }

    def add(self, source: Source, fresh: Sequence[tuple[int, Sighting]], now: datetime) -> list[int]:
        """Make an item of each new sighting (its id, itself), in their order on the page; give the items' ids."""
        uids = self._uids(source, [sighting for _, sighting in fresh])
        rows: list[Row] = []
        tags: list[Row] = []
        for position, (id_, sighting) in enumerate(fresh):
            item, self.next = self.next, self.next + 1
            mine = own(sighting, source)
            face = dedupe.face([self._weighed(id_, sighting, mine, now, None)])
            starts, ends = map(stamp, dedupe.instants(face.when)) if face.when else (None, None)
            ranked, at = stamp(dedupe.ranked_at(face.published, now, source.timezone)), stamp(now)
            rows.append(
                (item, uids[sighting.key], *face_row(face), starts, ends, id_, position, ranked, ranked, at, at, int(sighting.news))
            )  # fmt: skip
            tags += self._tag_rows(item, sighting)
        self.connection.executemany(f"INSERT INTO items ({_ITEM}) VALUES ({marks(_ITEM.split(','))})", rows)
        self.connection.executemany(_INSERT_UNPUBLISHED, [(row[0],) for row in rows if row[2] == "event"])
        # Their words are indexed here: no trigger does (see the schema).
        indexed = [(row[0], row[3], row[5]) for row in rows]  # id, title, summary
        self.connection.executemany("INSERT INTO items_fts (rowid, title, summary) VALUES (?, ?, ?)", indexed)
        self.connection.executemany(_INSERT_TAG, tags)
        return [row[0] for row in rows]  # type: ignore[misc]

    def _uids(self, source: Source, fresh: Sequence[Sighting]) -> dict[str, str]:
        """Make UIDs that no item has."""
        wished = {s.key: _uid(_seed(s, own(s, source))) for s in fresh}
        taken: set[str] = set()
        for chunk in chunks(list(wished.values())):
            rows = self.connection.execute(f"SELECT uid FROM items WHERE uid IN ({marks(chunk)})", chunk)
            taken.update(uid for (uid,) in rows)
        uids: dict[str, str] = {}
        for n, sighting in enumerate(fresh):
            uid = wished[sighting.key]
            if uid in taken:
                uid = _uid(f"{sighting.source}\n{sighting.key}\n")
            if uid in taken:
                uid = _uid(f"{sighting.source}\n{sighting.key}\n{self.next + n}")
            taken.add(uid)
            uids[sighting.key] = uid
        return uids

    # ── what they are now ───────────────────────────────────────────────────────────────────────

    def compose(self, tz: str, touched: Touched, now: datetime) -> set[str]:
        """Give items the face that their sightings make now; what differs is a revision. Gives the feeds that this touches.

        An item that lost all its sightings to another one keeps its last face.
        """
        feeds: set[str] = set()
        for item in sorted(touched.by):
            told = dedupe.precedence(self.told(item))
            if told:
                feeds |= self._composed(item, told, tz, touched, now)
        return feeds

    def _composed(self, item: int, told: list[Told], tz: str, touched: Touched, now: datetime) -> set[str]:
        at = stamp(now)
        face = dedupe.face(told)
        *old, withdrawn_before, ranked_before, first_seen, lead_before, was_news = self.connection.execute(
            f"SELECT {FACE}, withdrawn_at, ranked_at, first_seen, lead_id, news FROM items WHERE id = ?", (item,)
        ).fetchone()
        ranked = stamp(dedupe.ranked_at(face.published, instant(first_seen), tz))
        withdrawn = (withdrawn_before or at) if all(t.withdrawn_at is not None for t in told) else None
        differences: list[tuple[str, object, object]] = [
            (name, before, after)
            for name, before, after in zip(_FACE, old, face_row(face), strict=True)
            # A server that dates everything now tells nothing new: it is ranked as before.
            if before != after and name != "doubts" and not (name == "published" and ranked == ranked_before)
        ]
        if withdrawn != withdrawn_before:
            differences.append(("withdrawn_at", withdrawn_before, withdrawn))
        if touched.by[item] == told[0].id == lead_before:
            differences += touched.inside.get(item, ())
        news = any(t.sighting.news for t in told)
        before = dict(zip(_FACE, old, strict=True))
        feeds = feeds_of(face.kind, news, face.deadline, {t.sighting.source for t in told})
        feeds |= feeds_of(before["kind"], was_news, before["deadline"], ())
        self._restate(item, told[0], face, ranked, news)
        self.retag(item, [t.sighting for t in told])
        if differences and item < self.first:  # one that is new in this run has no reader yet: that is no change
            self._revise(item, touched.by[item], differences, withdrawn, at)
        if face.kind == "event" and item < self.first:
            feeds.add("modifications")  # its entries name its sources and its address
        return feeds

    def retag(self, item: int, told: Iterable[Sighting]) -> None:
        """Give an item the tags of its sightings, and no other."""
        self.connection.execute("DELETE FROM tags WHERE item_id = ?", (item,))
        self.connection.executemany(_INSERT_TAG, [row for sighting in told for row in self._tag_rows(item, sighting)])

    def _tag_rows(self, item: int, sighting: Sighting) -> list[Row]:
        source = sighting.source
        said: list[Row] = [
            (item, "category", category, category, f"{source} says so") for category in sighting.categories
        ]
        said += [(item, "source", tag, tag, f"sources.yaml tags {source}") for tag in self._voices[source].tags]
        for tag in sighting.tags:
            name = self.names.get((tag.scheme, tag.value), tag.value)
            said.append((item, tag.scheme, tag.value, name, f"{source}: {tag.why}"))
        return said

    def _restate(self, item: int, lead: Told, face: dedupe.Face, ranked: str, news: bool) -> None:
        """Write an item's face and who leads it; its counters stay."""
        starts, ends = map(stamp, dedupe.instants(face.when)) if face.when else (None, None)
        self.connection.execute(
            f"UPDATE items SET ({FACE}) = ({marks(_FACE)}), starts_utc = ?, ends_utc = ?, lead_id = ?, ranked_at = ?, news = ?,"
            " updated = CASE WHEN sequence = 0 THEN ? ELSE updated END WHERE id = ?",
            (*face_row(face), starts, ends, lead.id, ranked, int(news), ranked, item),
        )
        if face.kind == "event":
            self.connection.execute(_INSERT_UNPUBLISHED, (item,))

    def _revise(
        self,
        item: int,
        cause: int | None,
        differences: Sequence[tuple[str, object, object]],
        withdrawn: str | None,
        at: str,
    ) -> None:
        """Count a visible change: SEQUENCE, LAST-MODIFIED, and a revision for each field."""
        self.connection.executemany(
            "INSERT INTO revisions (item_id, sighting_id, field, old, new, at) VALUES (?, ?, ?, ?, ?, ?)",
            [(item, cause, name, _text(old), _text(new), at) for name, old, new in differences],
        )
        self.connection.execute(
            "UPDATE items SET sequence = sequence + 1, updated = ?, changed_at = ?, withdrawn_at = ?,"
            " status_at = iif(?, ?, status_at) WHERE id = ?",
            (at, at, withdrawn, any(name == "status" for name, _, _ in differences), at, item),
        )

    def told(self, item: int) -> list[Told]:
        """Give an item's sightings, weighed."""
        return self._told("item_id = ?", item)

    def told_by(self, sighting: int) -> Told:
        """Give one sighting, weighed."""
        return self._told("id = ?", sighting)[0]

    def _told(self, where: str, value: int) -> list[Told]:
        rows = self.connection.execute(
            f"SELECT id, own, first_seen, withdrawn_at, {SIGHTING} FROM sightings WHERE {where} ORDER BY id", (value,)
        ).fetchall()
        return [self._weighed(row[0], read_sighting(row[4:]), bool(row[1]), instant(row[2]), row[3]) for row in rows]

    def _weighed(self, id_: int, sighting: Sighting, mine: bool, first_seen: datetime, withdrawn: str | None) -> Told:
        voice = self._voices[sighting.source]
        return Told(
            id_, sighting, mine, first_seen, instant(withdrawn) if withdrawn else None, voice.position,
            dedupe.organises(sighting.organiser, voice.name),
            self.overrides.prefers(call for call in (sighting.canonical, sighting.guid) if call),
        )  # fmt: skip


def own(sighting: Sighting, source: Source) -> bool:
    """Whether a sighting speaks of its source's own page (`dedupe.own`)."""
    return dedupe.own(sighting, source, host(sighting.url) if sighting.url else "")


def feeds_of(kind: object, news: object, deadline: object, sources: Iterable[str]) -> set[str]:
    """Give the combined feeds that hold an item: everything, those of its kinds, its sources'."""
    kinds = {"agenda": kind == "event", "actualites": news, "echeances": deadline}
    return {"tout", *(path for path, holds in kinds.items() if holds), *(f"sources/{slug}" for slug in sources)}


def _seed(sighting: Sighting, mine: bool) -> str:
    """Give what a new item's UID is made of: its own page's address; else what its source calls it.

    Used once: whatever is edited later, the UID stays.
    """
    return sighting.canonical if sighting.canonical is not None and mine else f"{sighting.source}\n{sighting.key}"


def _uid(seed: str) -> str:
    """Make an item's identity: a UUID of its seed."""
    from hashlib import sha1  # RFC 9562 §5.5 by hand: uuid.uuid5 costs four times as much

    digest = bytearray(sha1(_NAMESPACE.bytes + seed.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _text(value: object) -> str | None:
    return None if value is None else str(value)
