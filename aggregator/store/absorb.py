"""The one writer: a visit becomes sightings, items, revisions, a ledger row and the source's next turn.

Called inside a transaction, a savepoint around each visit. Nothing that was seen is ever deleted here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from aggregator import dedupe
from aggregator.dedupe import Place
from aggregator.interests import Interest
from aggregator.model import Attachment, Sighting, Source, Visit
from aggregator.normalise.text import fold
from aggregator.overrides import Overrides
from aggregator.store.items import FIRST, Items, Names, Touched, feeds_of, own
from aggregator.store.joining import Joining
from aggregator.store.ledger import Absorbed, next_turn, record, state_of
from aggregator.store.membership import Membership, dirty
from aggregator.store.rows import SIGHTING, Row, chunks, instant, marks, read_sighting, sighting_row, stamp


@dataclass(frozen=True, slots=True)
class Words:
    """What the operator's files say: names of tags and their places in addresses, what is the same or not, feeds of interest."""

    names: Names
    slugs: Names
    overrides: Overrides
    interests: tuple[Interest, ...]


NOTHING = Words({}, {}, Overrides(), ())


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


class Absorber:
    """Writes visits through one connection; keeps the next ids in memory (there is one writer)."""

    def __init__(self, connection: sqlite3.Connection, words: Words = NOTHING) -> None:
        self.connection = connection
        self.next_sighting = 1 + (connection.execute("SELECT max(id) FROM sightings").fetchone()[0] or 0)
        self.items = Items(connection, words.names, words.overrides)
        self.joining = Joining(connection, self.items, words.overrides)
        self.membership = Membership(connection, words.slugs, words.interests)

    def absorb(self, source: Source, visit: Visit) -> Absorbed:
        """Store what `visit` brought. A visit that brought nothing new costs its ledger row and its state's, no more."""
        state = state_of(self.connection, source.slug)
        result = Absorbed(
            "ok", found=sum(page.found for page in visit.pages), refused=sum(len(page.refused) for page in visit.pages)
        )
        if visit.sightings is not None:
            self._changed(source, visit, state, result)
        elif visit.outcome == "unchanged" and state["missing"] and not visit.partial:
            self._still_missing(source.slug, source.timezone, visit.at, result)
        record(self.connection, visit, result)
        next_turn(self.connection, source, visit, state, result)
        if result.touched:
            dirty(self.connection, result.touched)
        return result

    # ── what it shows ───────────────────────────────────────────────────────────────────────────

    def _changed(self, source: Source, visit: Visit, state: Mapping[str, Any], result: Absorbed) -> None:
        assert visit.sightings is not None
        sifted = {one.sighting.key: one.sighting for page in visit.pages for one in page.sifted}
        fresh = {sighting.key: sighting for sighting in visit.sightings}
        stored = self._stored(source.slug, fresh | sifted)
        result.followed = {key for key in sifted if key in stored}  # a meeting that is called off is called off
        fresh |= {key: sifted.pop(key) for key in result.followed if key not in fresh}
        sifted = {key: sighting for key, sighting in sifted.items() if key not in fresh}
        items = Touched()
        stored = self._continued(source.slug, fresh, stored, items)
        anew = state["read_as"] not in (
            None,
            visit.read_as,
        )  # another way of reading: what it does not show may be there
        listed_before: int | None = None if anew else state["listed"]
        out_of_sight = set() if anew else self._out_of_sight(visit, fresh, stored)
        listed = len(fresh) + len(out_of_sight) + len(sifted)
        if not listed and state["listed"]:
            result.state = "empty"
            result.alarm = (
                f"nothing is listed where {state['listed']} items were: nothing was withdrawn; look at the page"
            )
            return
        shrunk_since = instant(str(state["shrunk_since"])) if state["shrunk_since"] else None
        unread = bool(source.keep or source.drop) and any(page.outcome != "changed" for page in visit.pages)
        small = not unread and dedupe.shrank(listed, listed_before, shrunk_since, visit.at)
        keys = self._insert(source, visit, [s for key, s in fresh.items() if key not in stored], items, result)
        keys |= self._update(
            source, visit, [(stored[key], s) for key, s in fresh.items() if key in stored], items, result
        )
        if small:
            result.state = "shrunk"
            result.alarm = (
                f"{listed} items are listed where {listed_before} were: nothing was withdrawn; look at the page"
            )
        elif visit.partial:
            result.alarm = visit.error
        elif sifted and not fresh:
            result.alarm = f"keep: and drop: leave out all {len(sifted)} items: is that meant?"
        gone = [old for key, old in stored.items() if old.listed and key not in fresh and old.id not in out_of_sight]
        if anew:
            self._age(gone, str(state["last_success"] or stamp(visit.at)), visit.at)
            gone = []
        if small or visit.partial:
            missing = sum(1 for old in gone if old.missing)
        else:
            missing = self._absent(visit, fresh, gone, str(state["last_success"] or stamp(visit.at)), items, result)
        result.touched |= self.joining.follow(keys, visit.at, items)
        self._settle(source.timezone, items, visit.at, result)
        self.connection.execute(
            "UPDATE source_state SET listed = ?, shrunk_since = ?, missing = ?, read_as = ? WHERE source = ?",
            (
                listed_before if small else listed,
                stamp(shrunk_since or visit.at) if small else None,
                missing,
                visit.read_as,
                source.slug,
            ),
        )

    def _settle(self, tz: str, items: Touched, now: datetime, result: Absorbed) -> None:
        """Give the touched items their faces and their places in feeds."""
        result.touched |= self.items.compose(tz, items, now)
        result.touched |= self.membership.place({*items.new, *items.by})

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

    def _continued(
        self, slug: str, fresh: Mapping[str, Sighting], stored: dict[str, _Stored], items: Touched
    ) -> dict[str, _Stored]:
        """Give new keys to sightings that go on under them (`dedupe.regrouped`, `dedupe.continued`)."""
        names = self._renamed(fresh, stored)
        gone = [
            old.place for key, old in stored.items() if old.listed and key not in fresh and key not in names.values()
        ]
        new = [_place(sighting) for key, sighting in fresh.items() if key not in stored and key not in names]
        if gone and new:
            names |= dedupe.continued(gone, new)
        return self._rekeyed(names, stored, items) if names else stored

    def _renamed(self, fresh: Mapping[str, Sighting], stored: Mapping[str, _Stored]) -> dict[str, str]:
        """Give the new keys of occurrences whose event has several, then or now, and whose days tell which is which."""
        groups: dict[str, tuple[list[Place], list[Place]]] = {}
        for key, old in stored.items():
            groups.setdefault(dedupe.base(key), ([], []))[0].append(old.place)
        for key, sighting in fresh.items():
            group = groups.get(dedupe.base(key))
            if group is not None:
                group[1].append(_place(sighting))
        names: dict[str, str] = {}
        for before, now in groups.values():
            if now and (len(before) > 1 or len(now) > 1):
                pairs = dedupe.regrouped(before, now)
                if any(new != old for new, old in pairs.items()):
                    names |= pairs
        return {new: old for new, old in names.items() if new != old}

    def _rekeyed(self, names: Mapping[str, str], stored: dict[str, _Stored], items: Touched) -> dict[str, _Stored]:
        """Write new keys (new -> old). What had a key that another takes over stands for its own day alone from now on."""
        moving = {old: stored[old] for old in names.values()}
        left = {key: stored[key] for key in names if key in stored and key not in moving}
        for old in moving:
            self.connection.execute("UPDATE sightings SET key = key || '~' WHERE id = ?", (stored[old].id,))
        kept = {key: one for key, one in stored.items() if key not in moving and key not in left}
        for key, one in left.items():
            alone = f"{dedupe.base(key)}·{one.place.starts}"
            self.connection.execute(
                "UPDATE sightings SET key = ?, news = 0, canonical = NULL, digest = '' WHERE id = ?", (alone, one.id)
            )
            items.by.setdefault(one.item, one.id)
            kept[alone] = replace(one, key=alone, place=replace(one.place, key=alone, kind="event"))
        for new, old in names.items():
            self.connection.execute("UPDATE sightings SET key = ? WHERE id = ?", (new, moving[old].id))
            kept[new] = replace(moving[old], key=new)
        return kept

    def _stored(self, slug: str, fresh: Mapping[str, Sighting]) -> dict[str, _Stored]:
        """Give the source's sightings that are listed now, or that a fresh one continues."""
        select = (
            "SELECT id, key, digest, item_id, last_seen IS NULL OR (missing_visits > 0 AND withdrawn_at IS NULL), missing_visits,"
            " withdrawn_at IS NOT NULL, iif(news, 'news', 'event'), section, published, starts, canonical, title, seen_on"
            " FROM sightings WHERE source = ? AND "
        )
        rows = self.connection.execute(select + "last_seen IS NULL", (slug,)).fetchall()
        rows += self.connection.execute(select + "missing_visits > 0 AND withdrawn_at IS NULL", (slug,)).fetchall()
        known = {row[1] for row in rows}
        for keys in chunks([key for key in fresh if key not in known]):
            rows += self.connection.execute(f"{select} key IN ({marks(keys)})", (slug, *keys)).fetchall()
        return {
            row[1]: _Stored(
                row[0],
                row[1],
                row[2],
                row[3],
                bool(row[4]),
                row[5],
                bool(row[6]),
                Place(row[1], row[7], row[8], row[9], row[10], row[11], fold(row[12])),
                row[13],
            )
            for row in rows
        }

    def _insert(
        self, source: Source, visit: Visit, fresh: Sequence[Sighting], items: Touched, result: Absorbed
    ) -> dict[int, tuple[int, ...]]:
        """Store new sightings, each with the item that it makes; give their ids and keys."""
        if not fresh:
            return {}
        at = stamp(visit.at)
        first, self.next_sighting = self.next_sighting, self.next_sighting + len(fresh)
        numbered = list(enumerate(fresh, first))
        made = self.items.add(source, numbered, visit.at)
        rows: list[Row] = []
        for (id_, sighting), item in zip(numbered, made, strict=True):
            rows.append((id_, item, item, FIRST, int(own(sighting, source)), *sighting_row(sighting), at, at))
            result.touched |= feeds_of(sighting.kind, sighting.news, sighting.deadline, (source.slug,))
            result.by_page.setdefault(sighting.seen_on, [0, 0])[0] += 1
        result.new += len(fresh)
        columns = f"id, item_id, home_id, rule, own, {SIGHTING}, first_seen, changed_at"
        self.connection.executemany(f"INSERT INTO sightings ({columns}) VALUES ({marks(columns.split(','))})", rows)
        attachments = [row for id_, sighting in numbered for row in _attachment_rows(id_, sighting)]
        self.connection.executemany(_INSERT_ATTACHMENT, attachments)
        keys = {id_: sighting.keys for id_, sighting in numbered}
        self.joining.index(keys)
        items.new += made
        return keys

    def _update(
        self, source: Source, visit: Visit, pairs: Sequence[tuple[_Stored, Sighting]], items: Touched, result: Absorbed
    ) -> dict[int, tuple[int, ...]]:
        """Store what known sightings say now; give the ids and keys of those that say something else."""
        back = [(old.id,) for old, _ in pairs if not old.listed or old.missing or old.withdrawn]
        if back:
            self.connection.executemany(
                "UPDATE sightings SET last_seen = NULL, missing_visits = 0, aged_at = NULL, withdrawn_at = NULL WHERE id = ?",
                back,
            )
            items.by.update({old.item: old.id for old, _ in pairs if old.withdrawn})
        keys: dict[int, tuple[int, ...]] = {}
        for old, sighting in pairs:
            if old.digest != sighting.digest:
                keys[old.id] = self._reword(source, visit, old, sighting, items, result)
            elif old.seen_on != sighting.seen_on:  # it moved to another page of the list
                self.connection.execute("UPDATE sightings SET seen_on = ? WHERE id = ?", (sighting.seen_on, old.id))
        return keys

    def _reword(
        self, source: Source, visit: Visit, stored: _Stored, sighting: Sighting, items: Touched, result: Absorbed
    ) -> tuple[int, ...]:
        """A sighting says something else; give its keys."""
        before = self._attached(
            self.connection.execute(f"SELECT id, {SIGHTING} FROM sightings WHERE id = ?", (stored.id,)).fetchone()
        )
        keys = self.joining.keys_of(stored.id)
        sighting = dedupe.steady(before, sighting)
        self.connection.execute(
            f"UPDATE sightings SET ({SIGHTING}) = ({marks(SIGHTING.split(','))}), own = ?, changed_at = ? WHERE id = ?",
            (*sighting_row(sighting), int(own(sighting, source)), stamp(visit.at), stored.id),
        )
        self.connection.execute("DELETE FROM attachments WHERE sighting_id = ?", (stored.id,))
        self.connection.executemany(_INSERT_ATTACHMENT, _attachment_rows(stored.id, sighting))
        items.by[stored.item] = stored.id
        items.inside.setdefault(stored.item, []).extend(_inside(before, sighting, licensed=source.licence is not None))
        result.changed += 1
        result.by_page.setdefault(sighting.seen_on, [0, 0])[1] += 1
        return self.joining.reindexed(stored.id, keys)

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
        items: Touched,
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
        self._age([old for old in gone if old.key in aged], last_success, visit.at)
        return self._count_missing([old for old in gone if old.key in lost], visit.at, last_success, items, result)

    def _age(self, left: Iterable[_Stored], last_success: str, now: datetime) -> None:
        """Note sightings that left their list as everything does: they are not missing."""
        self.connection.executemany(
            "UPDATE sightings SET last_seen = coalesce(last_seen, ?), aged_at = ?, missing_visits = 0 WHERE id = ?",
            [(last_success, stamp(now), old.id) for old in left],
        )

    def _count_missing(
        self, lost: Iterable[_Stored], now: datetime, last_success: str, items: Touched, result: Absorbed
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
        items = Touched()
        still = self._count_missing(lost, now, stamp(now), items, result)
        self._settle(tz, items, now, result)
        self.connection.execute("UPDATE source_state SET missing = ? WHERE source = ?", (still, slug))


# ── rows ────────────────────────────────────────────────────────────────────────────────────────

_INSERT_ATTACHMENT = "INSERT INTO attachments VALUES (?, ?, ?, ?, ?, ?)"


def _place(sighting: Sighting) -> Place:
    row = sighting_row(sighting)
    return Place(
        sighting.key,
        "news" if sighting.news else "event",
        sighting.section,
        cast("str | None", row[11]),
        cast("str | None", row[13]),
        sighting.canonical,
        fold(sighting.title),
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


def _attachment_rows(id_: int, sighting: Sighting) -> list[Row]:
    return [(id_, n, a.url, a.media_type, a.length, a.title) for n, a in enumerate(sighting.attachments)]


__all__ = ["Absorbed", "Absorber"]
