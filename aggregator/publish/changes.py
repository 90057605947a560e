"""What became of events: out of the store's revisions, as entries of the feed of changes."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, get_args

from aggregator.dedupe import instants
from aggregator.model import Change, Item, Occurrence, Plan, Status
from aggregator.publish import french
from aggregator.publish.entry import line, stamp


def entry(item: Item, change: Change) -> Item | None:
    """Give the entry of a change: news of its own, identified for ever by the item's uid and the instant of the change.

    None when a person sees no change, or when the event was over before and after it.

    The news stands before the event's title, as a date does in `entry.headline`: a narrow list cuts what comes last, and
    « Réunion du groupe-pays Mali : reporté » would not agree. What was is said in the summary, which the title is too
    narrow for.

    Raises:
        ValueError: `change.at` has no zone.
    """
    short = french.change_in_short(change)
    if not short or _over(change):
        return None
    return Item(
        uid=str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:uuid:{item.uid}#{stamp(change.at)}")),
        kind="news",
        title=f"{line(short)} · {line(change.title or item.title) or french.NO_TITLE}",
        url=item.url,
        summary="\n".join(map(_sentence, filter(None, (*french.change(change), french.plan(change))))),
        content=None,
        language=item.language,
        published=change.at,
        updated=change.at,
        ranked_at=change.at,
        first_seen=change.at,
        changed_at=change.at,
        sequence=0,
        when=None,
        status=None,
        location=None,
        geo=None,
        author=item.author,
        organiser=None,
        categories=item.categories,
        attachments=(),
        origins=item.origins,
        withdrawn_at=None,
    )


def history(
    now: Plan, revisions: Sequence[tuple[datetime, str, str | None, str | None]], title: str = ""
) -> tuple[Change, ...]:
    """Give the changes of an event's plan, newest first, out of its revisions (at, field, old, new; in any order).

    `title`: what it is called now; each change has the title of its time, so that what is published of it stays.

    Walks back from the plan as it is `now`. Revisions of one instant are one change; those of other fields are none.
    Where a value cannot be read, or is not what the newer ones start from, the walk stops: what lies before is not known.
    """
    by_instant: dict[datetime, dict[str, list[tuple[str | None, str | None]]]] = defaultdict(lambda: defaultdict(list))
    titles: dict[datetime, str] = {}
    for at, field, old, new in revisions:
        if field in _FIELDS:
            by_instant[at][field].append((old, new))
        elif field == "title" and old is not None:
            titles[at] = old
            by_instant.setdefault(at, defaultdict(list))
    found: list[Change] = []
    state, after = _state_of(now), now
    for at in sorted(by_instant, reverse=True):
        try:
            for field, steps in by_instant[at].items():
                state[field] = _first([(_read(field, old), _read(field, new)) for old, new in steps], state[field])
            before = _plan_of(state, after)
        except ValueError:
            break
        if before != after:
            found.append(Change(at, before, after, title))
        after, title = before, titles.get(at, title)
    return tuple(found)


# ── an entry ────────────────────────────────────────────────────────────────────────────────────


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def _over(change: Change) -> bool:
    """Whether the event had ended by all that is known of it, before and after, when the change was noticed."""
    known = [plan.when for plan in (change.before, change.after) if plan.when is not None]
    return bool(known) and all(_ended(when, change.at) for when in known)


def _ended(when: Occurrence, at: datetime) -> bool:
    """Whether it had ended; where no end is said, its day must be over."""
    end = when.end if when.end is not None and when.end > when.start else None
    if end is None:
        day = when.start.date() if isinstance(when.start, datetime) else when.start
        end = datetime.combine(day + timedelta(days=1), time())
    try:
        return instants(replace(when, end=end))[1] <= at
    except (KeyError, ValueError, OSError):  # an unknown zone
        return False


# ── the columns of a plan ───────────────────────────────────────────────────────────────────────

_FIELDS = ("starts", "ends", "all_day", "tz", "status", "location", "withdrawn_at")
_STATUSES = (None, *get_args(Status))


def _state_of(plan: Plan) -> dict[str, Any]:
    when = plan.when
    columns = (when.start, when.end, when.all_day, when.tz) if when is not None else (None,) * 4
    return dict(zip(_FIELDS, (*columns, plan.status, plan.location, plan.withdrawn), strict=True))


def _plan_of(state: Mapping[str, Any], after: Plan) -> Plan:
    """Give the plan that columns hold; doubts are no revision, so an occurrence keeps them while it is the same.

    Raises:
        ValueError: the columns hold half an occurrence, or days and hours mixed.
    """
    start, end, all_day, tz = (state[name] for name in _FIELDS[:4])
    when = None
    if (start, end, all_day, tz) != (None,) * 4:
        if start is None or tz is None or all_day is None:
            raise ValueError("half an occurrence")
        if any(isinstance(moment, datetime) == all_day for moment in (start, end) if moment is not None):
            raise ValueError("days and hours mixed")
        when = Occurrence(start, end, all_day, tz)
        if after.when is not None and replace(after.when, doubts=()) == when:
            when = after.when
    return Plan(when, state["status"], state["location"], state["withdrawn_at"])


def _read(field: str, text: str | None) -> Any:
    """Read a stored value.

    Raises:
        ValueError: it is none of this field's.
    """
    if field == "withdrawn_at":
        return text is not None
    if text is None or field in ("tz", "location"):
        return text
    if field in ("starts", "ends"):
        moment = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
        if isinstance(moment, datetime) and moment.tzinfo is not None:
            raise ValueError(f"{text[:40]!r} is no wall time")
        return moment
    known = {"0": False, "1": True} if field == "all_day" else {status: status for status in _STATUSES}
    if text not in known:
        raise ValueError(f"unknown {field} {text[:40]!r}")
    return known[text]


def _first(steps: Sequence[tuple[Any, Any]], last: Any) -> Any:
    """Give the value that a field had before the steps of one instant, whose order is not known, which led to `last`.

    Raises:
        ValueError: they do not lead there.
    """
    left, reached = Counter(old for old, _ in steps), Counter(new for _, new in steps)
    starts, ends = list((left - reached).elements()), list((reached - left).elements())
    if not starts and not ends and last in reached:
        return last
    if len(starts) == 1 and ends == [last]:
        return starts[0]
    raise ValueError("what was before does not lead to what came after")
