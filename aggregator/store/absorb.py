"""The one writer: a visit becomes sightings, items, revisions, a ledger row and the source's next turn.

Called inside a transaction, a savepoint around each visit. Nothing that was seen is ever deleted here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from aggregator import dedupe
from aggregator.dedupe import Place, Told
from aggregator.model import Attachment, Sighting, Source, Visit
from aggregator.normalise.text import fold
from aggregator.normalise.urls import host
from aggregator.rhythm import Rhythm, learn, next_visit
from aggregator.store.rows import FACE, SIGHTING, Row, face_row, instant, read_sighting, sighting_row, stamp

_CHUNK = 500
_MAX_REFUSALS = 100  # kept of one fetch; the count is whole


@dataclass(slots=True)
class Absorbed:
    """What a visit changed: counts for the ledger and the operator, the state its source is in now, and the feeds it touched."""

    state: str
    new: int = 0
    changed: int = 0
    withdrawn: int = 0
    refused: int = 0
    found: int = 0
    alarm: str | None = None
    touched: set[str] = field(default_factory=set)
    by_page: dict[str, list[int]] = field(default_factory=dict)  # url -> [new, changed]


@dataclass(frozen=True, slots=True)
class _Stored:
    id: int
    key: str
    digest: str
    item: int
    listed: bool
    missing: int
    withdrawn: bool
    place: Place
    seen_on: str
    joined: bool


@dataclass(slots=True)
class _Touched:
    """The items that a visit touches: by which sighting, and what changed in it that no face shows (field, old, new)."""

    by: dict[int, int | None] = field(default_factory=dict)
    inside: dict[int, list[tuple[str, object, object]]] = field(default_factory=dict)


class Absorber:
    """Writes visits through one connection; keeps the next ids in memory (there is one writer)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.next_sighting = 1 + (connection.execute("SELECT max(id) FROM sightings").fetchone()[0] or 0)
        self.next_item = self.first_item = 1 + (connection.execute("SELECT max(id) FROM items").fetchone()[0] or 0)

    def absorb(self, source: Source, visit: Visit) -> Absorbed:
        """Store what `visit` brought. A visit that brought nothing new costs its ledger row and its state's, no more."""
        state = self._state(source.slug)
        result = Absorbed(
            "ok", found=sum(page.found for page in visit.pages), refused=sum(len(page.refused) for page in visit.pages)
        )
        if visit.sightings is not None:
            self._changed(source, visit, state, result)
        elif visit.outcome == "unchanged" and state["missing"] and not visit.partial:
            self._still_missing(source.slug, source.timezone, visit.at, result)
        self._ledger(visit, result)
        self._next_turn(source, visit, state, result)
        if result.touched:
            self._dirty(result.touched)
        return result

    # ── the source ──────────────────────────────────────────────────────────────────────────────

    def _state(self, slug: str) -> Mapping[str, Any]:
        cursor = self.connection.execute("SELECT * FROM source_state WHERE source = ?", (slug,))
        return dict(zip((c[0] for c in cursor.description), cursor.fetchone(), strict=True))

    def _ledger(self, visit: Visit, result: Absorbed) -> None:
        for n, page in enumerate(visit.pages):
            last = n == len(visit.pages) - 1
            new, changed = result.by_page.get(page.url, (0, 0))
            row = (
                visit.source, page.url, stamp(page.at), page.outcome, page.status, page.ms, page.wire_bytes, page.found, new, changed,
                len(page.refused), result.withdrawn if last else 0, result.alarm if last else None, page.error_class, page.error,
            )  # fmt: skip
            run = self.connection.execute(
                "INSERT INTO runs (source, url, at, outcome, status, ms, wire_bytes, found, new, changed, refused, withdrawn, alarm, error_class, error)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            ).lastrowid
            if page.refused:
                self.connection.executemany(
                    "INSERT INTO refusals VALUES (?, ?, ?, ?, ?)",
                    [(run, r.where, r.field, r.value, r.why) for r in page.refused[:_MAX_REFUSALS]],
                )
            if page.memory is not None:
                self.connection.execute(
                    "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        visit.source,
                        page.url,
                        page.memory.etag,
                        page.memory.last_modified,
                        page.memory.digest,
                        json.dumps(page.memory.more),
                        stamp(page.at),
                    ),
                )

    def _next_turn(self, source: Source, visit: Visit, state: Mapping[str, Any], result: Absorbed) -> None:
        interval, failures = state["interval_s"], state["failures"]
        rhythm = Rhythm(interval if isinstance(interval, int) else None, failures if isinstance(failures, int) else 0)
        good = visit.outcome in ("changed", "unchanged") and result.state != "empty"
        if good:
            rhythm = learn(rhythm, changed=bool(result.new or result.changed), fixed=source.interval)
        elif visit.outcome == "waiting":
            result.state = "waiting"
        else:
            rhythm = Rhythm(rhythm.interval, rhythm.failures + 1)
            if result.state != "empty":
                result.state = _failed_state(visit)
            result.alarm = result.alarm or (
                visit.error if result.state in ("gone", "blocked", "closed", "empty") else None
            )
        at = stamp(visit.at)
        due = next_visit(source.slug, rhythm, now=visit.at, until=visit.until, gone=result.state == "gone")
        moved_visits = (
            int(str(state["moved_visits"])) + 1
            if visit.moved_to and visit.moved_to == state["moved_to"]
            else int(visit.moved_to is not None)
        )
        values = {
            "state": result.state, "next_visit": stamp(due), "last_visit": at, "interval_s": rhythm.interval, "failures": rhythm.failures,
            "moved_to": visit.moved_to, "moved_visits": moved_visits, "alarm": result.alarm,
            "error_class": None if good else visit.error_class, "error": None if good else visit.error,
        }  # fmt: skip
        if (
            visit.fingerprint != state["fingerprint"]
        ):  # another way of reading: what earlier ways saw of its pages is void
            values["fingerprint"] = visit.fingerprint
            urls = [page.url for page in visit.pages if page.memory is not None]
            self.connection.execute(
                f"DELETE FROM pages WHERE source = ? AND url NOT IN ({_marks(urls)})", (source.slug, *urls)
            )
        if good:
            values["last_success"] = at
        if result.new or result.changed or result.withdrawn:
            values["last_change"] = at
        assignments = ", ".join(f"{name} = ?" for name in values)
        self.connection.execute(
            f"UPDATE source_state SET {assignments} WHERE source = ?", (*values.values(), source.slug)
        )

    # ── what it shows ───────────────────────────────────────────────────────────────────────────

    def _changed(self, source: Source, visit: Visit, state: Mapping[str, Any], result: Absorbed) -> None:
        assert visit.sightings is not None
        fresh = {sighting.key: sighting for sighting in visit.sightings}
        stored = self._stored(source.slug, fresh)
        stored = self._continued(source.slug, fresh, stored)
        listed_before: int | None = state["listed"]
        out_of_sight = self._out_of_sight(visit, fresh, stored)
        listed = len(fresh) + len(out_of_sight)
        if not listed and listed_before:
            result.state = "empty"
            result.alarm = (
                f"nothing is listed where {listed_before} items were: nothing was withdrawn; look at the page"
            )
            return
        shrunk_since = instant(str(state["shrunk_since"])) if state["shrunk_since"] else None
        small = dedupe.shrank(listed, listed_before, shrunk_since, visit.at)
        items = _Touched()
        self._insert(source, visit, [s for key, s in fresh.items() if key not in stored], items, result)
        self._update(source, visit, [(stored[key], s) for key, s in fresh.items() if key in stored], items, result)
        if small:
            result.state = "shrunk"
            result.alarm = (
                f"{listed} items are listed where {listed_before} were: nothing was withdrawn; look at the page"
            )
        elif visit.partial:
            result.alarm = visit.error
        gone = [old for key, old in stored.items() if old.listed and key not in fresh and old.id not in out_of_sight]
        if small or visit.partial:
            missing = sum(1 for old in gone if old.missing)
        else:
            missing = self._absent(visit, fresh, gone, str(state["last_success"] or stamp(visit.at)), items, result)
        self._compose(source.timezone, items, visit.at, result)
        self.connection.execute(
            "UPDATE source_state SET listed = ?, shrunk_since = ?, missing = ? WHERE source = ?",
            (
                listed_before if small else listed,
                stamp(shrunk_since or visit.at) if small else None,
                missing,
                source.slug,
            ),
        )

    def _out_of_sight(self, visit: Visit, fresh: Mapping[str, Sighting], stored: Mapping[str, _Stored]) -> set[int]:
        """Give the listed sightings of pages that were not read again: what a page said last, it still says.

        After a walk over the whole list, a page that was not on the way is no page of the list any more.
        """
        again = {page.url for page in visit.pages if page.outcome == "changed"}
        standing = {page.url for page in visit.pages if page.outcome != "changed"}
        return {
            old.id
            for key, old in stored.items()
            if old.listed
            and key not in fresh
            and (old.seen_on in standing if visit.whole else old.seen_on not in again)
        }

    def _continued(self, slug: str, fresh: Mapping[str, Sighting], stored: dict[str, _Stored]) -> dict[str, _Stored]:
        """Give new keys to sightings that go on under them (`dedupe.continued`)."""
        gone = [old.place for key, old in stored.items() if old.listed and key not in fresh]
        new = [_place(sighting) for key, sighting in fresh.items() if key not in stored]
        if not gone or not new:
            return stored
        for key, before in dedupe.continued(gone, new).items():
            self.connection.execute("UPDATE sightings SET key = ? WHERE source = ? AND key = ?", (key, slug, before))
            stored[key] = stored.pop(before)
        return stored

    def _stored(self, slug: str, fresh: Mapping[str, Sighting]) -> dict[str, _Stored]:
        """Give the source's sightings that are listed now, or that a fresh one continues."""
        select = (
            "SELECT id, key, digest, item_id, last_seen IS NULL OR (missing_visits > 0 AND withdrawn_at IS NULL), missing_visits,"
            " withdrawn_at IS NOT NULL, iif(news, 'news', 'event'), section, published, starts, canonical, seen_on, rule = 'same canonical URL'"
            " FROM sightings WHERE source = ? AND "
        )
        rows = self.connection.execute(select + "last_seen IS NULL", (slug,)).fetchall()
        rows += self.connection.execute(select + "missing_visits > 0 AND withdrawn_at IS NULL", (slug,)).fetchall()
        known = {row[1] for row in rows}
        for keys in _chunks([key for key in fresh if key not in known]):
            rows += self.connection.execute(f"{select} key IN ({_marks(keys)})", (slug, *keys)).fetchall()
        return {
            row[1]: _Stored(
                row[0],
                row[1],
                row[2],
                row[3],
                bool(row[4]),
                row[5],
                bool(row[6]),
                Place(row[1], *row[7:12]),
                row[12],
                bool(row[13]),
            )
            for row in rows
        }

    def _insert(
        self, source: Source, visit: Visit, fresh: Sequence[Sighting], items: _Touched, result: Absorbed
    ) -> None:
        """New sightings: each joins the item of another source that has its canonical URL, or makes its own."""
        if not fresh:
            return
        at = stamp(visit.at)
        known = self._items_by_canonical(source.slug, [s.canonical for s in fresh if s.canonical])
        uids = self._uids(source, fresh)
        rows: list[Row] = []
        new_items: list[Row] = []
        attachments: list[Row] = []
        tags: list[Row] = []
        for position, sighting in enumerate(fresh):
            id_, self.next_sighting = self.next_sighting, self.next_sighting + 1
            mine = _own(sighting, source)
            item = self._joined(sighting, mine, known)
            rule = JOINED if item is not None else "first of its item"
            if item is None:
                item, self.next_item = self.next_item, self.next_item + 1
                new_items.append(
                    _item_row(item, uids[sighting.key], id_, position, sighting, mine, visit.at, source.timezone)
                )
                result.touched |= _feeds_of(sighting.kind, sighting.news, sighting.deadline, (source.slug,))
            else:
                items.by[item] = id_
            rows.append((id_, item, rule, int(mine), *sighting_row(sighting), at, at))
            attachments += _attachment_rows(id_, sighting)
            tags += _tag_rows(item, sighting, source.tags)
            result.new += 1
            result.by_page.setdefault(sighting.seen_on, [0, 0])[0] += 1
        self._add(new_items)
        columns = f"id, item_id, rule, own, {SIGHTING}, first_seen, changed_at"
        self.connection.executemany(f"INSERT INTO sightings ({columns}) VALUES ({_marks(columns.split(','))})", rows)
        self.connection.executemany(_INSERT_ATTACHMENT, attachments)
        self.connection.executemany(_INSERT_TAG, tags)

    def _add(self, rows: Sequence[Row]) -> None:
        """Insert items, and index their words (no trigger does: see the schema)."""
        self.connection.executemany(f"INSERT INTO items ({_ITEM}) VALUES ({_marks(_ITEM.split(','))})", rows)
        self.connection.executemany(_INSERT_UNPUBLISHED, [(row[0],) for row in rows if row[2] == "event"])
        indexed = [(row[0], row[3], row[5]) for row in rows]  # id, title, summary
        self.connection.executemany("INSERT INTO items_fts (rowid, title, summary) VALUES (?, ?, ?)", indexed)

    def _joined(self, sighting: Sighting, mine: bool, known: dict[str, tuple[int, bool, str]]) -> int | None:
        """Give the item that a sighting joins; each item takes one of a source's sightings."""
        found = known.get(sighting.canonical) if sighting.canonical else None
        if found is None or sighting.canonical is None or not dedupe.joins(sighting, mine, found[2], found[1]):
            return None
        return known.pop(sighting.canonical)[0]

    def _items_by_canonical(self, slug: str, addresses: Sequence[str]) -> dict[str, tuple[int, bool, str]]:
        """Give what other sources show under these addresses, never an item that this source shows already.

        canonical -> item, whether the address is that source's own, its title.
        """
        found: dict[str, tuple[int, bool, str]] = {}
        for chunk in _chunks(addresses):
            rows = self.connection.execute(
                f"SELECT canonical, item_id, own, title FROM sightings AS s WHERE canonical IN ({_marks(chunk)}) AND source <> ?"
                " AND NOT EXISTS (SELECT 1 FROM sightings AS o WHERE o.item_id = s.item_id AND o.source = ?) ORDER BY own, id DESC",
                (*chunk, slug, slug),
            )
            found.update({canonical: (item, bool(own), title) for canonical, item, own, title in rows})
        return found

    def _uids(self, source: Source, fresh: Sequence[Sighting]) -> dict[str, str]:
        """Make UIDs that no item has."""
        wished = {s.key: _uid(_seed(s, _own(s, source))) for s in fresh}
        taken: set[str] = set()
        for chunk in _chunks(list(wished.values())):
            rows = self.connection.execute(f"SELECT uid FROM items WHERE uid IN ({_marks(chunk)})", chunk)
            taken.update(uid for (uid,) in rows)
        uids: dict[str, str] = {}
        for n, sighting in enumerate(fresh):
            uid = wished[sighting.key]
            if uid in taken:
                uid = _uid(f"{sighting.source}\n{sighting.key}\n{self.next_item + n}")
            taken.add(uid)
            uids[sighting.key] = uid
        return uids

    def _rename(self, item: int, lead: Told) -> None:
        """An item made in this run is named by what leads it now: it must not matter which source answered first."""
        uid = _uid(_seed(lead.sighting, lead.own))
        self.connection.execute(
            "UPDATE items SET uid = ? WHERE id = ? AND NOT EXISTS (SELECT 1 FROM items WHERE uid = ?)", (uid, item, uid)
        )

    def _update(
        self, source: Source, visit: Visit, pairs: Sequence[tuple[_Stored, Sighting]], items: _Touched, result: Absorbed
    ) -> None:
        back = [(old.id,) for old, _ in pairs if not old.listed or old.missing or old.withdrawn]
        if back:
            self.connection.executemany(
                "UPDATE sightings SET last_seen = NULL, missing_visits = 0, aged_at = NULL, withdrawn_at = NULL WHERE id = ?",
                back,
            )
            items.by.update({old.item: old.id for old, _ in pairs if old.withdrawn})
        for old, sighting in pairs:
            if old.digest != sighting.digest:
                self._reword(source, visit, old, sighting, items, result)
            elif old.seen_on != sighting.seen_on:  # it moved to another page of the list
                self.connection.execute("UPDATE sightings SET seen_on = ? WHERE id = ?", (sighting.seen_on, old.id))

    def _reword(
        self, source: Source, visit: Visit, stored: _Stored, sighting: Sighting, items: _Touched, result: Absorbed
    ) -> None:
        """A sighting says something else."""
        before = self._attached(
            self.connection.execute(f"SELECT id, {SIGHTING} FROM sightings WHERE id = ?", (stored.id,)).fetchone()
        )
        sighting = dedupe.steady(before, sighting)
        self.connection.execute(
            f"UPDATE sightings SET ({SIGHTING}) = ({_marks(SIGHTING.split(','))}), own = ?, changed_at = ? WHERE id = ?",
            (*sighting_row(sighting), int(_own(sighting, source)), stamp(visit.at), stored.id),
        )
        self.connection.execute("DELETE FROM attachments WHERE sighting_id = ?", (stored.id,))
        self.connection.executemany(_INSERT_ATTACHMENT, _attachment_rows(stored.id, sighting))
        items.by[stored.item] = stored.id
        items.inside.setdefault(stored.item, []).extend(_inside(before, sighting, licensed=source.licence is not None))
        if stored.joined and before.canonical != sighting.canonical:
            self._part(source, visit, stored, sighting, result)
        result.changed += 1
        result.by_page.setdefault(sighting.seen_on, [0, 0])[1] += 1

    def _part(self, source: Source, visit: Visit, stored: _Stored, sighting: Sighting, result: Absorbed) -> None:
        """A sighting that had joined an item by its address has another one now: it makes its own item."""
        item, self.next_item = self.next_item, self.next_item + 1
        uid = self._uids(source, [sighting])[sighting.key]
        row = _item_row(item, uid, stored.id, 0, sighting, _own(sighting, source), visit.at, source.timezone)
        self._add([row])
        self.connection.execute(
            "UPDATE sightings SET item_id = ?, rule = 'parted: its address changed' WHERE id = ?", (item, stored.id)
        )
        self.connection.executemany(_INSERT_TAG, _tag_rows(item, sighting, source.tags))
        result.touched |= _feeds_of(sighting.kind, sighting.news, sighting.deadline, (source.slug,))

    def _attached(self, row: Sequence[Any]) -> Sighting:
        rows = self.connection.execute(
            "SELECT url, media_type, length, title FROM attachments WHERE sighting_id = ? ORDER BY position", (row[0],)
        )
        return read_sighting(row[1:], tuple(Attachment(*attachment) for attachment in rows))

    # ── what it no longer shows ─────────────────────────────────────────────────────────────────

    def _absent(
        self,
        visit: Visit,
        fresh: Mapping[str, Sighting],
        gone: Sequence[_Stored],
        last_success: str,
        items: _Touched,
        result: Absorbed,
    ) -> int:
        """Account for listed sightings that the list no longer shows; give how many are missing now."""
        if not gone:
            return 0
        lost, aged = dedupe.missing(
            (old.place for old in gone),
            map(_place, fresh.values()),
            complete=visit.complete,
            today=visit.at.date().isoformat(),
        )
        at = stamp(visit.at)
        self.connection.executemany(
            "UPDATE sightings SET last_seen = coalesce(last_seen, ?), aged_at = ?, missing_visits = 0 WHERE id = ?",
            [(last_success, at, old.id) for old in gone if old.key in aged],
        )
        return self._count_missing([old for old in gone if old.key in lost], visit.at, last_success, items, result)

    def _count_missing(
        self, lost: Iterable[_Stored], now: datetime, last_success: str, items: _Touched, result: Absorbed
    ) -> int:
        at, still = stamp(now), 0
        for old in lost:
            gone = old.missing + 1 >= dedupe.GOOD_VISITS
            self.connection.execute(
                "UPDATE sightings SET missing_visits = missing_visits + 1, withdrawn_at = ?, last_seen = coalesce(last_seen, ?) WHERE id = ?",
                (at if gone else None, last_success, old.id),
            )
            if gone:
                items.by[old.item] = old.id
                result.withdrawn += 1
            else:
                still += 1
        return still

    def _still_missing(self, slug: str, tz: str, now: datetime, result: Absorbed) -> None:
        """An unchanged page is a good visit too: what it misses, it misses once more."""
        lost = [old for old in self._stored(slug, {}).values() if old.missing]
        items = _Touched()
        still = self._count_missing(lost, now, stamp(now), items, result)
        self._compose(tz, items, now, result)
        self.connection.execute("UPDATE source_state SET missing = ? WHERE source = ?", (still, slug))

    # ── the items ───────────────────────────────────────────────────────────────────────────────

    def _compose(self, tz: str, items: _Touched, now: datetime, result: Absorbed) -> None:
        """Give items the face that their sightings make now; what differs is a revision."""
        at = stamp(now)
        for item in sorted(items.by):
            told = dedupe.precedence(self._told(item))
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
            if items.by[item] == told[0].id == lead_before:
                differences += items.inside.get(item, ())
            sources = {t.sighting.source for t in told}
            news = any(t.sighting.news for t in told)
            before = dict(zip(_FACE, old, strict=True))
            result.touched |= _feeds_of(face.kind, news, face.deadline, sources)
            result.touched |= _feeds_of(before["kind"], was_news, before["deadline"], ())
            self._restate(item, told[0], face, ranked, news)
            self._retag(item, told)
            if item >= self.first_item:  # it has no reader yet: that is no change
                self._rename(item, told[0])
            elif differences:
                self._revise(item, items.by[item], differences, withdrawn, at)
                if face.kind == "event" and not _PLANNED.isdisjoint(name for name, _, _ in differences):
                    result.touched.add("modifications")

    def _retag(self, item: int, told: Sequence[Told]) -> None:
        """Categories that no sighting names any more are the item's no more."""
        self.connection.execute("DELETE FROM tags WHERE item_id = ? AND scheme = 'category'", (item,))
        self.connection.executemany(_INSERT_TAG, [row for t in told for row in _tag_rows(item, t.sighting, ())])

    def _restate(self, item: int, lead: Told, face: dedupe.Face, ranked: str, news: bool) -> None:
        """Write an item's face and who leads it; its counters stay."""
        starts, ends = map(stamp, dedupe.instants(face.when)) if face.when else (None, None)
        self.connection.execute(
            f"UPDATE items SET ({FACE}) = ({_marks(FACE.split(','))}), starts_utc = ?, ends_utc = ?, lead_id = ?, ranked_at = ?, news = ?,"
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
            "UPDATE items SET sequence = sequence + 1, updated = ?, changed_at = ?, withdrawn_at = ? WHERE id = ?",
            (at, at, withdrawn, item),
        )

    def _told(self, item: int) -> list[Told]:
        rows = self.connection.execute(
            f"SELECT id, own, first_seen, withdrawn_at, {SIGHTING} FROM sightings WHERE item_id = ? ORDER BY id",
            (item,),
        ).fetchall()
        return [
            Told(row[0], read_sighting(row[4:]), bool(row[1]), instant(row[2]), instant(row[3]) if row[3] else None)
            for row in rows
        ]

    def _dirty(self, feeds: Iterable[str]) -> None:
        self.connection.executemany(
            "INSERT INTO feeds (path, dirty) VALUES (?, 1) ON CONFLICT (path) DO UPDATE SET dirty = 1 WHERE dirty = 0",
            [(path,) for path in sorted(feeds)],
        )


# ── rows ────────────────────────────────────────────────────────────────────────────────────────

_ITEM = f"id, uid, {FACE}, starts_utc, ends_utc, lead_id, position, updated, ranked_at, first_seen, changed_at, news"
JOINED = "same canonical URL"
_INSERT_ATTACHMENT = "INSERT INTO attachments VALUES (?, ?, ?, ?, ?, ?)"
_INSERT_UNPUBLISHED = "INSERT OR IGNORE INTO unpublished VALUES (?)"  # its page is to be rendered
_FACE = tuple(FACE.split(", "))
_PLANNED = frozenset({"starts", "ends", "all_day", "tz", "status", "location", "withdrawn_at"})  # what people plan by
_INSERT_TAG = "INSERT OR IGNORE INTO tags VALUES (?, ?, ?, ?)"
_NAMESPACE = UUID("6f0a6c1e-5d5b-5c64-9a2f-0f1e2d3c4b5a")


def _item_row(
    item: int, uid: str, lead: int, position: int, sighting: Sighting, mine: bool, now: datetime, tz: str
) -> Row:
    face = dedupe.face([Told(lead, sighting, mine, now)])
    starts, ends = map(stamp, dedupe.instants(face.when)) if face.when else (None, None)
    ranked = stamp(dedupe.ranked_at(face.published, now, tz))
    at = stamp(now)
    return (item, uid, *face_row(face), starts, ends, lead, position, ranked, ranked, at, at, int(sighting.news))


def _own(sighting: Sighting, source: Source) -> bool:
    return dedupe.own(sighting, source, host(sighting.url) if sighting.url else "")


def _place(sighting: Sighting) -> Place:
    row = sighting_row(sighting)
    return Place(
        sighting.key,
        "news" if sighting.news else "event",
        sighting.section,
        cast("str | None", row[11]),
        cast("str | None", row[13]),
        sighting.canonical,
    )


def _inside(before: Sighting, after: Sighting, *, licensed: bool) -> list[tuple[str, object, object]]:
    """What changed in an entry though its face did not: attachments, categories, and a body that is republished."""
    pairs = [
        ("attachments", [a.url for a in before.attachments], [a.url for a in after.attachments]),
        ("categories", list(before.categories), list(after.categories)),
        ("content", before.content, after.content if licensed else before.content),
    ]
    return [(name, _listed(old), _listed(new)) for name, old, new in pairs if old != new]


def _listed(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value


def _seed(sighting: Sighting, mine: bool) -> str:
    """Give what a new item's UID is made of: its own page's address; a shared address with its words; else its key.

    Used once: whatever is edited later, the UID stays.
    """
    if sighting.canonical is None:
        return f"{sighting.source}\n{sighting.key}"
    return sighting.canonical if mine else f"{sighting.canonical}\n{fold(sighting.title)}"


def _uid(seed: str) -> str:
    """Make an item's identity: a UUID of its seed."""
    from hashlib import sha1  # RFC 9562 §5.5 by hand: uuid.uuid5 costs four times as much

    digest = bytearray(sha1(_NAMESPACE.bytes + seed.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _attachment_rows(id_: int, sighting: Sighting) -> list[Row]:
    return [(id_, n, a.url, a.media_type, a.length, a.title) for n, a in enumerate(sighting.attachments)]


def _tag_rows(item: int, sighting: Sighting, tags: Iterable[str]) -> list[Row]:
    said = [(item, "category", category, f"{sighting.source} says so") for category in sighting.categories]
    return [*said, *((item, "source", tag, f"sources.yaml tags {sighting.source}") for tag in tags)]


def _feeds_of(kind: object, news: object, deadline: object, sources: Iterable[str]) -> set[str]:
    """Give the feeds that hold an item: everything, those of its kinds, its sources'."""
    kinds = {"agenda": kind == "event", "actualites": news, "echeances": deadline}
    return {"tout", *(path for path, holds in kinds.items() if holds), *(f"sources/{slug}" for slug in sources)}


def _failed_state(visit: Visit) -> str:
    by_class = {"Blocked": "blocked", "Disallowed": "closed", "NothingFound": "empty"}
    if any(page.status == 410 for page in visit.pages):
        return "gone"
    return by_class.get(visit.error_class or "", "failing")


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _marks(columns: Sequence[object]) -> str:
    return ", ".join("?" * len(columns))


def _chunks(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


def sync_sources(connection: sqlite3.Connection, sources: Iterable[Source], now: datetime) -> None:
    """Make the `sources` table say what sources.yaml says; a source that left it is kept, marked removed, with all its items."""
    at = stamp(now)
    rows = [
        (s.slug, s.name, s.url, s.kind, int(s.enabled), s.territory.level, s.territory.insee, s.territory.siren, json.dumps(s.territory.partners), s.licence,
         json.dumps(s.tags, ensure_ascii=False), s.language)
        for s in sources
    ]  # fmt: skip
    columns = "slug, name, url, kind, enabled, level, insee, siren, partners, licence, tags, language"
    kept = {row[0]: row[1:] for row in connection.execute(f"SELECT slug, {columns}, removed_at FROM sources")}
    said = {row[0] for row in rows}
    changed = [row for row in rows if kept.get(row[0]) != (*row, None)]
    gone = [(at, slug) for slug, row in kept.items() if row[-1] is None and slug not in said]
    if not changed and not gone:
        return
    connection.executemany(
        f"INSERT INTO sources ({columns}, first_seen) VALUES ({_marks(columns.split(','))}, '{at}') ON CONFLICT (slug) DO UPDATE SET"
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
            "INSERT OR IGNORE INTO tags SELECT DISTINCT item_id, 'source', ?, ? FROM sightings WHERE source = ?",
            [(tag, why, slug) for tag in tags],
        )
    feeds = {"tout", "actualites", "agenda", "echeances", "modifications", *(f"sources/{row[0]}" for row in changed)}
    connection.executemany(
        "INSERT INTO feeds (path, dirty) VALUES (?, 1) ON CONFLICT (path) DO UPDATE SET dirty = 1",
        [(path,) for path in sorted(feeds)],
    )


__all__ = ["Absorbed", "Absorber", "sync_sources"]
