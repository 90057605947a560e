"""What a reading of dates is, and how the labelled cases write it down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from aggregator.model import Occurrence, Status

Precision = Literal["day", "week", "approx", "month", "quarter", "semester", "season", "year"]
Role = Literal["event", "deadline", "period", "reference"]
Phase = Literal["announce", "report"]


@dataclass(frozen=True, slots=True)
class DateReading:
    """What a text says of time.

    `occurrences`: when the event is, in order, `end` exclusive (see model.Occurrence). Empty when the text only says a
    month, a season, a last day (« visible jusqu’au 31 mai ») or « reporté à une date ultérieure »: then `first` and `last`
    are the days it names, both inclusive, or None.
    `flags`: "year inferred", "ambiguous", "weekday disagrees", "open end", "open start", "zone assumed", "zone from place",
    "about", "to be confirmed", "ambiguous local time", "nonexistent local time", "several dates".
    `words` is what was read, at `span` of the text (NFC, repaired, one space between words). `daypart`: "morning", "afternoon", "evening", "night".
    `recurring`: « tous les 1ers jeudis du mois », kept as words. `moved`: the words say that the date given is the new one
    (« reporté au 12 février », « nouvelle date : … »); in « REPORT ! Réunion du 12 mars » the date is the old one.
    """

    occurrences: tuple[Occurrence, ...] = ()
    role: Role = "event"
    status: Status | None = None
    phase: Phase | None = None
    precision: Precision = "day"
    flags: tuple[str, ...] = ()
    words: str = ""
    span: tuple[int, int] = (0, 0)
    first: date | None = None
    last: date | None = None
    tz: str = "Europe/Paris"
    daypart: str | None = None
    recurring: str | None = None
    moved: bool = False


_WARNINGS = {
    "weekday disagrees": "weekday_mismatch",
    "ambiguous local time": "ambiguous_local_time",
    "nonexistent local time": "nonexistent_local_time",
}
_FLAGS = {
    "open end": "open_end",
    "open start": "open_start",
    "to be confirmed": "tbc",
    "ambiguous": "ambiguous",
    "zone assumed": "approx_tz",
    "about": "approx",
}


def _said(moment: date | datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.isoformat(timespec="minutes") if isinstance(moment, datetime) else moment.isoformat()


def _ends(occurrence: Occurrence) -> dict[str, str | None]:
    end = occurrence.end
    if end is not None and occurrence.all_day:
        end -= timedelta(days=1)
    return {"start": _said(occurrence.start), "end": _said(end)}


def expect(reading: DateReading | None) -> dict[str, Any] | None:
    """Give a reading in the form of the labelled cases: days inclusive, wall times to the minute, defaults left out."""
    if reading is None or (reading.recurring and not reading.occurrences and reading.first is None):
        return None
    told: dict[str, Any]
    if reading.occurrences:
        parts = [_ends(one) for one in reading.occurrences]
        told = {
            "start": parts[0]["start"],
            "end": parts[-1]["end"],
            "all_day": all(o.all_day for o in reading.occurrences),
        }
        told["tz"] = reading.occurrences[0].tz
        if len(parts) > 1:
            told["occurrences"] = parts
    else:
        told = {"start": _said(reading.first), "end": _said(reading.last), "all_day": True, "tz": reading.tz}
    if reading.precision != "day":
        told["precision"] = reading.precision
    if reading.role != "event":
        told["role"] = reading.role
    for name, value in (("status", reading.status), ("phase", reading.phase), ("daypart", reading.daypart)):
        if value:
            told[name] = value
    for flag in reading.flags:
        if flag in _FLAGS:
            told[_FLAGS[flag]] = True
        elif flag in _WARNINGS:
            told["warn"] = _WARNINGS[flag]
        elif flag == "zone from place":
            told["tz_source"] = "place"
    return told
