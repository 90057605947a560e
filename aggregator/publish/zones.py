"""VTIMEZONE out of the time zone database, as recurring rules: Outlook reads no other form (RFC 5545 §3.6.5)."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby, pairwise

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

from aggregator.publish.entry import zone

UTC_NAMES = frozenset("UTC Etc/UTC Etc/UCT UCT Etc/GMT GMT Zulu Etc/Zulu Universal Etc/Universal".split())
_AHEAD = 12  # years looked at to see the rule: long enough for "the last Sunday" to differ from "the fourth"
_WEEKDAYS = "MO TU WE TH FR SA SU".split()


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of the clock: when, on the clock that ends, and the offsets before and after."""

    at: datetime
    before: timedelta
    after: timedelta
    name: str
    daylight: bool

    @property
    def until(self) -> datetime:
        """The UNTIL of a rule that ends with this change: a day later, for readers who take UTC for the local clock."""
        return (self.at - self.before + timedelta(days=1)).replace(tzinfo=UTC)


@lru_cache(maxsize=256)
def vtimezone(tz: str, first: int, last: int) -> bytes:
    """The VTIMEZONE of an IANA zone, right for wall times of the years `first` to `last`.

    Raises:
        ValueError: no such zone.
    """
    component = Timezone()
    component.add("tzid", tz)
    for changes, rule, open_end in _rules(tz, first, last):
        onset = changes[0]
        observance = TimezoneDaylight() if onset.daylight else TimezoneStandard()
        observance.add("dtstart", onset.at)
        observance.add("tzoffsetfrom", onset.before)
        observance.add("tzoffsetto", onset.after)
        observance.add("tzname", onset.name)
        if open_end or len(changes) > 1:
            observance.add("rrule", {**rule, **({} if open_end else {"until": changes[-1].until})})
        component.add_component(observance)
    return bytes(component.to_ical())


def _rules(tz: str, first: int, last: int) -> Iterator[tuple[list[_Change], dict[str, str | int], bool]]:
    """Runs of changes that one yearly rule tells, and whether the rule still holds at the end of what is looked at."""
    start, stop = first - 1, max(last, first) + _AHEAD
    changes = _changes(tz, start, stop)
    if not changes or changes[0].at.year > start:
        clock = datetime(start, 1, 1, tzinfo=zone(tz))
        changes.insert(0, _change(clock, clock.utcoffset() or timedelta(0)))
    by_month = sorted(changes, key=lambda change: (change.daylight, change.at.month, change.at))
    runs: list[tuple[list[_Change], dict[str, str | int], bool]] = []
    for _, group in groupby(by_month, key=lambda change: (change.daylight, change.at.month)):
        for run in _runs(list(group)):
            ends = run[-1].at.year == stop and len(run) > 1
            if run[0].at.year <= last + 1:  # irregular zones: no list of years that no event needs
                runs.append((run, _rule(run), ends))
    return iter(sorted(runs, key=lambda run: run[0][0].at))


def _runs(changes: list[_Change]) -> Iterator[list[_Change]]:
    """Cut a list of changes of one month into runs of following years that one rule tells."""
    run = changes[:1]
    for before, change in pairwise(changes):
        same = (before.before, before.after, before.name, before.at.time()) == (
            change.before,
            change.after,
            change.name,
            change.at.time(),
        )
        if same and change.at.year == before.at.year + 1 and _rule([*run, change]):
            run.append(change)
        else:
            yield run
            run = [change]
    yield run


def _rule(run: list[_Change]) -> dict[str, str | int]:
    """FREQ=YEARLY with month and weekday that tells the run; empty if none does."""
    weekday, month = run[0].at.weekday(), run[0].at.month
    if any(change.at.weekday() != weekday for change in run):
        return {}
    days = [change.at.day for change in run]
    lengths = [calendar.monthrange(change.at.year, month)[1] for change in run]
    if all(day > length - 7 for day, length in zip(days, lengths, strict=True)):
        nth = -1
    elif len({(day - 1) // 7 for day in days}) == 1:
        nth = (days[0] - 1) // 7 + 1
    else:
        return {}
    return {"freq": "YEARLY", "bymonth": month, "byday": f"{nth}{_WEEKDAYS[weekday]}"}


def _changes(tz: str, first: int, last: int) -> list[_Change]:
    """Every change of offset of the zone in these years, in order."""
    place = zone(tz)
    found = []
    day, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    offset = day.astimezone(place).utcoffset()
    while day < end:
        following = day + timedelta(days=1)
        if following.astimezone(place).utcoffset() != offset:
            low, high = day, following  # the change is in (low, high]
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                low, high = (middle, high) if middle.astimezone(place).utcoffset() == offset else (low, middle)
            found.append(_change(high.replace(microsecond=0).astimezone(place), offset or timedelta(0)))
            offset = following.astimezone(place).utcoffset()
        day = following
    return found


def _change(moment: datetime, before: timedelta) -> _Change:
    zero, after = timedelta(0), moment.utcoffset() or timedelta(0)
    instant = moment.astimezone(UTC)
    earlier = (instant - timedelta(seconds=1)).astimezone(moment.tzinfo).dst() or zero
    # Dublin and Casablanca count their winter as negative daylight saving: to readers, their summer is DAYLIGHT too.
    daylight = (moment.dst() or zero) > zero or (earlier < zero and after > before)
    return _Change(instant.replace(tzinfo=None) + before, before, after, moment.tzname() or "", daylight)
