"""Recurrence rules (RFC 5545 §3.3.10) whose cost is known before they are expanded.

dateutil looks at UNTIL only when a day matches: `FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30` runs to the year 9999 (2.8 s,
measured) and `INTERVAL=0` never ends. Here a rule is a question put to each day of a window: it cannot run away.
"""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import product

FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MAX_TIMES = 24  # times of day of one rule: BYHOUR x BYMINUTE x BYSECOND multiply (node-ical #542)
MAX_INTERVAL = 1_000
_BY = {
    "BYMONTH": (1, 12),
    "BYWEEKNO": (-53, 53),
    "BYYEARDAY": (-366, 366),
    "BYMONTHDAY": (-31, 31),
    "BYSETPOS": (-9_000, 9_000),
    "BYHOUR": (0, 23),
    "BYMINUTE": (0, 59),
    "BYSECOND": (0, 60),
}
_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as said, its missing parts not yet taken from DTSTART. `until`: the words of UNTIL, which need a zone."""

    freq: str
    interval: int
    count: int | None
    until: str | None
    wkst: int
    by: dict[str, tuple[int, ...]]
    byday: tuple[tuple[int, int], ...]  # (n-th of its month or year, or 0 for each; weekday)


def parse(words: str) -> Rule:
    """Read an RRULE value.

    Raises:
        ValueError: it cannot be read or would not be honest; the message says which part.
    """
    if len(words) > 2_000:
        raise ValueError(f"{len(words)} characters long")
    parts = dict(part.strip().upper().partition("=")[::2] for part in words.split(";") if part.strip())
    freq = parts.pop("FREQ", "")
    if freq not in FREQUENCIES:
        raise ValueError(f"FREQ={freq[:20]} is finer than DAILY or unknown")
    interval = _number("INTERVAL", parts.pop("INTERVAL", "1"), 1, MAX_INTERVAL)
    count = _number("COUNT", parts.pop("COUNT"), 1, 10**12) if "COUNT" in parts else None
    until = parts.pop("UNTIL", None)
    wkst = parts.pop("WKST", "MO")
    if wkst not in WEEKDAYS:
        raise ValueError(f"WKST={wkst[:20]}")
    byday = tuple(_weekday(value) for value in parts.pop("BYDAY", "").split(",") if value)
    by = {
        name: tuple(sorted({_number(name, value, *_BY[name]) for value in parts.pop(name).split(",")}))
        for name in _BY
        if name in parts
    }
    if parts:
        raise ValueError(f"{min(parts)[:20]} is not understood")
    times = len(by.get("BYHOUR", "1")) * len(by.get("BYMINUTE", "1")) * len(by.get("BYSECOND", "1"))
    if times > MAX_TIMES:
        raise ValueError(f"{times} times a day")
    return Rule(freq, interval, count, until, WEEKDAYS.index(wkst), by, byday)


def _number(name: str, value: str, least: int, most: int) -> int:
    text = value.strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,12}", text) or not least <= int(text) <= most:
        raise ValueError(f"{name}={text[:20]}")
    return int(text)


def _weekday(value: str) -> tuple[int, int]:
    found = _DAY.fullmatch(value.strip())
    if not found:
        raise ValueError(f"BYDAY={value[:20]}")
    return int(found[1] or 0), WEEKDAYS.index(found[2])


def cost(rule: Rule, start: datetime, first: datetime, last: datetime) -> int:
    """How many days `expand` will look at, at most: with COUNT, all since `start`; else those of the window."""
    begin = start if rule.count is not None else max(start, first)
    return max(0, (last - begin).days) // rule.interval + 732


def expand(rule: Rule, start: datetime, first: datetime, last: datetime, most: int) -> list[datetime]:
    """The first `most` instances of `rule` between `first` and `last` (both included), earliest first.

    All times are naive wall times of the zone of DTSTART (`start`), midnight for days; UNTIL is the caller's: `last`.
    """
    rule = _completed(rule, start)
    times = [
        time(hour, minute, min(second, 59))
        for hour, minute, second in product(rule.by["BYHOUR"], rule.by["BYMINUTE"], rule.by["BYSECOND"])
    ]
    origin = _period(rule, start.date())
    begin = origin
    if rule.count is None and first > start:
        begin += max(0, _period(rule, first.date()) - origin) // rule.interval * rule.interval
    found: list[datetime] = []
    seen = 0
    for number in range(begin, _period(rule, last.date()) + 1, rule.interval):
        moments = [datetime.combine(day, at) for day in _days(rule, number) if _fits(rule, day) for at in times]
        for moment in _positions(moments, rule.by.get("BYSETPOS")):
            if moment < start:
                continue
            seen += 1
            if moment > last or len(found) == most or (rule.count is not None and seen > rule.count):
                return found
            if moment >= first:
                found.append(moment)
    return found


def _completed(rule: Rule, start: datetime) -> Rule:
    by = {"BYHOUR": (start.hour,), "BYMINUTE": (start.minute,), "BYSECOND": (start.second,), **rule.by}
    byday = rule.byday
    if not byday and not {"BYWEEKNO", "BYYEARDAY", "BYMONTHDAY"} & by.keys():
        if rule.freq == "YEARLY":
            by.setdefault("BYMONTH", (start.month,))
        if rule.freq in ("YEARLY", "MONTHLY"):
            by["BYMONTHDAY"] = (start.day,)
        elif rule.freq == "WEEKLY":
            byday = ((0, start.weekday()),)
    return Rule(rule.freq, rule.interval, rule.count, rule.until, rule.wkst, by, byday)


def _period(rule: Rule, day: date) -> int:
    """The number of the year, month, week or day that `day` falls into."""
    if rule.freq == "YEARLY":
        return day.year
    if rule.freq == "MONTHLY":
        return day.year * 12 + day.month - 1
    if rule.freq == "WEEKLY":
        return (day.toordinal() - 1 - rule.wkst) // 7
    return day.toordinal()


def _days(rule: Rule, period: int) -> list[date]:
    if rule.freq == "YEARLY":
        months = [(period, month) for month in rule.by.get("BYMONTH", range(1, 13))]
    elif rule.freq == "MONTHLY":
        months = [(period // 12, period % 12 + 1)]
    elif rule.freq == "WEEKLY":
        return [date.fromordinal(max(1, period * 7 + 1 + rule.wkst + day)) for day in range(7)]
    else:
        return [date.fromordinal(period)]
    return [date(year, month, day + 1) for year, month in months for day in range(monthrange(year, month)[1])]


def _fits(rule: Rule, day: date) -> bool:
    by = rule.by
    year_day, year_days = day.timetuple().tm_yday, 365 + isleap(day.year)
    month_days = monthrange(day.year, day.month)[1]
    return (
        ("BYMONTH" not in by or day.month in by["BYMONTH"])
        and ("BYMONTHDAY" not in by or _among(day.day, month_days, by["BYMONTHDAY"]))
        and ("BYYEARDAY" not in by or _among(year_day, year_days, by["BYYEARDAY"]))
        and ("BYWEEKNO" not in by or _among(*_week(day, rule.wkst), by["BYWEEKNO"]))
        and (not rule.byday or any(_falls_on(rule, day, nth, weekday) for nth, weekday in rule.byday))
    )


def _among(number: int, total: int, wanted: tuple[int, ...]) -> bool:
    """Whether the `number`-th of `total` is wanted, counted from the front or (negative) from the back."""
    return number in wanted or number - 1 - total in wanted


def _week(day: date, wkst: int) -> tuple[int, int]:
    """The week's number and how many weeks its year has: week 1 is the first with four days in the year."""
    middle = day - timedelta(days=(day.weekday() - wkst) % 7 - 3)
    year_day = middle.timetuple().tm_yday
    number = (year_day - 1) // 7 + 1
    return number, number + (365 + isleap(middle.year) - year_day) // 7


def _falls_on(rule: Rule, day: date, nth: int, weekday: int) -> bool:
    if day.weekday() != weekday:
        return False
    if nth == 0 or rule.freq in ("WEEKLY", "DAILY"):  # an n-th weekday means something in a month or a year only
        return True
    if rule.freq == "YEARLY" and "BYMONTH" not in rule.by:
        number, total = day.timetuple().tm_yday, 365 + isleap(day.year)
    else:
        number, total = day.day, monthrange(day.year, day.month)[1]
    return nth in ((number - 1) // 7 + 1, -((total - number) // 7 + 1))


def _positions(moments: list[datetime], wanted: tuple[int, ...] | None) -> list[datetime]:
    if wanted is None:
        return moments
    return [moment for number, moment in enumerate(moments, 1) if _among(number, len(moments), wanted)]
