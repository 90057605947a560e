"""An item's story in plain words, for the terminal: what it is now, who says so and why, what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any


def lines(item: Mapping[str, Any]) -> list[str]:
    """Give the story of an item (`queries.story`), its title first; instants in UTC, hours of events in their own zone."""
    now = (
        f"  {item['kind']} {item['id']}, uid {item['uid']}",
        f"  link       {item['url'] or 'none'}",
        f"  when       {_span(item)}" if item["starts"] else "",
        f"  place      {item['location']}" if item["location"] else "",
        f"  last day   {_day(item['deadline'])}" if item["deadline"] else "",
        f"  status     {item['status']}" if item["status"] else "",
        f"  doubts     {', '.join(item['doubts'])}" if item["doubts"] else "",
        f"  published  {item['published'] or 'not said'}; sequence {item['sequence']}",
        f"  withdrawn  {_moment(item['withdrawn_at'])}" if item["withdrawn_at"] else "",
        "  said by",
    )
    said = [line for line in now if line]
    for s in item["sightings"]:
        said += [
            f"    {s['source']} ({s['presence']}; {s['rule']}; {s['key']})",
            f"      « {s['title']} » on {s['seen_on']}",
            f"      first seen {_moment(s['first_seen'])}, last seen {_moment(s['last_seen'])}",
        ]
    said += [f"  {words}" for words in _verdicts(item["verdicts"])]
    tags = (f"  tag {tag['name']} ({tag['scheme']}: {tag['why']})" for tag in item["tags"])
    return [item["title"], *said, "  history", *(f"    {words}" for words in history(item)), *tags]


def _verdicts(verdicts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Why sightings are one item, and what else is alike."""
    for v in verdicts:
        head = "the same  " if v["same"] else "alike     "
        yield f"{head} {v['one']}: « {v['one_title']} »"
        yield f"           {v['other']}: « {v['other_title']} »"
        why = v["rule"] if v["same"] else f"kept apart by the {v['veto']}" if v["veto"] else "not enough says the same"
        words = f"; both say {', '.join(v['words'])}" if v["words"] else ""
        gates = f"; they agree on {', '.join(v['gates'])}" if v["gates"] else ""
        yield f"           {why}, {v['score']:.2f}{words}{gates}"


_PLAN = ("starts", "ends", "all_day", "tz")


def history(item: Mapping[str, Any]) -> list[str]:
    """What became of an item, oldest first, a line each: told backwards from what it is now."""
    now = {name: item[name] for name in _PLAN}
    told: list[str] = []
    by_time: dict[str, list[Mapping[str, Any]]] = {}
    for revision in item["revisions"]:
        by_time.setdefault(revision["at"], []).append(revision)
    for at, revisions in sorted(by_time.items(), reverse=True):
        before = now | {r["field"]: r["old"] for r in revisions if r["field"] in _PLAN}
        words = [f"{_span(before)} → {_span(now)}"] if before != now else []
        if words:
            words[0] = _verb(before["starts"], now["starts"]) + words[0]
        words += [_change_words(r) for r in revisions if r["field"] not in _PLAN]
        told.append(f"{_moment(at)}  " + ("; ".join(words)))
        now = before
    told.append(f"{_moment(item['first_seen'])}  first seen")
    return told[::-1]


def _verb(before: str | None, now: str | None) -> str:
    if not before or not now:
        return "dated: "
    return "hours: " if before[:10] == now[:10] else "moved: "


def _change_words(revision: Mapping[str, Any]) -> str:
    """One changed field in plain words."""
    name, old, new = str(revision["field"]), revision["old"], revision["new"]
    if name == "withdrawn_at":
        return "withdrawn: no source shows it any more" if new else "shown again"
    if name == "status":
        said = {"cancelled": "called off", "postponed": "put off, without a new date"}
        return said.get(str(new)) or ("stands again" if old in said else f"status: {new or 'none'}")
    if name == "phase":
        return {"announce": "announced", "report": "reported afterwards"}.get(str(new), "plainly told")
    if name == "kind":
        return "it is a gathering" if new == "event" else "it is news"
    said_as = {"title": "retitled", "location": "place", "deadline": "last day", "summary": "summary reworded"}.get(
        name, name
    )
    if name in ("summary", "content"):
        return said_as
    return f"{said_as}: {_quoted(old)} → {_quoted(new)}"


def _quoted(value: object) -> str:
    return f"« {value} »" if value is not None else "none"


def _span(plan: Mapping[str, Any]) -> str:
    """« 20 Nov 2025, 14:30 to 16:00 (Europe/Paris) », « 21 to 24 Oct 2026 »: the last day is said, not the exclusive end."""
    starts, ends = plan["starts"], plan["ends"]
    if not starts:
        return "no date"
    if str(plan["all_day"]) == "1":
        last = date.fromisoformat(ends) - timedelta(days=1) if ends else date.fromisoformat(starts)
        first = date.fromisoformat(starts)
        return _day(starts) if last == first else f"{_day(starts)} to {_day(last.isoformat())}"
    first_day, hour = starts[:10], starts[11:16]
    until = "" if not ends else f" to {ends[11:16]}" if ends[:10] == first_day else f" to {_day(ends)}, {ends[11:16]}"
    return f"{_day(first_day)}, {hour}{until} ({plan['tz']})"


def _day(stamp: str) -> str:
    return f"{date.fromisoformat(stamp[:10]):%-d %b %Y}"


def _moment(stamp: str | None) -> str:
    return f"{stamp[:10]} {stamp[11:16]} UTC" if stamp else "–"
