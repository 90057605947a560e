"""The dates and zones of a calendar file (RFC 5545 §3.3.4, §3.3.5, §3.2.19).

A moment is a `date` (a day) or a `datetime`: aware when its zone is known (UTC, an IANA zone, a fixed offset), naive
when it floats or names a zone nobody knows. VTIMEZONE is never asked: its FREQ=SECONDLY hangs `utcoffset()`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from aggregator.extract.ics_lines import Line

Moment = date | datetime
DATE_TIME = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d))?(?:\.\d+)?(Z)?)?\Z", re.IGNORECASE)
_OFFSET = re.compile(r"(?:UTC|GMT)\s*([+-])\s*(\d{1,2})(?::?([0-5]\d)|[.,](\d))?", re.IGNORECASE)
_TOWN = re.compile(r"(?:Africa|America|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[A-Z][A-Za-z_/-]+")
MAX_DATES = 5_000  # EXDATE, RDATE or changed occurrences of one event


@lru_cache(maxsize=1)
def _zone_names() -> dict[str, str]:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # 50 ms: only an unusual name pays for it

    known = {name.casefold(): name for name in available_timezones() - {"localtime", "Factory"}}
    return {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()} | known


@lru_cache(maxsize=1_000)
def zone_of(tzid: str) -> tzinfo | None:
    """The zone of a TZID: an IANA or Windows name, with or without a vendor's prefix, or "UTC+1"; None: unknown."""
    name = tzid.strip(" \t\"'/")[:100]
    if _TOWN.fullmatch(name):
        with suppress(KeyError, ValueError, OSError):  # OSError: the name of a folder (America/Argentina)
            return ZoneInfo(name)
    if name.casefold() in ("utc", "z", "zulu", "gmt", "etc/utc", "etc/gmt", "utc+0", "utc-0") or name.endswith("/Utc"):
        return UTC
    offset = _OFFSET.fullmatch(name)
    if offset:  # The Events Calendar: a site that set "UTC+1" rather than a town
        minutes = int(offset[2]) * 60 + (int(offset[3]) if offset[3] else int(offset[4] or 0) * 6)
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes)) if minutes <= 840 else None
    parts = name.casefold().split("/")
    for start in range(len(parts)):
        known = _zone_names().get("/".join(parts[start:]))
        if known:
            return ZoneInfo(known)
    return None


def moment_of(line: Line, value: str, default: tzinfo | None) -> Moment:
    """Read one DATE or DATE-TIME of a line; `default` is the zone of what names none.

    Raises:
        ValueError: it is not a date between 1900 and 2200.
    """
    found = DATE_TIME.search(value.strip())
    if not found:
        raise ValueError("it is not a date")
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    if not 1900 <= year <= 2200:
        raise ValueError("it is not a year we read")
    if found[4] is None or str(line.params.get("VALUE", "")).upper() == "DATE":
        return date(year, month, day)
    naive = datetime.combine(date(year, month, day), time(int(found[4]), int(found[5]), min(int(found[6] or 0), 59)))
    if found[7]:
        return naive.replace(tzinfo=UTC)
    tzid = str(line.params.get("TZID", ""))
    if tzid and found.start():  # TZID=UTC-9:30:20261201T090000, written without quotes: cut at the wrong colon
        tzid += ":" + value.strip()[: found.start()].rstrip(":")
    return naive.replace(tzinfo=zone_of(tzid) if tzid else default)


def moments_of(lines: Sequence[Line], default: tzinfo | None) -> list[Moment]:
    """The readable dates of EXDATE or RDATE lines; of a period, its start.

    Raises:
        ValueError: more dates than an honest event has.
    """
    values = [(line, value.partition("/")[0]) for line in lines for value in line.value.split(",") if value.strip()]
    if len(values) > MAX_DATES:
        raise ValueError(f"{len(values)} dates")
    moments = []
    for line, value in values:
        try:
            moments.append(moment_of(line, value, default))
        except ValueError:
            continue
    return moments


def said(moment: Moment, zone: tzinfo | None) -> str:
    """A moment in ISO; what has a named zone in the wall time of `zone`."""
    if not isinstance(moment, datetime):
        return moment.isoformat()
    if isinstance(moment.tzinfo, ZoneInfo):
        moment = moment.astimezone(zone or moment.tzinfo)
    if moment.tzinfo in (UTC, ZoneInfo("UTC")):
        return moment.replace(tzinfo=None).isoformat() + "Z"
    return (moment.replace(tzinfo=None) if isinstance(moment.tzinfo, ZoneInfo) else moment).isoformat()


def within(moment: Moment, start: Moment) -> Moment:
    """`moment` (of EXDATE, RDATE, RECURRENCE-ID) as a start of the series of `start`: same type, same zone.

    Outlook names the day of a timed occurrence, Google a slot in UTC: both mean the slot in the series' own words.
    """
    if not isinstance(start, datetime):
        return moment.date() if isinstance(moment, datetime) else moment
    if not isinstance(moment, datetime):
        return datetime.combine(moment, start.timetz())
    if moment.tzinfo is None or start.tzinfo is None:
        return moment.replace(tzinfo=start.tzinfo)
    return moment.astimezone(start.tzinfo)
