"""Machine values: ISO 8601 and RFC 822/1123, the forms that feeds, calendars and `datetime=` attributes carry."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?\s?([Zz]|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[Tt](\d\d)(\d\d)(\d\d)?([Zz]|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII)
_RFC822 = re.compile(
    r"(?:[A-Za-z]{2,9}\.?,? *)?(\d{1,2})[ -]([A-Za-z]{3,9})\.?[ -](\d{4}|\d\d) +(\d{1,2}):(\d\d)(?::(\d\d))?"
    r" *(?:(?:GMT|UTC)?([+-]\d\d:?\d\d)|([A-Za-z]{1,4}))?(?: *\([^()]{0,40}\))?",
    re.ASCII,
)
_NAMES = "january february march april may june july august september october november december".split()
_MONTHS = {form: n for n, name in enumerate(_NAMES, 1) for form in (name, name[:3])} | {"sept": 9}
# RFC 822 §5.1.
_ZONES: dict[str, timezone] = {"gmt": UTC, "ut": UTC, "utc": UTC, "z": UTC} | {
    name: timezone(timedelta(hours=hours))
    for name, hours in zip("edt est cdt cst mdt mst pdt pst".split(), (-4, -5, -5, -6, -6, -7, -7, -8), strict=True)
}
# Names of the wall time of our sources: servers write CET in summer too, so they mean the clock on the wall.
_WALL = frozenset({"cet", "cest", "met", "mest", "mez", "mesz"})


@lru_cache(256)
def offset(words: str) -> timezone | None:
    """Give the zone of "Z", "+02:00", "+0200" or "+02"; None when no such offset exists (24 hours or more)."""
    if words in "Zz":
        return UTC
    digits = words[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or "0")
    if hours > 23 or minutes > 59:
        return None
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if words[0] == "-" else delta)


def machine(text: str, *, tz: str) -> date | datetime | None:
    """Read a machine value of an event (ISO 8601, extended or basic form, as schema.org, hCalendar and iCalendar write it).

    A day is a `date`; a wall time without offset is a naive `datetime` (the wall time of `tz`); a time with an offset or Z
    is an aware `datetime` with that offset. Fractions of a second are dropped. Anything else is None.
    """
    text = text.strip()
    found = _ISO.fullmatch(text) or _BASIC.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    try:
        if hour is None:
            return date(int(year), int(month), int(day))
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0))  # noqa: DTZ001
        if zone is None:
            return moment
        known = offset(zone)
        return moment.replace(tzinfo=known) if known is not None else None
    except ValueError:
        return None


@lru_cache(64)
def zone_info(tz: str) -> ZoneInfo:
    """Give the zone of an IANA name; Europe/Paris when there is none of that name (its `key` then differs)."""
    try:
        return ZoneInfo(tz)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("Europe/Paris")


def full_year(digits: str) -> int:
    """Give the year of four or of two digits (70 to 99 are of the last century, as POSIX has it)."""
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 70 else 1900)


def instant(moment: datetime, tz: str) -> datetime | None:
    """Give the UTC instant of `moment`, a naive one being wall time of `tz`; None beyond what datetime can hold."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone_info(tz))).astimezone(UTC)
    except OverflowError:
        return None


def rfc822(text: str, *, tz: str) -> datetime | None:
    """Read an RFC 822/1123 date (RSS pubDate) as a UTC instant; the weekday is not believed; CET and no zone are `tz`."""
    found = _RFC822.fullmatch(text)
    if found is None:
        return None
    day, name, year, hour, minute, second, shift, zone = found.groups()
    month = _MONTHS.get(name.lower())
    known = offset(shift) if shift else _zone(zone, tz)
    if month is None or known is None:
        return None
    try:
        moment = datetime(
            full_year(year), month, int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=known
        )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(name: str | None, tz: str) -> tzinfo | None:
    """Give the zone of an RFC 822 name; a military letter says nothing (RFC 2822 §4.3): UTC. Unknown names are None."""
    if not name or name.lower() in _WALL:
        return zone_info(tz)
    return _ZONES.get(name.lower()) or (UTC if len(name) == 1 else None)
