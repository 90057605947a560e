"""Publication words: « Le 11 mars 2021, », « Publié le 14/03/2025 à 14h30 », "Fri, 13 Mar 2020 12:22:00 +0100"."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from aggregator.normalise.dates.machine import full_year, instant, machine, rfc822
from aggregator.normalise.dates.words import MONTHS, SHORT_MONTHS, fold

OLDEST = date(1990, 1, 1)
# A publication without a year is of the past year, or soon to come: CUF dates a meeting's announcement by its day.
_BACK, _AHEAD = timedelta(days=300), timedelta(days=60)

_NAMES: dict[str, int] = {}
for _table in (SHORT_MONTHS, MONTHS):
    for _language in ("pt", "it", "de", "es", "en", "fr"):  # the last one wins where two languages disagree (none does)
        _NAMES.update(_table[_language])
del _NAMES["mar"]  # mardi as often as mars: read only where a day stands before it
_HOUR = r"(?:[ ,]{0,3}(?:-|a|at|um|h)?[ ,]{0,2}(?<!\d)(\d{1,2}) ?(?:h|:)(?: ?(\d\d))?(?::(\d\d))?(?!\d))?"
_WORDS = re.compile(
    r"(?<![\d/.,-])(\d{1,2})(?: ?er|ere|st|nd|rd|th|\.)?[ \n-]{1,3}(?:de |of )?([a-z]{3,10})\.?(?:,?[ \n]?(?:de )?-?(\d{4})(?!\d))?"
    + _HOUR
)
_NUMBERS = re.compile(r"(?<![\d/.,-])(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d\d)(?![\d/]|[.-]\d)" + _HOUR)
_AMERICAN = re.compile(r"(?<![a-z])([a-z]{3,10})\.?[ \n](\d{1,2})(?:st|nd|rd|th)?,?[ \n](\d{4})(?!\d)" + _HOUR)
_STACKED = re.compile(r"^([a-z]{3,10})\.?\n(\d{1,2})$()" + _HOUR)  # a date block whose month stands above its day
_ISO_DAY = re.compile(r"(?<![\d-])(\d{4})-(\d\d)-(\d\d)(?![\d-])" + _HOUR)
_FORMS = (_WORDS, _NUMBERS, _AMERICAN, _STACKED, _ISO_DAY)
_FIRST = re.compile(r"(?:publi|poste|mis en ligne|paru|published|posted)\w*(?: (?:le|on))?[ :]{0,3}")


def published(text: str, *, seen: datetime, tz: str = "Europe/Paris") -> date | datetime | None:
    """Read when something was published or updated, as feeds and pages say it.

    Gives a `date` for a day, an aware UTC `datetime` for an instant; times without an offset, and CET, are wall time of
    `tz`. Two dates: the one after « publié » wins, else the first. A day without a year is the one nearest to `seen`
    within 300 days before and 60 after. None: unreadable, impossible (« 32 mars »), or before 1990.
    """
    if not text[:4].isdigit():
        return _spoken(text.strip()[:300], seen, tz)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _spoken(text.strip()[:300], seen, tz)
    if moment.year < OLDEST.year:
        return None
    if len(text) <= 10 and ":" not in text:
        return moment.date()
    return instant(moment, tz)


def _spoken(text: str, seen: datetime, tz: str) -> date | datetime | None:
    when: date | datetime | None = rfc822(text, tz=tz)
    if when is None:
        when = machine(text, tz=tz)
        if isinstance(when, datetime):
            when = instant(when, tz)
    if when is None:
        when = _french(fold(text), seen, tz)
    return when if when is not None and when.year >= OLDEST.year else None


def _french(words: str, seen: datetime, tz: str) -> date | datetime | None:
    first = _FIRST.search(words)
    for start in (first.end(), 0) if first else (0,):
        found = [m for m in map(_match, _FORMS, [words] * len(_FORMS), [start] * len(_FORMS)) if m]
        if found:
            _, day, month, year, clock = min(found)
            return _moment(day, month, year, clock, seen, tz)
    return None


_Found = tuple[int, int, int, int | None, tuple[int, int, int] | None]


def _match(pattern: re.Pattern[str], words: str, start: int) -> _Found | None:
    """Give the first place the pattern holds with a month that exists: (where, day, month, year, clock)."""
    for found in pattern.finditer(words, start):
        if pattern is _WORDS:
            day, name, year = found[1], found[2], found[3]
            month = 3 if name == "mar" else _NAMES.get(name, 0)
        elif pattern in (_AMERICAN, _STACKED):
            name, day, year = found[1], found[2], found[3]
            month = _NAMES.get(name, 0)
        elif pattern is _ISO_DAY:
            year, month, day = found[1], int(found[2]), found[3]
        else:
            day, month, year = found[1], int(found[3]), found[4]
        if not month:
            continue
        hour, minute, second = found.groups()[-3:]
        clock = (int(hour), int(minute or 0), int(second or 0)) if hour is not None else None
        full = full_year(year) if year else None
        return found.start(), int(day), month, full, clock
    return None


def _moment(
    day: int, month: int, year: int | None, clock: tuple[int, int, int] | None, seen: datetime, tz: str
) -> date | datetime | None:
    try:
        when = date(year, month, day) if year else _nearest(day, month, seen.date())
        if when is None or clock is None:
            return when
        return instant(datetime(when.year, when.month, when.day, *clock), tz)  # noqa: DTZ001
    except ValueError:
        return None


def _nearest(day: int, month: int, seen: date) -> date | None:
    near = []
    for year in (seen.year - 1, seen.year, seen.year + 1):
        try:
            when = date(year, month, day)
        except ValueError:
            continue
        if -_BACK <= when - seen <= _AHEAD:
            near.append((abs(when - seen), when))
    return min(near)[1] if near else None
