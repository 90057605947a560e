"""Which sightings speak of one thing: judged where they meet, grouped again where a verdict changes, applied to items.

A sighting keeps for ever the item that it made (`home_id`). Joined, it stands in another's: that item stays in the store
(`joined_to`), and has its identity, its face and its history back when the join is undone.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator import alike, dedupe
from aggregator.alike import Trace, Verdict
from aggregator.model import home_code
from aggregator.overrides import Overrides
from aggregator.store.items import FIRST, Items, Touched, feeds_of
from aggregator.store.rows import SIGHTING, chunks, marks, read_sighting, stamp

_CANDIDATES = 60  # of a new sighting, those that share most keys with it
_COMPONENT = 400  # sightings that are grouped together at most: no chain of errors grows without bound
_KEPT = 5_000  # traces held in memory
OVERRIDE = "overrides.yaml"
MOVED = "; one has moved"


@dataclass(frozen=True, slots=True)
class _Known:
    """A stored sighting: its name (independent of arrival), what decides, where it stands, what it is called."""

    id: int
    name: str
    trace: Trace
    item: int
    home: int
    calls: frozenset[str]


class Joining:
    """Follows what new and changed sightings say to the items they make (there is one writer)."""

    def __init__(self, connection: sqlite3.Connection, items: Items, overrides: Overrides) -> None:
        self.connection = connection
        self.items = items
        self.overrides = overrides
        self._known: dict[int, _Known] = {}
        self._sources = {
            slug: (name, home_code(level, insee, siren))
            for slug, name, level, insee, siren in connection.execute(
                "SELECT slug, name, level, insee, siren FROM sources"
            )
        }

    def index(self, fresh: Mapping[int, tuple[int, ...]]) -> None:
        """Store the keys of new sightings."""
        rows = [(key, id_) for id_, keys in fresh.items() for key in keys]
        self.connection.executemany("INSERT OR IGNORE INTO match_keys VALUES (?, ?)", rows)

    def keys_of(self, id_: int) -> tuple[int, ...]:
        """Give the keys under which a stored sighting is found."""
        return alike.hashed_keys(self._of(id_).trace)

    def reindexed(self, id_: int, before: Iterable[int]) -> tuple[int, ...]:
        """Replace the keys of a sighting that says something else now; give the new ones."""
        self._known.pop(id_, None)
        keys = self.keys_of(id_)
        gone = [(key, id_) for key in set(before).difference(keys)]
        self.connection.executemany("DELETE FROM match_keys WHERE key = ? AND sighting_id = ?", gone)
        self.index({id_: keys})
        return keys

    def follow(self, fresh: Mapping[int, tuple[int, ...]], now: datetime, touched: Touched) -> set[str]:
        """Judge new and changed sightings (id -> keys) against those they meet, and regroup what that links.

        Items that gain or lose a sighting are `touched`. Gives the feeds that lose an item.
        """
        linked = self._judged(fresh, now)
        return self._regrouped(linked, now, touched) if linked else set()

    # ── verdicts ────────────────────────────────────────────────────────────────────────────────

    def _judged(self, fresh: Mapping[int, tuple[int, ...]], now: datetime) -> set[int]:
        """Store the verdicts on these sightings; give those that are linked now or were."""
        meets = self._meets(fresh)
        before = self._links(meets)
        for one, other in before:
            for id_ in {one, other} & meets.keys():
                meets[id_].add(other if id_ == one else one)
        for id_ in fresh:
            for other in self._ruled_with(id_):
                meets.setdefault(id_, set()).add(other)
        pairs = {(min(id_, other), max(id_, other)) for id_, others in meets.items() for other in others}
        linked = {id_ for pair in before for id_ in pair}
        rows, void, kept = [], [], []
        for one, other in sorted(pairs):
            verdict = self._verdict(one, other)
            if verdict.same:
                linked |= {one, other}
            elif (
                (one, other) in before and verdict.veto is None and before[one, other] not in ("same address", OVERRIDE)
            ):
                continue  # titles change, the thing stays: only what contradicts parts what was joined
            elif verdict.veto == "day" and (one, other) in before and self._moved(one, other, now):
                kept.append((one, other))
                continue
            if verdict.same or verdict.near:
                rows.append(
                    (one, other, int(verdict.same), verdict.rule, verdict.score, json.dumps(verdict.words, ensure_ascii=False),
                     json.dumps(verdict.gates), verdict.veto, stamp(now))
                )  # fmt: skip
            else:
                void.append((one, other))
        self.connection.executemany("DELETE FROM verdicts WHERE one = ? AND other = ?", void)
        self.connection.executemany(
            f"UPDATE verdicts SET rule = rule || '{MOVED}' WHERE one = ? AND other = ? AND rule NOT LIKE '%{MOVED}'",
            kept,
        )
        self.connection.executemany("INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        return linked

    def _meets(self, fresh: Mapping[int, tuple[int, ...]]) -> dict[int, set[int]]:
        """Give for each sighting those that share keys with it, the ones that share most."""
        holders: dict[int, list[int]] = {}
        for some in chunks(sorted({key for keys in fresh.values() for key in keys})):
            rows = self.connection.execute(
                f"SELECT key, sighting_id FROM match_keys WHERE key IN ({marks(some)})", some
            )
            for key, id_ in rows:
                holders.setdefault(key, []).append(id_)
        meets: dict[int, set[int]] = {}
        for id_, keys in fresh.items():
            shared: dict[int, int] = {}
            for key in keys:
                for other in holders.get(key, ()):
                    shared[other] = shared.get(other, 0) + 1
            shared.pop(id_, None)
            if shared:
                meets[id_] = set(sorted(shared, key=lambda other: (-shared[other], other))[:_CANDIDATES])
        for id_ in fresh:
            meets.setdefault(id_, set())
        return meets

    def _links(self, ids: Iterable[int]) -> dict[tuple[int, int], str]:
        """Give the links of these sightings, and the rule of each."""
        found: dict[tuple[int, int], str] = {}
        for some in chunks(sorted(ids)):
            for side in ("one", "other"):
                rows = self.connection.execute(
                    f"SELECT one, other, rule FROM verdicts WHERE same = 1 AND {side} IN ({marks(some)})", some
                )
                found.update({(one, other): rule for one, other, rule in rows})
        return found

    def _verdict(self, one: int, other: int) -> Verdict:
        ours, theirs = self._of(one), self._of(other)
        said = self.overrides.ruling(ours.calls, theirs.calls)
        if said is not None:
            return Verdict(said, False, OVERRIDE, 2.0 if said else 0.0, (), (), None if said else OVERRIDE)
        return alike.judge(ours.trace, theirs.trace)

    def _moved(self, one: int, other: int, now: datetime) -> bool:
        """Whether one of two joined events has moved and the other not yet said so: all but the day is as it was.

        A day that is over did not move: the page tells of the next time.
        """
        ours, theirs = self._of(one).trace, self._of(other).trace
        if ours.days is None or theirs.days is None or min(ours.days[1], theirs.days[1]) < now.date().toordinal():
            return False
        return alike.judge(replace(ours, days=theirs.days, minute=theirs.minute), theirs).same

    def _ruled_with(self, id_: int) -> set[int]:
        """Give the sightings that the operator names together with this one."""
        if not self.overrides.names:
            return set()
        others = self.overrides.partners(self._of(id_).calls)
        return self.named(others) - {id_} if others else set()

    def named(self, calls: Iterable[str]) -> set[int]:
        """Give the sightings that these names call: a UID, a guid, an address folded to one spelling."""
        found: set[int] = set()
        for some in chunks(sorted(calls)):
            rows = self.connection.execute(
                f"SELECT s.id FROM sightings AS s WHERE s.canonical IN ({marks(some)}) OR s.guid IN ({marks(some)})"
                f" UNION SELECT s.id FROM sightings AS s JOIN items AS i ON i.id = s.home_id WHERE i.uid IN ({marks(some)})",
                (*some, *some, *some),
            )
            found.update(id_ for (id_,) in rows)
        return found

    def _of(self, id_: int) -> _Known:
        if id_ not in self._known:
            self._read([id_])
        return self._known[id_]

    def _read(self, ids: Iterable[int]) -> None:
        if len(self._known) > _KEPT:
            self._known.clear()
        for some in chunks(sorted(set(ids) - self._known.keys())):
            rows = self.connection.execute(
                f"SELECT s.id, s.item_id, s.home_id, s.own, i.uid, {', '.join('s.' + name for name in SIGHTING.split(', '))}"
                f" FROM sightings AS s JOIN items AS i ON i.id = s.home_id WHERE s.id IN ({marks(some)})",
                some,
            )
            for id_, item, home, own, uid, *rest in rows:
                sighting = read_sighting(rest)
                name, town = self._sources[sighting.source]
                calls = frozenset(call for call in (uid, sighting.canonical, sighting.guid) if call)
                self._known[id_] = _Known(
                    id_,
                    f"{sighting.source}\n{sighting.key}",
                    alike.trace_of(sighting, name, town, own=bool(own)),
                    item,
                    home,
                    calls,
                )

    # ── groups ──────────────────────────────────────────────────────────────────────────────────

    def _regrouped(self, linked: set[int], now: datetime, touched: Touched) -> set[str]:
        """Apply what the links of these sightings' components make."""
        feeds: set[str] = set()
        left = set(linked)
        while left:
            component, links = self._component(left.pop())
            left -= component
            self._read(component)
            known = {self._known[id_].name: self._known[id_] for id_ in component}
            verdicts = {
                (self._known[one].name, self._known[other].name): Verdict(True, False, rule, score, (), ())
                for (one, other), (rule, score) in links.items()
            }
            moved = {
                frozenset((self._known[one].name, self._known[other].name))
                for (one, other), (rule, _) in links.items()
                if rule.endswith(MOVED)
            }

            def ruling(
                one: str, other: str, known: dict[str, _Known] = known, moved: set[frozenset[str]] = moved
            ) -> bool | None:
                said = self.overrides.ruling(known[one].calls, known[other].calls)
                return True if said is None and frozenset((one, other)) in moved else said

            groups = alike.regroup({name: one.trace for name, one in known.items()}, verdicts, ruling)
            for group in sorted(groups, key=sorted):
                feeds |= self._applied([known[name] for name in sorted(group)], links, now, touched)
        return feeds

    def _component(self, start: int) -> tuple[set[int], dict[tuple[int, int], tuple[str, float]]]:
        """Give the sightings that links and common items reach from one, and these links."""
        seen, edge = {start}, {start}
        links: dict[tuple[int, int], tuple[str, float]] = {}
        while edge and len(seen) < _COMPONENT:
            some = sorted(edge)[:500]
            rows = self.connection.execute(
                f"SELECT one, other, rule, score FROM verdicts WHERE same = 1 AND one IN ({marks(some)}) UNION"
                f" SELECT one, other, rule, score FROM verdicts WHERE same = 1 AND other IN ({marks(some)})",
                (*some, *some),
            ).fetchall()
            links.update({(one, other): (rule, score) for one, other, rule, score in rows})
            together = self.connection.execute(
                f"SELECT id FROM sightings WHERE item_id IN (SELECT item_id FROM sightings WHERE id IN ({marks(some)}))",
                some,
            )
            edge = ({id_ for one, other, *_ in rows for id_ in (one, other)} | {id_ for (id_,) in together}) - seen
            seen |= edge
        return seen, {pair: link for pair, link in links.items() if seen.issuperset(pair)}

    def _applied(
        self, group: list[_Known], links: Mapping[tuple[int, int], tuple[str, float]], now: datetime, touched: Touched
    ) -> set[str]:
        """Let the sightings of a group stand in one item: the oldest that one of them made."""
        item = self._item_of(group, now)
        moved = [one for one in group if one.item != item]
        if not moved:
            return set()
        feeds: set[str] = set()
        within = {one.id for one in group}
        for one in moved:
            touched.by.setdefault(one.item, None)
            touched.by.setdefault(item, one.id)
            rule = FIRST if one.home == item else _rule_of(one.id, within, links)
            self.connection.execute("UPDATE sightings SET item_id = ?, rule = ? WHERE id = ?", (item, rule, one.id))
            self._known.pop(one.id, None)
        for one in group:
            joined = (None, None) if one.home == item else (item, stamp(now))
            done = self.connection.execute(
                "UPDATE items SET joined_to = ?, joined_at = ? WHERE id = ? AND joined_to IS NOT ?",
                (*joined, one.home, joined[0]),
            )
            if done.rowcount:
                feeds |= self._feeds_of(one)
                touched.by.setdefault(one.home, None)
        return feeds

    def _item_of(self, group: list[_Known], now: datetime) -> int:
        """Choose the item that a group makes: the oldest of earlier runs; among new ones, the leading sighting's."""
        homes = {one.home: one for one in group}
        old = [home for home in homes if home < self.items.first]
        if old:
            rows = self.connection.execute(
                f"SELECT i.id FROM items AS i WHERE i.id IN ({marks(old)}) ORDER BY i.first_seen,"
                " (SELECT count(*) FROM sightings AS s WHERE s.item_id = i.id) DESC, i.uid LIMIT 1",
                old,
            )
            return int(rows.fetchone()[0])
        lead = dedupe.precedence(self.items.told_by(one.id) for one in group)[0].id
        return next(one.home for one in group if one.id == lead)

    def _feeds_of(self, one: _Known) -> set[str]:
        kind, news, deadline = self.connection.execute(
            "SELECT kind, news, deadline FROM items WHERE id = ?", (one.home,)
        ).fetchone()
        return feeds_of(kind, news, deadline, (one.trace.source,))


def _rule_of(id_: int, within: set[int], links: Mapping[tuple[int, int], tuple[str, float]]) -> str:
    """The surest rule that links a sighting to its group."""
    found = [link for pair, link in links.items() if id_ in pair and within.issuperset(pair)]
    rule, score = max(found, key=lambda link: link[1])
    return f"{rule} ({score:.2f})" if score < 1 else rule
