"""The run ledger, and how each source is going: what a visit leaves behind beside its items."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from aggregator.model import Source, Visit
from aggregator.rhythm import Rhythm, learn, next_visit
from aggregator.store.rows import marks, stamp

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
    followed: set[str] = field(
        default_factory=set
    )  # keys of what is stored, though keep: and drop: would leave it out now


def state_of(connection: sqlite3.Connection, slug: str) -> Mapping[str, Any]:
    """Give a source's row of `source_state`."""
    cursor = connection.execute("SELECT * FROM source_state WHERE source = ?", (slug,))
    return dict(zip((c[0] for c in cursor.description), cursor.fetchone(), strict=True))


def record(connection: sqlite3.Connection, visit: Visit, result: Absorbed) -> None:
    """Write the fetches of a visit to the run ledger, and what is remembered of their pages."""
    for n, page in enumerate(visit.pages):
        last = n == len(visit.pages) - 1
        new, changed = result.by_page.get(page.url, (0, 0))
        row = (
            visit.source, page.url, stamp(page.at), page.outcome, page.status, page.ms, page.wire_bytes, page.found, new, changed,
            len(page.refused), result.withdrawn if last else 0, result.alarm if last else None, page.error_class, page.error,
        )  # fmt: skip
        run = connection.execute(
            "INSERT INTO runs (source, url, at, outcome, status, ms, wire_bytes, found, new, changed, refused, withdrawn, alarm, error_class, error)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        ).lastrowid
        if page.refused:
            connection.executemany(
                "INSERT INTO refusals VALUES (?, ?, ?, ?, ?)",
                [(run, r.where, r.field, r.value, r.why) for r in page.refused[:_MAX_REFUSALS]],
            )
        if page.sifted:
            connection.executemany(
                "INSERT INTO sifted VALUES (:source, :key, :title, :url, :why, :at, :at) ON CONFLICT (source, key) DO UPDATE SET"
                " (title, url, why, last_seen) = (excluded.title, excluded.url, excluded.why, excluded.last_seen)",
                [
                    {
                        "source": visit.source,
                        "key": one.sighting.key,
                        "title": one.sighting.title,
                        "url": one.sighting.url,
                        "why": one.why,
                        "at": stamp(page.at),
                    }
                    for one in page.sifted
                    if one.sighting.key not in result.followed
                ],
            )
        if page.memory is not None:
            connection.execute(
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


def next_turn(
    connection: sqlite3.Connection, source: Source, visit: Visit, state: Mapping[str, Any], result: Absorbed
) -> None:
    """Write how the source is going and when its next turn comes."""
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
        result.alarm = result.alarm or (visit.error if result.state in ("gone", "blocked", "closed", "empty") else None)
    result.alarm = visit.notice or result.alarm
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
    if visit.fingerprint != state["fingerprint"]:  # another way of reading: what earlier ways saw of its pages is void
        values["fingerprint"] = visit.fingerprint
        urls = [page.url for page in visit.pages if page.memory is not None]
        connection.execute(f"DELETE FROM pages WHERE source = ? AND url NOT IN ({marks(urls)})", (source.slug, *urls))
        connection.execute("DELETE FROM sifted WHERE source = ? AND last_seen < ?", (source.slug, at))  # by other rules
        values |= {"way": None, "way_at": None}
    if visit.way is not None:
        said = json.dumps(asdict(visit.way), ensure_ascii=False)
        if said != state["way"] or visit.fingerprint != state["fingerprint"]:
            values |= {"way": said, "way_at": at}
    if good:
        values["last_success"] = at
    if result.new or result.changed or result.withdrawn:
        values["last_change"] = at
    assignments = ", ".join(f"{name} = ?" for name in values)
    connection.execute(f"UPDATE source_state SET {assignments} WHERE source = ?", (*values.values(), source.slug))


def _failed_state(visit: Visit) -> str:
    by_class = {"Blocked": "blocked", "Disallowed": "closed", "NothingFound": "empty"}
    if any(page.status == 410 for page in visit.pages):
        return "gone"
    return by_class.get(visit.error_class or "", "failing")
