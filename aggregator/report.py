"""What commands print: tables that fit a terminal, plain lines elsewhere, JSON for machines."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aggregator import story
from aggregator.config import Config
from aggregator.model import Sighting, Visit
from aggregator.pipeline import Outcome, Run
from aggregator.publication import Published
from aggregator.terminal import console_of, escape, print_json, table_of

if TYPE_CHECKING:
    from aggregator.normalise.dates import DateReading

_RECENT = 14  # days for which `status` tells that a source is read another way
_MANY = 40  # sources, beyond which a table lists only those with something to say
_COLOURS = {
    "ok": "green",
    "new": "cyan",
    "waiting": "yellow",
    "shrunk": "yellow",
    "empty": "red",
    "failing": "red",
    "blocked": "red",
    "closed": "red",
    "gone": "red",
}


# ── run and publish ─────────────────────────────────────────────────────────────────────────────


def run(done: Run, out: Path, *, as_json: bool) -> None:
    """Print what a run did."""
    if as_json:
        print_json({"sources": [_outcome(o) for o in done.outcomes], **_published(done.published, out)})
        return
    console = console_of()
    shown = [
        o
        for o in done.outcomes
        if len(done.outcomes) <= _MANY
        or o.absorbed.new
        or o.absorbed.changed
        or o.visit.outcome == "failed"
        or o.absorbed.alarm
    ]
    table = table_of(
        "source", "state", "new", "changed", "withdrawn", "ms", right=("new", "changed", "withdrawn", "ms")
    )
    for outcome in shown:
        a = outcome.absorbed
        state = f"[{_COLOURS[a.state]}]{a.state}[/]" + (
            " (unchanged)" if outcome.visit.outcome == "unchanged" and a.state == "ok" else ""
        )
        table.add_row(
            outcome.source.slug, state, str(a.new or ""), str(a.changed or ""), str(a.withdrawn or ""), str(outcome.ms)
        )
    if shown:
        console.print(table, soft_wrap=False)
    for outcome in done.outcomes:
        words = outcome.visit.error if outcome.visit.outcome in ("failed", "waiting") else outcome.absorbed.alarm
        if words:
            console.print(f"[{_COLOURS[outcome.absorbed.state]}]{outcome.source.slug}[/]: {escape(words)}")
    counts = [
        sum(getattr(o.absorbed, name) for o in done.outcomes) for name in ("new", "changed", "withdrawn", "refused")
    ]
    console.print(
        f"{len(done.outcomes)} sources visited, {len(done.failed)} failed; {counts[0]} new, {counts[1]} changed, {counts[2]} withdrawn"
        + (f"; {counts[3]} remarks (« aggregator check SLUG » shows them)" if counts[3] else "")
        if done.outcomes
        else "no source is due: « aggregator status » tells when, « --all » visits all the same"
    )
    published(done.published, out, as_json=False)


def published(done: Published, out: Path, *, as_json: bool) -> None:
    """Print what was published."""
    if as_json:
        print_json(_published(done, out))
        return
    console = console_of()
    if not done.written:
        console.print(f"nothing to publish: {out}/ is as it was")
    else:
        names = ", ".join(done.written) if len(done.written) <= 12 else ", ".join(done.written[:10]) + ", …"
        console.print(f"{len(done.written)} files written in {out}/ ({done.rendered} feeds rendered): {escape(names)}")
    for refusal in done.refused:
        console.print(f"[red]left out of the feeds[/]: {escape(refusal.where)}: {escape(refusal.why)}")


def _published(done: Published, out: Path) -> dict[str, Any]:
    left_out = [{"item": r.where, "uid": r.value, "why": r.why} for r in done.refused]
    return {"out": str(out), "feeds_rendered": done.rendered, "files_written": list(done.written), "left_out": left_out}


def _outcome(o: Outcome) -> dict[str, Any]:
    a = o.absorbed
    return {
        "source": o.source.slug, "outcome": o.visit.outcome, "state": a.state, "new": a.new, "changed": a.changed, "withdrawn": a.withdrawn,
        "found": a.found, "refused": a.refused, "ms": o.ms, "error": o.visit.error, "error_class": o.visit.error_class, "alarm": a.alarm,
    }  # fmt: skip


def demo(day: int, now: datetime, home: Path, *, as_json: bool) -> None:
    """Tell where the demo's feeds are and how to look at them."""
    if as_json:
        return
    console_of().print(
        f"\nThis was day {day} of the sample federation ({now:%Y-%m-%d}); the next call is a day later, and rm -r {home} starts anew.\n"
        f"Look at it:\n"
        f"  a browser    {home}/index.html\n"
        f"  a reader     newsboat -r -u <(echo file://{home.absolute()}/tout.atom)\n"
        f"  a calendar   khal import {home}/agenda.ics\n"
        f"  SQL          sqlite3 {home}/aggregator.db 'SELECT starts, title, location FROM v_events ORDER BY starts'\n"
        f"  over HTTP    aggregator serve --config {home}/sources.yaml --db {home}/aggregator.db --out {home}   (http://127.0.0.1:8800/)\n"
        f"  one story    aggregator show --db {home}/aggregator.db 1"
    )


# ── check ───────────────────────────────────────────────────────────────────────────────────────


def checked(config: Config, *, as_json: bool) -> None:
    """Say that the configuration is right, and what it holds."""
    enabled = [s for s in config.sources if s.enabled]
    if as_json:
        print_json(
            {"config": str(config.path), "sources": len(config.sources), "enabled": len(enabled), "problems": []}
        )
        return
    console_of().print(f"{config.path} is right: {len(config.sources)} sources, {len(enabled)} enabled")


def trials(visits: Sequence[Visit], connection: sqlite3.Connection | None, *, as_json: bool) -> None:
    """Show what visits would store, and what they refuse and why."""
    if as_json:
        print_json([_trial(visit, connection) for visit in visits])
        return
    console = console_of()
    for visit in visits:
        console.print(f"[bold]{visit.source}[/]")
        if visit.error:
            console.print(f"  [red]{visit.error_class}[/]: {escape(visit.error)}")
        known = _digests(connection, visit.source)
        table = table_of("store", "kind", "date", "title", "key")
        for sighting in visit.sightings or ():
            table.add_row(
                _against(known, sighting), sighting.kind, _date(sighting), escape(sighting.title), escape(sighting.key)
            )
        if visit.sightings:
            console.print(table, soft_wrap=False)
        for page in visit.pages:
            for refusal in page.refused:
                console.print(
                    f"  [yellow]{escape(refusal.where)}[/]: {refusal.field}: {escape(repr(refusal.value))}: {escape(refusal.why)}"
                )
        sifted = [one for page in visit.pages for one in page.sifted]
        for one in sifted[:_MANY]:
            console.print(f"  [dim]left out[/]: {escape(one.sighting.title)} ({escape(one.why)})")
        if visit.way is not None:
            console.print(f"  read as {visit.way.kind} at {escape(visit.way.url)}: {escape(visit.way.why)}")
        remarks, kept = sum(len(page.refused) for page in visit.pages), len(visit.sightings or ())
        filtered = f", {len(sifted)} left out by keep: and drop:" if sifted else ""
        console.print(
            f"  {len(visit.pages)} pages read, {kept} items{filtered}, {remarks} remarks; nothing was written"
        )


def _trial(visit: Visit, connection: sqlite3.Connection | None) -> dict[str, Any]:
    known = _digests(connection, visit.source)
    return {
        "source": visit.source, "outcome": visit.outcome, "error_class": visit.error_class, "error": visit.error,
        "pages": [{"url": p.url, "status": p.status, "ms": p.ms, "found": p.found} for p in visit.pages],
        "items": [
            {"store": _against(known, s), "key": s.key, "kind": s.kind, "title": s.title, "url": s.url, "published": s.published,
             "start": s.when.start if s.when else None, "end_exclusive": s.when.end if s.when else None, "location": s.location, "summary": s.summary}
            for s in visit.sightings or ()
        ],
        "left_out": [{"title": one.sighting.title, "url": one.sighting.url, "why": one.why} for p in visit.pages for one in p.sifted],
        "refused": [{"item": r.where, "field": r.field, "value": r.value, "why": r.why} for p in visit.pages for r in p.refused],
    }  # fmt: skip


def _digests(connection: sqlite3.Connection | None, slug: str) -> dict[str, str]:
    return (
        dict(connection.execute("SELECT key, digest FROM sightings WHERE source = ?", (slug,)))
        if connection is not None
        else {}
    )


def _against(known: Mapping[str, str], sighting: Sighting) -> str:
    return "new" if sighting.key not in known else "known" if known[sighting.key] == sighting.digest else "changed"


def _date(sighting: Sighting) -> str:
    if sighting.when is not None:
        return str(sighting.when.start)[:16] + (" …" if sighting.when.end else "")
    return str(sighting.published)[:16] if sighting.published else "–"


# ── status and show ─────────────────────────────────────────────────────────────────────────────


def status(rows: Sequence[Mapping[str, Any]], now: datetime, *, as_json: bool) -> None:
    """Print how each source is going."""
    if as_json:
        print_json(rows)
        return
    console = console_of()
    table = table_of("source", "state", "last success", "next visit", "items", "fails", right=("items", "fails"))
    for row in rows:
        state = "removed" if row["removed_at"] else row["state"] if row["enabled"] else "disabled"
        colour = _COLOURS.get(state, "dim")
        table.add_row(
            row["slug"], f"[{colour}]{state}[/]", _ago(row["last_success"], now), _ago(row["next_visit"], now) if row["enabled"] else "–",
            str(row["sightings"] or ""), str(row["failures"] or ""),
        )  # fmt: skip
    console.print(table, soft_wrap=False)
    for row in rows:
        if row["removed_at"] or not row["enabled"]:
            continue
        told = row["error"] or row["alarm"]
        if told:
            console.print(f"[red]{row['slug']}[/]: {escape(told)}")
        if row["way"] and told != row["way"]["why"]:
            recent = (now - datetime.fromisoformat(row["way_at"])).days < _RECENT and "no longer works" in row["way"][
                "why"
            ]
            how = row["way"]["why"] if recent else f"read as {row['way']['kind']} at {row['way']['url']}"
            console.print(f"[{'yellow' if recent else 'dim'}]{row['slug']}[/]: {escape(how)}")
        if row["moved_to"] and row["moved_visits"] >= 3:
            console.print(
                f"[yellow]{row['slug']}[/]: its address has moved for good: write url: {escape(row['moved_to'])} in sources.yaml"
            )


def _ago(stamp: str | None, now: datetime) -> str:
    if stamp is None:
        return "never"
    seconds = (now - datetime.fromisoformat(stamp)).total_seconds()
    span = abs(seconds)
    words = (
        f"{span / 60:.0f} min"
        if span < 5400
        else f"{span / 3600:.0f} h"
        if span < 172_800
        else f"{span / 86_400:.0f} d"
    )
    if seconds < 0:
        return f"in {words}"
    return f"{words} ago" if span >= 30 else "now"


def reading(text: str, found: DateReading | None, *, as_json: bool) -> None:
    """Print how the dates of a text are read: the words that said so, what they mean, and what is doubtful."""
    if as_json:
        from aggregator.normalise.dates import expect

        print_json(expect(found))
        return
    console = console_of()
    if found is None:
        console.print("no date: nothing in it is one that can be relied on")
        return
    console.print(
        f"« {escape(found.words)} » (characters {found.span[0]} to {found.span[1]}): {found.role}, to the {found.precision}"
    )
    for when in found.occurrences:
        kind = "all day" if when.all_day else when.tz
        console.print(f"  {when.start} → {when.end or 'end not said'} ({kind}; the end is exclusive)")
    if not found.occurrences:
        console.print(f"  no event day: from {found.first or '?'} to {found.last or '?'}, both included")
    said = {
        "status": found.status,
        "phase": found.phase,
        "part of the day": found.daypart,
        "recurring": found.recurring,
    }
    for name, value in said.items():
        if value:
            console.print(f"  {name}: {value}")
    if found.flags:
        console.print(f"  doubts: {', '.join(found.flags)}")


def duplicates(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print pairs that are alike and were not joined, and how to join or to settle them."""
    if as_json:
        print_json(rows)
        return
    console = console_of()
    for row in rows:
        why = f"kept apart by the {row['veto']}" if row["veto"] else "not enough says the same"
        console.print(f"[bold]{row['score']:.2f}[/]  {why}; both say: {escape(', '.join(row['words']))}")
        for side in ("one", "other"):
            console.print(f"      {row[f'{side}_source']}: « {escape(row[f'{side}_title'])} »")
            console.print(f"        {escape(row[f'{side}_url'] or '–')}")
    if rows:
        console.print(
            "\nTo settle a pair, write it into overrides.yaml beside sources.yaml, under same: or different:\n"
            "  same:\n    - items: [ADDRESS, ADDRESS]\n      why: what you know"
        )
    else:
        console.print("No pair is alike without being joined.")


def stories(found: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print all that is known of items (`story.lines`)."""
    if as_json:
        print_json(found)
        return
    console = console_of()
    for item in found:
        title, *lines = map(escape, story.lines(item))
        console.print("\n".join((f"[bold]{title}[/]", *lines)))
